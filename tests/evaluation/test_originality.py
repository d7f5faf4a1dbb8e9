import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.originality import copied_share

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
