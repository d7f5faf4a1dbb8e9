"""Look inside while a model trains: what its layers give out, how its gradients and updates are.

Source: Andrej Karpathy 2022, makemore part 3, whose plots these numbers are for.
"""

import contextlib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

import pandas as pd
import torch
from torch import Tensor, nn

SATURATED = 0.97  # tanh is so flat there that 6 % of a gradient get through
IDLE = 0.01  # of a layer's standard deviation


@contextlib.contextmanager
def activations(model: nn.Module, layers: str = "*") -> Iterator[dict[str, Tensor]]:
    """In the block, what each chosen layer gives out, by its name; of several calls, the last.

        with activations(model, "blocks.*.mlp") as seen:
            next_token_loss(model(inputs), targets).backward()
        statistics(seen)

    ``layers`` is a pattern of names as in ``model.named_modules()``. After ``backward``, the
    gradient with respect to an output is its ``grad``. What gives out no tensor, or a tuple
    that does not begin with one, is left out. The model is as before afterwards.
    """
    names = [name for name, _ in model.named_modules() if name]
    chosen = [name for name in names if fnmatchcase(name, layers)]
    if not chosen:
        raise ValueError(f"no layer is called {layers!r}; there are: {', '.join(names) or 'none'}")
    seen = {}

    def keep(name):
        def hook(module, inputs, output):
            output = output[0] if isinstance(output, tuple) else output
            if isinstance(output, Tensor):
                seen[name] = output
                if output.requires_grad:
                    output.retain_grad()

        return hook

    with contextlib.ExitStack() as stack:
        for name in chosen:
            handle = model.get_submodule(name).register_forward_hook(keep(name))
            stack.callback(handle.remove)
        yield seen


@torch.no_grad()
def statistics(tensors: Mapping[str, Tensor]) -> pd.DataFrame:
    """A row for each layer's outputs: mean, standard deviation, share saturated, share idle.

    ``saturated`` is the share of values beyond ±0.97, where a tanh is flat. ``idle`` is the share
    of units (of the last axis) whose value hardly depends on what comes: all of it within a
    hundredth of the layer's standard deviation. A dead ReLU is idle, and so is a tanh that is
    always at the same end.
    """
    rows = {}
    for name, values in tensors.items():
        values = values.detach().float()
        units = values.reshape(-1, values.shape[-1])
        if len(units) < 2:
            raise ValueError(f"{name} was seen at one position only; give more to compare")
        std = values.std().item()
        width = units.amax(0) - units.amin(0)
        rows[name] = dict(
            mean=values.mean().item(),
            std=std,
            saturated=(values.abs() > SATURATED).float().mean().item(),
            idle=(width <= IDLE * std).float().mean().item(),
        )
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("layer")


@torch.no_grad()
def gradients(model: nn.Module) -> pd.DataFrame:
    """A row for each parameter: its gradient's standard deviation, and length beside its own.

    ``relative`` is the norm of the gradient over that of the weights, infinite where these are
    all zero. Parameters that had no part in the loss have NaN.
    """
    weights = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if all(p.grad is None for p in weights.values()):
        raise ValueError(
            "no parameter has a gradient: call backward() on a loss first; an optimizer's step in "
            "`train` clears them"
        )
    rows = {}
    for name, p in weights.items():
        slope = torch.full_like(p, torch.nan) if p.grad is None else p.grad
        std = slope.float().std(correction=0).item()
        relative = (slope.float().norm() / p.float().norm()).item()
        rows[name] = dict(shape=tuple(p.shape), std=std, relative=relative)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")


@contextlib.contextmanager
def update_ratios(
    model: nn.Module, optimizer: torch.optim.Optimizer, *, every: int = 1
) -> Iterator[list[dict]]:
    """In the block, how large an optimizer's updates are beside the weights: a row a matrix.

        with update_ratios(model, optimizer, every=10) as rows:
            for step in train(model, batches, optimizer=optimizer, schedule=schedule):
                ...

    A row has the ``step`` (counted from 1), the ``matrix``, and ``ratio``: the base-10 logarithm
    of the update's standard deviation over that of the weights before it. About -3 is usual.
    NaN where weights or update are the same everywhere.
    """
    if every < 1:
        raise ValueError(f"every must be at least 1, got {every}")
    matrices = {n: p for n, p in model.named_parameters() if p.requires_grad and p.ndim >= 2}
    rows, before, n_steps = [], {}, 0

    def copy(*_):
        nonlocal n_steps
        n_steps += 1
        if n_steps % every == 0:
            before.update({name: p.detach().clone() for name, p in matrices.items()})

    def compare(*_):
        for name, old in before.items():
            ratio = (matrices[name].detach() - old).std(correction=0) / old.std(correction=0)
            log = ratio.log10().item() if 0 < ratio < torch.inf else float("nan")
            rows.append({"step": n_steps, "matrix": name, "ratio": log})
        before.clear()

    with contextlib.ExitStack() as stack:
        stack.callback(optimizer.register_step_pre_hook(copy).remove)
        stack.callback(optimizer.register_step_post_hook(compare).remove)
        yield rows
