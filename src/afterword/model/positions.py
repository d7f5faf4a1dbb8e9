"""Where a token stands: schemes that tell the model the order of its words.

Attention alone cannot see it. Each scheme is an object with the same three methods, one for
each place where order can enter: ``add`` to the embeddings, ``rotation`` of queries and keys,
``bias`` on the scores. What a scheme does not use, it leaves alone. ``places`` count from 0.

Axes   B batch   T positions asking   S positions asked   D d_model   H n_heads   K d_head
       P pairs of numbers that turn
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class Positions:
    """What the schemes share: to leave embeddings, queries, keys and scores as they are."""

    def build(self, config) -> "Positions":
        """The scheme as a model of this config uses it: itself, unless it has weights."""
        return self

    def add(self, x: Float[Tensor, "B T D"], places: Int[Tensor, "*B T"]) -> Float[Tensor, "B T D"]:
        """Embeddings that know their places."""
        return x

    def rotation(
        self, places: Int[Tensor, "*B T"], d_head: int
    ) -> Float[Tensor, "2 *B 1 T P"] | None:
        """Cosines and sines by which queries and keys turn, for ``rotate``."""
        return None

    def bias(
        self, places: Int[Tensor, "*B T"], asked: Int[Tensor, "*B S"], *, n_heads: int
    ) -> Float[Tensor, "*B H T S"] | None:
        """What is added to the scores."""
        return None


@dataclass(frozen=True)
class NoPositions(Positions):
    """No scheme: only the causal mask tells later from earlier.

    Source: arXiv:2203.16634.
    """


@dataclass(frozen=True)
class Learned(Positions):
    """A vector for each place up to ``context_length``, learnt like the embeddings; none beyond.

    Source: arXiv:1705.03122.
    """

    def build(self, config) -> "PlaceTable":
        return PlaceTable(config.context_length, config.d_model)

    def add(self, x, places):
        raise ValueError("Learned() holds no vectors; ask build(config) for a table that does")


class PlaceTable(Positions, nn.Module):
    """The vectors of ``Learned`` places."""

    def __init__(self, context_length: int, d_model: int):
        super().__init__()
        self.embedding = nn.Embedding(context_length, d_model)

    def add(self, x: Float[Tensor, "B T D"], places: Int[Tensor, "*B T"]) -> Float[Tensor, "B T D"]:
        n_places = self.embedding.num_embeddings
        if not torch.compiler.is_compiling() and places.max() >= n_places:
            raise ValueError(
                f"the text reaches place {places.max()}, but only places 0 to {n_places - 1} were "
                f"learnt (context_length {n_places}); shorten it, or use another scheme"
            )
        return x + self.embedding(places)


@dataclass(frozen=True)
class Sinusoidal(Positions):
    """Waves of D/2 lengths, from 2π to almost 2π · base places, added to the embeddings.

        p[2i] = scale · sin(place / base^(2i / D)),   p[2i + 1] = scale · cos(the same)

    ``scale`` is 1 in the paper, where the embeddings are as large; small ones want small waves.

    Source: arXiv:1706.03762, section 3.5.
    """

    base: float = 10_000.0
    scale: float = 1.0

    def waves(self, places: Int[Tensor, "*B T"], d_model: int) -> Float[Tensor, "*B T D"]:
        if d_model % 2:
            raise ValueError(
                f"each wave gives a sine and a cosine: d_model must be even, got {d_model}"
            )
        angles = turning_angles(places, n_pairs=d_model // 2, base=self.base)  # [*B, T, P]
        return self.scale * torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)

    def add(self, x: Float[Tensor, "B T D"], places: Int[Tensor, "*B T"]) -> Float[Tensor, "B T D"]:
        return x + self.waves(places, x.shape[-1]).to(x.dtype)


@dataclass(frozen=True)
class Rotary(Positions):
    """Queries and keys turn with their place, so that a score depends on the distance only.

    A ``share`` of the head's numbers turns, the rest stays. Pair i is number i of the first
    half and number i of the second half of what turns, as in Hugging Face's Llama; its angle is
    ``place / base^(i / P)`` with P pairs. Half of what turns must be whole: an odd width is a
    ``ValueError``.

    Source: arXiv:2104.09864.
    """

    base: float = 10_000.0
    share: float = 1.0

    def build(self, config) -> "Rotary":
        self.n_pairs(config.d_head)  # an odd width is an error before the first text comes
        return self

    def n_pairs(self, d_head: int) -> int:
        d_turning = round(d_head * self.share)
        if d_turning % 2 or not 0 < d_turning <= d_head:
            raise ValueError(
                f"rotary positions turn numbers in pairs: got d_head {d_head} × share "
                f"{self.share} = {d_turning}, want an even number from 2 to d_head"
            )
        return d_turning // 2

    def rotation(self, places: Int[Tensor, "*B T"], d_head: int) -> Float[Tensor, "2 *B 1 T P"]:
        angles = turning_angles(places, n_pairs=self.n_pairs(d_head), base=self.base)
        angles = angles.unsqueeze(-3)  # [*B, 1, T, P]: the same for all heads
        return torch.stack([angles.cos(), angles.sin()])

    def turn(
        self, x: Float[Tensor, "B H T K"], places: Int[Tensor, "*B T"]
    ) -> Float[Tensor, "B H T K"]:
        """Queries or keys, each turned as far as its place says."""
        return rotate(x, self.rotation(places, x.shape[-1]))


@dataclass(frozen=True)
class ALiBi(Positions):
    """A score falls with the distance, in each head at another rate.

        bias = -slope · |place asking - place asked|,   slope of head h = 2^(-8 h / H), h = 1 … H

    Source: arXiv:2108.12409 (which spaces the slopes otherwise if H is no power of two).
    """

    def bias(
        self, places: Int[Tensor, "*B T"], asked: Int[Tensor, "*B S"], *, n_heads: int
    ) -> Float[Tensor, "*B H T S"]:
        heads = torch.arange(1, n_heads + 1, device=places.device)
        slopes = 2.0 ** (-8 * heads / n_heads)  # [H]
        distance = (places.unsqueeze(-1) - asked.unsqueeze(-2)).abs()  # [*B, T, S]
        return -slopes[:, None, None] * distance.unsqueeze(-3)


@dataclass(frozen=True)
class SteepALiBi(ALiBi):
    """ALiBi with slopes of one's own: ``first / ratio^h`` for head h = 0 … H - 1.

    The paper's are for long texts. Where a token is a character and the model small, a head that
    sees only the last two or three is worth more: see EXPERIMENTS.md.
    """

    first: float = 2.0
    ratio: float = 3.0

    def bias(
        self, places: Int[Tensor, "*B T"], asked: Int[Tensor, "*B S"], *, n_heads: int
    ) -> Float[Tensor, "*B H T S"]:
        slopes = self.first / self.ratio ** torch.arange(n_heads, device=places.device)  # [H]
        distance = (places.unsqueeze(-1) - asked.unsqueeze(-2)).abs()  # [*B, T, S]
        return -slopes[:, None, None] * distance.unsqueeze(-3)


def turning_angles(
    places: Int[Tensor, "*B T"], *, n_pairs: int, base: float
) -> Float[Tensor, "*B T P"]:
    """``place / base^(i / n_pairs)`` for pair i: the first turns fastest."""
    exponents = torch.arange(n_pairs, device=places.device) / n_pairs
    return places.unsqueeze(-1) * base**-exponents


def rotate(
    x: Float[Tensor, "B H T K"], rotation: Float[Tensor, "2 *B 1 T P"]
) -> Float[Tensor, "B H T K"]:
    """Turn each pair of numbers by its angle; numbers beyond the pairs stay."""
    cos, sin = rotation.to(x.dtype)
    n_pairs = cos.shape[-1]
    a, b, rest = x.split([n_pairs, n_pairs, x.shape[-1] - 2 * n_pairs], dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin, rest], dim=-1)
