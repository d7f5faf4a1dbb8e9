import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from afterword.model.gpt import GPT
from afterword.model.presets import small
from afterword.training.loop import next_token_loss, train
from afterword.training.optimizers import adamw, muon
from afterword.training.probes import activations, gradients, statistics, update_ratios
from afterword.training.schedules import Constant


@pytest.fixture
def gpt():
    torch.manual_seed(0)
    return GPT(small(vocab_size=11, d_model=16, n_layers=2, n_heads=2))


@pytest.fixture
def stack():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))


def n_hooks(model, optimizer=None):
    of_layers = sum(len(part._forward_hooks) for part in model.modules())
    if optimizer is None:
        return of_layers
    pre, post = optimizer._optimizer_step_pre_hooks, optimizer._optimizer_step_post_hooks
    return of_layers + len(pre) + len(post)


def test_what_a_layer_gives_out_is_seen_as_it_is(stack, rng):
    x = torch.randn(5, 4, generator=rng)
    with activations(stack) as seen:
        stack(x)
    assert list(seen) == ["0", "1", "2", "3", "4"]
    torch.testing.assert_close(seen["1"], torch.tanh(stack[0](x)))


def test_the_gradient_of_an_output_is_that_of_autograd(stack, rng):
    x = torch.randn(5, 4, generator=rng)
    with activations(stack, "1") as seen:
        stack(x).square().sum().backward()
    h = torch.tanh(stack[0](x)).detach().requires_grad_()
    (wanted,) = torch.autograd.grad(stack[2:](h).square().sum(), h)
    torch.testing.assert_close(seen["1"].grad, wanted)


def test_layers_of_a_model_are_chosen_by_name(gpt):
    ids = torch.zeros(2, 5, dtype=torch.long)
    with activations(gpt, "blocks.*.mlp") as seen, torch.no_grad():
        gpt(ids)
    assert list(seen) == ["blocks.0.mlp", "blocks.1.mlp"]
    assert all(output.shape == (2, 5, 16) for output in seen.values())
    with (
        pytest.raises(ValueError, match=r"no layer is called 'block\.\*'; there are: embedding, "),
        activations(gpt, "block.*"),
    ):
        pass


def test_of_a_recurrent_layer_the_outputs_are_seen_and_not_the_states():
    model = nn.Sequential(nn.LSTM(3, 6, batch_first=True))
    with activations(model) as seen:
        outputs, _ = model(torch.zeros(2, 5, 3))
    assert seen["0"] is outputs


def test_looking_changes_nothing_and_leaves_nothing(gpt):
    ids = torch.zeros(2, 5, dtype=torch.long)
    before = gpt(ids)
    with activations(gpt):
        assert torch.equal(gpt(ids), before)
        assert n_hooks(gpt) > 0
    assert n_hooks(gpt) == 0
    with pytest.raises(ZeroDivisionError), activations(gpt):
        raise ZeroDivisionError
    assert n_hooks(gpt) == 0


def test_statistics_are_those_of_numpy(rng):
    x = torch.randn(40, 30, 8, generator=rng)
    of = statistics({"a": x}).loc["a"]
    wanted = [x.numpy().mean(), x.numpy().std(ddof=1), (np.abs(x.numpy()) > 0.97).mean(), 0]
    assert of.tolist() == pytest.approx(wanted, abs=1e-6)


def test_a_tanh_that_gets_too_much_is_saturated_and_units_that_never_answer_are_idle(stack, rng):
    x = torch.randn(100, 4, generator=rng)
    with torch.no_grad():
        stack[0].weight *= 100
        stack[0].bias[:2] = 1e4  # always at the upper end
        stack[2].bias[:4] = -100  # below zero whatever comes
    with activations(stack) as seen:
        stack(x)
    of = statistics(seen)
    assert of.loc["1", "saturated"] > 0.9
    assert of.loc["1", "idle"] == 2 / 8
    assert of.loc["3", "idle"] == 4 / 8
    assert of.loc["2", "idle"] == 0, "before the ReLU they still move"


def test_units_of_a_quiet_layer_are_not_idle(rng):
    x = torch.randn(50, 8, generator=rng)
    assert statistics({"quiet": x / 1e4}).loc["quiet", "idle"] == 0
    assert statistics({"off": 0 * x}).loc["off", "idle"] == 1


