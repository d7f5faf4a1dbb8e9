"""A model of our own as a folder: what ``afterword train`` keeps, and what the package ships.

    config.json   tokenizer.json   model.safetensors

    model, tokenizer = load_writer("writer")             # the one of the package
    model, tokenizer = load_writer("runs/ours-1m")       # a run's newest checkpoint

For models that ``transformers`` knows there is ``interop.folders``; our own choice of parts fits
none of its classes.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from afterword.model import block, layers, positions
from afterword.model.config import Config
from afterword.model.gpt import GPT
from afterword.text import tokenizer_json
from afterword.text.bpe import BPETokenizer
from afterword.text.bytes import ByteTokenizer
from afterword.text.characters import CharTokenizer
from afterword.text.tokenizer import Tokenizer

WEIGHTS = "model.safetensors"
SHIPPED = Path(__file__).parents[1] / "data/models"
PARTS = {part.__name__: part for part in (layers.LayerNorm, layers.RMSNorm, torch.nn.Identity)}
PARTS |= {part.__name__: part for part in layers.MLP.__subclasses__()}
PARTS |= {part.__name__: part for part in (block.Block, block.DropoutBlock, block.PostNormBlock)}
SCHEMES = {
    scheme.__name__: scheme
    for scheme in vars(positions).values()
    if isinstance(scheme, type) and issubclass(scheme, positions.Positions)
}


def load_writer(name: str | Path) -> tuple[GPT, Tokenizer]:
    """The model, in float32 and ready to write, and its tokenizer.

    ``name`` is one of the package's, a folder that ``save_writer`` wrote, or a run's, of which
    the newest checkpoint is taken.
    """
    folder = find_writer(name)
    model = GPT(config_from_json(_read(folder, "config.json")))
    weights = {key: value.float() for key, value in load_file(folder / WEIGHTS).items()}
    if model.config.is_tied:  # one tensor, one name
        weights.setdefault("unembedding.weight", weights.get("embedding.weight"))
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(
            f"the weights in {folder} are not those of its config.json ({error}); take both from "
            "the same run"
        ) from None
    tokenizer = read_tokenizer(folder / "tokenizer.json")
    if tokenizer.vocab_size > model.config.vocab_size:
        raise ValueError(
            f"the tokenizer in {folder} has ids up to {tokenizer.vocab_size - 1}, the model has "
            f"vocab_size {model.config.vocab_size}; take both from the same run"
        )
    return model.eval(), tokenizer


def save_writer(
    folder: str | Path, model: GPT, tokenizer: Tokenizer, *, dtype: torch.dtype = torch.float16
) -> None:
    """Write a new folder, the weights as ``dtype``; one that exists is a ``ValueError``."""
    folder = Path(folder)
    if folder.exists():
        raise ValueError(f"{folder} exists already; give a new folder, or remove it first")
    weights = {key: value.detach().to(dtype) for key, value in model.state_dict().items()}
    if model.config.is_tied:
        del weights["unembedding.weight"]
    part = folder.with_name(f".{folder.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    for name, text in descriptions(model.config, tokenizer).items():
        (part / name).write_text(text, encoding="utf-8")
    save_file({key: value.contiguous() for key, value in weights.items()}, part / WEIGHTS)
    part.rename(folder)


def find_writer(name: str | Path) -> Path:
    """The folder that holds it; nothing of that name is a ``ValueError``."""
    for folder in (SHIPPED / name, Path(name), *sorted(Path(name).glob("step-*"), reverse=True)):
        if (folder / "config.json").is_file() and (folder / WEIGHTS).is_file():
            return folder
    known = ", ".join(sorted(one.name for one in SHIPPED.iterdir()))
    raise ValueError(
        f"no model is called {name!r}, and no folder of that name holds config.json and {WEIGHTS}; "
        f"there are: {known}, or give the folder of a run of `afterword train`"
    )


def descriptions(config: Config, tokenizer: Tokenizer) -> dict[str, str]:
    """What goes with the weights, as text by file name."""
    return {"config.json": config_to_json(config), "tokenizer.json": tokenizer_to_json(tokenizer)}


def config_to_json(config: Config) -> str:
    """Sizes as numbers, parts by name, and the position scheme with its settings."""
    content = {}
    for field in fields(config):
        value = getattr(config, field.name)
        if isinstance(value, positions.Positions):
            value = {"kind": type(value).__name__} | asdict(value)
        elif callable(value):
            value = value.__name__
            if value not in PARTS:
                raise ValueError(
                    f"a saved model cannot have {value} as its {field.name}; there are: "
                    f"{', '.join(PARTS)}"
                )
        content[field.name] = value
    return json.dumps(content, indent=1) + "\n"


def config_from_json(text: str) -> Config:
    """The config again; a part that is not known is a ``ValueError``."""
    content = json.loads(text)
    scheme = content.pop("positions", {})
    try:
        made = SCHEMES[scheme.pop("kind")](**scheme)
        named = {key: PARTS[one] if isinstance(one, str) else one for key, one in content.items()}
        return Config(positions=made, **named)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"config.json asks for {error}, which this version has not; use the version of "
            "afterword that wrote it"
        ) from error


def tokenizer_to_json(tokenizer: Tokenizer) -> str:
    """The tokenizer as a checkpoint keeps it: of pairs of bytes, the usual tokenizer.json."""
    if isinstance(tokenizer, CharTokenizer):
        content = {"type": "characters", "alphabet": tokenizer.alphabet}
    elif isinstance(tokenizer, ByteTokenizer):
        content = {"type": "bytes"}
    elif isinstance(tokenizer, BPETokenizer):
        content = tokenizer_json.to_json(
            tokenizer.tokens, tokenizer.merges, tokenizer.special_tokens
        )
    else:
        raise ValueError(
            f"a {type(tokenizer).__name__} cannot be kept; give one of characters, bytes or "
            "pairs of bytes"
        )
    return json.dumps(content, ensure_ascii=False, indent=1)


def read_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of such a file."""
    content = json.loads(_read(path.parent, path.name))
    if content.get("type") == "characters":
        return CharTokenizer(content["alphabet"])
    return ByteTokenizer() if content.get("type") == "bytes" else BPETokenizer.load(path)


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(f"{folder} has no {name}; train again, or give another folder") from None


if __name__ == "__main__":
    import sys

    save_writer(sys.argv[2], *load_writer(sys.argv[1]))
