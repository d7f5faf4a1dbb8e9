"""Weights between our decoder and a model of Hugging Face, number by number."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from afterword.interop.architectures import Architecture
from afterword.interop.configs import architecture_of, from_config, to_config
from afterword.model.config import Config
from afterword.model.gpt import GPT

# Old checkpoints hold the causal mask and the wave lengths, which follow from the config.
NO_WEIGHT = re.compile(r"\.attn\.(masked_)?bias$|rotary_emb\.inv_freq$")


def from_hugging_face(theirs) -> GPT:
    """Our decoder with a copy of the config and the weights of a model of ``transformers``."""
    state = {name: weight.clone() for name, weight in theirs.state_dict().items()}
    return from_state(state, from_config(theirs.config.to_dict()))


def to_hugging_face(model: GPT):
    """The model of ``transformers`` with a copy of our config and weights."""
    import transformers

    said = to_config(model.config)
    config = transformers.AutoConfig.for_model(**said)
    theirs = transformers.AutoModelForCausalLM.from_config(config)
    theirs.load_state_dict(to_state(model))
    return theirs.to(model.embedding.weight).train(model.training)


def from_state(state: Mapping[str, Tensor], config: Config) -> GPT:
    """Our decoder with the weights of a checkpoint, as float32.

    What need not be cut or converted is taken over, not copied: a file is then read from disk
    only as its numbers are needed. Weights that are missing, that are too many, or of another
    shape are a ``ValueError``; so is an unembedding of its own where the config says that it is
    the embedding's.
    """
    like = architecture_of(config)
    return filled(with_full_names(state, like), config, like.names, lies_down=like.lies_down)


def to_state(model: GPT) -> dict[str, Tensor]:
    """Our weights under Hugging Face's names, copied only where they must be joined."""
    like, ours = architecture_of(model.config), model.state_dict()
    result = {}
    for name, pieces in sources(ours, like.names).items():
        parts = [ours[piece] for piece in pieces]
        weight = torch.cat(parts) if len(parts) > 1 else parts[0]
        turned = like.lies_down and is_block_matrix(pieces[0], weight)
        result[name] = weight.mT if turned else weight
    return result


def filled(
    state: Mapping[str, Tensor], config: Config, names: Mapping[str, str], *, lies_down: bool
) -> GPT:
    """Our decoder with these weights; ``names`` is a table as in ``Architecture.names``."""
    with torch.device("meta"):  # shapes only: the first weights would be thrown away
        model = GPT(config)
    ours = model.state_dict()
    wanted = sources(ours, names)
    state = with_unembedding(state, config, names)
    check_names(state, wanted)
    result = {}
    for name, pieces in wanted.items():
        weight = state[name].detach()
        weight = weight.mT if lies_down and is_block_matrix(pieces[0], weight) else weight
        check_shape(name, weight, [ours[piece].shape for piece in pieces])
        is_cut = len(pieces) > 1  # then each piece gets a memory of its own
        for piece, part in zip(pieces, weight.chunk(len(pieces)), strict=True):
            result[piece] = part.to(torch.float32, copy=is_cut).contiguous()
    model.load_state_dict(result, assign=True)
    if config.is_tied:
        model.unembedding.weight = model.embedding.weight
    return model


def sources(ours: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, list[str]]:
    """Each of their weights, and those of ours that it holds, one above the other."""
    result = {}
    for name in ours:
        part, _, kind = name.rpartition(".")
        number = "".join(re.findall(r"blocks\.(\d+)\.", part))
        theirs = names[re.sub(r"\d+", "{}", part)].replace("{}", number)
        result.setdefault(f"{theirs}.{kind}", []).append(name)
    return result


def is_block_matrix(name: str, weight: Tensor) -> bool:
    return name.startswith("blocks.") and weight.dim() == 2


def with_full_names(state: Mapping[str, Tensor], like: Architecture) -> dict[str, Tensor]:
    """Without what is no weight; a checkpoint of the body alone gets the names of the whole."""
    state = {name: weight for name, weight in state.items() if not NO_WEIGHT.search(name)}
    if any(name.startswith(like.body) for name in state):
        return state
    head = like.names["unembedding"]
    return {name if name.startswith(head) else like.body + name: w for name, w in state.items()}


def with_unembedding(
    state: Mapping[str, Tensor], config: Config, names: Mapping[str, str]
) -> dict[str, Tensor]:
    """A tied checkpoint may leave the second name of the shared matrix out."""
    inner, outer = (f"{names[part]}.weight" for part in ("embedding", "unembedding"))
    if not config.is_tied or inner not in state:
        return dict(state)
    shared = state[inner]
    own = state.get(outer, shared)
    if own is not shared and not torch.equal(own, shared):
        raise ValueError(
            f"the config ties the embeddings, but {outer} differs from {inner}; set "
            "tie_word_embeddings to false in the config, or drop one of the two"
        )
    return dict(state) | {outer: shared}


def check_names(state: Mapping[str, Tensor], wanted: Mapping[str, list[str]]) -> None:
    """Refuse a checkpoint in which weights are missing or left over."""
    missing, surplus = sorted(wanted.keys() - state.keys()), sorted(state.keys() - wanted.keys())
    said = [
        f"{what} {len(names)} ({', '.join(names[:3])}{' …' * (len(names) > 3)})"
        for what, names in (("lacks", missing), ("has besides", surplus))
        if names
    ]
    if said:
        raise ValueError(
            f"the checkpoint {' and '.join(said)}, while its config asks for {len(wanted)}; take "
            "config and weights from the same model"
        )


def check_shape(name: str, weight: Tensor, shapes: list[torch.Size]) -> None:
    """Refuse a weight that is not as large as the parts of ours which it holds."""
    wanted = [sum(shape[0] for shape in shapes), *shapes[0][1:]]
    if list(weight.shape) != wanted:
        raise ValueError(
            f"{name} holds a matrix of {list(weight.shape)}, the config asks for {wanted} (rows "
            "are what comes out); take config and weights from the same model"
        )
