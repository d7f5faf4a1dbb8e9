"""The largest few of each row, found without putting the whole row in order.

Where numbers are equal, the lowest id comes first, so that k means exactly k.

Axes   B batch   V vocab_size   K how many are kept
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

GROUP = 32  # numbers, of which the largest stands for all


def largest(
    logits: Float[Tensor, "B V"], k: int
) -> tuple[Float[Tensor, "B K"], Int[Tensor, "B K"]]:
    """The ``k`` largest of each row and their ids, largest first; all V where ``k`` is more.

    >>> values, ids = largest(torch.tensor([[3.0, 1.0, 5.0, 3.0]]), 2)
    >>> ids.tolist()  # of the two threes, the first
    [[2, 0]]
    """
    vocab_size = logits.shape[-1]
    k = min(k, vocab_size)
    if k == 1:  # max promises the first of equals
        return logits.max(-1, keepdim=True)
    values, ids = _topk(logits, min(k + 1, vocab_size))
    (tied,) = (values[:, 1:] == values[:, :-1]).any(-1).nonzero(as_tuple=True)
    values, ids = values[:, :k], ids[:, :k]
    if len(tied):  # topk promises no order among equals, and bf16 has many
        rows = logits[tied]
        n = torch.full((len(tied), 1), k, device=logits.device)
        here = first_n(rows, values[tied, -1:], n).nonzero()[:, 1].view(-1, k)  # by id
        ordered, order = rows.gather(1, here).sort(descending=True, stable=True)
        values, ids = values.clone(), ids.clone()
        values[tied], ids[tied] = ordered, here.gather(1, order)
    return values, ids


def _topk(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """torch's topk; of long rows only those groups of numbers whose largest are the k largest.

    The k largest numbers stand in at most k groups, and no group left out has a larger one.
    """
    n_groups = logits.shape[-1] // GROUP  # number i is in group i % n_groups; a few are in none
    if n_groups < 4 * k:
        return logits.topk(k)
    grouped = logits[:, : n_groups * GROUP].unflatten(1, (GROUP, n_groups))
    groups = grouped.amax(1).topk(k).indices  # [B, K]
    steps = torch.arange(GROUP, device=logits.device) * n_groups
    rest = torch.arange(n_groups * GROUP, logits.shape[-1], device=logits.device)
    ids = torch.cat([(groups[..., None] + steps).flatten(1), rest.expand(len(logits), -1)], dim=1)
    values, places = logits.gather(1, ids).topk(k)
    return values, ids.gather(1, places)


def first_n(
    logits: Float[Tensor, "B V"], nth: Float[Tensor, "B 1"], n: Int[Tensor, "B 1"]
) -> Bool[Tensor, "B V"]:
    """Which are the ``n`` largest of each row, if the n-th largest is known to be ``nth``."""
    kept = logits >= nth
    surplus = kept.sum(-1, keepdim=True) - n
    if surplus.any():
        tied = logits == nth
        room = tied.sum(-1, keepdim=True) - surplus
        kept &= ~tied | (tied.cumsum(-1) <= room)
    return kept


def descending(logits: Float[Tensor, "B V"], k: int) -> Float[Tensor, "B K"]:
    """The ``k`` largest numbers of each row, largest first, without their ids.

    On the CPU by NumPy, which is many times faster than torch where no ids are asked for.
    """
    if logits.device.type != "cpu":
        return logits.topk(k).values
    numbers, n_others = logits.numpy(), logits.shape[-1] - k
    if n_others:
        numbers = np.partition(numbers, n_others)[:, n_others:]
    return torch.from_numpy(np.sort(numbers)).flip(-1)


def put_back(
    values: Float[Tensor, "B K"], ids: Int[Tensor, "B K"], vocab_size: int
) -> Float[Tensor, "B V"]:
    """Whole rows again: the values at their ids, ``-inf`` elsewhere."""
    return values.new_full((len(values), vocab_size), -torch.inf).scatter_(1, ids, values)
