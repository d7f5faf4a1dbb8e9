"""Where and how precisely a step is computed: one device here, several in ``processes``."""

import contextlib
from collections.abc import Iterable

import torch
from torch import Tensor, nn

BF16 = torch.bfloat16
HALVES = {BF16, torch.float16}


class OneDevice:
    """One device, in fp32 or with its matrix products in half precision.

    ``dtype`` bfloat16 or float16 puts the forward pass under autocast; the weights stay fp32.
    With float16, whose smallest number is large, the loss is scaled so that gradients do not
    vanish, and a step whose gradients overflow is left out. ``matmul`` is torch's precision for
    what remains in fp32, during a step only: "medium" is twice as fast on some CPUs.
    """

    def __init__(
        self,
        device: torch.device | str = "cpu",
        *,
        dtype: torch.dtype | None = None,
        matmul: str = "highest",
    ):
        if dtype is not None and dtype not in HALVES:
            raise ValueError(f"dtype must be None, torch.bfloat16 or torch.float16, got {dtype}")
        self.device, self.dtype, self.matmul = torch.device(device), dtype, matmul
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=dtype == torch.float16)

    @contextlib.contextmanager
    def precision(self):
        """The asked precision of fp32 products, and afterwards the one that was."""
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision(self.matmul)
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)

    def autocast(self):
        half = self.dtype or torch.bfloat16
        return torch.autocast(self.device.type, half, enabled=self.dtype is not None)

    def backward(self, loss: Tensor) -> None:
        self.scaler.scale(loss).backward()

    def together(self, model: nn.Module, is_last: bool):
        """Around the backward pass of one part of a step; processes exchange at the last only."""
        return contextlib.nullcontext()

    def clip(
        self,
        parameters: Iterable[Tensor],
        *,
        optimizer: torch.optim.Optimizer,
        max_norm: float,
    ) -> float:
        """Shorten the gradient to ``max_norm`` if it is longer; return how long it was."""
        self.scaler.unscale_(optimizer)
        return nn.utils.clip_grad_norm_(list(parameters), max_norm).item()

    def update(self, optimizer: torch.optim.Optimizer) -> None:
        self.scaler.step(optimizer)
        self.scaler.update()
        optimizer.zero_grad(set_to_none=True)

    def mean(self, loss: float) -> float:
        """Over all processes: here there is one."""
        return loss

    def may_skip(self) -> bool:
        """Whether gradients that overflow are an ordinary thing, left out by ``update``."""
        return self.scaler.is_enabled()


def halve_embeddings(model: nn.Module) -> None:
    """Under bfloat16 autocast, let embeddings come out in bfloat16, and so all that is added.

    Autocast turns to half precision only what enters a matrix product, once for each product.
    With the residual stream in bfloat16 nothing is left to turn: on a CPU a step takes up to a
    tenth less. Elsewhere, and without autocast, nothing changes.
    """

    def halve(layer, inputs, output: Tensor) -> Tensor:
        kind = output.device.type
        is_half = torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) == BF16
        return output.to(BF16) if is_half else output

    for layer in model.modules():
        if isinstance(layer, nn.Embedding):
            layer.register_forward_hook(halve)
