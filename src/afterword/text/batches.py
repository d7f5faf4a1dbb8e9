"""From a long row of ids to what a model is trained and judged on.

Axes   B batch   T context_length   N windows
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import torch
from jaxtyping import Int
from torch import Tensor

D = TypeVar("D")


def split_documents(
    documents: Sequence[D], *, share: float = 0.1, rng: torch.Generator
) -> tuple[list[D], list[D]]:
    """Set whole documents aside for validation: ``(train, validation)``, each in its old order.

    Documents are taken in random order, each if it still fits into ``share`` of all characters.
    Splitting by document, and not at some point of the running text, keeps a play's names and
    phrases from being learnt in its first acts and met again in its last.

    Two equal documents are a ``ValueError``: one could be trained on and the other judged on.
    """
    texts = [getattr(document, "text", document) for document in documents]
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    if len(set(texts)) < len(texts):
        twice = next(i for i, text in enumerate(texts) if text in texts[:i])
        raise ValueError(
            f"document {twice} is there twice, and could land on both sides of the split; "
            "drop the copies first"
        )
    room, chosen = share * sum(map(len, texts)), set()
    for i in torch.randperm(len(texts), generator=rng).tolist():
        if len(texts[i]) <= room:
            chosen.add(i)
            room -= len(texts[i])
    if not chosen:
        raise ValueError(
            f"none of {len(texts)} documents fits into {share:.0%} of the text; "
            "give more and shorter documents, or a larger share"
        )
    train = [d for i, d in enumerate(documents) if i not in chosen]
    return train, [d for i, d in enumerate(documents) if i in chosen]


def windows(
    ids: Int[Tensor, "S"], *, context_length: int
) -> tuple[Int[Tensor, "N T"], Int[Tensor, "N T"]]:
    """Cut ids into windows end to end: ``(inputs, targets)``, the targets one token ahead.

    Every id but the first is a target at most once; the up to ``context_length - 1`` left over
    at the end are none.

    >>> inputs, targets = windows(torch.arange(8), context_length=3)
    >>> inputs.tolist(), targets.tolist()
    ([[0, 1, 2], [3, 4, 5]], [[1, 2, 3], [4, 5, 6]])
    """
    _check_length(ids, context_length)
    n_windows = (len(ids) - 1) // context_length
    n_ids = n_windows * context_length
    shape = (n_windows, context_length)
    return ids[:n_ids].reshape(shape), ids[1 : n_ids + 1].reshape(shape)


def random_batches(
    ids: Int[Tensor, "S"], *, context_length: int, batch_size: int, rng: torch.Generator
) -> Iterator[tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]]:
    """Windows from random places, without end: ``(inputs, targets)`` on the ids' device.

    Every place is equally likely. ``rng`` is a CPU generator, so that the same seed gives the
    same batches on every device.
    """
    _check_length(ids, context_length)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    steps = torch.arange(context_length, device=ids.device)
    while True:
        starts = torch.randint(len(ids) - context_length, (batch_size, 1), generator=rng)
        places = starts.to(ids.device) + steps  # [B, T]
        yield ids[places], ids[places + 1]


def _check_length(ids: Tensor, context_length: int) -> None:
    if context_length < 1:
        raise ValueError(f"context_length must be at least 1, got {context_length}")
    if len(ids) <= context_length:
        raise ValueError(
            f"a window of context_length {context_length} needs {context_length + 1} tokens, "
            f"the text has {len(ids)}; give more text or a shorter context"
        )
