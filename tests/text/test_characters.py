"""The tokenizer whose tokens are characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.text.characters import CharTokenizer

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def test_ids_follow_the_sorted_characters():
    tokenizer = CharTokenizer.from_text("to be or not to be")
    assert tokenizer.alphabet == " benort"
    assert tokenizer.vocab_size == 7
    assert tokenizer.encode("bet on") == [1, 2, 6, 0, 4, 3]


@given(text=texts)
def test_any_text_gives_a_tokenizer_that_reads_it_with_the_fewest_ids(text):
    tokenizer = CharTokenizer.from_text(text)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert set(ids) == set(range(tokenizer.vocab_size))
    assert list(tokenizer.alphabet) == sorted(set(text))


@given(alphabet=st.permutations("afterwod"))
def test_the_order_in_which_the_alphabet_is_given_does_not_matter(alphabet):
    assert CharTokenizer("".join(alphabet)).encode("afterword") == [0, 3, 6, 2, 5, 7, 4, 5, 1]


def test_an_unknown_character_is_named_with_its_place_and_a_remedy():
    with pytest.raises(ValueError, match=r"no 'é' \(at position 2\).*ByteTokenizer"):
        CharTokenizer("noe").encode("onéé")


def test_an_empty_text_or_alphabet_says_what_to_give():
    with pytest.raises(ValueError, match=r"the text is empty.*give it some text"):
        CharTokenizer.from_text("")
    with pytest.raises(ValueError, match=r"the alphabet is empty.*give it the characters"):
        CharTokenizer("")


def test_a_repeated_character_points_to_from_text():
    with pytest.raises(ValueError, match=r"has ' ' twice.*CharTokenizer.from_text"):
        CharTokenizer("to be or")


def test_an_alphabet_has_no_half_surrogates():
    with pytest.raises(ValueError, match=r"'\\ud800' at position 1"):
        CharTokenizer("a\ud800")
