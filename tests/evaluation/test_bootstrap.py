"""Intervals hold the truth as often as they say, and p is as small as often as it says."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from afterword.evaluation.bootstrap import bootstrap, bootstrap_nested, middle, paired, resample


def normal(rng, *shape):
    return torch.randn(shape, generator=rng, dtype=torch.float64).numpy()


@pytest.mark.slow
@pytest.mark.parametrize("n_texts", [10, 50, 200])
def test_about_95_of_100_intervals_hold_the_true_mean(n_texts, rng):
    """Of 600, between 540 and 588 at 95 %: four standard deviations (5.3) below and three above.

    With ten texts, two in a hundred fewer: the resampled means are too regular.
    """
    held = 0
    for _ in range(600):
        low, high = bootstrap(normal(rng, n_texts), rng=rng, n_resamples=200)
        held += low <= 0 <= high
    assert (540 if n_texts > 10 else 530) <= held <= 588


@pytest.mark.slow
def test_it_holds_for_a_median_of_skewed_values(rng):
    held = 0
    for _ in range(300):
        values = np.exp(normal(rng, 80))
        low, high = bootstrap(values, statistic=np.median, rng=rng, n_resamples=200)
        held += low <= 1 <= high
    assert 268 <= held <= 298  # 285 expected, 3.8 the standard deviation


def test_for_a_mean_of_many_texts_it_is_students_interval(rng):
    """Within a fiftieth of its width, the noise of 20,000 resamples."""
    values = normal(rng, 400)
    ours = np.array(bootstrap(values, rng=rng, n_resamples=20_000))
    theirs = np.array(stats.ttest_1samp(values, 0).confidence_interval(0.95))
    assert abs(ours - theirs).max() < (theirs[1] - theirs[0]) / 50


def test_all_that_can_be_drawn_is_drawn_equally_often(rng):
    """27 ways to draw three from three: the mean's distribution is known exactly."""
    values = np.array([0.0, 1.0, 5.0])
    again = resample(values, rng=rng, n_resamples=27_000)
    exact = [np.mean(each) for each in product(values, repeat=3)]
    found, counts = np.unique(again.round(6), return_counts=True)
    wanted, expected = np.unique(np.round(exact, 6), return_counts=True)
    assert found.tolist() == wanted.tolist()
    assert stats.chisquare(counts, 1000 * expected).pvalue > 1e-4


def test_a_row_stays_together(rng):
    """What was counted in one text is drawn as one: here the second count is twice the first."""
    rows = np.array([[i, 2 * i] for i in range(9)], float)
    sums = resample(rows, statistic=lambda drawn: drawn.sum(0), rng=rng, n_resamples=50)
    assert sums.shape == (50, 2)
    assert (sums[:, 1] == 2 * sums[:, 0]).all()
    assert len(np.unique(sums[:, 0])) > 5


@given(st.floats(0.5, 0.99), st.integers(3, 500))
def test_few_texts_widen_the_middle_and_many_do_not(level, n):
    statistics = np.arange(100_001) / 100_000
    low, high = middle(statistics, level=level, n_drawn=n)
    assert low <= (1 - level) / 2 + 1e-9
    assert low == pytest.approx(1 - high, abs=1e-6)
    plain = middle(statistics, level=level, n_drawn=10**7)
    assert plain == pytest.approx(((1 - level) / 2, (1 + level) / 2), abs=1e-5)


def test_the_interval_for_few_is_widened_by_students_t_and_the_lost_degree():
    """For ten Gaussian values: √(10/9) · 2.262 = 2.384 standard deviations, which leaves 0.0086."""
    low, _ = middle(np.arange(100_001) / 100_000, level=0.95, n_drawn=10)
    assert low == pytest.approx(stats.norm.sf(np.sqrt(10 / 9) * 2.262157), abs=1e-6)


@pytest.mark.slow
def test_where_seeds_differ_pooling_their_texts_misleads_and_nesting_does_not(rng):
    """8 seeds of 30 texts, 100 times: a seed deviates half as much as a text of it does."""
    nested = pooled = 0
    for _ in range(100):
        groups = [0.5 * normal(rng, 1) + normal(rng, 30) for _ in range(8)]
        low, high = bootstrap_nested(groups, rng=rng, n_resamples=200)
        nested += low <= 0 <= high
        low, high = bootstrap(np.concatenate(groups), rng=rng, n_resamples=200)
        pooled += low <= 0 <= high
    assert nested >= 88
    assert pooled < 70


def test_every_seed_weighs_the_same_however_many_texts_it_wrote(rng):
    """Three of five seeds say 1, in three texts each; two say 0, in 300: ⅗, not 9 of 609."""
    groups = [np.zeros(300)] * 2 + [np.ones(3)] * 3
    assert bootstrap_nested(groups, rng=rng, n_resamples=900, level=0.2) == (0.6, 0.6)
    assert bootstrap_nested(groups, rng=rng, n_resamples=900) == (0, 1)


