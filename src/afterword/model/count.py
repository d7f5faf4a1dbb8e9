"""What a decoder costs: parameters, arithmetic and memory, from its config alone.

Arithmetic is counted in FLOPs, a multiplication or an addition being one, and only in matrix
products, where nearly all of it is: [n, m] @ [m, p] takes 2 n m p.
"""

import torch

from afterword.model.config import Config
from afterword.model.layers import SwiGLU
from afterword.model.positions import Learned


def parameters(config: Config) -> dict[str, int]:
    """The parameters of ``GPT(config)`` by part; a tied unembedding has none of its own.

    >>> from afterword.model.presets import gpt2
    >>> sum(parameters(gpt2()).values())
    124439808
    """
    c = config
    norm, head_norm = _in_norm(c.norm, c.d_model), _in_norm(c.qk_norm, c.d_head)
    attention = _in_attention(c)
    n_matrices = 3 if issubclass(c.mlp, SwiGLU) else 2
    mlp = n_matrices * c.d_model * c.d_ff
    if c.has_bias:
        attention += (c.n_heads + 2 * c.n_kv_heads) * c.d_head + c.d_model
        mlp += (n_matrices - 1) * c.d_ff + c.d_model
    return {
        "embedding": c.vocab_size * c.d_model,
        "positions": c.context_length * c.d_model if isinstance(c.positions, Learned) else 0,
        "attention": c.n_layers * attention,
        "mlp": c.n_layers * mlp,
        "norms": c.n_layers * (2 * norm + 2 * head_norm) + norm,
        "unembedding": 0 if c.is_tied else c.vocab_size * c.d_model,
    }


def forward_flops(config: Config, *, n_positions: int) -> dict[str, int]:
    """FLOPs per token, by part, to read a text of ``n_positions`` tokens at once.

    Each weight of a matrix is used once for each token: 2 FLOPs. The scores, and the mean of the
    values, take ``2 n_positions`` for each number of each head, the masked half included.

    >>> from afterword.model.presets import gpt2
    >>> forward_flops(gpt2(), n_positions=1024)["scores"]  # 4 · 1024 positions · 768 · 12 layers
    37748736
    """
    c = config
    n_matrices = 3 if issubclass(c.mlp, SwiGLU) else 2
    return {
        "projections": 2 * c.n_layers * _in_attention(c),
        "scores": 4 * c.n_layers * n_positions * c.n_heads * c.d_head,
        "mlp": 2 * c.n_layers * n_matrices * c.d_model * c.d_ff,
        "unembedding": 2 * c.vocab_size * c.d_model,
    }


def backward_flops(config: Config, *, n_positions: int) -> dict[str, int]:
    """FLOPs per token of the way back: each product becomes two, one for each factor's gradient."""
    return {part: 2 * n for part, n in forward_flops(config, n_positions=n_positions).items()}


def training_bytes(config: Config, *, bytes_per_number: int = 4) -> dict[str, int]:
    """Bytes held through training with AdamW, activations not counted.

    AdamW keeps two running means for each parameter.
    """
    weights = sum(parameters(config).values()) * bytes_per_number
    return {"weights": weights, "gradients": weights, "AdamW": 2 * weights}


def cache_bytes(config: Config, *, bytes_per_number: int = 4) -> int:
    """Bytes that the cache holds for each token of each text: a key and a value a layer.

    >>> from afterword.model.presets import smollm2
    >>> cache_bytes(smollm2())  # 2 · 30 layers · 3 heads · 64 numbers · 4 bytes
    46080
    """
    c = config
    return 2 * c.n_layers * c.n_kv_heads * c.d_head * bytes_per_number


def _in_attention(c: Config) -> int:
    """Weights of the four matrices: queries and output, keys and values."""
    return 2 * c.d_model * (c.n_heads + c.n_kv_heads) * c.d_head


def _in_norm(norm, size: int) -> int:
    with torch.device("meta"):
        return sum(weight.numel() for weight in norm(size).parameters())
