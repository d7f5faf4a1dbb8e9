"""Filters that look back: what was said becomes less likely.

Each takes the text so far, prompt included, with -1 where a row has no token (left padding).
They belong before the temperature; see ``filters`` for the order.

Axes   B batch   T text so far   V vocab_size
"""

from math import isfinite

import torch

from afterword.sampling.rows import Filter, Ids, Logits, by_token, counts, text_so_far


def repetition(penalty: float) -> Filter:
    """Divide the positive logits of what was said by ``penalty``, multiply the negative ones.

    Above 1 it discourages, below 1 it encourages. How often a token was said does not matter. A
    logit of 0 stays, and adding a constant to all logits changes the outcome.

    Source: arXiv:1909.05858.
    """
    if not (penalty > 0 and isfinite(penalty)):
        raise ValueError(f"the repetition penalty must be above 0, got {penalty}; 1 does nothing")

    @by_token
    def filter(logits: Logits, ids: Ids | None) -> Logits:
        said = counts(text_so_far(ids, logits), logits) > 0
        return torch.where(
            said, torch.where(logits < 0, logits * penalty, logits / penalty), logits
        )

    return filter


def presence(x: float) -> Filter:
    """Subtract ``x`` from the logits of what was said, however often; below 0 it encourages."""
    _check_number(x, "presence")

    @by_token
    def filter(logits: Logits, ids: Ids | None) -> Logits:
        said = counts(text_so_far(ids, logits), logits) > 0
        return logits - x * said.to(logits.dtype)

    return filter


def frequency(x: float) -> Filter:
    """Subtract ``x`` from the logit of a token for each time it was said.

    >>> frequency(0.5)(torch.zeros(1, 3), torch.tensor([[2, 0, 2]])).tolist()
    [[-0.5, 0.0, -1.0]]
    """
    _check_number(x, "frequency")

    @by_token
    def filter(logits: Logits, ids: Ids | None) -> Logits:
        return logits - (x * counts(text_so_far(ids, logits), logits)).to(logits.dtype)

    return filter


def no_repeat(n: int) -> Filter:
    """Drop tokens that would complete a run of ``n`` tokens that the text has already.

    With n = 1, no token is said twice.

    Source: arXiv:1705.04304.
    """
    if n < 1:
        raise ValueError(f"no_repeat wants at least 1 token, got {n}")

    @by_token
    def filter(logits: Logits, ids: Ids | None) -> Logits:
        ids = text_so_far(ids, logits)
        if ids.shape[-1] < n:
            return logits
        runs = ids.unfold(1, n, 1)  # [B, T - n + 1, n]
        again = (runs[..., :-1] == ids[:, None, ids.shape[-1] - n + 1 :]).all(-1)
        nexts = torch.where(again, runs[..., -1], -1)  # -1 also where a run ends in padding
        return logits.masked_fill(counts(nexts, logits) > 0, -torch.inf)

    return filter


def _check_number(x: float, name: str) -> None:
    if not isfinite(x):
        raise ValueError(f"the {name} penalty must be a finite number, got {x}; 0 does nothing")
