"""What a training run is: every setting by name, with its unit, in one flat dataclass.

    config = read_config("nanogpt-cpu", {"n_steps": 100})

A setting comes from the recipe or TOML file, unless an override names it, and else has its default.
"""

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import get_args, get_origin

RECIPES = Path(__file__).parent / "recipes"
KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}


def setting(default, help: str, **limits):
    """A field with its help (and unit) and limits: ``least``, ``above``, ``below``, ``choices``."""
    return field(default=default, metadata={"help": help, **limits})


def part(kind: str):
    return setting(None, kind, is_part=True)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """All settings of one run. A part of the model that is None is as the preset has it."""

    text: tuple[str, ...] = setting(("shakespeare",), "corpus of the package, or text files")
    share: float = setting(
        0.1,
        "of the text kept for validation: whole documents, or the end of one file",
        above=0,
        below=1,
    )
    validation_context: int | None = setting(
        None, "tokens read at once in validation, where positions reach; else context_length"
    )
    tokenizer: str = setting("characters", "characters, bytes, or the path of a tokenizer.json")

    preset: str = setting("small", "model to begin with, of afterword.model.presets")
    context_length: int | None = part("tokens read at once")
    d_model: int | None = part("numbers in the residual stream")
    n_layers: int | None = part("blocks")
    n_heads: int | None = part("heads of attention in a block")
    n_kv_heads: int | None = part("heads of keys and values in a block")
    d_head: int | None = part("numbers in a head")
    d_ff: int | None = part("numbers in the middle of an MLP")
    norm_eps: float | None = part("added to the mean square that a norm divides by")
    has_bias: bool | None = part("biases in the linear layers")
    is_tied: bool | None = part("the unembedding is the embedding's matrix")
    dropout: float | None = part("share of the numbers dropped while training")
    mlp: str | None = part("GELU, TanhGELU, ReLU, ReLUSquared or SwiGLU")

    start: str = setting(
        "gpt2",
        "first weights: as GPT-2's (gpt2), those of start_at_zero (zero), or a trained model's, by "
        "its name or folder, which brings its own sizes and tokenizer",
    )

    optimizer: str = setting("adamw", "the way to step", choices=("adamw", "muon"))
    lr: float = setting(1e-3, "learning rate; with muon, of the matrices", above=0)
    adam_lr: float | None = setting(None, "learning rate of what muon leaves to AdamW", above=0)
    weight_decay: float = setting(0.1, "shrinkage of matrices per step, times the rate", least=0)
    betas: tuple[float, float] = setting((0.9, 0.95), "memory of AdamW's two means", least=0)
    schedule: str = setting(
        "cosine",
        "shape of the rate after the warm-up",
        choices=("constant", "cosine", "linear", "trapezoid"),
    )
    n_steps: int = setting(2000, "updates of the weights", least=1)
    n_warmup: int = setting(0, "steps in which the rate rises", least=0)
    end: float | None = setting(
        None, "of cosine and linear: last rate, as a share of lr; else the schedule's own", least=0
    )
    n_cooldown: int | None = setting(None, "of trapezoid: steps in which the rate falls", least=1)
    batch_size: int = setting(32, "windows of context_length tokens in a batch", least=1)
    n_accumulate: int = setting(1, "batches in a step", least=1)
    max_norm: float = setting(1.0, "length to which a gradient is clipped; inf: none", above=0)

    precision: str = setting(
        "fp32", "of the forward pass; the weights stay fp32", choices=("fp32", "bf16", "fp16")
    )
    matmul: str = setting(
        "highest", "torch's precision of fp32 products", choices=("highest", "high", "medium")
    )
    compile: bool = setting(False, "let torch.compile make the step faster; costs a minute")
    n_processes: int = setting(
        1, "processes that share each batch, on CPU cores or GPUs; at most one a GPU", least=1
    )
    device: str | None = setting(None, "cpu, cuda or mps; else CUDA when there is one")
    seed: int = setting(0, "of the first weights, the batches and the samples", least=0)

    evaluate_every: int = setting(500, "steps between evaluations; 0: only at the end", least=0)
    save_every: int = setting(500, "steps between checkpoints; 0: only at the end", least=0)
    sample_every: int = setting(500, "steps between samples; 0: only at the end", least=0)
    n_kept: int = setting(2, "checkpoints kept, the newest ones", least=1)
    folder: str = setting("runs", "where runs are kept, each in a folder of its name")
    name: str = setting("run", "of the run; with --config, the name of the recipe or file")

    def __post_init__(self):
        for one in fields(self):
            if getattr(self, one.name) is not None:
                _check_limits(one, getattr(self, one.name))

    @property
    def run_folder(self) -> Path:
        return Path(self.folder, self.name)

    @property
    def parts(self) -> dict:
        """The parts of the model that are given."""
        names = [one.name for one in fields(self) if "is_part" in one.metadata]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


