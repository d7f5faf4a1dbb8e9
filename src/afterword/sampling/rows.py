"""What filters share: rows from which a token can be drawn, and the text that is before it.

Axes   B batch   T text so far   V vocab_size
"""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Logits = Float[Tensor, "B V"]
Ids = Int[Tensor, "_ T"]  # a row for each of logits; -1 where it has no token: left padding
Filter = Callable[..., Tensor]  # (logits, ids=None) -> logits


def by_value(function: Callable[[Tensor], Tensor]) -> Filter:
    """A filter that looks at the numbers alone: ``chain`` may give it only the kept ones."""

    @wraps(function)
    def filter(logits: Logits, ids: Ids | None = None) -> Logits:
        check_rows(logits)
        return function(logits)

    filter.is_by_value = True
    return filter


def by_token(function: Callable[[Tensor, Tensor | None], Tensor]) -> Filter:
    """A filter that asks whose number it is. It may drop the last token of a row: an error."""

    @wraps(function)
    def filter(logits: Logits, ids: Ids | None = None) -> Logits:
        check_rows(logits)
        return check_rows(function(logits, ids))

    return filter


def check_rows(logits: Logits) -> Logits:
    """Refuse rows from which nothing can be drawn; others come back as they are."""
    most = logits.amax(-1)  # NaN where a row holds one
    wrong = ~most.isfinite()
    if wrong.any():
        row = int(wrong.nonzero()[0])
        if most[row] == -torch.inf:
            raise ValueError(f"row {row} has no token left, all are -inf; ban or drop fewer")
        raise ValueError(
            f"the logits of row {row} hold {most[row].item()}; they must be numbers, or -inf for "
            "what is dropped: look at the model's weights, and at what was done to its logits"
        )
    return logits


def numbers_of(logits: Logits) -> Logits:
    """What decisions are made on: at least float32, without a gradient."""
    return logits.detach().to(torch.promote_types(logits.dtype, torch.float32))


def keep(logits: Logits, kept: Bool[Tensor, "B V"]) -> Logits:
    """The logits of what is kept, ``-inf`` for the rest."""
    return logits.masked_fill(~kept, -torch.inf)


def entropy(logprobs: Logits) -> Float[Tensor, "B 1"]:
    """In nats, one for each row; what cannot happen adds nothing."""
    return -(logprobs.exp() * logprobs).nansum(-1, keepdim=True)


def check_share(p: float, name: str) -> None:
    """Refuse what is no share of a whole, or none of it."""
    if not 0 < p <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1, got {p}; leave it out to keep all")


def check_limit(least: float, name: str) -> None:
    """Refuse what no probability could be above, or none below."""
    if not 0 < least < 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {least}; 0.0003 to 0.004 is usual")


def check_tokens(tokens: Iterable[int], logits: Logits) -> None:
    """Refuse ids that the vocabulary does not have."""
    vocab_size = logits.shape[-1]
    for token in tokens:
        if not 0 <= token < vocab_size:
            raise ValueError(f"there is no token {token}: ids go from 0 to {vocab_size - 1}")


def text_so_far(ids: Tensor | None, logits: Logits) -> Ids:
    """The ids, if they are there, as many rows as logits, and all of the vocabulary or -1."""
    if ids is None:
        raise ValueError("this filter looks at the text so far: call it as filter(logits, ids)")
    if len(ids) != len(logits):
        raise ValueError(f"{len(ids)} rows of ids, {len(logits)} of logits; give each its own")
    if ids.numel():
        check_tokens([id.item() for id in ids.aminmax() if id != -1], logits)
    return ids


def counts(ids: Ids, logits: Logits) -> Float[Tensor, "B V"]:
    """How often each token stands in the text so far."""
    n_rows, vocab_size = logits.shape
    tally = logits.new_zeros(n_rows, vocab_size + 1, dtype=torch.float32)  # the last: padding
    ids = ids.long() % (vocab_size + 1)
    return tally.scatter_add_(1, ids, torch.ones_like(ids, dtype=torch.float32))[:, :-1]


def just_said(tokens: Sequence[int], ids: Tensor | None, logits: Logits) -> Bool[Tensor, "B"]:
    """Which rows of the text end with these tokens; with none, all do."""
    if not tokens:
        return torch.ones(len(logits), dtype=torch.bool, device=logits.device)
    ids = text_so_far(ids, logits)
    if len(tokens) > ids.shape[-1]:
        return torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
    return (ids[:, -len(tokens) :] == ids.new_tensor(tokens)).all(-1)
