import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.bands import Runs, load_runs, save_runs

STEPS = (10, 20, 30)


def runs(losses=None, **changed):
    losses = np.array([[3, 2, 1.5], [3.2, 2.1, 1.4], [3.1, 2.2, 1.6]]) if losses is None else losses
    seeds = tuple(range(len(losses)))
    return Runs(**(dict(steps=STEPS, losses=losses, seeds=seeds, command="train.py") | changed))


@pytest.mark.parametrize("n_seeds", [3, 5, 12])
@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_one_more_run_stays_inside_as_often_as_promised(n_seeds, correlation):
    """Runs wander together from step to step; the promise holds whether they do or not."""
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(1_000):
        own, common = rng.normal(size=(n_seeds + 1, 3)), rng.normal(size=(n_seeds + 1, 1))
        losses = np.sqrt(1 - correlation) * own + np.sqrt(correlation) * common
        inside += runs(losses[:-1]).contains(losses[-1], level=0.9)
    assert inside / 1_000 > 0.9 - 3 * np.sqrt(0.9 * 0.1 / 1_000)


def test_at_a_single_step_the_band_is_students_interval_for_one_more_draw():
    losses = np.array([[1.0], [2.0], [3.0]])
    low, high = runs(losses, steps=(1,)).band(level=0.95)
    half = 4.302653 * 1.0 * np.sqrt(4 / 3)  # t with 2 degrees of freedom, by table
    assert low == pytest.approx(2 - half, abs=1e-5)
    assert high == pytest.approx(2 + half, abs=1e-5)


def test_more_risk_makes_a_narrower_band():
    wide, narrow = runs().band(0.99), runs().band(0.5)
    assert (wide[0] < narrow[0]).all()
    assert (narrow[1] < wide[1]).all()


def test_a_run_that_leaves_the_band_at_one_step_is_outside():
    of = runs()
    assert of.contains(of.mean)
    astray = of.mean.copy()
    astray[1] += 10
    assert not of.contains(astray)


def test_another_seed_of_a_real_training_is_inside_and_another_learning_rate_is_not():
    def train(seed, lr=0.5):
        rng = torch.Generator().manual_seed(seed)
        table = torch.randn(4, 4, generator=rng).requires_grad_()
        texts = torch.multinomial(torch.tensor([0.7, 0.1, 0.1, 0.1]), 400, True, generator=rng)
        losses = []
        for _ in range(60):
            loss = F.cross_entropy(table[texts[:-1]], texts[1:])
            (slope,) = torch.autograd.grad(loss, table)
            table = (table - lr * slope).detach().requires_grad_()
            losses.append(loss.item())
        return losses[9::10]

    of = runs(np.array([train(seed) for seed in range(8)]), steps=tuple(range(10, 70, 10)))
    assert all(of.contains(train(seed)) for seed in range(8, 14))
    assert not of.contains(train(8, lr=50.0))


@given(st.lists(st.lists(st.floats(0, 20), min_size=3, max_size=3), min_size=3, max_size=6))
def test_what_is_saved_is_what_is_loaded(tmp_path_factory, losses):
    folder = tmp_path_factory.mktemp("runs")
    before = runs(np.array(losses))
    save_runs("tiny", before, folder)
    after = load_runs("tiny", folder)
    assert (after.steps, after.seeds, after.command) == (STEPS, before.seeds, "train.py")
    assert np.abs(after.losses - before.losses).max() <= 0.5e-5 + 1e-12  # five places are written
    assert [file.name for file in folder.iterdir()] == ["tiny.csv"]


def test_it_states_mean_and_interval():
    low, high = runs().band()
    said = str(runs())
    assert said.startswith("3 seeds: 1.500 nats at the end")
    assert f"between {low[-1]:.3f} and {high[-1]:.3f}" in said


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(losses=np.zeros((2, 3))), "at least 3 different seeds; got"),
        (dict(seeds=(1, 1, 2)), "3 different seeds"),
        (dict(steps=(1, 2)), "3 seeds at 2 steps were wanted"),
        (dict(losses=np.array([[1, 2, np.nan]] * 3)), "not finite"),
    ],
)
def test_runs_that_make_no_band_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        runs(**wrong)


def test_bad_questions_are_refused(tmp_path):
    with pytest.raises(ValueError, match="between 0 and 1"):
        runs().band(level=95)
    with pytest.raises(ValueError, match="one loss for each of 3 steps"):
        runs().contains([1.0, 2.0])
    with pytest.raises(ValueError, match="no runs are called 'x'; there are: none yet"):
        load_runs("x", tmp_path)
    (tmp_path / "x.csv").write_text("# command: a\nseed,step,loss\n0,1,2.0\n0,2,2.0\n1,1,2.0\n")
    with pytest.raises(ValueError, match=r"x\.csv is damaged"):
        load_runs("x", tmp_path)
    (tmp_path / "x.csv").write_text("seed,step,loss\n0,1,2.0\n")
    with pytest.raises(ValueError, match=r"x\.csv is damaged"):
        load_runs("x", tmp_path)