def test_where_seeds_say_the_same_only_their_texts_are_uncertain(rng):
    """Five times 40 texts, half 1 and half -1: a standard error of 1 / √200, widened for five."""
    groups = [np.repeat([1.0, -1.0], 20)] * 5
    low, high = bootstrap_nested(groups, rng=rng, n_resamples=4000)
    assert high - low == pytest.approx(2 * 3.1 / np.sqrt(200), rel=0.15)  # √(5/4) · 2.776


@pytest.mark.parametrize("n", [5, 40])
def test_p_is_that_of_the_exact_permutation_test(n, rng):
    """All 2^n ways to swap, for 5 texts; scipy's own permutation test for 40.

    0.02: three standard deviations of a share of 0.2 to 0.4 among 5,000.
    """
    ours, theirs = normal(rng, n) + (0.5 if n == 5 else 0.15), normal(rng, n)
    found = paired(ours, theirs, rng=rng, n_resamples=5000)
    gaps = ours - theirs
    assert found.difference == pytest.approx(gaps.mean())
    if n == 5:
        means = [abs(np.mean(gaps * signs)) for signs in product((1, -1), repeat=n)]
        exact = np.mean(np.array(means) >= abs(gaps.mean()) - 1e-12)
    else:
        exact = stats.permutation_test(
            (gaps,), np.mean, permutation_type="samples", n_resamples=20_000, rng=0
        ).pvalue
    assert found.p == pytest.approx(exact, abs=0.02)


@pytest.mark.slow
def test_where_nothing_differs_every_p_is_equally_likely(rng):
    total = 0
    for _ in range(200):
        hard = 3 * normal(rng, 25)  # what makes a text hard for both
        total += paired(hard + normal(rng, 25), hard + normal(rng, 25), rng=rng, n_resamples=99).p
    # the mean of p is ½ when it is uniform; 0.02 is its standard error for 200
    assert total / 200 == pytest.approx(0.5, abs=0.07)


def test_what_makes_a_text_hard_for_both_cancels(rng):
    hard = 10 * normal(rng, 60)
    ours, theirs = hard + 0.3 + 0.1 * normal(rng, 60), hard
    found = paired(ours, theirs, rng=rng, n_resamples=500)
    assert 0.2 < found.low < 0.3 < found.high < 0.4
    assert found.p == 1 / 501
    low, high = bootstrap(ours, rng=rng, n_resamples=500)
    assert high - low > 10 * (found.high - found.low)


def test_the_other_way_round_the_difference_changes_its_sign(rng):
    ours, theirs = normal(rng, 30), normal(rng, 30)
    one, other = (
        paired(*pair, rng=torch.Generator().manual_seed(1), n_resamples=200)
        for pair in ((ours, theirs), (theirs, ours))
    )
    assert (one.difference, one.low, one.high) == pytest.approx(
        (-other.difference, -other.high, -other.low)
    )
    assert one.p == other.p


def test_two_sides_that_are_the_same_do_not_differ(rng):
    values = normal(rng, 10)
    found = paired(values, values.copy(), rng=rng, n_resamples=50)
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_counts_of_each_text_can_be_compared_by_any_statistic(rng):
    def ratio(rows):
        return rows[:, 0].sum() / rows[:, 1].sum()

    theirs = np.stack([np.arange(1.0, 21), np.full(20, 20.0)], axis=1)
    ours = theirs * [2, 1]
    found = paired(ours, theirs, statistic=ratio, rng=rng, n_resamples=300)
    assert found.difference == pytest.approx(210 / 400)
    assert found.low < 210 / 400 < found.high
    assert found.p < 0.01


def test_the_same_generator_gives_the_same_interval():
    values = np.arange(20.0)
    first, again = (bootstrap(values, rng=torch.Generator().manual_seed(3)) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: bootstrap(np.ones(2), rng=rng), "2 texts say nothing of others; give at leas"),
        (lambda rng: bootstrap(np.ones(9), rng=rng, level=95.0), "between 0 and 1; got 95"),
        (
            lambda rng: bootstrap_nested([np.ones(9)] * 2, rng=rng),
            "cannot be told from 2; give at least 3",
        ),
        (lambda rng: bootstrap_nested([np.ones(1)] * 3, rng=rng), "1 texts say nothing"),
        (
            lambda rng: paired(np.ones(4), np.ones(5), rng=rng),
            r"\(4,\) and \(5,\): pairs want both sides of the same texts",
        ),
    ],
)
def test_what_makes_no_interval_is_refused(call, message, rng):
    with pytest.raises(ValueError, match=message):
        call(rng)
