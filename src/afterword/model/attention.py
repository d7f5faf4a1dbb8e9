"""Attention: each position asks, and is answered by a mean of what it may look at.

Axes   B batch   T positions asking   S positions asked   D d_model   H n_heads   G n_kv_heads
       K d_head
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from afterword.model.config import Config
from afterword.model.positions import rotate


def attention(
    q: Float[Tensor, "*B T K"],
    k: Float[Tensor, "... S K"],
    v: Float[Tensor, "... S W"],
    allowed: Bool[Tensor, "..."] | None = None,
    *,
    bias: Float[Tensor, "..."] | float = 0.0,
) -> Float[Tensor, "... T W"]:
    """For each query, the mean of the values, weighted by how well the keys match it.

        softmax(q kᵀ / √K + bias) v

    ``allowed`` is True where a query (row) may look at a key (column); it and ``bias`` fit
    [*B, T, S] by broadcasting. With the identity matrix for ``v`` the result is the weights. A
    query that may look at nothing is a ``ValueError``.

    Source: arXiv:1706.03762, section 3.2.1.
    """
    scores = q / math.sqrt(q.shape[-1]) @ k.mT + bias  # [..., T, S]
    if allowed is not None:
        refuse_blind_rows(allowed)
        scores = scores.masked_fill(~allowed, -math.inf)
    return scores.softmax(dim=-1) @ v


def causal_mask(n_queries: int, n_keys: int, *, device=None) -> Bool[Tensor, "T S"]:
    """Who may look at whom when nobody may look ahead; the last query stands at the last key.

    >>> causal_mask(2, 3).int().tolist()
    [[1, 1, 0], [1, 1, 1]]
    """
    if n_queries > n_keys:
        raise ValueError(
            f"{n_queries} queries, {n_keys} keys: the first queries would stand before the first "
            "key and see nothing; give at least as many keys as queries"
        )
    every = torch.ones(n_queries, n_keys, dtype=torch.bool, device=device)
    return every.tril(n_keys - n_queries)


def refuse_blind_rows(allowed: Bool[Tensor, "..."]) -> None:
    """Raise ``ValueError`` if some query may look at no key: softmax of nothing is NaN."""
    if torch.compiler.is_compiling():
        return  # a compiled graph cannot branch on what a tensor holds
    blind = ~allowed.any(dim=-1)
    if blind.any():
        raise ValueError(
            f"{blind.sum()} of {blind.numel()} rows of `allowed` are False throughout (the first "
            f"at {tuple(blind.nonzero()[0].tolist())}): such a query sees nothing; allow each at "
            "least one key, for instance itself, or leave the row out"
        )


class View:
    """What all layers are told in one pass: who may look at whom, and where each one stands.

    ``bias`` is added to the scores; what is not ``allowed`` becomes minus infinity in it.
    ``rotation`` turns queries and keys. ``is_causal`` asserts that ``allowed`` is exactly
    ``causal_mask(T, T)`` and that there is no other bias, so that a fast kernel may skip the rest.
    """

    def __init__(
        self,
        allowed: Bool[Tensor, "..."] | None = None,
        *,
        bias: Float[Tensor, "..."] | None = None,
        rotation: Float[Tensor, "..."] | None = None,
        is_causal: bool = False,
    ):
        if allowed is not None:
            refuse_blind_rows(allowed)
            nothing = torch.zeros((), device=allowed.device) if bias is None else bias
            bias = torch.where(allowed, nothing, -math.inf)
        self.bias, self.rotation, self.is_causal = bias, rotation, is_causal


EVERYTHING = View()  # all may look at all, and nobody knows the order


def explicit_attention(q: Tensor, k: Tensor, v: Tensor, view: View = EVERYTHING) -> Tensor:
    """The equation as it stands, on [B, H, T, K]; every score is written to memory."""
    return attention(q, k, v, bias=0.0 if view.bias is None else view.bias.to(q.dtype))


def fused_attention(q: Tensor, k: Tensor, v: Tensor, view: View = EVERYTHING) -> Tensor:
    """The same by torch's kernel, which works block by block and never holds all scores.

    Source: arXiv:2205.14135.
    """
    if view.is_causal or view.bias is None:
        return F.scaled_dot_product_attention(q, k, v, is_causal=view.is_causal)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=view.bias.to(q.dtype))


def fused_is_faster(q: Float[Tensor, "*B T K"], k: Float[Tensor, "*B S K"]) -> bool:
    """Which of the two was faster, forward and backward: measured, see EXPERIMENTS.md.

    On the CPU torch's kernel gains nothing from bf16 or from ``medium`` matmuls, which more
    than double the speed of the explicit path, until its T × S scores outgrow the caches.
    """
    n_scores = q.shape[-2] * k.shape[-2]
    if q.device.type != "cpu":
        return True
    if q.dtype == torch.bfloat16:
        return n_scores > 512 * 512
    if torch.compiler.is_compiling():  # then the precision cannot be asked for
        return n_scores > 128 * 128
    return torch.get_float32_matmul_precision() == "highest" or n_scores > 128 * 128


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each on its own share of the width.

    With fewer key/value heads than query heads, neighbouring query heads share one
    (arXiv:2305.13245). Keys and values come from ``x`` itself, or from ``memory``: then it is
    cross-attention. A ``cache`` keeps them for the tokens still to come.
    """

    def __init__(self, config: Config):
        super().__init__()
        d_model, self.d_head = config.d_model, int(config.d_head)
        self.n_sharing = config.n_heads // config.n_kv_heads
        d_queries, d_keys = config.n_heads * self.d_head, config.n_kv_heads * self.d_head
        self.query = nn.Linear(d_model, d_queries, bias=config.has_bias)
        self.key = nn.Linear(d_model, d_keys, bias=config.has_bias)
        self.value = nn.Linear(d_model, d_keys, bias=config.has_bias)
        self.output = nn.Linear(d_queries, d_model, bias=config.has_bias)
        self.query_norm = config.qk_norm(self.d_head, eps=config.norm_eps)
        self.key_norm = config.qk_norm(self.d_head, eps=config.norm_eps)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        view: View = EVERYTHING,
        *,
        memory: Float[Tensor, "B S D"] | None = None,
        cache=None,
    ) -> Float[Tensor, "B T D"]:
        asked = x if memory is None else memory
        q = self.query_norm(self._split(self.query(x)))  # [B, H, T, K]
        k = self.key_norm(self._split(self.key(asked)))  # [B, G, S, K]
        v = self._split(self.value(asked))
        if view.rotation is not None:
            q, k = rotate(q, view.rotation), rotate(k, view.rotation)
        if cache is not None:
            k, v = cache.extend(k, v)
        if self.n_sharing > 1:
            k, v = (heads.repeat_interleave(self.n_sharing, dim=1) for heads in (k, v))
        attend = fused_attention if fused_is_faster(q, k) else explicit_attention
        return self.output(attend(q, k, v, view).transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.d_head)).transpose(1, 2)
