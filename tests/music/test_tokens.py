import pytest
from hypothesis import given

from afterword.music.abc import read_abc
from afterword.music.tokens import NoteTokenizer
from afterword.music.writing import write_abc
from afterword.text.corpora import load
from afterword.text.tokenizer import Tokenizer
from tests.music.making import tunes

# the check of types, which looks at random items, is at work inside the strategy
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

TOKENIZER = NoteTokenizer()


def test_every_seventh_tune_of_the_corpus_comes_back():
    for document in load("tunes")[::7]:
        tune = read_abc(document.text)
        text = write_abc(tune)
        ids = TOKENIZER.encode(text)
        assert TOKENIZER.decode(ids) == text
        assert TOKENIZER.n_notes(ids) == len(tune.notes)


@given(tunes())
def test_every_tune_that_can_be_held_comes_back(tune):
    text = write_abc(tune)
    ids = TOKENIZER.encode(text)
    assert TOKENIZER.decode(ids) == text
    assert TOKENIZER.n_notes(ids) == len(tune.notes)


def test_it_is_a_tokenizer_with_a_token_for_each_text_and_one_vocabulary():
    assert isinstance(TOKENIZER, Tokenizer)
    assert len(set(TOKENIZER.tokens)) == TOKENIZER.vocab_size == 273
    assert NoteTokenizer().tokens == TOKENIZER.tokens
    for id, token in enumerate(TOKENIZER.tokens):
        assert TOKENIZER.encode(token) == [id]


def test_two_tunes_behind_each_other_are_still_tunes():
    text = "M:C\nL:1/8\nK:C\nCD|:\nEF:|\n"
    ids = TOKENIZER.encode(text + "\n" + text)
    one = TOKENIZER.encode(text)
    assert ids == [*one, *TOKENIZER.encode("\n"), *one]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "M:C\nA>B|",
            "no token for '>B|' \\(at position 5\\); bring the text into the normal form",
        ),
        ("A13|", "no token for '13' \\(at position 1\\)"),
        ("K:Cb\n", "no token for 'K:Cb"),
        ("R:bagpipe tune\n", "no token for 'R:bagpipe tune"),
    ],
)
def test_what_no_token_stands_for_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        TOKENIZER.encode(text)
