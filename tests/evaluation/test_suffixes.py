import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.suffixes import bits_for, packed, suffix_array

# few kinds, long runs and whole repeats: what makes places hard to tell apart
texts = st.builds(
    lambda piece, n, rest: piece * n + rest,
    st.lists(st.integers(0, 2), min_size=1, max_size=40),
    st.integers(1, 6),
    st.lists(st.integers(0, 3), max_size=20),
)


def ids_of(text):
    return np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)


@given(texts)
def test_the_places_are_in_the_order_of_what_begins_there(text):
    wanted = sorted(range(len(text)), key=lambda i: text[i:])
    assert suffix_array(np.array(text)).tolist() == wanted


@pytest.mark.parametrize("text", ["a" * 3000, "ab" * 1500, "abracadabra" * 50, "z", "\0\0\1"])
def test_what_repeats_itself_for_long_is_sorted_too(text):
    wanted = sorted(range(len(text)), key=lambda i: text[i:])
    assert suffix_array(ids_of(text)).tolist() == wanted


def test_ids_may_be_as_large_as_words_or_code_points():
    text = "náïve 日本 😀 naive 日本 😀"
    assert suffix_array(ids_of(text)).tolist() == sorted(range(len(text)), key=lambda i: text[i:])


@given(texts, st.data())
def test_keys_are_ordered_as_the_tokens_that_they_hold(text, data):
    bits = bits_for(4)
    width = 63 // bits
    keys = packed(np.array(text) + 1, bits).tolist()
    i, j = (data.draw(st.integers(0, len(text) - 1)) for _ in range(2))
    ours, theirs = text[i : i + width], text[j : j + width]
    assert (keys[i] < keys[j]) == (ours < theirs)
    assert (keys[i] == keys[j]) == (ours == theirs)


@pytest.mark.parametrize("ids", [[], [0, -1]])
def test_what_is_no_text_is_refused(ids):
    with pytest.raises(ValueError, match=f"none below 0; got {len(ids)} of them"):
        suffix_array(np.array(ids, dtype=np.int64))


def test_an_id_past_all_counting_is_refused():
    with pytest.raises(ValueError, match=f"the largest id is {2**63 - 1}: number the tokens 0, 1"):
        suffix_array(np.array([2**63 - 1]))
