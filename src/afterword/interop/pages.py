"""A model as scripts that a page loads when its reader asks, from a ``file://`` address too.

    start.js        gpt.js and sampler.js of ``plots``, config, tokenizer, and which weights come
    KEY-00.js …     the weights, a quarter of a megabyte each, so that progress can be shown

A script is the only thing that a page opened from a disk may load. ``KEY`` is made from the
weights, so that what a browser has kept of an older model is never mixed with a newer one.
"""

import base64
import copy
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from afterword.interop.writers import descriptions
from afterword.model.gpt import GPT
from afterword.plots.live import SCRIPTS
from afterword.text.bytes import ByteTokenizer
from afterword.text.characters import CharTokenizer
from afterword.text.tokenizer import Tokenizer

PART = 192 * 1024  # bytes in a part; base64 makes four of three
PRECISIONS = ("fp16", "int8")


@dataclass(frozen=True)
class PageModel:
    """The scripts by file name, and how many bytes they are together."""

    scripts: Mapping[str, str]

    @property
    def n_bytes(self) -> int:
        return sum(len(script.encode()) for script in self.scripts.values())

    @property
    def n_parts(self) -> int:
        return len(self.scripts) - 1

    def write(self, folder: Path) -> None:
        """Write the scripts into a folder; what it held before is removed."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, script in self.scripts.items():
            (folder / name).write_text(script, encoding="utf-8")


def page_model(
    name: str, model: GPT, tokenizer: Tokenizer, *, precision: str = "fp16"
) -> PageModel:
    """The scripts of a model that pages call ``name``.

    ``precision`` is how matrices are kept: ``fp16`` is two bytes a weight, as in the package, so
    that the page computes with the very weights of Python; ``int8`` is one byte and a scale a row,
    half as long to load and another model in the third decimal. Vectors are kept in fp32.
    """
    if not isinstance(tokenizer, CharTokenizer | ByteTokenizer):
        raise ValueError(
            f"a page reads characters or bytes, not the tokens of a {type(tokenizer).__name__}; "
            "give a model of characters or bytes"
        )
    if tokenizer.vocab_size != model.config.vocab_size:
        raise ValueError(
            f"the tokenizer has {tokenizer.vocab_size} tokens, the model "
            f"{model.config.vocab_size}; take both from the same run"
        )
    check_precision(precision)
    rows, content = [], b""
    for key, weight in page_weights(model).items():
        if not weight.half().isfinite().all():
            raise ValueError(
                f"{key} holds numbers that are none, or that fp16 cannot hold; look at the training"
            )
        kind = precision if weight.dim() == 2 else "fp32"
        rows.append(dict(name=key, shape=list(weight.shape), kind=kind))
        content += to_bytes(weight, kind)
    key = hashlib.sha256(content).hexdigest()[:8]
    pieces = [content[start : start + PART] for start in range(0, len(content), PART)]
    names = [f"{key}-{i:02}.js" for i in range(len(pieces))]
    said = {part: json.loads(text) for part, text in descriptions(model.config, tokenizer).items()}
    start = dict(config=said["config.json"], tokenizer=said["tokenizer.json"], weights=rows)
    start |= dict(files=names, parts=[])
    called = f"afterword.models[{json.dumps(name)}]"
    given = f"afterword.models ??= {{}};\n{called} = {json.dumps(start, ensure_ascii=False)};\n"
    scripts = {"start.js": f"{code()}\n{given}"}
    for i, (file, piece) in enumerate(zip(names, pieces, strict=True)):
        scripts[file] = f'{called}.parts[{i}] = "{base64.b64encode(piece).decode()}";\n'
    return PageModel(scripts)


def code() -> str:
    """The model, the filters and the tokenizers, in JavaScript."""
    return "".join((SCRIPTS / file).read_text("utf8") for file in ("gpt.js", "sampler.js"))


def page_weights(model: GPT) -> dict[str, Tensor]:
    """The weights by name, in fp32; what is tied comes once."""
    weights = {key: weight.detach().float().cpu() for key, weight in model.state_dict().items()}
    if model.config.is_tied:
        del weights["unembedding.weight"]
    return weights


def check_precision(precision: str) -> None:
    if precision not in PRECISIONS:
        raise ValueError(f"the precision is one of {', '.join(PRECISIONS)}, got {precision!r}")


def to_bytes(weight: Tensor, kind: str) -> bytes:
    """A weight as the page reads it; the lowest byte of a number comes first."""
    if kind == "int8":
        whole, scales = whole_numbers(weight)
        return scales.numpy().astype("<f4").tobytes() + whole.numpy().tobytes()
    return weight.numpy().astype({"fp16": "<f2", "fp32": "<f4"}[kind]).tobytes()


def whole_numbers(weight: Float[Tensor, "M N"]) -> tuple[Tensor, Float[Tensor, "M"]]:
    """Each row as whole numbers from -127 to 127, and what one of them is worth.

    That worth is an eighth of a power of two times 8 to 15, so that the product has at most 11
    significant bits: it can be saved in fp16, and makes its way into a page, without loss. A row
    that has been rounded so before keeps its numbers.
    """
    least = (weight.abs().amax(-1) / 127).clamp(min=2.0**-60)
    power = 2.0 ** least.log2().floor()
    coarse = (least / power * 8).ceil() / 8  # the smallest that is large enough
    scales = power * coarse
    for eighths in range(8, 17):  # among these, one that the row fits without rounding
        trial = power * eighths / 8
        whole = weight / trial[:, None]
        fits = (whole == whole.round()).all(-1) & (trial >= least)
        scales = torch.where(fits, trial, scales)
    return (weight / scales[:, None]).round().to(torch.int8), scales


def rounded(model: GPT, precision: str = "fp16") -> GPT:
    """A copy with the weights that a page computes with; rounding again changes nothing."""
    check_precision(precision)
    model = copy.deepcopy(model)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() == 2:
                weight.copy_(_there_and_back(weight, precision))
    return model


def _there_and_back(weight: Float[Tensor, "M N"], precision: str) -> Float[Tensor, "M N"]:
    if precision == "fp16":
        return weight.half().float()
    whole, scales = whole_numbers(weight)
    return whole * scales[:, None]
