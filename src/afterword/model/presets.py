"""Configs that are exactly the known models in structure, and the book's own.

Keyword arguments change fields: ``gpt2(n_layers=2)``. With ``dropout=0.1`` the blocks drop.
"""

from afterword.model.block import Block, DropoutBlock
from afterword.model.config import Config
from afterword.model.layers import LayerNorm, ReLUSquared, RMSNorm, SwiGLU, TanhGELU
from afterword.model.positions import Learned, Rotary, SteepALiBi


def gpt2(**changes) -> Config:
    """GPT-2, the small one (124 M parameters)."""
    fields = dict(vocab_size=50257, context_length=1024, d_model=768, n_layers=12, n_heads=12)
    fields |= dict(block=Block, norm=LayerNorm, norm_eps=1e-5, mlp=TanhGELU)
    fields |= dict(positions=Learned(), has_bias=True, is_tied=True)
    return _config(fields | changes)


def llama(**changes) -> Config:
    """Llama 2, 7 B parameters.

    Source: arXiv:2307.09288.
    """
    fields = dict(vocab_size=32000, context_length=4096, d_model=4096, n_layers=32, n_heads=32)
    fields |= dict(d_ff=11008, block=Block, norm=RMSNorm, norm_eps=1e-5, mlp=SwiGLU)
    fields |= dict(positions=Rotary(base=10_000.0), has_bias=False, is_tied=False)
    return _config(fields | changes)


def smollm2(**changes) -> Config:
    """SmolLM2, 135 M parameters: a small Llama.

    Source: arXiv:2502.02737.
    """
    fields = dict(vocab_size=49152, context_length=8192, d_model=576, n_layers=30, n_heads=9)
    fields |= dict(n_kv_heads=3, d_ff=1536, positions=Rotary(base=100_000.0), is_tied=True)
    return llama(**fields | changes)


def qwen3(**changes) -> Config:
    """Qwen3, 0.6 B parameters: a Llama with norms on queries and keys, and wider heads.

    Source: arXiv:2505.09388.
    """
    fields = dict(vocab_size=151936, context_length=40960, d_model=1024, n_layers=28, n_heads=16)
    fields |= dict(n_kv_heads=8, d_head=128, d_ff=3072, norm_eps=1e-6, qk_norm=RMSNorm)
    fields |= dict(positions=Rotary(base=1_000_000.0), is_tied=True)
    return llama(**fields | changes)


def small(**changes) -> Config:
    """The book's own: a model that two CPU cores train in minutes. ``vocab_size`` must be given.

    >>> config = small(vocab_size=65)
    >>> config.d_model, config.n_layers, config.d_head, config.d_ff
    (128, 4, 32, 512)
    """
    fields = dict(context_length=128, d_model=128, n_layers=4, n_heads=4, norm_eps=1e-6)
    fields |= dict(block=Block, norm=RMSNorm, qk_norm=RMSNorm, mlp=ReLUSquared)
    fields |= dict(positions=Rotary(base=1_000.0), has_bias=False, is_tied=False)
    return _config(fields | changes)


def swift(**changes) -> Config:
    """``small`` from parts that a CPU has fast kernels for: what the book trains when time counts.

    LayerNorm where ``small`` has RMSNorm, and distances as a bias on the scores (ALiBi), which
    cost nothing beside the mask, where ``small`` turns queries and keys. See EXPERIMENTS.md.
    """
    fields = dict(n_layers=6, norm=LayerNorm, qk_norm=LayerNorm, positions=SteepALiBi())
    return small(**fields | changes)


def _config(fields: dict) -> Config:
    if fields.get("dropout") and fields["block"] is Block:
        fields["block"] = DropoutBlock
    return Config(**fields)
