"""Which way to step: AdamW, and Muon for matrices beside it.

optimizer = adamw(model, lr=1e-3)
optimizer = muon(model, lr=0.02, adam_lr=3e-3)
"""

import math
from collections import defaultdict
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # steepest at 0: small singular values grow fastest


def adamw(
    model: nn.Module,
    *,
    lr: float,
    weight_decay: float = 0.1,
    betas: tuple[float, float] = (0.9, 0.95),
) -> torch.optim.AdamW:
    """AdamW whose weight decay pulls at matrices only, not at biases and the gains of norms.

    Source: arXiv:1711.05101.
    """
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
    return _adamw(matrices, vectors, lr=lr, weight_decay=weight_decay, betas=betas)


def muon(
    model: nn.Module,
    *,
    lr: float,
    adam_lr: float,
    weight_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.95),
) -> "Together":
    """Muon for the matrices inside, AdamW for embeddings, unembedding and vectors.

    A matrix inside is the weight of a linear layer that is neither an embedding nor leads to or
    from the vocabulary (``unembedding``).
    """
    outside = {id(p) for p in _of_the_vocabulary(model)}
    weights = [p for p in model.parameters() if p.requires_grad]
    inside = [p for p in weights if p.ndim == 2 and id(p) not in outside]
    matrices = [p for p in weights if p.ndim >= 2 and (p.ndim > 2 or id(p) in outside)]
    vectors = [p for p in weights if p.ndim < 2]
    rest = _adamw(matrices, vectors, lr=adam_lr, weight_decay=weight_decay, betas=betas)
    if not inside:
        raise ValueError("the model has no matrix for Muon to step; use adamw")
    return Together(Muon(inside, lr=lr, weight_decay=weight_decay), rest)


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal: a step turns all directions of a matrix by the same amount.

        B ← momentum · B + G
        W ← (1 - lr · weight_decay) W - lr · √max(1, n / m) · orthogonal(G + momentum · B)

    for W of shape [n, m]. It is ``torch.optim.Muon``, with matrices of one shape stepped
    together, which is several times faster for the small ones of this book (EXPERIMENTS.md).

    Source: Keller Jordan and others 2024, https://kellerjordan.github.io/posts/muon/
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        lr: float = 0.02,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
    ):
        super().__init__(parameters, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        f"Muon steps matrices, got a tensor of shape {tuple(p.shape)}; give "
                        "vectors and embeddings to AdamW, as afterword's `muon` does"
                    )

    @torch.no_grad()
    def step(self, closure=None) -> None:
        for group in self.param_groups:
            same = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    same[p.shape, p.device, p.dtype].append(p)
            for weights in same.values():
                self._step(weights, group)

    def _step(self, weights: list[Tensor], group: dict) -> None:
        gradients = [p.grad for p in weights]
        for p in weights:
            if "momentum_buffer" not in self.state[p]:
                self.state[p]["momentum_buffer"] = torch.zeros_like(p)
        buffers = [self.state[p]["momentum_buffer"] for p in weights]
        torch._foreach_mul_(buffers, group["momentum"])
        torch._foreach_add_(buffers, gradients)
        ahead = torch._foreach_add(gradients, buffers, alpha=group["momentum"])
        n, m = weights[0].shape
        steps = orthogonal(torch.stack(ahead)).to(weights[0].dtype).unbind()
        torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(weights, steps, alpha=-group["lr"] * math.sqrt(max(1, n / m)))


def orthogonal(
    matrices: Float[Tensor, "*B N M"], *, n_iterations: int = 5
) -> Float[Tensor, "*B N M"]:
    """Nearly the nearest orthogonal matrix: singular vectors kept, all singular values about 1.

    Each iteration is ``X ← a X + (b A + c A²) X`` with ``A = X Xᵀ``: a polynomial in the singular
    values that drives all of them into 0.68 … 1.14 or so, without computing one. In bfloat16, whose
    errors are small beside that.
    """
    a, b, c = COEFFICIENTS
    is_tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if is_tall else matrices
    shape = x.shape
    x = x.reshape(-1, *shape[-2:]).bfloat16()
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(n_iterations):
        gram = x @ x.mT
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, polynomial, x, beta=a)
    x = x.reshape(shape)
    return x.mT if is_tall else x


class Together(torch.optim.Optimizer):
    """Several optimizers as one."""

    def __init__(self, *optimizers: torch.optim.Optimizer):
        self.optimizers = optimizers
        super().__init__([group for one in optimizers for group in one.param_groups], {})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        for one in self.optimizers:
            one.step()

    def state_dict(self) -> dict:
        return {"optimizers": [one.state_dict() for one in self.optimizers]}

    def load_state_dict(self, state_dict: dict) -> None:
        states = state_dict["optimizers"]
        if len(states) != len(self.optimizers):
            raise ValueError(f"{len(states)} states came for {len(self.optimizers)} optimizers")
        for one, state in zip(self.optimizers, states, strict=True):
            one.load_state_dict(state)
        self.param_groups[:] = [group for one in self.optimizers for group in one.param_groups]


def _adamw(matrices, vectors, *, lr, weight_decay, betas) -> torch.optim.AdamW:
    groups = [dict(params=matrices, weight_decay=weight_decay)]
    groups += [dict(params=vectors, weight_decay=0.0)]
    filled = [group for group in groups if group["params"]]
    return torch.optim.AdamW(filled, lr=lr, betas=betas, fused=True)


def _of_the_vocabulary(model: nn.Module) -> list[Tensor]:
    """Embeddings, and the linear layer named ``unembedding``."""
    embeddings = [part.weight for part in model.modules() if isinstance(part, nn.Embedding)]
    last = [part for name, part in model.named_modules() if name.split(".")[-1] == "unembedding"]
    return embeddings + [part.weight for part in last]
