"""Filters: from logits to logits, before a token is drawn.

    filter = chain(temperature(0.8), top_k(50), top_p(0.9))
    token = draw(filter(logits, ids), rng)

A filter is pure: it returns new logits, with ``-inf`` for what it drops, and never empties a row.
``ids`` is the text so far, for filters that look at it (``ban`` here, ``penalties`` otherwise).

**Order matters**; ``chain`` applies its filters from left to right. Each one sees what the ones
before it left, as if that were the whole distribution. Usual, and transformers' order, is

    penalties, bias, ban  →  temperature  →  top_k  →  top_p, min_p, typical, epsilon, eta

With the temperature first, top_p counts the mass that will be drawn from; with the temperature
last, it counts the model's own, and a high temperature then cannot let more tokens in. After a
top_k, top_p is a share of the k kept.

Equal logits: ``top_k`` and ``top_p`` keep the lowest ids first; the others keep equals or drop
them together. Kept sets are those of transformers' logits processors, except that theirs

* keep under ``top_k`` all tokens equal to the k-th, and so more than k;
* choose among equals at the edge of ``top_p`` in no stated order (the number is the same);
* sum up in the type of the logits, ours in float64, so that a token whose mass stands within
  rounding of the edge can fall on the other side;
* take p = 0, which here is an error.

Axes   B batch   T text so far   V vocab_size
"""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite, isnan, log

import torch
from torch import Tensor

from afterword.sampling.rows import (
    Filter,
    Ids,
    Logits,
    by_token,
    by_value,
    check_limit,
    check_rows,
    check_share,
    check_tokens,
    entropy,
    just_said,
    keep,
    numbers_of,
)
from afterword.sampling.selection import descending, first_n, largest, put_back

PREFIX = 1024  # how many of a row top_p looks at before it sorts the whole row


def chain(*filters: Filter) -> Filter:
    """Apply filters from left to right; the result is a filter too, and the same as one by one.

    After a ``top_k``, filters that look at the numbers alone work on the k kept.
    """
    parts = [part for each in filters for part in getattr(each, "parts", [each])]

    def filter(logits: Logits, ids: Ids | None = None) -> Logits:
        vocab_size, kept = logits.shape[-1], None  # kept: which ids the columns stand for
        for part in parts:
            if kept is None and hasattr(part, "narrow"):
                logits, kept = part.narrow(check_rows(logits))
                continue
            if kept is not None and not getattr(part, "is_by_value", False):
                logits, kept = put_back(logits, kept, vocab_size), None
            logits = part(logits, ids)
        return logits if kept is None else put_back(logits, kept, vocab_size)

    filter.parts = parts
    return filter


def temperature(t: float) -> Filter:
    """Divide by ``t > 0``: below 1 the likely become likelier, above 1 all come closer."""
    if not (t > 0 and isfinite(t)):
        raise ValueError(f"the temperature must be above 0, got {t}; for the likeliest, top_k(1)")

    @by_value
    def filter(logits: Logits) -> Logits:
        divided = logits / t
        if divided.amax(-1).isposinf().any():
            raise ValueError(
                f"the temperature {t} is too small for logits up to {logits.max().item():g} in "
                f"{logits.dtype}: the quotient is infinite; take the likeliest by top_k(1)"
            )
        return divided

    return filter


def top_k(k: int) -> Filter:
    """Keep the ``k`` likeliest, exactly ``k`` of them, or all where there are fewer.

    >>> top_k(2)(torch.tensor([[1.0, 3.0, 1.0, 1.0]])).tolist()
    [[1.0, 3.0, -inf, -inf]]

    Source: arXiv:1805.04833.
    """
    if k < 1:
        raise ValueError(f"top_k must be at least 1, got {k}")

    @by_value
    def filter(logits: Logits) -> Logits:
        return put_back(*largest(logits, k), logits.shape[-1])

    filter.narrow, filter.is_greedy = lambda logits: largest(logits, k), k == 1
    return filter


def top_p(p: float) -> Filter:
    """Keep the fewest of the likeliest whose probabilities add up to ``p`` or more.

    Not idempotent: what is left counts as the whole the next time.

    Source: arXiv:1904.09751.
    """
    check_share(p, "top_p")

    @by_value
    def filter(logits: Logits) -> Logits:
        if p == 1:
            return logits
        numbers = numbers_of(logits)
        total = numbers.logsumexp(-1, keepdim=True)
        likeliest = descending(numbers, min(PREFIX, numbers.shape[-1]))
        nth, n, mass = _where_mass_reaches(p, likeliest, total)
        (short,) = (mass < p).nonzero(as_tuple=True)
        if len(short):
            nth[short], n[short], _ = _where_mass_reaches(
                p, descending(numbers[short], numbers.shape[-1]), total[short]
            )
        return keep(logits, first_n(numbers, nth, n))

    return filter


