"""A run on disk: what is needed to go on as if it had never stopped.

    run/step-000500/   model.safetensors   optimizer.safetensors   state.json   SHA256SUMS
                       and what else was given: config.toml, tokenizer.json …

    save_checkpoint(folder, step=500, model=model, optimizer=optimizer, rngs={"data": rng})
    start = load_checkpoint(folder, model=model, optimizer=optimizer, rngs={"data": rng}).step

On the CPU the run that goes on is the unbroken one, bit for bit. The position in the data is
where the generator that draws the batches stands. Nothing in a checkpoint is ever run.
"""

import importlib.metadata
import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn
from torch.optim import Optimizer

import afterword
from afterword.training.folders import SUMS, check_folder, remove_folder, write_folder
from afterword.training.machines import OneDevice
from afterword.training.state import (
    check_generators,
    check_weights,
    kind,
    pack,
    restore_optimizer,
    restore_rngs,
    restore_weights,
    rng_states,
    unpack,
    weights,
    whole,
)

FORMAT = 1
MODEL, OPTIMIZER, STATE = "model.safetensors", "optimizer.safetensors", "state.json"
NAME = r"step-(\d+)(\.old)?"  # .old: about to be replaced by a new one of the same step


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What was loaded besides the weights, the optimizer and the random numbers."""

    path: Path
    step: int  # updates made
    extra: Mapping[str, object]  # as JSON gives it back
    files: Mapping[str, str]  # name → text


def save_checkpoint(
    folder: str | Path,
    *,
    step: int,
    model: nn.Module,
    optimizer: Optimizer,
    machine: OneDevice | None = None,
    rngs: Mapping[str, torch.Generator] = {},
    files: Mapping[str, str] = {},
    extra: Mapping[str, object] = {},
    n_kept: int = 2,
) -> Path:
    """Write ``folder/step-000500``, whole or not at all, and remove all but the newest ``n_kept``.

    The one just written always stays. Of several processes all must call it, and the first
    writes. A full disk is a ``ValueError``, and the checkpoints before are as they were.
    """
    draws = _of_every_process(rng_states(rngs), machine)  # first: nothing has drawn yet
    _check_arguments(step, n_kept, files)
    tensors: dict = {}
    state = {
        "format": FORMAT,
        "step": step,
        "versions": _versions(),
        "optimizer": kind(optimizer),
        "optimizer_state": pack(optimizer.state_dict(), "state", tensors),
        "scaler": machine.scaler.state_dict() if machine else {},
        "rngs": draws,
        "files": list(files),
        "extra": dict(extra),
    }
    parts = {name: whole(value) for name, value in weights(model).items()}
    path = Path(folder) / f"step-{step:06d}"
    if getattr(machine, "is_main", True):
        contents = {MODEL: save(parts), OPTIMIZER: save(tensors), STATE: _json(state)}
        write_folder(path, contents | {name: text.encode() for name, text in files.items()})
        _remove_all_but(n_kept, path)
    _of_every_process(None, machine)  # none goes on before it is there
    return path


def load_checkpoint(
    folder: str | Path,
    *,
    model: nn.Module,
    optimizer: Optimizer,
    machine: OneDevice | None = None,
    rngs: Mapping[str, torch.Generator] = {},
) -> Checkpoint:
    """Give model, optimizer and all random numbers the state of a checkpoint, or a folder's newest.

    Learning rates and the like are the saved ones. What does not fit is a ``ValueError`` before
    anything is changed; what only keeps the continuation from being bit-exact (another torch,
    another number of processes) is printed.
    """
    path = _choose(Path(folder))
    state = _read_state(path)
    check_folder(path)
    saved = load_file(path / MODEL)
    check_weights(model, saved)
    check_generators(state["rngs"][0], rngs)
    _check_kinds(state, optimizer, machine)
    kept = unpack(state["optimizer_state"], load_file(path / OPTIMIZER))
    restore_optimizer(optimizer, kept)  # complains first, if its groups are others
    restore_weights(model, saved)
    if machine and state["scaler"]:
        machine.scaler.load_state_dict(state["scaler"])
    _say_what_differs(path, state, machine)
    texts = {name: (path / name).read_bytes().decode() for name in state["files"]}
    loaded = Checkpoint(path=path, step=state["step"], extra=state["extra"], files=texts)
    restore_rngs(state["rngs"], rngs, rank=getattr(machine, "rank", 0))  # last: none may draw now
    return loaded


def newest(folder: str | Path) -> Path | None:
    """The checkpoint with the most steps, or None if there is none."""
    return (_all(Path(folder)) or [None])[-1]


def _all(folder: Path) -> list[Path]:
    """All checkpoints, the newest last. Only whole ones carry such names."""
    names = [(re.fullmatch(NAME, path.name), path) for path in folder.glob("step-*")]
    found = sorted((int(name[1]), not name[2], path) for name, path in names if name)
    return [path for _, _, path in found]


def _remove_all_but(n_kept: int, path: Path) -> None:
    for old in _all(path.parent)[:-n_kept]:
        if old != path:
            remove_folder(old)


def _choose(path: Path) -> Path:
    if (path / STATE).exists() or re.fullmatch(NAME, path.name):
        found = path if path.is_dir() else None
    else:
        found = newest(path)
    if found is None:
        raise ValueError(f"there is no checkpoint in {path}; a run saves them as step-000500 …")
    return found


def _read_state(path: Path) -> dict:
    cure = "copy it here again, or remove it and take an earlier one"
    try:
        state = json.loads((path / STATE).read_bytes())
        found, versions = state["format"], state["versions"]
    except FileNotFoundError:
        raise ValueError(f"{path} is not whole: {STATE} is missing; {cure}") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged: {STATE} cannot be read; {cure}") from None
    if found != FORMAT:
        raise ValueError(
            f"{path} has format {found}, this afterword ({afterword.__version__}) reads format "
            f"{FORMAT}; load it with afterword {versions.get('afterword')}, which saved it"
        )
    return state


def _of_every_process(value, machine) -> list:
    return machine.gather(value) if hasattr(machine, "gather") else [value]


def _versions() -> dict[str, str]:
    versions = {name: importlib.metadata.version(name) for name in ("torch", "safetensors")}
    versions |= {"afterword": afterword.__version__, "numpy": np.__version__}
    return versions | {"python": platform.python_version()}


def _json(state: dict) -> bytes:
    try:
        return json.dumps(state).encode()
    except TypeError as error:
        raise ValueError(f"extra must be what JSON can hold: {error}") from None


def _check_arguments(step: int, n_kept: int, files: Mapping[str, str]) -> None:
    if step < 0 or n_kept < 1:
        raise ValueError(f"step must be at least 0 and n_kept at least 1, got {step}, {n_kept}")
    for name in files:
        if name in {MODEL, OPTIMIZER, STATE, SUMS} or Path(name).name != name:
            raise ValueError(f"a file of a checkpoint cannot be called {name!r}; take another name")


def _check_kinds(state: dict, optimizer: Optimizer, machine: OneDevice | None) -> None:
    if state["optimizer"] != kind(optimizer):
        raise ValueError(
            f"the checkpoint was saved with the optimizer {state['optimizer']}, given was "
            f"{kind(optimizer)}; make the same one"
        )
    has_one = bool(machine and machine.scaler.is_enabled())
    if has_one != bool(state["scaler"]):
        before, now = ("with", "without") if state["scaler"] else ("without", "with")
        raise ValueError(
            f"the checkpoint was saved {before} the loss scaling of float16, and now trains {now} "
            "it; give the same dtype as before"
        )


def _say_what_differs(path: Path, state: dict, machine: OneDevice | None) -> None:
    now, n_processes = _versions(), getattr(machine, "n_processes", 1)
    differs = [
        f"{name} {state['versions'].get(name)} (here {now[name]})"
        for name in ("afterword", "torch")
        if state["versions"].get(name) != now[name]
    ]
    if len(state["rngs"]) != n_processes:
        differs.append(f"{len(state['rngs'])} processes (here {n_processes})")
    n_devices = torch.cuda.device_count()
    if len(state["rngs"][0]["cuda"]) != n_devices:
        differs.append(f"{len(state['rngs'][0]['cuda'])} CUDA devices (here {n_devices})")
    if differs and getattr(machine, "is_main", True):
        print(
            f"{path.name} was saved with {', '.join(differs)}: the run goes on, but need not be "
            "bit for bit the one that would have been."
        )
