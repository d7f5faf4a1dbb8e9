"""The same model made ready to write: its matrices laid out as the CPU reads them fastest.

A step of writing multiplies one row for each text by every matrix, so that reading the matrices
is most of its cost. Here one product gives query, key and value, another gate and middle, and
each matrix lies as the product wants it. For training, and on other devices, this gains nothing.

Axes   B batch   T new positions   D d_model   M what comes out
"""

import copy
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from afterword.model.attention import EVERYTHING, View, fused_attention
from afterword.model.block import Block, DropoutBlock
from afterword.model.gpt import GPT
from afterword.model.layers import RMSNorm, SwiGLU
from afterword.model.positions import rotate


def pack(model: GPT, *, dtype: torch.dtype | None = None) -> GPT:
    """A copy for writing alone, in ``dtype`` or the model's own: same logits but for rounding.

    It has weights of its own and cannot be trained or saved. Blocks of another kind than
    ``Block``, and a model on another device, are copied as they are.

    >>> from afterword.model.presets import small
    >>> pack(GPT(small(vocab_size=65)))(torch.zeros(1, 7, dtype=torch.long)).shape
    torch.Size([1, 7, 65])
    """
    model = copy.deepcopy(model).eval().requires_grad_(False).to(dtype)
    if model.embedding.weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return model
    for i, block in enumerate(model.blocks):
        if type(block) in (Block, DropoutBlock):
            model.blocks[i] = PackedBlock(block)
    model.unembedding = PackedLinear([model.unembedding])
    return model


class PackedLinear(nn.Module):
    """Linear layers as one product ``x Wᵀ + b``, W in the order in which oneDNN reads it."""

    def __init__(self, layers: list[nn.Linear]):
        super().__init__()
        biases = [layer.bias for layer in layers if layer.bias is not None]
        weight = torch.cat([layer.weight for layer in layers]).detach()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight, 1)
        self.bias = torch.cat(biases).detach() if biases else None

    def forward(self, x: Float[Tensor, "*B D"]) -> Float[Tensor, "*B M"]:
        return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")


class PackedBlock(nn.Module):
    """``Block`` in fewer and larger steps."""

    def __init__(self, block: Block):
        super().__init__()
        attention, mlp = block.attention, block.mlp
        parts = [attention.query, attention.key, attention.value]
        self.sizes = [part.out_features for part in parts]
        self.d_head, self.n_sharing = attention.d_head, attention.n_sharing
        self.together, self.output = PackedLinear(parts), PackedLinear([attention.output])
        self.norms = [plain(block.attention_norm), plain(block.mlp_norm)]
        self.head_norms = [plain(attention.query_norm), plain(attention.key_norm)]
        is_gated = isinstance(mlp, SwiGLU)
        self.up = PackedLinear([mlp.gate, mlp.up] if is_gated else [mlp.up])
        self.bend = gate if is_gated else mlp.bend
        self.down = PackedLinear([mlp.down])

    def forward(
        self, x: Float[Tensor, "B T D"], view: View = EVERYTHING, *, cache=None
    ) -> Float[Tensor, "B T D"]:
        x = x + self.output(self.attend(self.norms[0](x), view, cache))
        return x + self.down(self.bend(self.up(self.norms[1](x))))

    def attend(self, x: Tensor, view: View, cache) -> Tensor:
        n_rows, n_new, _ = x.shape
        parts = self.together(x).split(self.sizes, dim=-1)
        q, k, v = (part.view(n_rows, n_new, -1, self.d_head).transpose(1, 2) for part in parts)
        q, k = self.head_norms[0](q), self.head_norms[1](k)
        if view.rotation is not None:
            q, k = rotate(q, view.rotation), rotate(k, view.rotation)
        q, k, v = q.float(), k.float(), v.float()  # the kernel is several times slower in bf16
        if cache is not None:
            k, v = cache.extend(k, v)
        y = self.mix(q, k, v, view).to(x.dtype)
        return y.transpose(1, 2).reshape(n_rows, n_new, -1)

    def mix(self, q: Tensor, k: Tensor, v: Tensor, view: View) -> Tensor:
        """Attention; a single query's heads that share keys stand side by side as if new."""
        if self.n_sharing == 1:
            return fused_attention(q, k, v, view)
        if q.shape[2] > 1:
            k, v = (heads.repeat_interleave(self.n_sharing, dim=1) for heads in (k, v))
            return fused_attention(q, k, v, view)
        bias = view.bias
        if bias is not None and bias.shape[-3] > 1:
            bias = bias.unflatten(-3, (-1, self.n_sharing)).squeeze(-2)
        beside = q.unflatten(1, (-1, self.n_sharing)).squeeze(3)  # [B, G, H / G, K]
        return F.scaled_dot_product_attention(beside, k, v, attn_mask=bias).flatten(1, 2)[
            :, :, None
        ]


def gate(x: Tensor) -> Tensor:
    """What ``SwiGLU`` does between its products, side by side: [..., 2F] → [..., F]."""
    opened, middle = x.chunk(2, dim=-1)
    return F.silu(opened) * middle


def plain(norm: nn.Module) -> Callable[[Tensor], Tensor]:
    """A norm without the cost of calling a module."""
    if type(norm) is nn.LayerNorm:
        return partial(F.layer_norm, **_settings(norm), bias=norm.bias)
    return partial(F.rms_norm, **_settings(norm)) if type(norm) is RMSNorm else norm


def _settings(norm: nn.Module) -> dict:
    return dict(normalized_shape=norm.normalized_shape, weight=norm.weight, eps=norm.eps)
