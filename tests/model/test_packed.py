"""The packed copy against the model it was made from."""

from dataclasses import replace

import pytest
import torch

from afterword.model import layers, presets
from afterword.model.block import PostNormBlock
from afterword.model.gpt import GPT
from afterword.model.packed import PackedBlock, pack
from afterword.model.positions import ALiBi, Learned, NoPositions, Rotary, Sinusoidal

SIZES = dict(vocab_size=29, context_length=24, d_model=24, n_layers=2, n_heads=6, d_ff=20)
SMALL = presets.small(**SIZES)
CONFIGS = {
    "gpt2": presets.gpt2(**SIZES),
    "llama": presets.llama(**SIZES),
    "swift": presets.swift(**SIZES),
    "shared keys, biases": presets.llama(**SIZES, n_kv_heads=2, d_head=8, has_bias=True),
    "shared keys, ALiBi": replace(SMALL, n_kv_heads=3, positions=ALiBi()),
    "one key head": replace(SMALL, n_kv_heads=1),
    "post-norm": replace(SMALL, block=PostNormBlock),
    "dropout": presets.small(**SIZES, dropout=0.5),
    **{mlp.__name__: replace(SMALL, mlp=mlp) for mlp in layers.MLP.__subclasses__()},
    **{
        type(one).__name__: replace(SMALL, positions=one)
        for one in (Learned(), NoPositions(), Rotary(share=0.5), Sinusoidal())
    },
}


def model_of(name: str) -> GPT:
    torch.manual_seed(0)
    model = GPT(CONFIGS[name]).eval()
    with torch.no_grad():
        for weight in model.parameters():  # no norm at 1, no bias at 0
            weight += 0.2 * torch.randn_like(weight)
    return model


@torch.no_grad()
@pytest.mark.parametrize("batch_size", [1, 16])
@pytest.mark.parametrize("name", CONFIGS)
def test_a_packed_model_has_the_same_logits_at_once_and_step_by_step(name, batch_size):
    """Two texts of unequal length, read with the cache: four tokens, then one at a time."""
    model = model_of(name)
    packed = pack(model, batch_size=batch_size)
    ids, n_pads = torch.randint(29, (2, 9)), torch.tensor([0, 2])
    torch.testing.assert_close(packed(ids), model(ids), rtol=1e-4, atol=1e-5)
    caches = model.new_cache(n_pads), packed.new_cache(n_pads)
    for part in ids.split([4, 1, 1, 1, 2], dim=1):
        wanted, found = (one(part, cache) for one, cache in zip((model, packed), caches))  # noqa: B905
        first = part.shape[1] - 1  # of the padded row no logits before the last mean anything
        torch.testing.assert_close(found[:, first:], wanted[:, first:], rtol=1e-4, atol=1e-5)


def test_packing_leaves_the_model_as_it_was_and_shares_nothing():
    model = model_of("swift")
    before = [weight.clone() for weight in model.parameters()]
    packed, ids = pack(model), torch.randint(29, (1, 5))
    found = packed(ids)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    assert torch.equal(packed(ids), found)
    assert len(before) == len(list(model.parameters()))
    assert any(isinstance(block, PackedBlock) for block in packed.blocks)


@torch.no_grad()
def test_in_bf16_the_probabilities_move_by_hundredths():
    """A bf16 number has 8 bits: a weight is off by up to 0.4 %."""
    model = GPT(presets.small(vocab_size=29)).eval()
    ids = torch.randint(29, (2, 9))
    wanted, found = model(ids).softmax(-1), pack(model, dtype=torch.bfloat16)(ids).softmax(-1)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), wanted, atol=0.02, rtol=0)


@torch.no_grad()
def test_in_float64_it_is_copied_as_it_is():
    model = model_of("llama").double()
    packed, ids = pack(model), torch.arange(8)[None]
    assert not any(isinstance(block, PackedBlock) for block in packed.blocks)
    assert torch.equal(packed(ids), model(ids))
