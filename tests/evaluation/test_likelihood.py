import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.likelihood import bits_per_byte, cross_entropy, mean_loss, perplexity


def test_cross_entropy_is_the_mean_of_minus_log_probabilities(rng):
    logits, targets = (
        torch.randn(3, 4, 7, generator=rng),
        torch.randint(7, (3, 4), generator=rng),
    )
    by_hand = [
        -math.log(math.exp(row[t]) / sum(map(math.exp, row)))
        for row, t in zip(logits.reshape(-1, 7).tolist(), targets.flatten().tolist(), strict=True)
    ]
    assert cross_entropy(logits, targets).item() == pytest.approx(sum(by_hand) / 12, rel=1e-5)


@given(n_ids=st.integers(8, 120), context_length=st.integers(1, 7), batch_size=st.integers(1, 9))
def test_every_token_but_the_first_counts_once_however_the_text_is_cut(
    n_ids, context_length, batch_size
):
    """A model that looks at one token only must get the same loss for any cut and batch."""
    rng = torch.Generator().manual_seed(n_ids)
    table, ids = torch.randn(5, 5, generator=rng), torch.randint(5, (n_ids,), generator=rng)
    whole = cross_entropy(table[ids[:-1]], ids[1:]).item()
    cut = mean_loss(lambda x: table[x], ids, context_length=context_length, batch_size=batch_size)
    assert cut == pytest.approx(whole, rel=1e-5)


@given(n_sides=st.integers(1, 60_000))
def test_the_perplexity_of_a_fair_die_is_its_number_of_sides(n_sides):
    assert perplexity(math.log(n_sides)) == pytest.approx(n_sides)


@given(nats=st.floats(0.01, 10), n_tokens=st.integers(1, 1000), factor=st.integers(1, 9))
def test_bits_per_byte_do_not_depend_on_how_the_text_is_cut_into_tokens(nats, n_tokens, factor):
    """As many nats in all over fewer, costlier tokens: the same bits per byte."""
    fine = bits_per_byte(nats, n_tokens=n_tokens * factor, n_bytes=5000)
    coarse = bits_per_byte(nats * factor, n_tokens=n_tokens, n_bytes=5000)
    assert fine == pytest.approx(coarse)


def test_a_byte_guessed_blindly_costs_eight_bits():
    assert bits_per_byte(math.log(256), n_tokens=10, n_bytes=10) == pytest.approx(8)


def test_bits_per_byte_of_nothing_is_refused():
    with pytest.raises(ValueError, match="got 0 tokens, 10 bytes"):
        bits_per_byte(1.0, n_tokens=0, n_bytes=10)


def test_a_context_longer_than_the_text_is_refused():
    with pytest.raises(ValueError, match="needs 10 tokens, the text has 3"):
        mean_loss(lambda x: x, torch.arange(3), context_length=9)
