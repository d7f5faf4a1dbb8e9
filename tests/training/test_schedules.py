"""Learning-rate schedules: limits, shapes, and torch's own beside them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.training.schedules import Constant, Cosine, Linear, Trapezoid

lengths = st.integers(2, 200).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(0, n - 1), st.integers(1, n))
)


def kinds(n_steps, n_warmup, n_cooldown):
    both = dict(n_steps=n_steps, n_warmup=n_warmup)
    cooldown = min(n_cooldown, n_steps - n_warmup)
    return [
        Constant(**both),
        Linear(**both),
        Cosine(**both),
        Trapezoid(**both, n_cooldown=cooldown),
    ]


@given(lengths)
def test_the_factor_rises_to_1_and_never_rises_again(lengths):
    n_steps, n_warmup, _ = lengths
    for schedule in kinds(*lengths):
        factors = [schedule(step) for step in range(n_steps)]
        assert all(0 < factor <= 1 for factor in factors)
        assert factors[n_warmup] == pytest.approx(1)
        up, down = factors[: n_warmup + 1], factors[n_warmup:]
        assert up == sorted(up)
        assert down == sorted(down, reverse=True)


@given(lengths)
def test_a_step_outside_the_run_is_refused(lengths):
    for schedule in kinds(*lengths):
        for step in (-1, lengths[0]):
            with pytest.raises(ValueError, match=f"the run has steps 0 to {lengths[0] - 1}"):
                schedule(step)


def test_cosine_is_that_of_torch():
    schedule = Cosine(n_steps=50, end=0.0)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    for step in range(50):
        assert schedule(step) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()


def test_linear_is_that_of_torch():
    schedule = Linear(n_steps=40, end=0.25)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.LinearLR(
        optimizer, start_factor=1.0, end_factor=0.25, total_iters=40
    )
    for step in range(40):
        assert schedule(step) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()


def test_a_trapezoid_is_level_and_then_falls_in_its_last_steps():
    schedule = Trapezoid(n_steps=10, n_warmup=3, n_cooldown=4)
    factors = [schedule(step) for step in range(10)]
    assert factors == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1, 1, 0.75, 0.5, 0.25])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear(n_steps=0), "at least one step, got n_steps 0"),
        (lambda: Cosine(n_steps=5, n_warmup=5), "n_warmup 5 must be .* less than n_steps 5"),
        (lambda: Cosine(n_steps=5, n_warmup=-1), "n_warmup -1"),
        (
            lambda: Trapezoid(n_steps=9, n_warmup=5, n_cooldown=5),
            "n_cooldown 5 .* 4 steps",
        ),
        (lambda: Trapezoid(n_steps=9, n_cooldown=0), "n_cooldown 0 must be at least 1"),
    ],
)
def test_a_run_that_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
