import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterword.evaluation.edits import Neighbours, edit_distance, edit_share

WORDS = st.text("abc", max_size=12)


def table(a, b, *, anywhere=False):
    """The last row of the table that everybody draws: distances of ``a`` to what b begins with."""
    row = [0 if anywhere else j for j in range(len(b) + 1)]
    for i, x in enumerate(a, start=1):
        above, row = row, [i]
        for j, y in enumerate(b, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y)))
    return row


@given(WORDS, WORDS)
def test_the_distance_is_that_of_the_table(a, b):
    assert edit_distance(a, b) == table(a, b)[-1] == edit_distance(b, a)


@given(st.text("abcd", min_size=60, max_size=140), st.text("abcd", min_size=60, max_size=140))
def test_sequences_longer_than_a_word_of_the_machine_are_right_too(a, b):
    assert edit_distance(a, b) == table(a, b)[-1]


def test_the_examples_of_the_textbooks():
    assert edit_distance("intention", "execution") == 5  # Jurafsky and Martin, chapter 2
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance([("a", 1), ("b", 2)], [("b", 2)]) == 1


def test_a_share_is_of_the_longer():
    assert edit_share("abc", "abcabc") == 0.5
    assert edit_share("abc", "") == 1
    with pytest.raises(ValueError, match="two empty sequences have no distance"):
        edit_share("", "")


@given(WORDS.filter(bool), st.lists(WORDS, min_size=1, max_size=8))
def test_the_nearest_is_what_comparing_all_finds(one, others):
    shares = [edit_share(one, other) for other in others]
    assert Neighbours(others).nearest(one) == (shares.index(min(shares)), min(shares))


def test_without_any_to_be_near_to_there_is_no_nearest():
    with pytest.raises(ValueError, match="no sequence to be near to; give at least one"):
        Neighbours([])


@given(st.text("abcde", max_size=150), st.lists(st.text("abcd", max_size=40), min_size=1))
@settings(max_examples=60)
def test_distances_to_all_are_those_to_each(one, others):
    assert Neighbours(others).distances(one).tolist() == [edit_distance(one, b) for b in others]


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=80),
    st.lists(st.lists(st.integers(0, 4), max_size=30), min_size=1, max_size=5),
)
@settings(max_examples=60)
def test_a_piece_is_found_where_the_table_that_starts_anywhere_finds_it(piece, texts):
    wanted = [min(table(piece, text, anywhere=True)) for text in texts]
    assert Neighbours(texts).nearest_piece(piece).tolist() == wanted
