"""Whole training steps, optimizer included, beside nanoGPT's way; one thread, in turns.

    python -m tests.benchmarks.bench_training [compile]

At two sizes: that of nanoGPT's CPU recipe, and that of its Shakespeare model. Compiled contestants
are timed after they are compiled; how long that takes is printed once.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from afterword.commands.progress import product_limit, training_flops
from afterword.model.gpt import GPT
from afterword.model.layers import GELU
from afterword.model.presets import gpt2, small, swift
from afterword.training.loop import train
from afterword.training.machines import OneDevice, halve_embeddings
from afterword.training.optimizers import adamw, muon
from afterword.training.schedules import Constant
from tests.benchmarks.bench_model import NanoStyle
from tests.benchmarks.timing import ratios, spread, take_turns

SHAPES = {
    "0.8 M: 4 x 128": (dict(context_length=64, d_model=128, n_layers=4, n_heads=4), 12, 12),
    "10.7 M: 6 x 384": (dict(context_length=256, d_model=384, n_layers=6, n_heads=6), 16, 1),
}
N_ROUNDS, VOCAB_SIZE = 9, 65


def nano_step(model: nn.Module, inputs, targets, *, dtype=None) -> Callable:
    """As nanoGPT's train.py on a CPU: clipped, AdamW for matrices and vectors, nothing fused."""
    groups = [dict(params=[p for p in model.parameters() if p.ndim >= 2], weight_decay=0.1)]
    groups += [dict(params=[p for p in model.parameters() if p.ndim < 2], weight_decay=0.0)]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))

    def step():
        with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
            loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def our_step(model: nn.Module, inputs, targets, *, optimizer, **machine) -> Callable:
    """One step of our loop."""
    halve_embeddings(model)

    def forever() -> Iterator:
        while True:
            yield inputs, targets

    steps = train(
        model,
        forever(),
        optimizer=optimizer(model),
        schedule=Constant(n_steps=10**9),
        max_norm=1.0,
        machine=OneDevice(**machine),
    )
    return lambda: next(steps)


def contestants(sizes: dict, batch_size: int, *, is_compiled: bool) -> dict[str, Callable]:
    ids = torch.randint(VOCAB_SIZE, (batch_size, sizes["context_length"] + 1))
    batch = ids[:, :-1].contiguous(), ids[:, 1:].contiguous()
    sizes = dict(vocab_size=VOCAB_SIZE, **sizes)
    half = dict(dtype=torch.bfloat16)
    with_adamw = dict(optimizer=lambda model: adamw(model, lr=1e-3))
    with_muon = dict(optimizer=lambda model: muon(model, lr=0.01, adam_lr=1e-3))
    made = {
        "nanoGPT, fp32": nano_step(NanoStyle(**sizes), *batch),
        "nanoGPT, bf16": nano_step(NanoStyle(**sizes), *batch, **half),
        "its model in our loop, fp32": our_step(NanoStyle(**sizes), *batch, **with_adamw),
        "its model in ours, bf16": our_step(
            GPT(gpt2(**sizes, mlp=GELU)), *batch, **with_adamw, **half
        ),
        "small, bf16": our_step(GPT(small(**sizes)), *batch, **with_adamw, **half),
        "swift, bf16": our_step(GPT(swift(**sizes)), *batch, **with_adamw, **half),
        "swift, bf16, Muon": our_step(GPT(swift(**sizes)), *batch, **with_muon, **half),
    }
    if is_compiled:
        model, other = (
            torch.compile(GPT(gpt2(**sizes, mlp=GELU))),
            torch.compile(GPT(small(**sizes))),
        )
        made |= {
            "nanoGPT, compiled": nano_step(torch.compile(NanoStyle(**sizes)), *batch),
            "its model in ours, bf16, compiled": our_step(model, *batch, **with_adamw, **half),
            "swift, bf16, compiled": our_step(other, *batch, **with_adamw, **half),
        }
    return made


def repeatedly(step: Callable, n: int) -> None:
    for _ in range(n):
        step()


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    is_compiled = "compile" in sys.argv
    for name, (sizes, batch_size, n_steps) in SHAPES.items():
        print(f"\n{name}, context {sizes['context_length']}, batch {batch_size}: tokens/s, ratio")
        work = contestants(sizes, batch_size, is_compiled=is_compiled)
        for title, step in work.items():
            start = time.perf_counter()
            step()
            if "compiled" in title:
                print(f"  ({title}: first step {time.perf_counter() - start:.0f} s)")
        many = {title: partial(repeatedly, step, n_steps) for title, step in work.items()}
        times = take_turns(many, N_ROUNDS)
        faster = ratios(times, "nanoGPT, fp32")
        n_tokens = n_steps * batch_size * sizes["context_length"]
        for title, own in times.items():
            speed = spread([n_tokens / seconds for seconds in own])
            print(f"  {title:34} {speed:34} {spread(faster[title])}")
        flops = training_flops(swift(vocab_size=VOCAB_SIZE, **sizes)) * n_tokens
        for title, dtype in (("nanoGPT, fp32", torch.float32), ("swift, bf16", torch.bfloat16)):
            limit = product_limit(torch.device("cpu"), dtype)
            mfu = flops / statistics.median(times[title]) / limit
            print(f"  {title}: MFU {mfu:.0%} of {limit / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
