"""What a run consists of, as JSON and named tensors: nothing that could be code."""

import base64
import random
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def weights(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, each once: of tied ones the first name stays.

    The names are those of the bare model, also when it is compiled or wrapped by ``Processes``.
    """
    found: dict[int, tuple[str, Tensor]] = {}
    for name, value in model.state_dict(keep_vars=True).items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f"the model's state {name!r} is a {type(value).__name__}; only tensors can be "
                "saved, keep it as a buffer"
            )
        found.setdefault(id(value), (_bare(name), value))
    return dict(found.values())


def check_weights(model: nn.Module, saved: Mapping[str, Tensor]) -> None:
    """Raise ``ValueError`` unless the saved ones fit the model, by name, shape and dtype."""
    own = weights(model)
    for name in sorted(own.keys() | saved.keys()):
        if name not in saved or name not in own:
            where, other = ("model", "checkpoint") if name in own else ("checkpoint", "model")
            raise ValueError(
                f"the {where} has {name!r}, the {other} has not; build the model from the config "
                "that the checkpoint was saved with"
            )
        here, there = _look(own[name]), _look(saved[name])
        if here != there:
            raise ValueError(
                f"{name!r} is {there} in the checkpoint and {here} in the model; build the model "
                "from the config that the checkpoint was saved with"
            )


@torch.no_grad()
def restore_weights(model: nn.Module, saved: Mapping[str, Tensor]) -> None:
    for name, value in weights(model).items():
        value.copy_(_spread(saved[name], like=value))


def whole(tensor: Tensor) -> Tensor:
    """On the CPU and in one piece; all processes that hold shards must call it."""
    tensor = tensor.detach()
    return (tensor.full_tensor() if _is_sharded(tensor) else tensor).cpu().contiguous()


def pack(tree, name: str, tensors: dict[str, Tensor]):
    """The tree as JSON; its tensors move to ``tensors``, each under its path."""
    if isinstance(tree, Tensor):
        tensors[name] = whole(tree)
        return {"tensor": name}
    if isinstance(tree, Mapping):
        return {"dict": [[key, pack(tree[key], f"{name}.{key}", tensors)] for key in tree]}
    if isinstance(tree, list | tuple):
        kind = type(tree).__name__
        return {kind: [pack(part, f"{name}.{i}", tensors) for i, part in enumerate(tree)]}
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    raise ValueError(f"{name} is a {type(tree).__name__}, which a checkpoint cannot hold")


def unpack(packed, tensors: Mapping[str, Tensor]):
    """The tree again.

    >>> unpack(pack({0: (1, [True])}, "state", tensors={}), {})
    {0: (1, [True])}
    """
    if not isinstance(packed, dict):
        return packed
    ((kind, value),) = packed.items()
    if kind == "tensor":
        return tensors[value]
    if kind == "dict":
        return {key: unpack(part, tensors) for key, part in value}
    parts = [unpack(part, tensors) for part in value]
    return tuple(parts) if kind == "tuple" else parts


def restore_optimizer(optimizer: Optimizer, state: dict) -> None:
    """Give the optimizer its state; what belongs to a sharded weight is sharded like it."""
    optimizer.load_state_dict(state)
    for one in getattr(optimizer, "optimizers", [optimizer]):
        for weight, kept in one.state.items():
            for name, value in kept.items():
                if _is_sharded(weight) and value.shape == weight.shape:
                    kept[name] = _spread(value, like=weight)


def kind(optimizer: Optimizer) -> str:
    """Its name, and of which optimizers it consists: ``Together(Muon, AdamW)``."""
    parts = ", ".join(map(kind, getattr(optimizer, "optimizers", ())))
    return type(optimizer).__name__ + (f"({parts})" if parts else "")


def rng_states(generators: Mapping[str, torch.Generator]) -> dict:
    """Where every source of random numbers of this process stands."""
    numpy = np.random.get_state(legacy=False)  # noqa: NPY002  the libraries around us use it
    numpy["state"]["key"] = numpy["state"]["key"].tolist()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "python": random.getstate(),
        "numpy": numpy,
        "torch": _text(torch.get_rng_state()),
        "cuda": [_text(state) for state in cuda],
        "generators": {name: _text(rng.get_state()) for name, rng in generators.items()},
    }


def check_generators(saved: dict, generators: Mapping[str, torch.Generator]) -> None:
    """Raise ``ValueError`` unless the same generators came, on the same kind of device."""
    states = saved["generators"]
    if states.keys() != generators.keys():
        raise ValueError(
            f"the checkpoint has the generators {sorted(states)}, given were {sorted(generators)}; "
            "give those that the run was saved with"
        )
    for name, rng in generators.items():
        if len(rng.get_state()) != len(_bytes(states[name])):
            raise ValueError(
                f"the generator {name!r} is on {rng.device} and was on another kind of device when "
                "it was saved; make it there"
            )


def restore_rngs(everyones: list, generators: Mapping[str, torch.Generator], *, rank: int) -> None:
    """Set the process's own random numbers, by its rank, and the given generators.

    A process that was not there draws on by itself from its own; the given generators, from which
    all processes draw the same batches, it takes from the others.
    """
    states = everyones[min(rank, len(everyones) - 1)]["generators"]
    for name, rng in generators.items():
        rng.set_state(_bytes(states[name]))
    if rank < len(everyones):
        _restore_own(everyones[rank])


def _restore_own(saved: dict) -> None:
    version, numbers, gauss = saved["python"]
    random.setstate((version, tuple(numbers), gauss))
    key = np.array(saved["numpy"]["state"]["key"], dtype=np.uint32)
    numpy = {**saved["numpy"], "state": {**saved["numpy"]["state"], "key": key}}
    np.random.set_state(numpy)  # noqa: NPY002
    torch.set_rng_state(_bytes(saved["torch"]))
    if saved["cuda"] and torch.cuda.device_count() == len(saved["cuda"]):
        torch.cuda.set_rng_state_all([_bytes(state) for state in saved["cuda"]])


def _bare(name: str) -> str:
    return name.removeprefix("module.").replace("_orig_mod.", "")


def _look(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def _is_sharded(tensor: Tensor) -> bool:
    return hasattr(tensor, "full_tensor")


def _spread(tensor: Tensor, *, like: Tensor) -> Tensor:
    if not _is_sharded(like):
        return tensor
    from torch.distributed.tensor import distribute_tensor  # needs torch 2.5, as FSDP 2 does

    return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements)


def _text(state: Tensor) -> str:
    return base64.b64encode(state.numpy().tobytes()).decode()


def _bytes(text: str) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
