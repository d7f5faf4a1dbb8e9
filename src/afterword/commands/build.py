"""What a run needs, made from its config: model, optimizer, schedule, machine, batches."""

import inspect
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import nn

from afterword.commands.config import FIELDS, TrainConfig, nearest
from afterword.commands.texts import Texts, check_lengths, load_texts
from afterword.interop.writers import load_writer
from afterword.model import layers, presets
from afterword.model.block import start_at_zero
from afterword.model.config import Config
from afterword.model.gpt import GPT
from afterword.runtime import choose_device, seed_everything
from afterword.text.batches import random_batches
from afterword.text.tokenizer import Tokenizer
from afterword.training.machines import OneDevice, halve_embeddings
from afterword.training.optimizers import adamw, muon
from afterword.training.schedules import Constant, Cosine, Linear, Schedule, Trapezoid

PRESETS = [
    name
    for name, one in vars(presets).items()
    if inspect.isfunction(one) and one.__module__ == presets.__name__ and name[0] != "_"
]
MLPS = {one.__name__: one for one in layers.MLP.__subclasses__()}
SCHEDULES = dict(constant=Constant, cosine=Cosine, linear=Linear, trapezoid=Trapezoid)
FRESH = ("gpt2", "zero")
PRECISIONS = dict(fp32=None, bf16=torch.bfloat16, fp16=torch.float16)


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that one run works with, before its first step."""

    config: TrainConfig
    texts: Texts
    shape: Config
    model: nn.Module  # placed, and prepared for several processes where there are
    stepped: nn.Module  # the same, compiled if that is asked for
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    machine: Any  # OneDevice or Processes
    batches: Iterable
    rngs: dict[str, torch.Generator]
    n_processes: int = 1
    is_main: bool = True  # whether this is the process that prints and writes


def build(config: TrainConfig) -> Job:
    """Everything at its beginning; what does not fit together is a ``ValueError``."""
    schedule = make_schedule(config)
    trained, tokenizer = load_trained(config) or (None, None)
    texts = load_texts(config, tokenizer)
    vocab_size = texts.tokenizer.vocab_size
    shape = trained.config if trained else make_shape(config, vocab_size=vocab_size)
    n_context = shape.context_length
    check_lengths(texts, context_length=n_context, batch_size=config.batch_size)
    machine = make_machine(config)
    texts = texts.to(machine.device)
    rngs = {"batches": seed_everything(config.seed)}
    rngs["samples"] = torch.Generator(machine.device).manual_seed(config.seed)
    model = (trained or make_model(config, shape)).to(machine.device)
    optimizer = make_optimizer(config, model)
    batches = random_batches(
        texts.train, context_length=n_context, batch_size=config.batch_size, rng=rngs["batches"]
    )
    place = {}
    if is_launched():
        model, optimizer = machine.prepare(model, optimizer)
        batches = machine.share(batches)
        place = dict(n_processes=machine.n_processes, is_main=machine.is_main)
        torch.manual_seed(config.seed + machine.rank)  # else each would drop the same numbers
    stepped = torch.compile(model) if config.compile else model
    parts = dict(model=model, stepped=stepped, optimizer=optimizer, batches=batches)
    settings = dict(config=config, texts=texts, shape=shape, schedule=schedule)
    return Job(machine=machine, rngs=rngs, **place, **parts, **settings)


def make_shape(config: TrainConfig, *, vocab_size: int) -> Config:
    """The config of the model: the preset, less the parts that are given."""
    parts = config.parts
    if config.preset not in PRESETS:
        raise ValueError(
            f"no preset is called {config.preset!r}; {nearest(config.preset, PRESETS)}"
        )
    if "mlp" in parts:
        if parts["mlp"] not in MLPS:
            raise ValueError(f"no MLP is called {parts['mlp']!r}; {nearest(parts['mlp'], MLPS)}")
        parts["mlp"] = MLPS[parts["mlp"]]
    return getattr(presets, config.preset)(vocab_size=vocab_size, **parts)


def make_model(config: TrainConfig, shape: Config) -> GPT:
    model = GPT(shape)
    if config.start == "zero":
        if shape.is_tied:
            raise ValueError(
                "start zero wants an unembedding of its own: give --is-tied false, or start gpt2"
            )
        start_at_zero(model)
    if config.precision == "bf16":
        halve_embeddings(model)
    return model


def load_trained(config: TrainConfig) -> tuple[GPT, Tokenizer] | None:
    """The model that ``start`` names, and its tokenizer; None if it begins anew.

    Sizes and a tokenizer of another kind cannot be had with it: they are a ``ValueError``.
    """
    if config.start in FRESH:
        return None
    given = [*config.parts]
    given += [n for n in ("preset", "tokenizer") if getattr(config, n) != FIELDS[n].default]
    if given:
        raise ValueError(
            f"start {config.start} brings its own sizes and tokenizer; leave out {', '.join(given)}"
        )
    model, tokenizer = load_writer(config.start)
    if config.precision == "bf16":
        halve_embeddings(model)
    return model, tokenizer


def make_optimizer(config: TrainConfig, model: nn.Module) -> torch.optim.Optimizer:
    rest = dict(weight_decay=config.weight_decay, betas=config.betas)
    if config.optimizer == "adamw":
        if config.adam_lr is not None:
            raise ValueError("adam_lr is for optimizer muon; with adamw give lr alone")
        return adamw(model, lr=config.lr, **rest)
    if config.adam_lr is None:
        raise ValueError("muon leaves embeddings and vectors to AdamW; give its rate, adam_lr")
    return muon(model, lr=config.lr, adam_lr=config.adam_lr, **rest)


def make_schedule(config: TrainConfig) -> Schedule:
    """The schedule; a setting that its shape does not have is a ``ValueError``."""
    shape = SCHEDULES[config.schedule]
    own = {field.name for field in fields(shape)}
    given = {name: getattr(config, name) for name in ("end", "n_cooldown")}
    given = {name: value for name, value in given.items() if value is not None}
    for name in given.keys() - own:
        raise ValueError(f"schedule {config.schedule} has no {name}; leave it out")
    if "n_cooldown" in own - given.keys():
        raise ValueError(f"schedule {config.schedule} needs n_cooldown, the steps of its fall")
    return shape(n_steps=config.n_steps, n_warmup=config.n_warmup, **given)


def is_launched() -> bool:
    """Whether torchrun or accelerate launch started this process, perhaps as one of several."""
    return "LOCAL_RANK" in os.environ


def make_machine(config: TrainConfig):
    """One device, or this process's part of several."""
    how = dict(dtype=PRECISIONS[config.precision], matmul=config.matmul)
    if not is_launched():
        return OneDevice(choose_device(config.device), **how)
    from afterword.training.processes import Processes  # Accelerate, which one device does without

    machine = Processes(**how)
    if config.device not in (None, machine.device.type):
        raise ValueError(
            f"device is {config.device!r}, but the launcher gave {machine.device.type!r}; leave it "
            "out, or tell the launcher (accelerate launch --cpu)"
        )
    return machine
