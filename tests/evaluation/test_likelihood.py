import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.likelihood import (
    bits_per_byte,
    cross_entropy,
    mean_loss,
    perplexity,
    strided_loss,
)
from tests.interop.models import random_ids, tiny


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


def sliding_windows(model, ids, max_length, stride):
    """The loop that transformers' pages on perplexity have; all windows here count each target.

    (Theirs weighs a window by one target fewer than it has, from the second on.)
    """
    total, n_counted, seen = 0.0, 0, 0
    for begin in range(0, len(ids), stride):
        end = min(begin + max_length, len(ids))
        labels = ids[begin:end].clone()
        labels[: seen - begin if seen else 0] = -100
        n = (labels[1:] != -100).sum().item()
        with torch.no_grad():
            loss = model(ids[None, begin:end], labels=labels[None]).loss.item()
        total, n_counted, seen = total + n * loss, n_counted + n, end
        if end == len(ids):
            break
    assert n_counted == len(ids) - 1
    return total / n_counted


@pytest.mark.parametrize("name", ["gpt2", "llama, untied"])
@pytest.mark.parametrize(("n_ids", "stride"), [(60, 5), (60, 15), (61, 1), (46, 15), (16, 4)])
def test_a_strided_loss_is_that_of_the_sliding_windows_of_transformers(name, n_ids, stride):
    """To 1e-6 relative: sums of float32 in batches of another size. GPT-2's window is full."""
    model, ids = tiny(name), random_ids(n_ids)
    ours = strided_loss(
        lambda x: model(x).logits, ids, context_length=15, stride=stride, batch_size=4
    )
    assert ours == pytest.approx(sliding_windows(model, ids, 16, stride), rel=1e-6)


@given(n_ids=st.integers(8, 90), context_length=st.integers(1, 7), batch_size=st.integers(1, 9))
def test_a_stride_of_the_whole_context_is_the_mean_loss(n_ids, context_length, batch_size):
    rng = torch.Generator().manual_seed(n_ids)
    table, ids = torch.randn(5, 5, generator=rng), torch.randint(5, (n_ids,), generator=rng)

    def mean_so_far(x):  # what it says depends on all that stands before
        return table[x].cumsum(1) / torch.arange(1, x.shape[1] + 1)[:, None]

    settings = dict(context_length=context_length, batch_size=batch_size)
    ours = strided_loss(mean_so_far, ids, stride=context_length, **settings)
    assert ours == pytest.approx(mean_loss(mean_so_far, ids, **settings), rel=1e-5)


@given(n_ids=st.integers(9, 60), context_length=st.integers(1, 8), data=st.data())
def test_with_a_stride_no_token_is_seen_with_less_context_than_promised(
    n_ids, context_length, data
):
    """A model that is sure of the next token where it sees enough before it, and else lost."""
    stride = data.draw(st.integers(1, context_length))
    ids = torch.arange(n_ids)
    enough = context_length - stride + 1

    def knows(x):
        n_seen = torch.arange(1, x.shape[1] + 1)
        needed = torch.minimum(x + 1, torch.tensor(enough))  # all there is, or as promised
        sure = (n_seen >= needed).double() * 50
        return torch.nn.functional.one_hot(x + 1, n_ids + 1) * sure[..., None]

    loss = strided_loss(knows, ids, context_length=context_length, stride=stride)
    assert loss == pytest.approx(0, abs=1e-9)


def test_more_context_helps_a_model_that_uses_it():
    """One that is the surer of the next token the more it has seen."""

    def surer(x):
        n_seen = torch.arange(1, x.shape[1] + 1)
        return torch.nn.functional.one_hot(x + 1, 62) * n_seen[:, None].float()

    losses = [
        strided_loss(surer, torch.arange(61), context_length=12, stride=s) for s in (1, 6, 12)
    ]
    assert losses[0] < losses[1] < losses[2]


@pytest.mark.parametrize("stride", [0, -1, 6])
def test_a_stride_that_leaves_tokens_out_is_refused(stride):
    with pytest.raises(ValueError, match=f"stride of {stride} with context_length 5 would leave"):
        strided_loss(lambda x: x, torch.arange(30), context_length=5, stride=stride)


def test_a_strided_loss_wants_a_text_longer_than_the_context():
    with pytest.raises(ValueError, match="needs 10 tokens, the text has 3"):
        strided_loss(lambda x: x, torch.arange(3), context_length=9, stride=2)
