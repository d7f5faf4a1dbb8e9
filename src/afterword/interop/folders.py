"""A model as a folder: what ``AutoModelForCausalLM.from_pretrained`` opens, and what it writes.

config.json  model.safetensors  generation_config.json  tokenizer.json  tokenizer_config.json
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from afterword.interop.configs import architecture_of, from_config, to_config
from afterword.interop.tokenizers import PretrainedTokenizer
from afterword.interop.weights import from_state, to_state
from afterword.model.gpt import GPT
from afterword.text.tokenizer import Tokenizer

Generation = Mapping[str, object]  # Hugging Face's names: eos_token_id, temperature, top_p …


def from_pretrained(folder: str | Path) -> tuple[GPT, PretrainedTokenizer]:
    """The model of a folder, in float32, and its tokenizer."""
    model, tokenizer = read_model(folder), read_tokenizer(folder)
    if tokenizer.vocab_size > model.config.vocab_size:
        raise ValueError(
            f"the tokenizer in {folder} has ids up to {tokenizer.vocab_size - 1}, but the model "
            f"has vocab_size {model.config.vocab_size}; take both from the same model"
        )
    return model, tokenizer


def save_pretrained(
    folder: str | Path,
    model: GPT,
    *,
    tokenizer: Tokenizer | None = None,
    generation: Generation | None = None,
) -> None:
    """Write a new folder that ``transformers`` opens, whole or not at all.

    It is written under another name beside it and then renamed. A folder that holds something is
    a ``ValueError``, so that nothing is lost. ``generation`` says how to write, in Hugging Face's
    words: ``{"eos_token_id": 2, "temperature": 0.7}``.
    """
    folder = Path(folder).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} holds something already; give a new folder, or remove it first")
    if tokenizer is not None and not hasattr(tokenizer, "save"):
        raise ValueError(
            f"a {type(tokenizer).__name__} cannot be written as tokenizer.json; give a "
            "BPETokenizer or a PretrainedTokenizer, or leave it out"
        )
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    part.mkdir(parents=True)
    try:
        write_model(part, model, generation or {})
        if tokenizer is not None:
            write_tokenizer(part, tokenizer, generation or {})
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_model(folder: Path, model: GPT, generation: Generation) -> None:
    from safetensors.torch import save_file

    markers = {key: id for key, id in generation.items() if key.endswith("_token_id")}
    weights = to_state(model)
    if model.config.is_tied:
        del weights["lm_head.weight"]  # one tensor, one name
    dtype = str(model.embedding.weight.dtype).removeprefix("torch.")
    write_json(folder / "config.json", to_config(model.config) | markers | dict(dtype=dtype))
    write_json(folder / "generation_config.json", generation)
    save_file(
        {name: weight.detach().contiguous() for name, weight in weights.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )


def write_tokenizer(folder: Path, tokenizer: Tokenizer, generation: Generation) -> None:
    """``tokenizer.json``, and settings that tell transformers which tokens are markers."""
    tokenizer.save(folder / "tokenizer.json")
    spelling = {id: token for token, id in getattr(tokenizer, "special_tokens", {}).items()}
    settings = dict(tokenizer_class="PreTrainedTokenizerFast", clean_up_tokenization_spaces=False)
    for name in ("bos_token", "eos_token", "pad_token"):
        if generation.get(f"{name}_id") in spelling:
            settings[name] = spelling[generation[f"{name}_id"]]
    write_json(folder / "tokenizer_config.json", settings | getattr(tokenizer, "settings", {}))


def read_model(folder: str | Path) -> GPT:
    """The model of a folder, its weights in float32; the book's own way to ``from_pretrained``."""
    config = from_config(read_json(Path(folder) / "config.json"))
    architecture_of(config)  # refused before the weights are read
    return from_state(read_weights(Path(folder)), config)


def read_tokenizer(folder: str | Path) -> PretrainedTokenizer:
    """The tokenizer of a folder."""
    folder = Path(folder)
    if not (folder / "tokenizer.json").exists():
        raise ValueError(
            f"{folder} has no tokenizer.json; read the model alone with read_model, or let "
            "transformers write one: AutoTokenizer.from_pretrained(…).save_pretrained(…)"
        )
    tokenizer = PretrainedTokenizer.load(folder / "tokenizer.json")
    if (folder / "tokenizer_config.json").exists():
        tokenizer.settings = read_json(folder / "tokenizer_config.json")
    template = folder / "chat_template.jinja"
    if template.exists():
        tokenizer.settings["chat_template"] = template.read_text(encoding="utf-8")
    return tokenizer


def read_generation(folder: str | Path) -> dict[str, object]:
    """How the makers let the model write, in Hugging Face's words; empty where nothing is said."""
    path = Path(folder) / "generation_config.json"
    return read_json(path) if path.exists() else {}


def read_weights(folder: Path) -> dict[str, Tensor]:
    """All weights of a folder, in one file or several."""
    from safetensors.torch import load_file

    index = folder / "model.safetensors.index.json"
    names = {"model.safetensors"}
    if index.exists():
        names = set(read_json(index)["weight_map"].values())
    absent = sorted(name for name in names if not (folder / name).exists())
    if absent:
        raise ValueError(
            f"{folder} has no {absent[0]}; give a folder with all its safetensors (a .bin file is "
            "not read, since it may run code: let transformers save it anew)"
        )
    return {key: weight for name in names for key, weight in load_file(folder / name).items()}


def read_json(path: Path) -> dict[str, object]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(
            f"{path.parent} has no {path.name}; give the folder of a Hugging Face model"
        ) from error


def write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
