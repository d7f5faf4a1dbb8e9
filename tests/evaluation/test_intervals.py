import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from afterword.evaluation.intervals import difference, mean_interval, share_interval, summary


@given(n_trials=st.integers(1, 5000), hits=st.floats(0, 1), z=st.floats(0.5, 4))
def test_from_each_end_the_measured_share_is_z_standard_deviations_away(n_trials, hits, z):
    n_hits = round(hits * n_trials)
    low, high = share_interval(n_hits, n_trials, z=z)
    assert 0 <= low <= n_hits / n_trials <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            distance = abs(n_hits / n_trials - end)
            assert distance == pytest.approx(z * math.sqrt(end * (1 - end) / n_trials), rel=1e-6)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_about_95_of_100_intervals_hold_the_true_share(share, rng):
    """2,000 repetitions: between 93 % and 97.5 %; the coverage of a discrete count wavers."""
    hits = (torch.rand(2000, 400, generator=rng) < share).sum(1).tolist()
    held = sum(low <= share <= high for low, high in (share_interval(h, 400) for h in hits))
    assert 0.93 <= held / 2000 <= 0.975


@pytest.mark.parametrize(("hits", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(hits, trials):
    with pytest.raises(ValueError, match=f"{hits} hits in {trials} trials cannot be"):
        share_interval(hits, trials)


def frame(n=4, **changed):
    """Losses of two optimizers at two rates: what a seed adds is common to all its runs."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=n)
    rows = [
        {"optimizer": o, "lr": lr, "seed": seed, "loss": common[seed] + shift + rng.normal() / 50}
        for o, shift in (("muon", 1.0), ("adamw", 1.5))
        for lr in (0.1, 0.01)
        for seed in range(n)
    ]
    return pd.DataFrame(rows).assign(**changed)


def losses_of(optimizer, lr):
    each = frame()
    return each[(each["optimizer"] == optimizer) & (each["lr"] == lr)]["loss"]


@pytest.mark.parametrize("n", [3, 8])
def test_the_interval_of_a_mean_is_students(n, rng):
    values = torch.randn(n, generator=rng).tolist()
    ours = mean_interval(values, level=0.9)
    assert ours == pytest.approx(stats.ttest_1samp(values, 0).confidence_interval(0.9))


def test_a_summary_has_a_row_for_each_group_in_the_order_of_the_frame():
    of = summary(frame(), "loss", by=["optimizer", "lr"])
    points = [("muon", 0.1), ("muon", 0.01), ("adamw", 0.1), ("adamw", 0.01)]
    assert list(zip(of["optimizer"], of["lr"], strict=True)) == points
    assert list(of["n"]) == [4] * 4
    for (_, row), (o, lr) in zip(of.iterrows(), points, strict=True):
        losses = losses_of(o, lr)
        assert row["mean"] == pytest.approx(losses.mean())
        assert (row["low"], row["high"]) == pytest.approx(mean_interval(losses))


def test_without_groups_the_whole_frame_is_one():
    of = summary(frame().query("optimizer == 'muon' and lr == 0.1"), "loss")
    assert list(of.columns) == ["n", "mean", "low", "high"]
    assert len(of) == 1


def test_a_difference_is_taken_seed_by_seed():
    """Student's paired interval: scipy's own, and far narrower than that of each mean."""
    of = difference(frame(), "loss", between=("optimizer", "muon", "adamw"), by=["lr"])
    assert list(of["lr"]) == [0.1, 0.01]
    for (_, row), lr in zip(of.iterrows(), (0.1, 0.01), strict=True):
        muon, adamw = losses_of("muon", lr), losses_of("adamw", lr)
        paired = stats.ttest_rel(muon, adamw).confidence_interval(0.95)
        assert (row["low"], row["high"]) == pytest.approx(tuple(paired))
        assert row["high"] - row["low"] < 0.2 * np.diff(mean_interval(muon))


def test_the_order_of_the_rows_does_not_matter():
    between = ("optimizer", "adamw", "muon")
    shuffled = frame().sample(frac=1, random_state=0)
    ours, again = (
        difference(each, "loss", between=between, by=["lr"]).set_index("lr").sort_index()
        for each in (frame(), shuffled)
    )
    pd.testing.assert_frame_equal(ours, again)


@pytest.mark.parametrize(
    ("of", "arguments", "message"),
    [
        (frame(2), dict(by=["optimizer", "lr"]), "at least 3 values, all finite; got"),
        (frame(loss=float("nan")), dict(by=["optimizer", "lr"]), "all finite"),
        (frame(), dict(by=["optimizer"]), "a seed stands more than once where .*'muon'.*add to"),
        (frame(), dict(by=["rate"]), "there is no column 'rate'; there are .*'optimizer', 'lr'"),
        (frame().drop(columns="seed"), dict(by=["lr"]), "there is no column 'seed'"),
    ],
)
def test_what_makes_no_interval_is_refused(of, arguments, message):
    with pytest.raises(ValueError, match=message):
        summary(of, "loss", **arguments)


@pytest.mark.parametrize(
    ("of", "arguments", "message"),
    [
        (frame(), dict(by=[]), "a seed stands more than once"),
        (frame(), dict(between=("optimizer", "muon", "sgd")), "0 have 'sgd', and 0 have a partner"),
        (frame()[1:], {}, "7 rows have optimizer 'muon', 8 have 'adamw', and 7 have a partner"),
        (frame(2), {}, "at least 3 values"),
    ],
)
def test_what_makes_no_pairs_is_refused(of, arguments, message):
    arguments = dict(between=("optimizer", "muon", "adamw"), by=["lr"]) | arguments
    with pytest.raises(ValueError, match=message):
        difference(of, "loss", **arguments)
