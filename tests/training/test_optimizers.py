"""Muon against torch's own and its definition; who steps which weight."""

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from afterword.model.gpt import GPT
from afterword.model.presets import gpt2, small
from afterword.training.optimizers import Muon, Together, adamw, muon, orthogonal

TINY = dict(vocab_size=11, d_model=16, n_layers=2, n_heads=2, context_length=8)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 1000))
def test_singular_values_come_near_1_and_singular_vectors_stay(n, m, seed):
    rng = torch.Generator().manual_seed(seed)
    u, _, v = torch.linalg.svd(torch.randn(n, m, generator=rng), full_matrices=False)
    values = 0.1 + 0.9 * torch.rand(min(n, m), generator=rng)
    middle = u.T @ orthogonal(u * values @ v).float() @ v.T
    # bfloat16 holds three figures; what is off the diagonal is rounding
    torch.testing.assert_close(middle, middle.diag().diag(), rtol=0, atol=0.1)
    assert 0.6 < middle.diag().min() <= middle.diag().max() < 1.25


@given(st.integers(1, 9), st.integers(1, 9))
def test_many_matrices_at_once_are_each_by_itself(n, m):
    matrices = torch.randn(3, n, m, generator=torch.Generator().manual_seed(n * m))
    each = torch.stack([orthogonal(matrix) for matrix in matrices])
    # the batched product may add in another order, and bfloat16 rounds at each of 15 products
    torch.testing.assert_close(orthogonal(matrices).float(), each.float(), rtol=0, atol=0.05)


def test_length_does_not_matter_to_a_step_of_muon():
    matrix = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(orthogonal(1024 * matrix), orthogonal(matrix))


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_ten_steps_of_muon_are_those_of_torch(weight_decay):
    torch.manual_seed(0)
    shapes = [(8, 8), (8, 8), (4, 12), (12, 4), (8, 8)]
    ours = [nn.Parameter(torch.randn(shape)) for shape in shapes]
    theirs = [nn.Parameter(p.detach().clone()) for p in ours]
    one = Muon(ours, lr=0.02, weight_decay=weight_decay)
    other = torch.optim.Muon(theirs, lr=0.02, weight_decay=weight_decay, momentum=0.95)
    rng = torch.Generator().manual_seed(1)
    for _ in range(10):
        for a, b in zip(ours, theirs, strict=True):
            a.grad = torch.randn(a.shape, generator=rng)
            b.grad = a.grad.clone()
        one.step()
        other.step()
    for a, b in zip(ours, theirs, strict=True):
        # a step moves a number by about 0.02 times 0.3; bfloat16 is off by a hundredth of that
        torch.testing.assert_close(a, b, rtol=0, atol=10 * 0.02 * 0.02)


def test_a_weight_without_a_gradient_is_left_alone():
    moved, left = (nn.Parameter(torch.ones(3, 3)) for _ in range(2))
    moved.grad = torch.eye(3)
    Muon([moved, left], lr=0.1, weight_decay=0.5).step()
    assert torch.equal(left, torch.ones(3, 3))
    assert not torch.equal(moved, torch.ones(3, 3))


@pytest.mark.parametrize("config", [gpt2(**TINY), small(**TINY)])
def test_each_weight_has_one_optimizer_and_muon_the_matrices_inside(config):
    model = GPT(config)
    optimizer = muon(model, lr=0.02, adam_lr=1e-3)
    groups = [p for group in optimizer.param_groups for p in group["params"]]
    assert sorted(map(id, groups)) == sorted(map(id, model.parameters()))
    names = {id(p): name for name, p in model.named_parameters()}
    stepped = {
        names[id(p)] for group in optimizer.optimizers[0].param_groups for p in group["params"]
    }
    expected = {n for n, p in model.named_parameters() if n.startswith("blocks") and p.ndim == 2}
    assert stepped == expected


def test_weight_decay_pulls_at_matrices_only():
    model = GPT(gpt2(**TINY))
    optimizer = adamw(model, lr=0.1, weight_decay=0.5)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    for name, p in model.named_parameters():
        torch.testing.assert_close(p, before[name] * (0.95 if p.ndim >= 2 else 1.0))


def test_a_state_goes_out_and_comes_back():
    def run(optimizer, model, seed):
        rng = torch.Generator().manual_seed(seed)
        for p in model.parameters():
            p.grad = torch.randn(p.shape, generator=rng)
        optimizer.step()

    torch.manual_seed(0)
    model = GPT(small(**TINY))
    optimizer = muon(model, lr=0.02, adam_lr=1e-3)
    run(optimizer, model, 1)
    twin = GPT(small(**TINY))
    twin.load_state_dict(model.state_dict())
    again = muon(twin, lr=0.5, adam_lr=0.5)
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for seed in (2, 3):
        run(optimizer, model, seed)
        run(again, twin, seed)
    for a, b in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(a, b)
    again.param_groups[0]["lr"] = 7.0  # what a schedule sets is what steps
    assert again.optimizers[0].param_groups[0]["lr"] == 7.0


def test_muon_on_a_matrix_by_hand():
    weight = nn.Parameter(torch.zeros(4, 2))
    weight.grad = torch.tensor([[3.0, 0], [0, 3], [0, 0], [0, 0]])
    Muon([weight], lr=0.1).step()
    step = -weight.detach() / (0.1 * math.sqrt(2))  # 4 rows to 2 columns
    assert step[2:].abs().max() == 0
    torch.testing.assert_close(step[:2], step[0, 0] * torch.eye(2))
    assert 0.6 < step[0, 0] < 1.25


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Muon([nn.Parameter(torch.zeros(3))]), r"steps matrices, got .* shape \(3,\)"),
        (lambda: muon(nn.Embedding(3, 2), lr=1, adam_lr=1), "no matrix for Muon"),
        (
            lambda: Together(adamw(nn.Linear(2, 2), lr=1)).load_state_dict({"optimizers": []}),
            "0 states came for 1 optimizers",
        ),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
