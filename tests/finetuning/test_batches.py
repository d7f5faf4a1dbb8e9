"""Padding gives the rows back, and a pass is a pass."""

from collections import Counter
from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.finetuning.batches import pad, shuffled

rows_of_ids = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=5)


def drawn(n, n_batches, *, batch_size, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return list(islice(shuffled(n, batch_size=batch_size, rng=rng), n_batches))


@given(rows=rows_of_ids, pad_id=st.integers(-100, 9))
def test_what_is_real_are_the_rows_and_the_rest_is_the_pad(rows, pad_id):
    ids, is_real = pad(rows, pad_id=pad_id)
    assert ids.shape == is_real.shape == (len(rows), max(map(len, rows)))
    for i, row in enumerate(rows):
        assert ids[i, is_real[i]].tolist() == row
        assert ids[i, : len(row)].tolist() == row, "pads stand at the end"
    assert (ids[~is_real] == pad_id).all()


@given(n=st.integers(1, 9), batch_size=st.integers(1, 12), n_passes=st.integers(1, 4))
def test_after_k_passes_each_number_came_k_times_and_every_batch_was_full(n, batch_size, n_passes):
    batches = drawn(n, n_passes * n, batch_size=batch_size)
    assert all(len(batch) == batch_size for batch in batches)
    numbers = [number for batch in batches for number in batch][: n_passes * n]
    for one in range(n_passes):
        assert sorted(numbers[one * n : (one + 1) * n]) == list(range(n))


def test_each_pass_has_an_order_of_its_own_and_a_seed_gives_it_again():
    first, second = drawn(50, 2, batch_size=50)
    assert first != second != sorted(second)
    assert drawn(50, 2, batch_size=50) == [first, second]
    assert drawn(50, 1, batch_size=50, seed=1) != [first]


def test_every_order_is_equally_likely():
    """Six orders of three, 3,000 passes: each about 500 times, 20 is the standard deviation."""
    orders = Counter(map(tuple, drawn(3, 3000, batch_size=3)))
    assert len(orders) == 6
    assert all(400 < count < 600 for count in orders.values())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pad([]), "no rows came; give at least one"),
        (lambda: pad([[1], []]), "row 1 has no ids; leave it out"),
        (lambda: drawn(0, 1, batch_size=1), "got 0 examples and batch_size 1"),
        (lambda: drawn(3, 1, batch_size=0), "got 3 examples and batch_size 0"),
    ],
)
def test_nothing_to_batch_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
