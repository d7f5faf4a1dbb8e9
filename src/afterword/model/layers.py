"""What a block is made of beside attention: norms, MLPs, and how their weights begin.

``LayerNorm`` is torch's: it subtracts the mean and divides by the standard deviation
(arXiv:1607.06450).

Axes   B batch   T positions   D d_model   F d_ff
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import LayerNorm

from afterword.model.config import Config

__all__ = ["GELU", "MLP", "LayerNorm", "RMSNorm", "ReLU", "ReLUSquared", "SwiGLU", "TanhGELU"]


class RMSNorm(nn.RMSNorm):
    """torch's: divide by the root of the mean square, ``x / √(mean(x²) + eps) · weight``.

    The weight takes the type of ``x``, so that the fast kernel serves under bf16 autocast too.

    Source: arXiv:1910.07467.
    """

    def forward(self, x: Float[Tensor, "*B D"]) -> Float[Tensor, "*B D"]:
        return F.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.eps)


class MLP(nn.Module):
    """Each position by itself: widen, bend, narrow. A subclass says how to bend."""

    def __init__(self, config: Config):
        super().__init__()
        self.up = nn.Linear(config.d_model, config.d_ff, bias=config.has_bias)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=config.has_bias)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        return self.down(self.bend(self.up(x)))  # [B, T, F] between the two

    def bend(self, x: Tensor) -> Tensor:
        raise NotImplementedError


class ReLU(MLP):
    """An MLP that drops what is below zero: ``max(x, 0)``."""

    def bend(self, x):
        return F.relu(x)


class ReLUSquared(MLP):
    """An MLP with ``max(x, 0)²``.

    Source: arXiv:2109.08668.
    """

    def bend(self, x):
        return F.relu(x).square()


class GELU(MLP):
    """An MLP with ``x · Φ(x)``, where Φ is the normal distribution's share below x.

    Source: arXiv:1606.08415.
    """

    def bend(self, x):
        return F.gelu(x)


class TanhGELU(MLP):
    """GELU with Φ approximated through tanh, off by less than 0.0005: what GPT-2 has."""

    def bend(self, x):
        return F.gelu(x, approximate="tanh")


class SwiGLU(MLP):
    """An MLP whose middle is multiplied by a gate: ``silu(gate x) · (up x)``, silu(x) = x · σ(x).

    Source: arXiv:2002.05202.
    """

    def __init__(self, config: Config):
        super().__init__(config)
        self.gate = nn.Linear(config.d_model, config.d_ff, bias=config.has_bias)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        return self.down(F.silu(self.gate(x)) * self.up(x))
