"""Attention against its definition, torch's own layer, and itself by another path."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from afterword.model import attention as attention_module
from afterword.model.attention import (
    MultiHeadAttention,
    View,
    attention,
    causal_mask,
    explicit_attention,
    fused_attention,
)
from afterword.model.presets import gpt2, qwen3

# sums of at most 64 products in another order: a few units in the last place of fp32, fp64
CLOSE = dict(rtol=1e-5, atol=1e-6)
EXACT = dict(rtol=1e-11, atol=1e-12)


def draw(*shape, rng, n=3, dtype=torch.float32):
    return [torch.randn(shape, generator=rng, dtype=dtype, requires_grad=True) for _ in range(n)]


def gradients(result, inputs, rng):
    """How a fixed weighted sum of the result changes with each input."""
    weights = torch.randn(result.shape, generator=rng.manual_seed(1), dtype=result.dtype)
    return torch.autograd.grad((result * weights).sum(), inputs)


def test_attention_is_its_definition_one_query_at_a_time(rng):
    q, k, v = (x.detach() for x in draw(4, 3, rng=rng))
    allowed = causal_mask(4, 4)
    for i, query in enumerate(q):
        seen = [j for j in range(4) if allowed[i, j]]
        scores = [math.exp(sum(query * k[j]) / math.sqrt(3)) for j in seen]
        by_hand = sum(s / sum(scores) * v[j] for s, j in zip(scores, seen, strict=True))
        torch.testing.assert_close(attention(q, k, v, allowed)[i], by_hand, **CLOSE)


def test_with_the_identity_for_values_the_result_is_the_weights(rng):
    q, k = draw(2, 5, 3, rng=rng, n=2)
    weights = attention(q, k, torch.eye(5), causal_mask(5, 5))
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 5))
    assert weights.triu(1).eq(0).all()


@pytest.mark.parametrize("mask", ["none", "causal", "some", "some and bias"])
def test_explicit_and_fused_paths_agree_in_values_and_gradients(rng, mask):
    q, k, v = draw(2, 3, 9, 8, rng=rng)
    some = torch.rand(2, 1, 9, 9, generator=rng) < 0.5
    some |= torch.eye(9, dtype=torch.bool)
    views = {
        "none": View(),
        "causal": View(causal_mask(9, 9), is_causal=True),
        "some": View(some),
        "some and bias": View(some, bias=torch.randn(3, 9, 9, generator=rng)),
    }
    explicit, fused = (f(q, k, v, views[mask]) for f in (explicit_attention, fused_attention))
    torch.testing.assert_close(explicit, fused, **CLOSE)
    for a, b in zip(
        gradients(explicit, (q, k, v), rng), gradients(fused, (q, k, v), rng), strict=True
    ):
        torch.testing.assert_close(a, b, **CLOSE)


def test_a_view_and_a_mask_say_the_same(rng):
    q, k, v = draw(2, 3, 5, 4, rng=rng)
    by_view = explicit_attention(q, k, v, View(causal_mask(5, 5)))
    torch.testing.assert_close(by_view, attention(q, k, v, causal_mask(5, 5)))


def test_bf16_attention_is_within_its_rounding_of_fp32(rng):
    """bf16 keeps 8 bits: 1/256 relative per rounding, and there are a handful; values near 1."""
    q, k, v = draw(2, 4, 33, 16, rng=rng)
    view = View(causal_mask(33, 33), is_causal=True)
    exact = explicit_attention(q, k, v, view)
    for attend in (explicit_attention, fused_attention):
        rounded = attend(q.bfloat16(), k.bfloat16(), v.bfloat16(), view)
        assert rounded.dtype == torch.bfloat16
        torch.testing.assert_close(rounded.float(), exact, rtol=0.05, atol=0.05)


def test_the_faster_path_is_taken_as_measured():
    at = lambda n_keys, dtype: attention_module.fused_is_faster(  # noqa: E731
        *torch.empty(2, 1, n_keys, 8, dtype=dtype)
    )
    assert at(32, torch.float32)
    assert at(1024, torch.float32)
    assert not at(256, torch.bfloat16)
    assert at(1024, torch.bfloat16)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        assert not at(128, torch.float32)
        assert at(256, torch.float32)
    finally:
        torch.set_float32_matmul_precision(before)


def copy_from_torch(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    pieces = zip(theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3), strict=True)
    with torch.no_grad():
        for layer, (weight, bias) in zip((ours.query, ours.key, ours.value), pieces, strict=True):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
    ours.output.load_state_dict(theirs.out_proj.state_dict())


@pytest.mark.parametrize("kind", ["all", "causal", "cross"])
@pytest.mark.parametrize("fused", [True, False])
def test_multi_head_attention_is_torchs_with_the_same_weights(rng, monkeypatch, kind, fused):
    monkeypatch.setattr(attention_module, "fused_is_faster", lambda q, k: fused)
    ours = MultiHeadAttention(gpt2(d_model=12, n_heads=3)).double()
    theirs = nn.MultiheadAttention(12, 3, batch_first=True, dtype=torch.double)
    nn.init.normal_(theirs.in_proj_bias)
    copy_from_torch(ours, theirs)
    x, memory = draw(2, 5, 12, rng=rng, n=2, dtype=torch.double)
    asked = memory if kind == "cross" else x
    allowed = causal_mask(5, 5) if kind == "causal" else None
    result = ours(x, View(allowed), memory=memory if kind == "cross" else None)
    expected, _ = theirs(x, asked, asked, attn_mask=None if allowed is None else ~allowed)
    torch.testing.assert_close(result, expected, **EXACT)

    layers = (ours.query, ours.key, ours.value)
    inputs = [x, asked, *(p for layer in layers for p in (layer.weight, layer.bias))]
    inputs += [ours.output.weight, ours.output.bias]
    mine = gradients(result, inputs, rng)
    their_inputs = [x, asked, theirs.in_proj_weight, theirs.in_proj_bias]
    others = gradients(expected, [*their_inputs, *theirs.out_proj.parameters()], rng)
    weights, biases = torch.cat(mine[2:8:2]), torch.cat(mine[3:8:2])
    for a, b in zip([*mine[:2], weights, biases, *mine[8:]], others, strict=True):
        torch.testing.assert_close(a, b, **EXACT)


def test_heads_that_share_keys_equal_heads_with_the_same_keys_copied(rng):
    shared = MultiHeadAttention(qwen3(d_model=12, n_heads=6, n_kv_heads=2, d_head=4))
    single = MultiHeadAttention(qwen3(d_model=12, n_heads=6, n_kv_heads=6, d_head=4))
    weights = shared.state_dict()
    for name in ("key.weight", "value.weight"):
        heads = weights[name].unflatten(0, (2, 4))
        weights[name] = heads[[0, 0, 0, 1, 1, 1]].flatten(0, 1)
    single.load_state_dict(weights)
    x = torch.randn(2, 5, 12, generator=rng)
    torch.testing.assert_close(shared(x), single(x), **CLOSE)


def test_each_head_sees_every_position_and_its_own_share_of_the_width(rng):
    """Cut off all but one head's share of the values: the output still mixes all positions."""
    layer = MultiHeadAttention(gpt2(d_model=12, n_heads=3))
    x = torch.randn(1, 5, 12, generator=rng)
    whole = layer(x) - layer.output.bias
    alone = []
    for head in range(3):
        part = MultiHeadAttention(gpt2(d_model=12, n_heads=3))
        part.load_state_dict(layer.state_dict())
        with torch.no_grad():
            for other in {0, 1, 2} - {head}:
                part.output.weight[:, 4 * other : 4 * other + 4] = 0
        alone.append(part(x) - part.output.bias)
        seen = torch.autograd.functional.jacobian(lambda x, part=part: part(x)[0, 0].sum(), x)
        assert seen[0].abs().sum(-1).gt(0).all()
    torch.testing.assert_close(sum(alone), whole, **CLOSE)


