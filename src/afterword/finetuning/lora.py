"""Low-rank adaptation: the matrices stay, and what they learn is a product of two thin ones beside.

    n_weights = add_lora(model, rank=8, alpha=16, layers=("query", "value"))
    for step in train(model, ...): ...
    merge(model)

Axes   R rank   I what goes into a layer   O what comes out
"""

import math
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class LoRA(nn.Module):
    """A linear layer that is frozen, and beside it an update of rank R that learns.

        y = W x + b + (alpha / R) B A x

    B starts at 0, so that at first the layer is what it was. ``weight`` is W with the update.

    >>> layer = LoRA(nn.Linear(6, 4), rank=2, alpha=4)
    >>> layer.lora_A.shape, layer.lora_B.shape
    (torch.Size([2, 6]), torch.Size([4, 2]))

    Source: arXiv:2106.09685.
    """

    def __init__(self, linear: nn.Linear, *, rank: int, alpha: float):
        super().__init__()
        n_out, n_in = linear.weight.shape
        if not 1 <= rank <= min(n_out, n_in) or not alpha > 0:
            raise ValueError(
                f"rank {rank} with alpha {alpha} came for a matrix of {n_out} × {n_in}, whose rank "
                f"is at most {min(n_out, n_in)}; give a rank from 1 to that, and alpha above 0"
            )
        self.base, self.rank, self.alpha = linear.requires_grad_(False), rank, alpha
        self.lora_A = nn.Parameter(linear.weight.new_empty(rank, n_in))
        self.lora_B = nn.Parameter(linear.weight.new_zeros(n_out, rank))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))  # as the weights of nn.Linear

    def forward(self, x: Float[Tensor, "*B I"]) -> Float[Tensor, "*B O"]:
        thin = F.linear(x, self.lora_A)  # [*B, R]
        return self.base(x) + self.alpha / self.rank * F.linear(thin, self.lora_B)

    @property
    def update(self) -> Float[Tensor, "O I"]:
        """What is added to the matrix."""
        return self.alpha / self.rank * self.lora_B @ self.lora_A

    @property
    def weight(self) -> Float[Tensor, "O I"]:
        return self.base.weight + self.update

    @property
    def bias(self) -> Float[Tensor, "O"] | None:
        return self.base.bias


def add_lora(
    model: nn.Module, *, rank: int, alpha: float, layers: Sequence[str] = ("query", "value")
) -> int:
    """Freeze the model, put an update beside each linear layer so named; how many weights learn.

    A layer is meant by the end of its name: ``"query"`` are all of that name,
    ``"blocks.0.attention.query"`` is one. The model is changed in place, or, if anything is
    wrong, not at all.
    """
    chosen = named_linears(model, layers)
    adapters = {name: LoRA(layer, rank=rank, alpha=alpha) for name, layer in chosen.items()}
    put_on(model, adapters)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def named_linears(model: nn.Module, layers: Sequence[str]) -> dict[str, nn.Linear]:
    """The linear layers whose names end so, by their whole names."""
    if adapted := next(iter(adapters_of(model)), None):
        raise ValueError(f"{adapted} has an adapter already; merge it or take it off first")
    linears = {name: layer for name, layer in model.named_modules() if type(layer) is nn.Linear}
    result = {}
    for end in [layers] if isinstance(layers, str) else layers:
        found = {n: layer for n, layer in linears.items() if f".{n}".endswith(f".{end}")}
        if not found:
            known = ", ".join(dict.fromkeys(name.split(".")[-1] for name in linears))
            raise ValueError(f"no linear layer's name ends in {end!r}; there are: {known}")
        result |= found
    if shared := [name for name, layer in result.items() if _is_shared(model, layer)]:
        raise ValueError(
            f"the matrix of {shared[0]} is another layer's too, which an update would change "
            "unasked; leave it out, or untie the two"
        )
    return result


def adapters_of(model: nn.Module) -> dict[str, LoRA]:
    """The adapted layers, by name."""
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, LoRA)}


def put_on(model: nn.Module, adapters: Mapping[str, LoRA]) -> None:
    """Put adapted layers in the places of plain ones; all else is frozen."""
    if worn := next(iter(adapters_of(model)), None):
        raise ValueError(f"{worn} has an adapter already; merge it or take it off first")
    model.requires_grad_(False)
    for name, adapter in adapters.items():
        adapter.base = model.get_submodule(name)
        model.set_submodule(name, adapter)


def take_off(model: nn.Module) -> dict[str, LoRA]:
    """Make the model what it was; the adapted layers, for ``put_on``. It stays frozen."""
    adapters = _worn(model)
    for name, adapter in adapters.items():
        model.set_submodule(name, adapter.base)
    return adapters


@torch.no_grad()
def merge(model: nn.Module) -> None:
    """Add the updates to their matrices: plain layers again, and no cost when it writes.

    It stays frozen; ``model.requires_grad_()`` lets all of it learn on.
    """
    _worn(model)
    for adapter in take_off(model).values():
        adapter.base.weight += adapter.update


def _worn(model: nn.Module) -> dict[str, LoRA]:
    adapters = adapters_of(model)
    if not adapters:
        raise ValueError("the model has no adapter; put one on with add_lora or load_adapter")
    return adapters


def _is_shared(model: nn.Module, layer: nn.Linear) -> bool:
    users = [m for m in model.modules() if getattr(m, "weight", None) is layer.weight]
    return len(users) > 1
