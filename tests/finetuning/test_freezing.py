"""Who learns, and how fast: counted, and seen in one step."""

import copy

import pytest
import torch

from afterword.finetuning.freezing import freeze, layer_rates
from afterword.model.gpt import GPT
from afterword.model.presets import gpt2, small
from afterword.training.loop import train
from afterword.training.schedules import Constant

TINY = dict(vocab_size=11, d_model=16, n_layers=3, n_heads=2, context_length=12)
IDS = torch.arange(11)[None]


def model(preset=small, **changes):
    torch.manual_seed(0)
    return GPT(preset(**TINY | changes))


def moved(gpt, optimizer):
    """How far each weight went, at most, in one step."""
    before = copy.deepcopy(gpt.state_dict())
    batches = iter([(IDS[:, :-1], IDS[:, 1:])])
    list(train(gpt, batches, optimizer=optimizer, schedule=Constant(n_steps=1)))
    return {n: (w - before[n]).abs().max().item() for n, w in gpt.state_dict().items()}


def test_only_the_named_parts_learn():
    gpt = model()
    n = freeze(gpt, but=("blocks.2", "norm"))
    assert n == sum(p.numel() for p in gpt.blocks[2].parameters()) + 16
    optimizer = torch.optim.SGD([p for p in gpt.parameters() if p.requires_grad], lr=1.0)
    far = moved(gpt, optimizer)
    assert {name for name, distance in far.items() if distance > 0} == {
        name for name in far if name.startswith(("blocks.2.", "norm."))
    }


def test_a_name_means_a_whole_part_and_not_the_beginning_of_another():
    gpt = model(n_layers=11)
    freeze(gpt, but="blocks.1")
    assert not any(p.requires_grad for p in gpt.blocks[10].parameters())


def test_what_was_frozen_learns_again_when_named():
    gpt = model()
    freeze(gpt, but="norm")
    freeze(gpt, but=("embedding", "unembedding"))
    assert not gpt.norm.weight.requires_grad
    assert gpt.embedding.weight.requires_grad


def test_a_shared_matrix_learns_under_either_name():
    gpt = model(is_tied=True)
    assert freeze(gpt, but="unembedding") == 11 * 16


def test_an_unknown_part_is_refused_and_the_known_ones_are_listed():
    with pytest.raises(ValueError, match=r"no part 'head' .* there are: embedding, blocks, norm"):
        freeze(model(), but=("norm", "head"))


@pytest.mark.parametrize("preset", [small, gpt2])
def test_every_weight_is_in_one_group_and_matrices_alone_decay(preset):
    gpt = model(preset)
    groups = layer_rates(gpt, lr=1.0, decay=0.5, weight_decay=0.3)
    weights = [p for group in groups for p in group["params"]]
    assert len(weights) == len({id(p) for p in weights})
    assert sum(p.numel() for p in weights) == sum(p.numel() for p in gpt.parameters())
    for group in groups:
        assert {p.ndim >= 2 for p in group["params"]} == {group["weight_decay"] == 0.3}


def test_each_layer_further_down_takes_a_step_as_much_smaller():
    gpt = model()
    optimizer = torch.optim.AdamW(layer_rates(gpt, lr=0.1, decay=0.5, weight_decay=0.0))
    far = moved(gpt, optimizer)
    # the first step of Adam is the rate itself wherever a gradient is
    assert far["unembedding.weight"] == pytest.approx(0.1, rel=1e-3)
    for i, expected in enumerate([0.0125, 0.025, 0.05]):
        assert far[f"blocks.{i}.mlp.down.weight"] == pytest.approx(expected, rel=1e-3)
    assert far["embedding.weight"] == pytest.approx(0.00625, rel=1e-3)


def test_with_no_decay_it_is_plain_adamw_and_frozen_weights_stay_out():
    gpt = model()
    freeze(gpt, but="blocks.0")
    groups = layer_rates(gpt, lr=0.1, decay=1.0)
    assert {group["lr"] for group in groups} == {0.1}
    assert sum(p.numel() for group in groups for p in group["params"]) == sum(
        p.numel() for p in gpt.blocks[0].parameters()
    )


@pytest.mark.parametrize(("lr", "decay"), [(0.1, 0.0), (0.1, 1.1), (0.0, 0.5)])
def test_rates_that_stand_still_or_grow_downwards_are_refused(lr, decay):
    with pytest.raises(ValueError, match="lr must be above 0 and decay above 0, at most 1"):
        layer_rates(model(), lr=lr, decay=decay)
