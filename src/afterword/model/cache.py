"""What a model need not work out again: keys and values of the tokens it has read.

Axes   B batch   T new positions   S all positions so far   G n_kv_heads   K d_head
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor


class LayerCache:
    """Keys and values of one layer. Its room doubles when full, so that few tokens are copied."""

    def __init__(self):
        self.keys = self.values = None
        self.length = 0

    def extend(
        self, k: Float[Tensor, "B G T K"], v: Float[Tensor, "B G T K"]
    ) -> tuple[Float[Tensor, "B G S K"], Float[Tensor, "B G S K"]]:
        """Add those of new tokens; return all."""
        start, self.length = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys, self.values = k, v
        elif self.length > self.keys.shape[2]:
            room = k.new_empty(*k.shape[:2], self.length, k.shape[3])
            self.keys = torch.cat([self.keys[:, :, :start], k, room], dim=2)
            self.values = torch.cat([self.values[:, :, :start], v, room], dim=2)
        else:
            self.keys.narrow(2, start, k.shape[2]).copy_(k)
            self.values.narrow(2, start, k.shape[2]).copy_(v)
        return self.keys.narrow(2, 0, self.length), self.values.narrow(2, 0, self.length)


class Cache:
    """Keys and values of all layers, for decoding: ``model(new_ids, cache)``.

    The logits are those of the new tokens, the same as if the model had read all at once.
    ``n_pads`` says, for prompts of unequal length, how many tokens stand before the first real
    one of each row: nobody looks at them, and places are counted from the first real token. A
    pad itself sees only itself; its logits mean nothing. Decode under ``torch.no_grad()``.
    """

    def __init__(self, n_layers: int, n_pads: Int[Tensor, "B"] | None = None):
        self.layers = [LayerCache() for _ in range(n_layers)]
        self.n_pads = n_pads

    @property
    def length(self) -> int:
        """How many tokens were read, pads included."""
        return self.layers[0].length

    def crop(self, length: int) -> None:
        """Forget all but the first ``length`` tokens."""
        if not 0 <= length <= self.length:
            raise ValueError(f"{self.length} tokens were read, cannot keep the first {length}")
        for layer in self.layers:
            layer.length = length

    def select(self, rows: Int[Tensor, "B"]) -> None:
        """Row i becomes what row ``rows[i]`` was: for texts that go on from others."""
        for layer in self.layers:
            layer.keys, layer.values = layer.keys[rows], layer.values[rows]
        if self.n_pads is not None:
            self.n_pads = self.n_pads[rows]


def pad_left(
    prompts: Sequence[Sequence[int]], *, pad_id: int = 0
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B"]]:
    """Prompts of unequal length as one batch that ends together, and how many pads each got.

    >>> ids, n_pads = pad_left([[5, 6, 7], [8]])
    >>> ids.tolist(), n_pads.tolist()
    ([[5, 6, 7], [0, 0, 8]], [0, 2])
    """
    if not prompts or not all(len(prompt) for prompt in prompts):
        raise ValueError("nothing to continue: give prompts of at least one token each")
    longest = max(map(len, prompts))
    n_pads = [longest - len(prompt) for prompt in prompts]
    rows = [[pad_id] * n + list(prompt) for n, prompt in zip(n_pads, prompts, strict=True)]
    return torch.tensor(rows), torch.tensor(n_pads)
