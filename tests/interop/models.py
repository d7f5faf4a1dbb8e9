"""Tiny models of transformers, every weight random, that these tests share."""

import torch
import transformers

SIZES = dict(vocab_size=23, hidden_size=16, num_hidden_layers=2, intermediate_size=24)
SIZES |= dict(num_attention_heads=4, num_key_value_heads=2, initializer_range=0.2)
CONFIGS = {
    "gpt2": ("gpt2", dict(vocab_size=23, n_positions=16, n_embd=16, n_layer=2, n_head=4)),
    "gpt2, wide, untied": (
        "gpt2",
        dict(vocab_size=23, n_positions=16, n_embd=16, n_layer=2, n_head=2, n_inner=40)
        | dict(tie_word_embeddings=False, activation_function="relu"),
    ),
    "llama, tied": ("llama", SIZES | dict(tie_word_embeddings=True)),
    "llama, untied": ("llama", SIZES | dict(tie_word_embeddings=False, rms_norm_eps=1e-4)),
    "llama, biases": ("llama", SIZES | dict(attention_bias=True, mlp_bias=True, head_dim=6)),
    "qwen3, tied": ("qwen3", SIZES | dict(head_dim=6, tie_word_embeddings=True)),
    "qwen3, untied": ("qwen3", SIZES | dict(head_dim=6, rope_theta=500.0)),
}


def tiny(name: str = "llama, untied", **changes) -> transformers.PreTrainedModel:
    """One of them; no weight is at a special value, such as a bias at 0 or a norm at 1."""
    torch.manual_seed(0)
    model_type, sizes = CONFIGS[name]
    config = transformers.AutoConfig.for_model(model_type, **sizes | changes)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.2 * torch.randn_like(weight)
    return model


def random_ids(*shape, seed=0):
    return torch.randint(23, shape, generator=torch.Generator().manual_seed(seed))


def assert_same_weights(found: dict, wanted: dict) -> None:
    """To the last bit."""
    assert found.keys() == wanted.keys()
    for name, weight in found.items():
        assert weight.dtype == wanted[name].dtype, name
        assert torch.equal(weight, wanted[name]), name
