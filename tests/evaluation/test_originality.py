import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from afterword.evaluation.originality import Index, Span, copied_share
from afterword.text import corpora

TEXT = "Words, words, words. What is the matter, my lord?"


@given(st.integers(0, 20), st.integers(5, 29))
def test_a_piece_of_the_source_is_copied_whole(start, length):
    assert copied_share(TEXT[start : start + length], TEXT, size=5) == 1


def test_pieces_lie_end_to_end_and_the_rest_is_left_out():
    assert copied_share("WordsXXXXXwordsWor", TEXT, size=5) == 2 / 3


def test_what_is_not_there_is_not_copied():
    assert copied_share("words, Words", TEXT, size=12) == 0


def test_a_text_with_no_piece_is_refused():
    with pytest.raises(ValueError, match="a text of 4 letters has no piece of 5"):
        copied_share("word", TEXT, size=5)
    with pytest.raises(ValueError, match="at least 1 letter, got size = 0"):
        copied_share("word", TEXT, size=0)


def longest_from(text, i, documents):
    """By trying every length: how far ``text`` goes on from i as some document does."""
    return max(n for n in range(len(text) - i + 1) if any(text[i : i + n] in d for d in documents))


# few letters, so that much is shared, and whole repeats, so that much of it is long
repeats = st.builds(str.__mul__, st.text("ab", min_size=1, max_size=9), st.integers(1, 9))
pieces = st.one_of(st.text("abc", min_size=1, max_size=12), repeats)
sources = st.lists(pieces, min_size=1, max_size=4)
texts = st.builds("".join, st.lists(pieces, min_size=1, max_size=3))


@given(texts, sources)
@example("a" * 60, ["a" * 50, "b" + "a" * 55])
@example("abcz", ["ab", "c"])  # letters that no document holds; two documents are not one
def test_lengths_are_those_found_by_trying_all(text, documents):
    wanted = [longest_from(text, i, documents) for i in range(len(text))]
    assert Index(documents).lengths(text).tolist() == wanted


@given(texts, sources)
def test_the_longest_piece_stands_where_it_says(text, documents):
    span = Index(documents).longest(text)
    piece = text[span.start : span.start + span.length]
    assert documents[span.document][span.where : span.where + span.length] == piece
    assert len(piece) == span.length == max(Index(documents).lengths(text))
    assert longest_from(text[: span.start + span.length - 1], 0, documents) < max(span.length, 1)


@given(texts, sources, st.integers(1, 9))
def test_the_share_of_copied_pieces_is_that_of_all_of_them(text, documents, size):
    text = text + "a" * size
    pieces = [text[i : i + size] for i in range(len(text) - size + 1)]
    share = sum(any(piece in document for document in documents) for piece in pieces) / len(pieces)
    assert Index(documents).copied_share(text, size) == pytest.approx(share)


@given(sources, texts)
def test_words_are_compared_as_letters_are(documents, text):
    """Each letter as a word of its own, of several letters, gives the same lengths."""
    as_words = Index([[3 * letter for letter in document] for document in documents])
    lengths = as_words.lengths([3 * letter for letter in text])
    assert lengths.tolist() == Index(documents).lengths(text).tolist()


def test_more_words_than_a_key_holds_several_of_are_told_apart():
    """Past 65,536 kinds a key holds three words."""
    source = [str(i) for i in range(70_000)]
    index = Index([source])
    assert index.longest(["x", *source[5000:5050], "y"]) == Span(1, 50, 0, 5000)


def test_no_piece_reaches_from_one_document_into_the_next():
    assert Index(["to be or", " not to be"]).longest("to be or not").length == 8
    assert Index(["to be or not to be"]).longest("to be or not").length == 12


def test_a_long_copy_is_found_whole_between_places_looked_up_first():
    """A copy of 5,000 letters at an odd place, with a letter changed in its midst."""
    generator = np.random.default_rng(0)
    source = "".join(generator.choice(list("abcd"), size=20_000))
    copy = source[7_001:12_001]
    text = "e" * 777 + copy[:2500] + "e" + copy[2501:]
    lengths = Index([source]).lengths(text)
    assert lengths[:777].tolist() == [0] * 777
    assert lengths[[777, 1777, 3276, 3277, 3278, 4278]].tolist() == [2500, 1500, 1, 0, 2499, 1499]


def test_letters_beyond_the_alphabet_are_letters_like_others():
    assert Index(["der süße Brei 😀"]).longest("süße 😀") == Span(0, 5, 0, 4)


def test_what_shares_nothing_has_length_0():
    assert Index(["abc"]).longest("xyz").length == 0


@pytest.mark.slow
def test_five_million_letters_are_indexed_in_seconds():
    """1.3 s on one core of ours; the limit is for a machine four times as slow and more."""
    documents = [document.text for document in corpora.load("shakespeare")]
    start = time.perf_counter()
    index = Index(documents)
    assert time.perf_counter() - start < 10
    hamlet = next(text for text in documents if "To be, or not to be" in text)
    line = "To be, or not to be: that is the qXestion"
    span = index.longest(line)
    assert line[: span.length] == documents[span.document][span.where :][: span.length]
    assert documents[span.document] == hamlet


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ("a text", r"for one, write Index\(\[text\]\)"),
        ([], "0 documents: give at least 1"),
        (["a", ""], "2 documents: give at least 1, none empty"),
        (["a", ["b"]], "all of them strings or all lists of words"),
    ],
)
def test_what_cannot_be_indexed_is_refused(documents, message):
    with pytest.raises(ValueError, match=message):
        Index(documents)


@pytest.mark.parametrize(
    ("documents", "text", "message"),
    [
        (["abc"], ["abc"], "made of letters: compare a string, not empty; got list of length 1"),
        ([["abc"]], "abc", r"made of words: compare a list of words, such as text.split\(\)"),
        (["abc"], "", "not empty; got str of length 0"),
    ],
)
def test_letters_are_not_compared_with_words(documents, text, message):
    with pytest.raises(ValueError, match=message):
        Index(documents).lengths(text)


@pytest.mark.parametrize("size", [0, 4])
def test_a_share_of_no_pieces_is_refused(size):
    with pytest.raises(ValueError, match=f"a text of 3 tokens has no piece of {size}"):
        Index(["abc"]).copied_share("abc", size)
