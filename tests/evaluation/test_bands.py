import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.bands import Runs, load_runs, save_runs
from afterword.training.experiment import run
from afterword.training.tables import this_machine, today

STEPS = (10, 20, 30)
LOSSES = np.array([[3, 2, 1.5], [3.2, 2.1, 1.4], [3.1, 2.2, 1.6], [3.1, 2.1, 1.5], [3.0, 2.1, 1.5]])


def runs(losses=LOSSES, **changed):
    seeds = tuple(range(len(losses)))
    return Runs(**(dict(steps=STEPS, losses=losses, seeds=seeds, command="train.py") | changed))


@pytest.mark.parametrize("n_seeds", [5, 12])
@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_one_more_run_stays_inside_as_often_as_promised(n_seeds, correlation):
    """Runs wander together from step to step; the promise holds whether they do or not.

    When they do not, it is nearly exact: a band too wide would let more inside.
    """
    rng = np.random.default_rng(0)
    inside, n = 0, 2_000
    for _ in range(n):
        own, common = rng.normal(size=(n_seeds + 1, 3)), rng.normal(size=(n_seeds + 1, 1))
        losses = np.sqrt(1 - correlation) * own + np.sqrt(correlation) * common
        inside += runs(losses[:-1]).contains(losses[-1], steps=STEPS, seed=-1)
    error = 3 * np.sqrt(0.95 * 0.05 / n)
    assert inside / n > 0.95 - error
    if not correlation:
        assert inside / n < 0.955 + error


def test_at_a_single_step_the_band_is_students_interval_for_one_more_draw():
    losses = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    low, high = runs(losses, steps=(1,)).band(level=0.95)
    half = 2.776445 * np.sqrt(2.5) * np.sqrt(6 / 5)  # t with 4 degrees of freedom, by table
    assert low == pytest.approx(3 - half, abs=1e-5)
    assert high == pytest.approx(3 + half, abs=1e-5)
    ends = f"between {3 - half:.3f} and {3 + half:.3f}"
    steps = np.hstack([losses * 0 + 9, losses * 0 + 8, losses])
    assert ends in str(runs(steps)), "the interval at the end is for the end alone"


def test_more_risk_makes_a_narrower_band():
    wide, narrow = runs().band(0.99), runs().band(0.5)
    assert (wide[0] < narrow[0]).all()
    assert (narrow[1] < wide[1]).all()


def test_a_run_that_leaves_the_band_at_one_step_is_outside():
    of = runs()
    assert of.contains(of.mean, steps=STEPS, seed=9)
    astray = of.mean.copy()
    astray[1] += 10
    assert not of.contains(astray, steps=STEPS, seed=9)


def test_a_loss_that_all_seeds_share_may_be_rounded():
    losses = np.hstack([np.full((5, 1), 4.41884), LOSSES[:, 1:]])
    of = runs(losses)
    assert of.contains([np.log(83), *of.mean[1:]], steps=STEPS, seed=9)


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

    steps = tuple(range(10, 70, 10))
    of = runs(np.array([train(seed) for seed in range(8)]), steps=steps)
    assert all(of.contains(train(seed), steps=steps, seed=seed) for seed in range(8, 14))
    assert not of.contains(train(8, lr=50.0), steps=steps, seed=8)


@given(st.lists(st.lists(st.floats(0, 20), min_size=3, max_size=3), min_size=5, max_size=7))
def test_what_is_saved_is_what_is_loaded(tmp_path_factory, losses):
    folder = tmp_path_factory.mktemp("runs")
    before = runs(np.array(losses))
    save_runs("tiny", before, folder)
    after = load_runs("tiny", folder)
    assert (after.steps, after.seeds, after.command) == (STEPS, before.seeds, "train.py")
    np.testing.assert_array_equal(after.losses, before.losses)
    assert (after.machine, after.date) == (this_machine(), today())
    assert [file.name for file in folder.iterdir()] == ["tiny.json"]
    save_runs("again", after, folder)
    assert (folder / "again.json").read_bytes() == (folder / "tiny.json").read_bytes()


def test_a_curve_run_as_an_experiment_makes_a_band(tmp_path):
    def curve(*, seed):
        return [{"step": step, "loss": LOSSES[seed, i]} for i, step in enumerate(STEPS)]

    run(curve, {}, seeds=range(5), table=tmp_path / "curve.json")
    after = load_runs("curve", tmp_path)
    np.testing.assert_array_equal(after.losses, LOSSES)
    assert (after.steps, after.seeds) == (STEPS, (0, 1, 2, 3, 4))


def test_it_states_the_mean():
    in_bits = dataclasses.replace(runs(), unit="bits a note")
    assert str(in_bits).startswith("5 seeds: 1.500 bits a note at the end")
    assert str(runs()).startswith("5 seeds: 1.500 nats at the end, 95 % of runs between 1.")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(losses=LOSSES[:4]), "at least 5 different seeds; got"),
        (dict(seeds=(1, 1, 2, 3, 4)), "5 different seeds"),
        (dict(steps=(1, 2)), "5 seeds at 2 steps were wanted"),
        (dict(steps=tuple(range(21))), "21 steps: keep between 1 and 20"),
        (dict(losses=np.array([[1, 2, np.nan]] * 5)), "not finite"),
    ],
)
def test_runs_that_make_no_band_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        runs(**wrong)


def test_questions_that_have_no_answer_are_refused(tmp_path):
    with pytest.raises(ValueError, match="between 0 and 1"):
        runs().band(level=95)
    with pytest.raises(ValueError, match="one for each of the band's steps"):
        runs().contains([1.0, 2.0], steps=(10, 20), seed=9)
    with pytest.raises(ValueError, match="one for each of the band's steps"):
        runs().contains([1.0, 2.0, 3.0], steps=(1, 2, 3), seed=9)
    with pytest.raises(ValueError, match="one of the band's own"):
        runs().contains([1.0, 2.0, 3.0], steps=STEPS, seed=4)
    with pytest.raises(ValueError, match="no runs are called 'x'; there are: none yet"):
        load_runs("x", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"command"', '"comand"', "x.json is damaged"),
        ('"loss": 3.0', '"los": 3.0', "x.json makes no band"),
        ('"loss": 3.0', '"loss": null', "x.json makes no band"),
        ("}\n ]\n}\n", "", "x.json is damaged"),
        ('"seed": 0, "step": 10', '"seed": 0, "step": 20', "x.json makes no band"),
        ('{"seed": 4, "step": 30, "loss": 1.5}', '{"seed": 4, "step": 20, "loss": 2}', "no band"),
        ("[0, 1, 2, 3, 4]", "[0, 1, 2, 3]", "x.json is damaged"),
        ("[0, 1, 2, 3, 4]", "[0, 1, 2, 3, 4, 5]", "x.json makes no band"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, old, new, message):
    path = save_runs("x", runs(), tmp_path)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=message):
        load_runs("x", tmp_path)


def test_a_table_without_rows_makes_no_band(tmp_path):
    path = save_runs("x", runs(), tmp_path)
    path.write_text(path.read_text().split('"rows"')[0] + '"rows": []}')
    with pytest.raises(ValueError, match=r"x\.json makes no band; its rows must have seed, step"):
        load_runs("x", tmp_path)
