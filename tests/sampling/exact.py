"""What the tests of filters compare with: logits of all kinds, and the filters by another road."""

import torch
from scipy.stats import chisquare

SHAPES = {"flat": 0.3, "middling": 2.0, "peaked": 8.0}


def random_logits(kind: str, *, seed: int = 0, n_rows: int = 6, vocab_size: int = 3000):
    """float64, so that no two orders of summing up differ in what is kept."""
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(n_rows, vocab_size, generator=rng, dtype=torch.float64)
    if kind == "ties":
        return (x * 2).round()
    if kind == "partly dropped":
        gone = torch.rand(x.shape, generator=rng) < 0.7
        return (x * 2).masked_fill(gone, -torch.inf)
    return x * SHAPES[kind]


KINDS = [*SHAPES, "ties", "partly dropped"]


def kept(logits):
    return logits > -torch.inf


def sampled_as(probs, drawn) -> float:
    """The p-value of a chi-square test: how often chance alone would differ this much."""
    possible = probs > 0
    counts = drawn.bincount(minlength=len(probs))
    assert not counts[~possible].any(), "what has no probability was drawn"
    if possible.sum() == 1:
        return 1.0
    expected = probs[possible].double() * len(drawn)
    assert expected.min() >= 5, "too few draws for this test"
    return chisquare(
        counts[possible].numpy(), (expected / expected.sum() * len(drawn)).numpy()
    ).pvalue