@given(n=st.integers(1, 6), seed=st.integers(0, 99))
def test_without_positions_a_permutation_goes_in_and_comes_out(n, seed):
    rng = torch.Generator().manual_seed(seed)
    layer = MultiHeadAttention(gpt2(d_model=8, n_heads=2))
    x, order = torch.randn(2, n, 8, generator=rng), torch.randperm(n, generator=rng)
    torch.testing.assert_close(layer(x[:, order]), layer(x)[:, order], **CLOSE)


@given(n_queries=st.integers(1, 6), n_more=st.integers(0, 6))
def test_the_causal_mask_hides_what_comes_after_and_nothing_else(n_queries, n_more):
    n_keys = n_queries + n_more
    mask = causal_mask(n_queries, n_keys).tolist()
    wanted = [[j <= i for j in range(n_keys)] for i in range(n_more, n_keys)]
    assert mask == wanted


def test_a_query_that_sees_nothing_is_refused_wherever_the_mask_is_given(rng):
    q, k, v = draw(2, 3, 4, rng=rng)
    allowed = causal_mask(3, 3).clone()
    allowed[0] = False
    message = r"1 of 3 rows of `allowed` are False throughout \(the first at \(0,\)\)"
    with pytest.raises(ValueError, match=message):
        attention(q, k, v, allowed)
    with pytest.raises(ValueError, match=message):
        View(allowed)


def test_a_causal_mask_with_more_queries_than_keys_is_refused():
    with pytest.raises(ValueError, match="3 queries, 2 keys"):
        causal_mask(3, 2)
