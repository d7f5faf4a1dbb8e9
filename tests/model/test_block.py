"""One layer against torch's own, and what a residual block must be."""

import warnings
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from afterword.model.attention import View, causal_mask
from afterword.model.block import Block, DropoutBlock, PostNormBlock, with_memory
from afterword.model.layers import GELU, MLP, ReLU, ReLUSquared, RMSNorm, SwiGLU, TanhGELU
from afterword.model.presets import gpt2, small
from tests.model.models import (
    EXACT,
    TORCH_DECODER,
    TORCH_ENCODER,
    assert_same_gradients,
    from_torch,
    shake,
)

VARIANTS = pytest.mark.parametrize("block", [Block, PostNormBlock])
ACTIVATIONS = pytest.mark.parametrize(("mlp", "activation"), [(ReLU, F.relu), (GELU, F.gelu)])


def torch_layer(layer, block, activation):
    return shake(
        layer(
            12,
            3,
            dim_feedforward=20,
            dropout=0.0,
            activation=activation,
            batch_first=True,
            norm_first=block is Block,
            dtype=torch.double,
        )
    )


def config(block, mlp):
    return gpt2(d_model=12, n_heads=3, d_ff=20, block=block, mlp=mlp)


@VARIANTS
@ACTIVATIONS
def test_a_block_is_torchs_encoder_layer(rng, block, mlp, activation):
    theirs = torch_layer(nn.TransformerEncoderLayer, block, activation)
    ours = block(config(block, mlp)).double()
    ours.load_state_dict(from_torch(theirs.state_dict(), TORCH_ENCODER))
    x = torch.randn(2, 5, 12, generator=rng, dtype=torch.double)
    allowed = causal_mask(5, 5)
    result, expected = ours(x, View(allowed)), theirs(x, src_mask=~allowed)
    torch.testing.assert_close(result, expected, **EXACT)
    weights = torch.randn(result.shape, generator=rng, dtype=torch.double)
    for y in (result, expected):
        (y * weights).sum().backward()
    assert_same_gradients(ours, theirs, lambda s: from_torch(s, TORCH_ENCODER), **EXACT)


@VARIANTS
@ACTIVATIONS
def test_a_block_with_memory_is_torchs_decoder_layer(rng, block, mlp, activation):
    theirs = torch_layer(nn.TransformerDecoderLayer, block, activation)
    ours = with_memory(config(block, mlp)).double()
    ours.load_state_dict(from_torch(theirs.state_dict(), TORCH_DECODER))
    x, memory = (torch.randn(2, n, 12, generator=rng, dtype=torch.double) for n in (5, 7))
    allowed, real = causal_mask(5, 5), torch.ones(2, 7, dtype=torch.bool)
    real[0, 4:] = False
    result = ours(x, View(allowed), memory=memory, memory_view=View(real[:, None, None]))
    expected = theirs(x, memory, tgt_mask=~allowed, memory_key_padding_mask=~real)
    torch.testing.assert_close(result, expected, **EXACT)
    weights = torch.randn(result.shape, generator=rng, dtype=torch.double)
    for y in (result, expected):
        (y * weights).sum().backward()
    assert_same_gradients(ours, theirs, lambda s: from_torch(s, TORCH_DECODER), **EXACT)


def test_a_block_that_adds_nothing_leaves_the_stream_alone(rng):
    block = Block(small(vocab_size=9, d_model=8, n_heads=2))
    nn.init.zeros_(block.attention.output.weight)
    nn.init.zeros_(block.mlp.down.weight)
    x = torch.randn(2, 5, 8, generator=rng)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize(
    ("mlp", "bend"),
    [
        (ReLU, lambda x: x * (x > 0)),
        (ReLUSquared, lambda x: x * x * (x > 0)),
        (GELU, lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2),
        (
            TanhGELU,
            lambda x: x / (1 + torch.exp(-2 * (2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3))),
        ),
    ],
)
def test_an_mlp_is_its_formula(rng, mlp, bend):
    layer = mlp(gpt2(d_model=6, n_heads=1)).double()
    x = torch.randn(2, 3, 6, generator=rng, dtype=torch.double)
    by_hand = bend(x @ layer.up.weight.T + layer.up.bias) @ layer.down.weight.T + layer.down.bias
    torch.testing.assert_close(layer(x), by_hand, **EXACT)


def test_swiglu_is_its_formula(rng):
    layer = SwiGLU(small(vocab_size=9, d_model=6, n_heads=1)).double()
    x = torch.randn(2, 3, 6, generator=rng, dtype=torch.double)
    gate, up = x @ layer.gate.weight.T, x @ layer.up.weight.T
    by_hand = (gate * torch.sigmoid(gate) * up) @ layer.down.weight.T
    torch.testing.assert_close(layer(x), by_hand, **EXACT)


def test_rms_norm_divides_by_the_root_of_the_mean_square():
    norm = RMSNorm(2, eps=1e-12)
    result = norm(torch.tensor([[3.0, 4.0]]))  # root of (9 + 16) / 2
    torch.testing.assert_close(result, torch.tensor([[3.0, 4.0]]) / 12.5**0.5)


def test_rms_norm_of_bf16_with_an_fp32_weight_stays_in_the_fast_kernel():
    """torch says once in a process when it must leave it; as an error, it would be seen here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert RMSNorm(2)(torch.ones(1, 2, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_an_mlp_without_a_bend_is_no_mlp():
    with pytest.raises(NotImplementedError):
        MLP(gpt2(d_model=6, n_heads=1))(torch.zeros(1, 1, 6))


def test_a_block_that_drops_is_the_plain_one_when_it_does_not_train():
    config = small(vocab_size=7, dropout=0.5)
    assert config.block is DropoutBlock
    dropping, plain = DropoutBlock(config), Block(small(vocab_size=7))
    plain.load_state_dict(dropping.state_dict())
    x = torch.randn(2, 3, config.d_model)
    assert not torch.equal(dropping(x), plain(x))
    torch.testing.assert_close(dropping.eval()(x), plain(x), rtol=0, atol=0)


def test_what_is_dropped_is_made_up_for_on_average():
    block = DropoutBlock(small(vocab_size=7, d_model=8, n_heads=2, dropout=0.5))
    block.attention.output.weight.data.zero_()
    x = torch.randn(1, 1, 8)
    added = block(x.expand(20_000, 1, 8)) - x
    whole = block.eval()(x) - x
    # the mean of 20,000 draws, each 0 or twice the whole: five standard errors
    assert ((added.mean(0) - whole).abs() <= 5 * whole.abs() / 20_000**0.5).all()
    share = (added == 0).float().mean()
    assert abs(share - 0.5) < 5 * 0.5 / (20_000 * 8) ** 0.5


def test_dropout_in_a_block_that_cannot_drop_is_refused():
    with pytest.raises(ValueError, match=r"dropout 0.1 does nothing in a Block.*DropoutBlock"):
        replace(small(vocab_size=7), dropout=0.1)
    with pytest.raises(ValueError, match=r"dropout is a share from 0 to below 1, got 1\.0"):
        small(vocab_size=7, dropout=1.0)
