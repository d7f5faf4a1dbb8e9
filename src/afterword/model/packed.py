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

FEW = 4  # fewer rows at once are faster in fp32 without oneDNN: see EXPERIMENTS.md

Linear = Callable[[Tensor], Tensor]  # [..., D] → [..., M]


def pack(model: GPT, *, batch_size: int = 1, dtype: torch.dtype | None = None) -> GPT:
    """A copy for writing ``batch_size`` texts at once, in ``dtype`` or the model's own.

    The logits are the same but for rounding. The copy has weights of its own and cannot be
    trained or saved. Blocks of another kind than ``Block``, and a model on another device or in
    float64, are copied as they are.

    >>> from afterword.model.presets import small
    >>> pack(GPT(small(vocab_size=65)))(torch.zeros(1, 7, dtype=torch.long)).shape
    torch.Size([1, 7, 65])
    """
    model = copy.deepcopy(model).eval().requires_grad_(False).to(dtype)
    weight = model.embedding.weight
    is_known = weight.device.type == "cpu" and weight.dtype != torch.float64
    if not (is_known and torch.backends.mkldnn.is_available()):
        return model
    is_wide = batch_size >= FEW or weight.dtype != torch.float32
    linear = partial(reordered, batch_size=batch_size) if is_wide else transposed
    for i, block in enumerate(model.blocks):
        if type(block) in (Block, DropoutBlock):
            model.blocks[i] = PackedBlock(block, linear)
    return model


def transposed(layers: list[nn.Module]) -> Linear:
    """Layers as one product ``x Wᵀ + b``, W lying column after column."""
    weight, bias = stacked(layers)
    weight = weight.T.contiguous().T
    return lambda x: F.linear(x, weight, bias)


def reordered(layers: list[nn.Module], *, batch_size: int) -> Linear:
    """The same with W in the order in which oneDNN reads it for so many rows."""
    weight, bias = stacked(layers)
    weight = torch.ops.mkldnn._reorder_linear_weight(weight, batch_size)
    product = torch.ops.mkldnn._linear_pointwise.default
    return lambda x: product(x, weight, bias, "none", [], "")


def stacked(layers: list[nn.Module]) -> tuple[Tensor, Tensor | None]:
    """Their matrices above one another, and so their biases."""
    biases = [layer.bias.detach() for layer in layers if layer.bias is not None]
    weights = [layer.weight.detach() for layer in layers]
    return torch.cat(weights), torch.cat(biases) if biases else None


class PackedBlock(nn.Module):
    """``Block`` in fewer and larger steps."""

    def __init__(self, block: Block, linear: Callable[[list[nn.Module]], Linear]):
        super().__init__()
        attention, mlp = block.attention, block.mlp
        parts = [attention.query, attention.key, attention.value]
        self.sizes = [len(part.weight) for part in parts]
        self.d_head, self.n_sharing = attention.d_head, attention.n_sharing
        self.together, self.output = linear(parts), linear([attention.output])
        self.norms = [plain(block.attention_norm), plain(block.mlp_norm)]
        self.head_norms = [plain(attention.query_norm), plain(attention.key_norm)]
        is_gated = isinstance(mlp, SwiGLU)
        self.up = linear([mlp.gate, mlp.up] if is_gated else [mlp.up])
        self.bend = gate if is_gated else mlp.bend
        self.down = linear([mlp.down])

    def forward(
        self, x: Float[Tensor, "B T D"], view: View = EVERYTHING, *, cache=None
    ) -> Float[Tensor, "B T D"]:
        x = x + self.output(self.attend(self.norms[0](x), view, cache))
        return x + self.down(self.bend(self.up(self.norms[1](x))))

    def attend(self, x: Tensor, view: View, cache) -> Tensor:
        n_rows, n_new, _ = x.shape
        parts = torch.split_with_sizes(self.together(x), self.sizes, -1)
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
        shape, weight, bias, eps = norm.normalized_shape, norm.weight, norm.bias, norm.eps
        return lambda x: torch.layer_norm(x, shape, weight, bias, eps)
    if type(norm) is RMSNorm:
        shape, weight, eps = norm.normalized_shape, norm.weight, norm.eps
        return lambda x: torch.rms_norm(x, shape, weight, eps)
    return norm.forward