FIELDS = {one.name: one for one in fields(TrainConfig)}


def read_config(source: str | Path | None, overrides: Mapping[str, object]) -> TrainConfig:
    """The settings of a recipe or TOML file (None: the defaults), less what overrides say.

    A field that does not exist, a value of another type and one out of its limits are each a
    ``ValueError``.
    """
    given = {}
    if source is not None:
        path = _find(str(source))
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(
                f"{path} is not TOML: {error}; write lines like n_steps = 100"
            ) from None
        given = {"name": path.stem} | given
    given |= overrides
    return TrainConfig(**{name: typed(known(name), value) for name, value in given.items()})


def known(name: str) -> Field:
    """The field of that name, which may be written with dashes."""
    if name.replace("-", "_") in FIELDS:
        return FIELDS[name.replace("-", "_")]
    raise ValueError(f"no setting is called {name!r}; {nearest(name.replace('-', '_'), FIELDS)}")


def nearest(name: str, names: Iterable[str]) -> str:
    """A question with the most similar name, or, if none is similar, all of them."""
    lower = {one.lower(): one for one in names}
    close = difflib.get_close_matches(name.lower(), lower, n=1)
    return f"did you mean {lower[close[0]]}?" if close else f"there are: {', '.join(names)}"


def kind(field: Field) -> tuple[type, int | None]:
    """What a field holds: the type, and of how many such (None: one, not a row; 0: any number).

    >>> kind(FIELDS["lr"]), kind(FIELDS["betas"]), kind(FIELDS["text"])
    ((<class 'float'>, None), (<class 'float'>, 2), (<class 'str'>, 0))
    """
    hint = get_args(field.type)[0] if isinstance(field.type, UnionType) else field.type
    if get_origin(hint) is not tuple:
        return hint, None
    types = get_args(hint)
    return types[0], 0 if Ellipsis in types else len(types)


def typed(field: Field, value: object):
    """The value as the field's type; only a whole number for a number is taken for the other."""
    of, n = kind(field)
    if n is None:
        return _one(field.name, of, value)
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not values or (n and len(values) != n):
        raise ValueError(f"{field.name} is {value!r}; {n or 'one or more'} values were wanted")
    return tuple(_one(field.name, of, each) for each in values)


def to_toml(config: TrainConfig) -> str:
    """The settings as ``read_config`` reads them back."""
    given = {name: value for name, value in asdict(config).items() if value is not None}
    return "".join(f"{name} = {_literal(value)}\n" for name, value in given.items())


def recipes() -> dict[str, str]:
    """The named recipes of the package, each with the comment it begins with."""
    files = sorted(RECIPES.glob("*.toml"))
    return {file.stem: file.read_text(encoding="utf-8").split("\n")[0][2:] for file in files}


def _find(source: str) -> Path:
    recipe, path = RECIPES / f"{source}.toml", Path(source)
    if source in recipes():
        return recipe
    if path.is_file():
        return path
    raise ValueError(f"no recipe and no file is called {source!r}; {nearest(source, recipes())}")


def _one(name: str, of: type, value: object):
    if of is float and type(value) is int:
        value = float(value)
    if type(value) is not of:
        raise ValueError(f"{name} is {value!r}; {KINDS[of]} was wanted")
    return value


def _check_limits(field: Field, value) -> None:
    limits = field.metadata
    choices = limits.get("choices")
    if choices and value not in choices:
        raise ValueError(f"{field.name} is {value!r}; {', '.join(choices)} can be chosen")
    for each in value if isinstance(value, tuple) else (value,):
        if "least" in limits and not each >= limits["least"]:
            raise ValueError(f"{field.name} is {each}; at least {limits['least']} was wanted")
        if "above" in limits and not each > limits["above"]:
            raise ValueError(f"{field.name} is {each}; more than {limits['above']} was wanted")
        if "below" in limits and not each < limits["below"]:
            raise ValueError(f"{field.name} is {each}; less than {limits['below']} was wanted")


def _literal(value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, float):
        return repr(value)
    # TOML writes strings and true as JSON does, but for one character
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
