"""The sizes and the parts of a Transformer."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from torch import nn

from afterword.model.positions import Positions


class Derived(int):
    """A size that follows from others, so that ``dataclasses.replace`` works it out anew."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """All that tells one Transformer from another; ``presets`` holds the usual ones.

    A part is given as the class (or function) that makes it, a position scheme as an object.
    ``n_kv_heads``, ``d_head`` and ``d_ff``, where they are not given, are ``n_heads``,
    ``d_model / n_heads`` and ``4 d_model``, also after ``dataclasses.replace``.
    """

    vocab_size: int
    context_length: int  # tokens it is trained on at once; a limit only for learned positions
    d_model: int
    n_layers: int
    n_heads: int
    n_kv_heads: int | None = None
    d_head: int | None = None
    d_ff: int | None = None
    block: Callable[..., nn.Module]  # Block or PostNormBlock
    norm: Callable[..., nn.Module]  # LayerNorm or RMSNorm
    norm_eps: float
    qk_norm: Callable[..., nn.Module] = nn.Identity  # RMSNorm: on the queries and keys of a head
    mlp: Callable[..., nn.Module]
    positions: Positions
    has_bias: bool  # in the linear layers of attention and MLP
    is_tied: bool  # the unembedding is the embedding's matrix
    dropout: float = 0.0  # share of what each half adds that is dropped; wants a DropoutBlock

    def __post_init__(self):
        for field in fields(self):
            size = getattr(self, field.name)
            if field.type in (int, int | None) and size is not None and size < 1:
                raise ValueError(f"{field.name} must be at least 1, got {size}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is a share from 0 to below 1, got {self.dropout}")
        if self.dropout and not getattr(self.block, "drops", False):
            raise ValueError(
                f"dropout {self.dropout} does nothing in a {self.block.__name__}; "
                "give block=DropoutBlock"
            )
        if _is_open(self.d_head) and self.d_model % self.n_heads:
            raise ValueError(
                f"{self.n_heads} heads cannot share d_model {self.d_model} evenly; take an "
                "n_heads that divides it, or give d_head yourself"
            )
        self._derive("n_kv_heads", self.n_heads)
        self._derive("d_head", self.d_model // self.n_heads)
        self._derive("d_ff", 4 * self.d_model)
        if self.n_heads % self.n_kv_heads:
            raise ValueError(
                f"{self.n_heads} query heads cannot share {self.n_kv_heads} key/value heads "
                "evenly; take an n_kv_heads that divides n_heads"
            )

    def _derive(self, name: str, size: int) -> None:
        if _is_open(getattr(self, name)):
            object.__setattr__(self, name, Derived(size))


def _is_open(size: int | None) -> bool:
    return size is None or isinstance(size, Derived)
