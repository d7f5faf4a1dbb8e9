import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.diversity import distinct_n, ngrams, repetition


@given(st.text("ab", max_size=9), st.integers(1, 5))
def test_an_ngram_starts_at_each_place_that_has_room(text, n):
    assert ["".join(each) for each in ngrams(text, n)] == [
        text[i : i + n] for i in range(len(text) - n + 1)
    ]


def test_repetition_is_counted_by_hand():
    rose = ["a", "rose", "is", "a", "rose", "is", "a", "rose"]
    assert repetition(rose, 1) == 5 / 8
    assert repetition(rose, 2) == 4 / 7
    assert repetition("abcdef", 2) == 0


def test_texts_that_say_the_same_are_less_distinct_than_each_alone():
    assert distinct_n(["abcd"], 2) == 1
    assert distinct_n(["abcd", "abcd"], 2) == 0.5
    assert distinct_n(["abcd", "efgh"], 2) == 1


@given(st.lists(st.text("abc", min_size=3, max_size=9), min_size=1, max_size=4))
def test_no_ngram_spans_two_texts(texts):
    pooled = [text[i : i + 3] for text in texts for i in range(len(text) - 2)]
    assert distinct_n(texts, 3) == len(set(pooled)) / len(pooled)


@given(st.text("ab", min_size=4, max_size=20))
def test_a_longer_run_repeats_no_more_than_a_shorter_one(text):
    longer, shorter = ngrams(text, 3), ngrams(text, 2)
    n_again = [len(each) - len(set(each)) for each in (longer, shorter)]
    assert n_again[0] <= n_again[1]
    assert repetition(text, 2) == pytest.approx(n_again[1] / len(shorter))


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match="at least 1 token, got n = 0"):
        ngrams("abc", 0)
    with pytest.raises(ValueError, match="no text has 5 tokens"):
        distinct_n(["abc", "abcd"], 5)
    with pytest.raises(ValueError, match=r"for one, write \[text\]"):
        distinct_n("abc", 2)