def test_one_position_says_nothing_about_units():
    with pytest.raises(ValueError, match="a was seen at one position only; give more to compare"):
        statistics({"a": torch.ones(1, 8)})


def test_gradients_are_measured_beside_their_weights(gpt):
    ids = torch.arange(10).view(2, 5)
    next_token_loss(gpt(ids), ids).backward()
    of = gradients(gpt)
    assert list(of.index) == [name for name, _ in gpt.named_parameters()]
    weight = gpt.blocks[0].mlp.up.weight
    row = of.loc["blocks.0.mlp.up.weight"]
    assert row["shape"] == tuple(weight.shape)
    assert row["std"] == pytest.approx(weight.grad.numpy().std(), rel=1e-5)
    assert row["relative"] == pytest.approx((weight.grad.norm() / weight.norm()).item())


def test_what_has_no_gradient_is_said(stack):
    with pytest.raises(ValueError, match=r"no parameter has a gradient: call backward\(\) on a"):
        gradients(stack)
    nn.init.zeros_(stack[0].bias)
    (stack[0].weight.sum() + stack[0].bias.sum()).backward()
    of = gradients(stack)
    assert of.loc["0.bias", "relative"] == math.inf
    assert math.isnan(of.loc["4.weight", "std"])
    assert of.loc["0.weight", "std"] == 0


def test_a_ratio_is_that_of_the_update_by_hand(stack, rng):
    """With plain SGD the update is lr times the gradient: makemore's own formula."""
    x, y = torch.randn(5, 4, generator=rng), torch.tensor([0, 1, 2, 0, 1])
    optimizer = torch.optim.SGD(stack.parameters(), lr=0.1)
    F.cross_entropy(stack(x), y).backward()
    wanted = {
        f"{i}.weight": math.log10(0.1 * stack[i].weight.grad.std() / stack[i].weight.detach().std())
        for i in (0, 2, 4)
    }
    with update_ratios(stack, optimizer) as rows:
        optimizer.step()
    assert {row["matrix"]: row["ratio"] for row in rows} == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("make", [adamw, lambda m, lr: muon(m, lr=lr, adam_lr=lr)])
def test_only_every_nth_update_is_measured_and_alone(gpt, make):
    ids = torch.arange(10).view(2, 5)
    optimizer = make(gpt, lr=1e-3)
    steps = train(gpt, iter([(ids, ids)] * 6), optimizer=optimizer, schedule=Constant(n_steps=6))
    after = []
    with update_ratios(gpt, optimizer, every=3) as rows:
        for _ in steps:
            after.append(gpt.embedding.weight.detach().clone())
    assert sorted({row["step"] for row in rows}) == [3, 6]
    names = [row["matrix"] for row in rows if row["step"] == 6]
    assert names == [name for name, p in gpt.named_parameters() if p.ndim == 2]
    old, new = after[4:6]
    (ratio,) = (r["ratio"] for r in rows if r["step"] == 6 and r["matrix"] == "embedding.weight")
    assert ratio == pytest.approx(math.log10((new - old).std() / old.std()), abs=1e-4)


def test_weights_that_are_all_zero_or_stand_still_have_no_ratio(stack):
    optimizer = torch.optim.SGD(stack.parameters(), lr=0.0)
    nn.init.zeros_(stack[0].weight)
    stack(torch.ones(2, 4)).sum().backward()
    with update_ratios(stack, optimizer) as rows:
        optimizer.step()
    assert all(math.isnan(row["ratio"]) for row in rows)
    assert len(rows) == 3


def test_the_optimizer_is_left_alone_afterwards(stack):
    optimizer = torch.optim.SGD(stack.parameters(), lr=0.1)
    with update_ratios(stack, optimizer):
        assert n_hooks(stack, optimizer) == 2
    assert n_hooks(stack, optimizer) == 0
    with pytest.raises(ZeroDivisionError), update_ratios(stack, optimizer):
        raise ZeroDivisionError
    assert n_hooks(stack, optimizer) == 0
    with (
        pytest.raises(ValueError, match="every must be at least 1, got 0"),
        update_ratios(stack, optimizer, every=0),
    ):
        pass
