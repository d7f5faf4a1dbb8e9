import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.sampling.selection import descending, first_n, largest, put_back


def plain_largest(row, k):
    return sorted(range(len(row)), key=lambda i: (-row[i], i))[:k]


@given(
    seed=st.integers(0, 2**31),
    vocab_size=st.integers(1, 3000),
    k=st.integers(1, 12),
    is_coarse=st.booleans(),
)
def test_the_largest_are_found_in_order_and_of_equals_the_first(seed, vocab_size, k, is_coarse):
    """Rows of up to 3,000: short ones searched whole, long ones by groups, many with ties."""
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, vocab_size, generator=rng) * 3
    logits = logits.round() if is_coarse else logits
    logits[0, logits[0] < 0] = -torch.inf
    values, ids = largest(logits, k)
    assert ids.tolist() == [plain_largest(row, k) for row in logits.tolist()]
    assert torch.equal(values, logits.gather(1, ids))


def test_a_long_row_is_searched_where_no_group_holds_the_last_numbers():
    """3,217 numbers are 100 groups of 32, and 17 that are in no group."""
    for place in (0, 99, 3199, 3200, 3216):
        logits = torch.zeros(1, 3217).index_fill(1, torch.tensor(place), 1.0)
        assert largest(logits, 1)[1].item() == place


def test_bfloat16_has_many_ties_and_they_are_settled(rng):
    logits = torch.randn(3, 50257, generator=rng).bfloat16()
    _, ids = largest(logits, 50)
    assert ids.tolist() == [plain_largest(row, 50) for row in logits.tolist()]


@given(numbers=st.lists(st.integers(-3, 3), min_size=1, max_size=9), data=st.data())
def test_the_first_n_are_known_from_the_nth_number_alone(numbers, data):
    n = data.draw(st.integers(1, len(numbers)))
    logits = torch.tensor([numbers]).float()
    nth = descending(logits, n)[:, -1:]
    kept = first_n(logits, nth, torch.tensor([[n]]))[0].nonzero().flatten().tolist()
    assert kept == sorted(plain_largest(numbers, n))


@pytest.mark.parametrize("k", [1, 7, 400])
def test_numbers_come_in_descending_order(k, rng):
    logits = torch.randn(3, 400, generator=rng)
    assert torch.equal(descending(logits, k), logits.topk(k).values)


def test_what_is_put_back_stands_where_it_was():
    logits = torch.tensor([[1.0, 5.0, 3.0]])
    assert put_back(*largest(logits, 2), 3).tolist() == [[-torch.inf, 5.0, 3.0]]
