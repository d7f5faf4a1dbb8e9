"""The models of Hugging Face that this book's decoder can be, and what each thing is called there.

Their config is taken as the dict that ``config.json`` holds, so that reading one needs no
``transformers``. Everything in a config that changes what the model computes is either translated
or refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from afterword.model.config import Config
from afterword.model.layers import GELU, ReLU, ReLUSquared, SwiGLU, TanhGELU
from afterword.model.presets import gpt2, llama, qwen3


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One of them. ``{}`` in the name of a part is the number of its block.

    ``parts`` are the fields of our config that are always so in this architecture, ``names`` our
    parts with weights and their names, ``sizes`` our fields and their keys. ``assumed`` is what a
    config means that leaves a key out, ``required`` what it must say because we do nothing else.
    """

    model_type: str
    class_name: str
    parts: Mapping[str, object]
    names: Mapping[str, str]
    sizes: Mapping[str, str]
    assumed: Mapping[str, object]
    required: Mapping[str, object]
    mlps: Mapping[str, type]  # their name of the activation, our MLP
    activation: str  # their key for it
    dropouts: tuple[str, ...]  # their keys for it; we have none
    body: str  # the first part of all their names but that of the unembedding
    lies_down: bool = False  # matrices of the blocks are transposed


def parts_of(config: Config) -> dict[str, object]:
    """The fields of a config that tell one architecture from another."""
    names = ("block", "norm", "qk_norm")
    return {name: getattr(config, name) for name in names} | {"positions": type(config.positions)}


GPT2 = Architecture(
    model_type="gpt2",
    class_name="GPT2LMHeadModel",
    parts=parts_of(gpt2()),
    names={
        "embedding": "transformer.wte",
        "positions.embedding": "transformer.wpe",
        "blocks.{}.attention_norm": "transformer.h.{}.ln_1",
        "blocks.{}.attention.query": "transformer.h.{}.attn.c_attn",  # three in one matrix
        "blocks.{}.attention.key": "transformer.h.{}.attn.c_attn",
        "blocks.{}.attention.value": "transformer.h.{}.attn.c_attn",
        "blocks.{}.attention.output": "transformer.h.{}.attn.c_proj",
        "blocks.{}.mlp_norm": "transformer.h.{}.ln_2",
        "blocks.{}.mlp.up": "transformer.h.{}.mlp.c_fc",
        "blocks.{}.mlp.down": "transformer.h.{}.mlp.c_proj",
        "norm": "transformer.ln_f",
        "unembedding": "lm_head",
    },
    sizes={
        "vocab_size": "vocab_size",
        "context_length": "n_positions",
        "d_model": "n_embd",
        "n_layers": "n_layer",
        "n_heads": "n_head",
        "d_ff": "n_inner",
        "norm_eps": "layer_norm_epsilon",
        "is_tied": "tie_word_embeddings",
    },
    assumed={
        "vocab_size": 50257,
        "n_positions": 1024,
        "n_embd": 768,
        "n_layer": 12,
        "n_head": 12,
        "n_inner": None,
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True,
        "activation_function": "gelu_new",
    },
    required={
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
    },
    mlps={
        "gelu_new": TanhGELU,
        "gelu_pytorch_tanh": TanhGELU,
        "gelu": GELU,
        "relu": ReLU,
        "relu2": ReLUSquared,
    },
    activation="activation_function",
    dropouts=("resid_pdrop", "embd_pdrop", "attn_pdrop"),
    body="transformer.",
    lies_down=True,
)

LLAMA = Architecture(
    model_type="llama",
    class_name="LlamaForCausalLM",
    parts=parts_of(llama()),
    names={
        "embedding": "model.embed_tokens",
        "blocks.{}.attention_norm": "model.layers.{}.input_layernorm",
        "blocks.{}.attention.query": "model.layers.{}.self_attn.q_proj",
        "blocks.{}.attention.key": "model.layers.{}.self_attn.k_proj",
        "blocks.{}.attention.value": "model.layers.{}.self_attn.v_proj",
        "blocks.{}.attention.output": "model.layers.{}.self_attn.o_proj",
        "blocks.{}.mlp_norm": "model.layers.{}.post_attention_layernorm",
        "blocks.{}.mlp.gate": "model.layers.{}.mlp.gate_proj",
        "blocks.{}.mlp.up": "model.layers.{}.mlp.up_proj",
        "blocks.{}.mlp.down": "model.layers.{}.mlp.down_proj",
        "norm": "model.norm",
        "unembedding": "lm_head",
    },
    sizes={
        "vocab_size": "vocab_size",
        "context_length": "max_position_embeddings",
        "d_model": "hidden_size",
        "n_layers": "num_hidden_layers",
        "n_heads": "num_attention_heads",
        "n_kv_heads": "num_key_value_heads",
        "d_head": "head_dim",
        "d_ff": "intermediate_size",
        "norm_eps": "rms_norm_eps",
        "is_tied": "tie_word_embeddings",
    },
    assumed={
        "vocab_size": 32000,
        "max_position_embeddings": 2048,
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": None,
        "head_dim": None,
        "intermediate_size": 11008,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": False,
        "hidden_act": "silu",
    },
    required={},
    mlps={"silu": SwiGLU, "swish": SwiGLU},
    activation="hidden_act",
    dropouts=("attention_dropout",),
    body="model.",
)

QWEN3 = Architecture(
    model_type="qwen3",
    class_name="Qwen3ForCausalLM",
    parts=parts_of(qwen3()),
    names=LLAMA.names
    | {
        "blocks.{}.attention.query_norm": "model.layers.{}.self_attn.q_norm",
        "blocks.{}.attention.key_norm": "model.layers.{}.self_attn.k_norm",
    },
    sizes=LLAMA.sizes,
    assumed=LLAMA.assumed
    | {
        "vocab_size": 151936,
        "max_position_embeddings": 32768,
        "num_key_value_heads": 32,
        "head_dim": 128,
        "intermediate_size": 22016,
    },
    required={"attention_bias": False, "use_sliding_window": False},
    mlps=LLAMA.mlps,
    activation="hidden_act",
    dropouts=("attention_dropout",),
    body="model.",
)

ARCHITECTURES = {a.model_type: a for a in (GPT2, LLAMA, QWEN3)}