def _where_mass_reaches(p: float, ordered: Tensor, total: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of rows in descending order: the last number needed, its place, and the mass of the row."""
    mass = (ordered - total).exp().cumsum(-1, dtype=torch.float64)
    n = 1 + (mass[:, :-1] < p).sum(-1, keepdim=True)
    return ordered.gather(1, n - 1), n, mass[:, -1]


def min_p(p: float) -> Filter:
    """Keep what is at least ``p`` times as probable as the likeliest.

    >>> probs = torch.tensor([[0.5, 0.3, 0.15, 0.05]])
    >>> min_p(0.25)(probs.log()).softmax(-1).count_nonzero().item()  # 0.125 is the least
    3

    Source: arXiv:2407.01082.
    """
    check_share(p, "min_p")

    @by_value
    def filter(logits: Logits) -> Logits:
        numbers = numbers_of(logits)
        return keep(logits, numbers >= numbers.amax(-1, keepdim=True) + log(p))

    return filter


def typical(p: float) -> Filter:
    """Keep what surprises about as much as is to be expected, until ``p`` of the mass is kept.

    A token's surprise is -log of its probability; the expected surprise is the entropy. Tokens
    are taken by how far their surprise is from it, so that the likeliest can be dropped.

    Source: arXiv:2202.00666.
    """
    check_share(p, "typical")

    @by_value
    def filter(logits: Logits) -> Logits:
        if p == 1:
            return logits
        logprobs = numbers_of(logits).log_softmax(-1)
        distance = (-logprobs - entropy(logprobs)).abs()
        nearest, order = distance.sort()
        mass = logprobs.exp().gather(1, order).cumsum(-1, dtype=torch.float64)
        n = 1 + (mass[:, :-1] < p).sum(-1, keepdim=True)
        return keep(logits, distance <= nearest.gather(1, n - 1))

    return filter


def epsilon(least: float) -> Filter:
    """Keep what has a probability of at least ``least``, and the likeliest in any case.

    Source: arXiv:2210.15191.
    """
    check_limit(least, "epsilon")
    return by_value(lambda logits: _keep_probable(logits, least))


def eta(least: float) -> Filter:
    """As ``epsilon``, with a lower limit where the row is flat: min(ε, √ε · exp(-entropy)).

    Source: arXiv:2210.15191.
    """
    check_limit(least, "eta")

    @by_value
    def filter(logits: Logits) -> Logits:
        flatness = entropy(numbers_of(logits).log_softmax(-1))
        return _keep_probable(logits, (least**0.5 * (-flatness).exp()).clamp(max=least))

    return filter


def _keep_probable(logits: Logits, least: float | Tensor) -> Logits:
    """What has that probability at least; the likeliest in any case."""
    numbers = numbers_of(logits)
    likeliest = numbers == numbers.amax(-1, keepdim=True)
    return keep(logits, likeliest | (numbers.softmax(-1) >= least))


def bias(amounts: Mapping[int, float]) -> Filter:
    """Add to the logits of some tokens; ``-inf`` bans one.

    >>> bias({1: 2.5})(torch.zeros(1, 3)).tolist()
    [[0.0, 2.5, 0.0]]
    """
    for token, amount in amounts.items():
        if isnan(amount) or amount == torch.inf:
            raise ValueError(f"the bias of token {token} is {amount}; give a number, or -inf")

    @by_token
    def filter(logits: Logits, ids: Ids | None) -> Logits:
        check_tokens(amounts, logits)
        added = torch.zeros_like(logits)
        added[:, [*amounts]] = logits.new_tensor([*amounts.values()])
        return logits + added

    return filter


def ban(words: Iterable[int | Sequence[int]]) -> Filter:
    """Never say these: tokens, or sequences of them such as a word's encoding.

    Of a sequence, the last token is dropped where the others have just been said.
    """
    sequences = [[word] if isinstance(word, int) else [*word] for word in words]
    if not all(sequences):
        raise ValueError("a sequence to be banned is empty; give each at least one token")

    @by_token
    def filter(logits: Logits, ids: Ids | None) -> Logits:
        check_tokens([token for sequence in sequences for token in sequence], logits)
        dropped = torch.zeros_like(logits, dtype=torch.bool)
        for *before, last in sequences:
            dropped[:, last] |= just_said(before, ids, logits)
        return logits.masked_fill(dropped, -torch.inf)

    return filter
