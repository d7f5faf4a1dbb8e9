"""Our config from the dict of a ``config.json``, and back."""

from collections.abc import Iterable, Mapping

from afterword.interop.architectures import ARCHITECTURES, Architecture, parts_of
from afterword.model.config import Config
from afterword.model.positions import Learned, Rotary


def from_config(theirs: Mapping[str, object]) -> Config:
    """The config of our decoder that computes what theirs does.

    ``theirs`` is what ``config.json`` holds, or ``model.config.to_dict()``. An architecture we do
    not have, or one that asks for something we do not do, is a ``ValueError``. Dropout is left
    out: we have none.
    """
    like = architecture_named(theirs.get("model_type"))
    theirs = like.assumed | dict(theirs)
    refuse_unless(theirs, like.required | {"quantization_config": None}, like.model_type)
    if "sliding_attention" in (theirs.get("layer_types") or ()):
        raise wanted_otherwise(like.model_type, "layer_types", "sliding_attention", "no window")
    activation = theirs[like.activation]
    if activation not in like.mlps:
        raise wanted_otherwise(like.model_type, like.activation, activation, " or ".join(like.mlps))
    fields = {ours: theirs[key] for ours, key in like.sizes.items()}
    return Config(
        **fields,
        **like.parts | {"positions": positions(theirs, like)},
        mlp=like.mlps[activation],
        has_bias=has_bias(theirs, like),
    )


def to_config(config: Config) -> dict[str, object]:
    """What ``config.json`` says of the same model; one that Hugging Face lacks: ``ValueError``."""
    like = architecture_of(config)
    theirs = {key: plain(getattr(config, ours)) for ours, key in like.sizes.items()}
    theirs |= dict(model_type=like.model_type, architectures=[like.class_name])
    theirs[like.activation] = next(name for name, mlp in like.mlps.items() if mlp is config.mlp)
    theirs |= like.required | dict.fromkeys(like.dropouts, 0.0)
    theirs |= dict(bos_token_id=None, eos_token_id=None)  # or GPT-2's would be assumed
    if isinstance(config.positions, Rotary):
        base = float(config.positions.base)  # transformers before 5 asks for the first of these
        theirs |= dict(rope_theta=base, rope_parameters=dict(rope_type="default", rope_theta=base))
    if like.model_type == "llama":
        theirs |= dict(attention_bias=config.has_bias, mlp_bias=config.has_bias)
    return theirs


def architecture_named(model_type: object) -> Architecture:
    if model_type not in ARCHITECTURES:
        raise ValueError(
            f"the checkpoint is of model_type {model_type!r}; only {', '.join(ARCHITECTURES)} have "
            "the structure of our decoder, so open it with transformers"
        )
    return ARCHITECTURES[model_type]


def architecture_of(config: Config) -> Architecture:
    """The one with the parts of this config; if there is none, the nearest and what differs."""
    found = [(list(differences(config, like)), like) for like in ARCHITECTURES.values()]
    differing, like = min(found, key=lambda pair: len(pair[0]))
    if differing:
        raise ValueError(
            "Hugging Face has no such model among those we know; the nearest is "
            f"{like.model_type}, but {'; '.join(differing)}; keep the model in our own "
            "format, or train one with those parts"
        )
    return like


def differences(config: Config, like: Architecture) -> Iterable[str]:
    """What keeps a config from being an architecture, one sentence each."""
    for name, part in parts_of(config).items():
        if part is not like.parts[name]:
            yield f"{name} is {part.__name__}, not {like.parts[name].__name__}"
    if config.mlp not in like.mlps.values():
        wanted = dict.fromkeys(mlp.__name__ for mlp in like.mlps.values())
        yield f"mlp is {config.mlp.__name__}, not {' or '.join(wanted)}"
    if like.model_type == "gpt2":
        if not config.has_bias:
            yield "has_bias is False, not True"
        if (config.n_kv_heads, config.n_heads * config.d_head) != (config.n_heads, config.d_model):
            yield "its heads share keys, or are not d_model / n_heads wide"
    elif like.model_type == "qwen3" and config.has_bias:
        yield "has_bias is True, not False"
    if isinstance(config.positions, Rotary) and config.positions.share != 1:
        yield f"only a share of {config.positions.share} of the head turns, not all"


def positions(theirs: Mapping[str, object], like: Architecture) -> Learned | Rotary:
    """The position scheme; ``transformers`` before 5 wrote rotary's base and scaling apart."""
    if like.parts["positions"] is Learned:
        return Learned()
    apart = {"rope_theta": theirs.get("rope_theta")} | dict(theirs.get("rope_scaling") or {})
    rope = dict(theirs.get("rope_parameters") or apart)
    base = rope.pop("rope_theta", None) or 10_000.0
    kinds = {rope.pop("rope_type", "default"), rope.pop("type", "default")}
    if kinds != {"default"} or rope:
        said = ", ".join([*sorted(kinds - {"default"}), *sorted(rope)])
        raise wanted_otherwise(like.model_type, "rope_parameters", said, "the plain rotation")
    return Rotary(base=float(base))


def has_bias(theirs: Mapping[str, object], like: Architecture) -> bool:
    """Whether linear layers have biases: all of them, or none."""
    if like.model_type != "llama":
        return like.model_type == "gpt2"
    attention, mlp = (bool(theirs.get(key)) for key in ("attention_bias", "mlp_bias"))
    if attention != mlp:
        said = f"{attention} and mlp_bias {mlp}"
        raise wanted_otherwise(like.model_type, "attention_bias", said, "both or neither")
    return attention


def refuse_unless(theirs: Mapping[str, object], required: Mapping[str, object], name: str) -> None:
    """Refuse a config that says something else than what is required; silence is consent."""
    for key, value in required.items():
        if theirs.get(key, value) != value:
            raise wanted_otherwise(name, key, theirs[key], value)


def wanted_otherwise(name: str, key: str, value: object, wanted: object) -> ValueError:
    return ValueError(
        f"the {name} checkpoint has {key} = {value}, but our decoder can only do {wanted}; open it "
        "with transformers"
    )


def plain(size: object) -> object:
    """Derived sizes are a kind of int; JSON and transformers want the plain kind."""
    return int(size) if isinstance(size, int) and not isinstance(size, bool) else size
