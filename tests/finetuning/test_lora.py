"""Low-rank updates: nothing at first, never more than their rank, and one with their matrix."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from afterword.finetuning.lora import LoRA, adapters_of, add_lora, merge, put_on, take_off
from afterword.model.gpt import GPT
from afterword.model.packed import pack
from afterword.model.presets import gpt2, llama, small
from afterword.training.loop import train
from afterword.training.optimizers import adamw
from afterword.training.schedules import Constant

TINY = dict(vocab_size=11, d_model=16, n_layers=2, n_heads=2, context_length=12)
IDS = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]])


def model(preset=small, **changes):
    torch.manual_seed(0)
    return GPT(preset(**TINY | changes)).double()


def stirred(gpt, **settings):
    """The model with an adapter that has learnt something."""
    add_lora(gpt, **dict(rank=2, alpha=6) | settings)
    for adapter in adapters_of(gpt).values():
        nn.init.normal_(adapter.lora_B)
    return gpt


def test_at_first_the_adapted_model_is_the_model_to_the_last_bit():
    gpt = model()
    before = gpt(IDS)
    add_lora(gpt, rank=3, alpha=7)
    assert torch.equal(gpt(IDS), before)


def test_only_the_two_thin_matrices_learn_and_are_counted():
    gpt = model()
    n = add_lora(gpt, rank=3, alpha=3)
    assert n == 2 * 2 * (3 * 16 + 16 * 3)  # blocks, query and value, A and B
    weights = copy.deepcopy(gpt.state_dict())
    batches = iter([(IDS[:, :-1], IDS[:, 1:])] * 3)
    list(train(gpt, batches, optimizer=adamw(gpt, lr=0.1), schedule=Constant(n_steps=3)))
    changed = {name for name, weight in gpt.state_dict().items() if (weight != weights[name]).any()}
    assert changed == {name for name in weights if "lora_" in name}


@settings(max_examples=30)
@given(n_in=st.integers(1, 9), n_out=st.integers(1, 9), data=st.data())
def test_the_update_has_the_rank_asked_for_and_merging_changes_no_output(n_in, n_out, data):
    rank = data.draw(st.integers(1, min(n_in, n_out)))
    torch.manual_seed(data.draw(st.integers(0, 99)))
    holder = nn.ModuleDict({"one": nn.Linear(n_in, n_out)}).double()
    x, weight = torch.randn(3, n_in).double(), holder["one"].weight.clone()
    stirred(holder, rank=rank, alpha=5.0, layers=["one"])
    y = holder["one"](x)
    merge(holder)
    assert type(holder["one"]) is nn.Linear
    torch.testing.assert_close(holder["one"](x), y)  # fp64: one rounding each way
    added = holder["one"].weight - weight
    assert torch.linalg.matrix_rank(added, atol=1e-9) == rank


@pytest.mark.parametrize("preset", [small, gpt2, llama])
def test_merged_packed_and_adapted_models_say_the_same(preset):
    gpt = stirred(model(preset).float(), layers=["query", "value", "output", "up", "down"])
    y = gpt(IDS)
    # fp32, sums in another order; the stirred updates make logits of the size of 10
    torch.testing.assert_close(pack(gpt)(IDS), y, rtol=1e-4, atol=1e-4)
    merge(gpt)
    torch.testing.assert_close(gpt(IDS), y, rtol=1e-4, atol=1e-4)
    assert not adapters_of(gpt)


def test_a_voice_is_taken_off_and_put_on_again():
    gpt = model()
    before = gpt(IDS)
    spoken = stirred(gpt)(IDS)
    adapters = take_off(gpt)
    assert torch.equal(gpt(IDS), before)
    put_on(gpt, adapters)
    assert torch.equal(gpt(IDS), spoken)


def test_a_twice_larger_alpha_says_the_update_twice():
    once = LoRA(nn.Linear(4, 3), rank=2, alpha=2)
    nn.init.normal_(once.lora_B)
    twice = copy.deepcopy(once)
    twice.alpha = 4
    torch.testing.assert_close(twice.update, 2 * once.update)


def test_a_layer_may_be_named_by_any_end_of_its_name_and_one_letter_is_no_name():
    gpt = model()
    add_lora(gpt, rank=1, alpha=1, layers=["blocks.1.attention.query", "down"])
    ends = [name.removeprefix("blocks.") for name in adapters_of(gpt)]
    assert ends == ["0.mlp.down", "1.attention.query", "1.mlp.down"]
    with pytest.raises(ValueError, match="no linear layer's name ends in 'uery'; there are: query"):
        add_lora(model(), rank=1, alpha=1, layers=["uery"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(rank=17, alpha=1), r"rank 17 .* a matrix of 16 × 16, whose rank is at most 16"),
        (dict(rank=0, alpha=1), "rank 0 .* give a rank from 1"),
        (dict(rank=1, alpha=0), "alpha 0 .* alpha above 0"),
        (dict(rank=1, alpha=1, layers=["query", "nose"]), "no linear layer's name ends in 'nose'"),
    ],
)
def test_what_cannot_be_is_refused_and_the_model_left_as_it_was(settings, message):
    gpt = model()
    names = [*gpt.state_dict()]
    with pytest.raises(ValueError, match=message):
        add_lora(gpt, **settings)
    assert [*gpt.state_dict()] == names


def test_a_second_adapter_and_a_missing_one_are_refused():
    gpt = model()
    with pytest.raises(ValueError, match="no adapter; put one on with add_lora"):
        merge(gpt)
    add_lora(gpt, rank=1, alpha=1)
    with pytest.raises(ValueError, match="query has an adapter already; merge it or take it off"):
        add_lora(gpt, rank=1, alpha=1)


def test_a_matrix_that_the_embedding_shares_is_left_alone():
    with pytest.raises(ValueError, match="unembedding is another layer's too"):
        add_lora(model(is_tied=True), rank=1, alpha=1, layers=["unembedding"])
