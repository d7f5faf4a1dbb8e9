"""An adapter as a folder: what ``peft`` loads, and what it saves.

    adapter_config.json   adapter_model.safetensors

The names in it are those of the model of ``transformers`` where there is one of the same
architecture, and else our own: then ``peft`` puts the adapter on our class.
"""

import json
import os
import re
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from afterword.finetuning.lora import LoRA, adapters_of, put_on
from afterword.interop.architectures import Architecture
from afterword.interop.configs import architecture_of
from afterword.model.gpt import GPT

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PREFIX = "base_model.model."
# What changes the result and is not the plain kind: the key, and the values that mean "off".
PLAIN = {
    "peft_type": ("LORA",),
    "bias": ("none",),
    "use_dora": (False, None),
    "use_rslora": (False, None),
    "lora_bias": (False, None),
    "rank_pattern": ({}, None),
    "alpha_pattern": ({}, None),
    "modules_to_save": ([], None),
}


def save_adapter(folder: str | Path, model: GPT) -> None:
    """Write the adapter that the model wears as a new folder, whole or not at all.

    A folder that exists is a ``ValueError``; so is an adapter that ``peft`` has no place for,
    such as one on the queries alone of GPT-2, where queries, keys and values are one matrix.
    """
    folder, adapters = Path(folder), adapters_of(model)
    if not adapters:
        raise ValueError("the model has no adapter to save; put one on with add_lora")
    if folder.exists():
        raise ValueError(f"{folder} exists already; give a new folder, or remove it first")
    names, like = their_names(model), known_architecture(model)
    if split := [name for name in adapters if list(names.values()).count(names[name]) > 1]:
        raise ValueError(
            f"{split[0]} is a part of {names[split[0]]} at Hugging Face, which has one adapter for "
            "all of it; adapt other layers, such as output, up or down"
        )
    weights = {}
    for name, adapter in adapters.items():
        for half in ("lora_A", "lora_B"):
            weights[f"{PREFIX}{names[name]}.{half}.weight"] = getattr(adapter, half).detach().cpu()
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    part.mkdir(parents=True)
    try:
        content = describe(adapters, [names[name] for name in adapters], like)
        (part / CONFIG).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        save_file({key: weight.contiguous() for key, weight in weights.items()}, part / WEIGHTS)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def load_adapter(folder: str | Path, model: GPT) -> None:
    """Put the adapter of a folder on a model, which is frozen; ``peft``'s or ours.

    An adapter of another kind, or for another model, is a ``ValueError``, and the model is left
    as it was.
    """
    content, weights = _read(Path(folder))
    theirs = {there: here for here, there in their_names(model).items()}
    halves: dict[str, dict[str, Tensor]] = {}
    for key, weight in weights.items():
        there, _, half = key.removeprefix(PREFIX).removesuffix(".weight").rpartition(".")
        halves.setdefault(theirs.get(there, there), {})[half] = weight
    if worn := next(iter(adapters_of(model)), None):
        raise ValueError(f"{worn} has an adapter already; merge it or take it off first")
    modules = dict(model.named_modules())
    for name, pair in halves.items():
        check_fit(name, modules.get(name), pair)
    adapters = {}
    for name, pair in halves.items():
        rank = len(pair["lora_A"])
        adapters[name] = LoRA(modules[name], rank=rank, alpha=content["lora_alpha"])
        for half, weight in pair.items():
            getattr(adapters[name], half).data.copy_(weight)
    put_on(model, adapters)


def check_fit(name: str, layer: nn.Module | None, halves: dict[str, Tensor]) -> None:
    """Refuse two halves of an update that this layer cannot have."""
    shapes = {half: tuple(weight.shape) for half, weight in halves.items()}
    is_linear = isinstance(layer, nn.Linear)
    if is_linear and shapes.keys() == {"lora_A", "lora_B"}:
        (rank, n_in), (n_out, rank_too) = shapes["lora_A"], shapes["lora_B"]
        if rank == rank_too and (n_out, n_in) == tuple(layer.weight.shape):
            return
    here = f"a matrix of {tuple(layer.weight.shape)} there" if is_linear else "no such layer"
    raise ValueError(
        f"the adapter is for another model: for {name} it holds {shapes}, and this model has "
        f"{here}; take the model it was trained on"
    )


def describe(adapters: dict[str, LoRA], names: list[str], like: Architecture | None) -> dict:
    """The config as ``peft`` writes it, where that says something."""
    kinds = {(adapter.rank, adapter.alpha) for adapter in adapters.values()}
    if len(kinds) > 1:
        raise ValueError(f"the layers have several (rank, alpha): {sorted(kinds)}; give them one")
    rank, alpha = kinds.pop()
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM" if like else None,
        "base_model_name_or_path": None,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": bool(like and like.lies_down),
        "target_modules": sorted(names),
        "inference_mode": True,
    }


def known_architecture(model: GPT) -> Architecture | None:
    """That of Hugging Face which the model is; None where it is none."""
    try:
        return architecture_of(model.config)
    except ValueError:
        return None


def their_names(model: GPT) -> dict[str, str]:
    """Every part of the model and its name at Hugging Face; its own where there is none."""
    like, result = known_architecture(model), {}
    for name, _ in model.named_modules():
        plain = re.sub(r"blocks\.\d+", "blocks.{}", name)
        number = "".join(re.findall(r"blocks\.(\d+)", name))
        if like is None:
            result[name] = name
        elif plain in like.names:
            result[name] = like.names[plain].replace("{}", number)
    return result


def _read(folder: Path) -> tuple[dict, dict[str, Tensor]]:
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise ValueError(f"{folder} has no {name}; give a folder that save_adapter wrote")
    content = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    for key, off in PLAIN.items():
        if key in content and content[key] not in off:
            raise ValueError(
                f"the adapter in {folder} has {key} = {content[key]!r}, which is not plain LoRA; "
                "open it with peft, merge it there, and take the merged model"
            )
    return content, load_file(folder / WEIGHTS)
