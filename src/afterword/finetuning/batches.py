"""Rows of unequal length as one tensor, and examples in ever new order.

Axes   B batch   T positions
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def pad(
    rows: Sequence[Sequence[int]], *, pad_id: int = 0, device: torch.device | str = "cpu"
) -> tuple[Int[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """Rows of ids as one tensor, the short ones filled up at their end: ``(ids, is_real)``.

    ``is_real`` is False at what was filled in. No rows, or an empty one, are a ``ValueError``.

    >>> ids, is_real = pad([[5, 6, 7], [8]])
    >>> ids.tolist(), is_real.int().tolist()
    ([[5, 6, 7], [8, 0, 0]], [[1, 1, 1], [1, 0, 0]])
    """
    lengths = [len(row) for row in rows]
    if not lengths:
        raise ValueError("no rows came; give at least one")
    if min(lengths) == 0:
        raise ValueError(f"row {lengths.index(0)} has no ids; leave it out, or give it a token")
    filled = [[*row, *[pad_id] * (max(lengths) - len(row))] for row in rows]
    places = torch.arange(max(lengths), device=device)
    return torch.tensor(filled, device=device), places < places.new_tensor(lengths)[:, None]


def shuffled(n: int, *, batch_size: int, rng: torch.Generator) -> Iterator[list[int]]:
    """The numbers 0 to ``n - 1`` in batches, without end, each pass in a new random order.

    Every batch is full: where a pass ends within one, the next pass begins there. So after k
    passes each number came k times, whatever the batch size.

    >>> batches = shuffled(4, batch_size=2, rng=torch.Generator().manual_seed(0))
    >>> sorted(next(batches) + next(batches))
    [0, 1, 2, 3]
    """
    if n < 1 or batch_size < 1:
        raise ValueError(
            f"batches need at least one example and one place, got {n} examples and batch_size "
            f"{batch_size}"
        )
    order = _passes(n, rng)
    while True:
        yield list(islice(order, batch_size))


def _passes(n: int, rng: torch.Generator) -> Iterator[int]:
    while True:
        yield from torch.randperm(n, generator=rng).tolist()
