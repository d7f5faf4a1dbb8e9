"""What a model says next while a text grows: with its cache, and at the edge of its context.

Axes   B batch   T positions   V vocab_size
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

Model = Callable[[Tensor], Tensor]  # ids [B, T] → logits [B, T, V]
Beyond = str  # "slide", "jump" or "stop": see Reader
NO_TOKEN = -1  # where a row has none: before a shorter prompt


class Reader:
    """A text for each row, and the logits of what comes next.

    A model with ``new_cache`` reads each token once; any other reads all that is in view at every
    step. When ``context_length`` tokens are in view, ``beyond`` says how to go on: ``slide`` drops
    the oldest at each step, so that nothing kept is of use and all is read again; ``jump`` reads
    the newer half again and has room for as many; ``stop`` is full, as ``is_full`` says.
    """

    def __init__(
        self, model: Model, ids: Int[Tensor, "B T"], *, context_length: int, beyond: Beyond
    ):
        self.model, self.context_length, self.beyond = model, context_length, beyond
        self._room, self._length = ids, ids.shape[1]
        self._start = 0  # of what is in view
        self._cache = None
        if beyond == "stop" and ids.shape[1] > context_length:
            raise ValueError(
                f"the prompt has {ids.shape[1]} tokens, the model sees {context_length}; shorten "
                'it, or say beyond="slide" to show the model only its end'
            )

    @property
    def ids(self) -> Int[Tensor, "B T"]:
        """All tokens so far, ``NO_TOKEN`` before the shorter prompts."""
        return self._room[:, : self._length]

    @property
    def is_full(self) -> bool:
        return self.beyond == "stop" and self._length > self.context_length

    def add(self, tokens: Int[Tensor, "B"]) -> None:
        """Append one token to each row; the room doubles when full, so that few are copied."""
        if self._length == self._room.shape[1]:
            self._room = torch.cat([self._room, torch.empty_like(self._room)], dim=1)
        self._room[:, self._length] = tokens
        self._length += 1
        self._new = tokens[:, None]

    def logits(self) -> Float[Tensor, "B V"]:
        """Of the token after the last one of each row."""
        length = self._length
        if length - self._start > self.context_length:
            is_jump = self.beyond == "jump"
            n_kept = max(1, self.context_length // 2) if is_jump else self.context_length
            self._start, self._cache = length - n_kept, None
        if self._cache is not None:
            return self.model(self._new, self._cache)[:, -1]
        return self._read_anew(self.ids[:, self._start :])

    def _read_anew(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B V"]:
        n_pads = (ids == NO_TOKEN).sum(dim=1)
        is_padded = bool(n_pads.any())
        if hasattr(self.model, "new_cache"):
            self._cache = self.model.new_cache(n_pads if is_padded else None)
            return self.model(ids.clamp(min=0), self._cache)[:, -1]
        if not is_padded:
            return self.model(ids)[:, -1]
        rows = zip(ids, n_pads.tolist(), strict=True)  # it knows no padding: one at a time
        return torch.cat([self.model(row[None, n:])[:, -1] for row, n in rows])


def line_up(prompts: Sequence[Sequence[int]], *, device=None) -> Int[Tensor, "B T"]:
    """Prompts as one batch that ends together, ``NO_TOKEN`` before the shorter ones.

    >>> line_up([[5, 6, 7], [8]]).tolist()
    [[5, 6, 7], [-1, -1, 8]]
    """
    if not prompts or not all(len(prompt) for prompt in prompts):
        raise ValueError("nothing to continue: give a prompt of at least one token")
    longest = max(map(len, prompts))
    rows = [[NO_TOKEN] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    return torch.tensor(rows, dtype=torch.long, device=device)


def check_settings(ids: Tensor, *, context_length: int, beyond: str, n_tokens: int | None) -> None:
    """Raise ``ValueError`` for what no text can be written with."""
    if ids.shape[-1] == 0:
        raise ValueError("nothing to continue: give a prompt of at least one token")
    if context_length < 1:
        raise ValueError(f"context_length must be at least 1, got {context_length}")
    if beyond not in ("slide", "jump", "stop"):
        raise ValueError(f'beyond is "slide", "jump" or "stop", got {beyond!r}')
    if n_tokens is not None and n_tokens < 0:
        raise ValueError(f"n_tokens cannot be negative, got {n_tokens}")
