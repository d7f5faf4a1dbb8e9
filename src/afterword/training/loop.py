"""Make the logits better: a generator of steps. Whoever iterates prints, plots, saves, stops.

    for step in train(model, batches, optimizer=optimizer, schedule=Linear(n_steps=500)):
        print(step.number, step.loss)

The model is anything from inputs to logits; the batches come as (inputs, targets). A model that
takes several inputs is given them by name, from a dict.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from afterword.training.machines import OneDevice
from afterword.training.schedules import Schedule

Batch = tuple[Tensor | dict[str, Tensor], Tensor]
IGNORED = -100  # a target that does not count, as in torch's cross_entropy


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one update was: ``loss`` and gradient as they were before it."""

    number: int  # updates made so far, this one included
    loss: float  # mean over the targets of the step, in nats per token
    gradient_norm: float  # before clipping
    factor: float  # of the schedule, on every learning rate
    n_tokens: int  # targets that counted


class Diverged(ValueError):
    """The loss or the gradient is not finite; the weights are those before ``step``."""

    def __init__(self, message: str, step: int):
        super().__init__(message)
        self.step = step


def next_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy over the targets that count (not -100), in fp32: nats per token."""
    return F.cross_entropy(logits.flatten(0, -2).float(), targets.flatten(), ignore_index=IGNORED)


def train(
    model: nn.Module,
    batches: Iterable[Batch],
    *,
    optimizer: torch.optim.Optimizer,
    schedule: Schedule,
    start: int = 0,
    n_accumulate: int = 1,
    max_norm: float = math.inf,
    loss_function: Callable[[Tensor, Tensor], Tensor] = next_token_loss,
    machine: OneDevice | None = None,
) -> Iterator[Step]:
    """Update the model once for each step of the schedule, from ``start`` on.

    A step takes ``n_accumulate`` batches, and its gradient is that of all their targets
    together, as if they had been one batch. A gradient longer than ``max_norm`` is shortened to
    it. The rate of each of the optimizer's groups is its own, ``initial_lr``, times the
    schedule's factor. Nothing is drawn from ``batches`` before its step is asked for.

    Raises ``Diverged`` before the update if the loss or the gradient is not finite, and
    ``ValueError`` if the batches end too soon.
    """
    if n_accumulate < 1 or not max_norm > 0:
        raise ValueError(
            f"n_accumulate must be at least 1 and max_norm above 0, got {n_accumulate}, {max_norm}"
        )
    machine, batches = machine or OneDevice(), iter(batches)
    model.train()
    for index in range(start, schedule.n_steps):
        factor = schedule(index)
        set_rates(optimizer, factor)
        parts = [_next(batches, index, schedule.n_steps) for _ in range(n_accumulate)]
        n_tokens = sum(_count(targets) for _, targets in parts)
        with machine.precision():
            loss = _gradients(model, parts, n_tokens, index, loss_function, machine)
            norm = machine.clip(model.parameters(), optimizer=optimizer, max_norm=max_norm)
            if not (math.isfinite(norm) or machine.may_skip()):
                what = f"the gradient's norm is {norm}"
                raise Diverged(_complaint(what, index + 1, parts[0][0]), index + 1)
            machine.update(optimizer)
        yield Step(
            number=index + 1, loss=loss, gradient_norm=norm, factor=factor, n_tokens=n_tokens
        )


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Each group's rate is the one it began with, times the factor."""
    for group in optimizer.param_groups:
        group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor


def _gradients(model, parts, n_tokens, index, loss_function, machine) -> float:
    total = 0.0
    for i, (inputs, targets) in enumerate(parts):
        with machine.together(model, is_last=i == len(parts) - 1):
            with machine.autocast():
                logits = model(**inputs) if isinstance(inputs, dict) else model(inputs)
            loss = loss_function(logits, targets) * (_count(targets) / n_tokens)
            value = machine.mean(loss.item())
            if not math.isfinite(value):
                raise Diverged(_complaint(f"the loss is {value}", index + 1, inputs), index + 1)
            machine.backward(loss)
        total += value
    return total


def _count(targets: Tensor) -> int:
    return int((targets != IGNORED).sum())


def _next(batches: Iterator[Batch], index: int, n_steps: int) -> Batch:
    try:
        return next(batches)
    except StopIteration:
        raise ValueError(
            f"the batches ended after {index} of {n_steps} steps; give more, let them begin anew, "
            "or make the schedule shorter"
        ) from None


def _complaint(what: str, step: int, inputs: Tensor | dict[str, Tensor]) -> str:
    inputs = next(iter(inputs.values())) if isinstance(inputs, dict) else inputs
    first = ", ".join(map(str, inputs.flatten()[:8].tolist()))
    return (
        f"{what} at step {step}, on a batch of shape {tuple(inputs.shape)} that "
        f"begins {first}, …; nothing was updated. A smaller learning rate, a longer warm-up or "
        "clipping usually helps"
    )
