import inspect

import krippendorff
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from afterword.evaluation import agreement
from afterword.evaluation.agreement import (
    alpha_interval,
    interval,
    krippendorff_alpha,
    nominal,
    ordinal,
    ratio,
)
from afterword.text import corpora

DISTANCES = [nominal, ordinal, interval, ratio]
n = np.nan
# Krippendorff 2011, example C: four observers, twelve units, some left out
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, n, n, n],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, n, 3],
        [n, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, n],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, n],
    ]
)
tables = st.integers(2, 5).flatmap(
    lambda n_items: st.lists(
        st.lists(st.sampled_from([n, 0, 1, 2, 5, 9]), min_size=n_items, max_size=n_items),
        min_size=2,
        max_size=5,
    ).map(np.array)
)


def comparable(ratings):
    pairable = ratings[:, (~np.isnan(ratings)).sum(0) >= 2]
    return len(np.unique(pairable[~np.isnan(pairable)])) >= 2


@pytest.mark.parametrize(
    ("distance", "alpha"), [(nominal, 0.743), (ordinal, 0.815), (interval, 0.849), (ratio, 0.797)]
)
def test_krippendorffs_own_example_comes_out_as_he_printed_it(distance, alpha):
    assert krippendorff_alpha(PUBLISHED, distance=distance) == pytest.approx(alpha, abs=0.0005)


@pytest.mark.parametrize("distance", DISTANCES)
@given(ratings=tables)
def test_on_any_ratings_alpha_is_that_of_the_package_krippendorff(distance, ratings):
    assume(comparable(ratings))
    theirs = krippendorff.alpha(ratings, level_of_measurement=distance.__name__)
    assert krippendorff_alpha(ratings, distance=distance) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("distance", DISTANCES)
def test_who_always_agrees_has_alpha_1(distance):
    ratings = np.tile([1.0, 2.0, 2.0, 5.0], (3, 1))
    assert krippendorff_alpha(ratings, distance=distance) == pytest.approx(1)
    rng = torch.Generator().manual_seed(0)
    ends = alpha_interval(ratings, distance=distance, rng=rng, n_resamples=200)
    assert ends == pytest.approx((1, 1))


@pytest.mark.parametrize("distance", DISTANCES)
def test_who_rates_blindly_has_alpha_0(distance):
    ratings = np.random.default_rng(0).integers(1, 6, (5, 4000)).astype(float)
    assert krippendorff_alpha(ratings, distance=distance) == pytest.approx(0, abs=0.02)


@given(ratings=tables, data=st.data())
def test_who_rated_and_in_which_order_does_not_matter(ratings, data):
    assume(comparable(ratings))
    order = data.draw(st.permutations(range(ratings.shape[1])))
    mixed = np.array([data.draw(st.permutations(item)) for item in ratings.T]).T[:, order]
    assert krippendorff_alpha(mixed) == pytest.approx(krippendorff_alpha(ratings))


def test_of_distances_only_an_interval_is_indifferent_to_a_shift_and_a_ratio_to_a_factor():
    of = {d: krippendorff_alpha(PUBLISHED, distance=d) for d in DISTANCES}
    shifted = {d: krippendorff_alpha(PUBLISHED + 7, distance=d) for d in DISTANCES}
    scaled = {d: krippendorff_alpha(PUBLISHED * 7, distance=d) for d in DISTANCES}
    assert [shifted[d] == pytest.approx(of[d]) for d in DISTANCES] == [True, True, True, False]
    assert [scaled[d] == pytest.approx(of[d]) for d in DISTANCES] == [True] * 4


def test_real_readers_of_reviews_agree_as_the_package_says():
    reviews = corpora.load("reviews")[:300]
    ratings = np.full((max(len(each.ratings) for each in reviews), len(reviews)), n)
    for i, each in enumerate(reviews):
        ratings[: len(each.ratings), i] = each.ratings
    theirs = krippendorff.alpha(ratings, level_of_measurement="interval")
    assert krippendorff_alpha(ratings, distance=interval) == pytest.approx(theirs)


@pytest.mark.slow
def test_about_95_of_100_intervals_hold_the_alpha_of_all_items():
    """Items from a population of known alpha, 100 at a time, 150 times: 90 to 99 of 100.

    A bootstrap of 100 items is a little narrow, and 150 trials of 0.95 vary by 3.6 on both sides.
    """
    generator, rng = np.random.default_rng(0), torch.Generator().manual_seed(0)

    def population(n_items):
        likely = generator.integers(1, 4, n_items)
        noise = generator.random((3, n_items)) < 0.4
        return np.where(noise, generator.integers(1, 4, (3, n_items)), likely).astype(float)

    truth = krippendorff_alpha(population(50_000), distance=nominal)
    ends = [alpha_interval(population(100), rng=rng, n_resamples=200) for _ in range(150)]
    assert 0.90 <= np.mean([low <= truth <= high for low, high in ends]) <= 0.99


def test_an_interval_is_the_same_for_the_same_seed_and_holds_what_was_measured():
    first, again = (alpha_interval(PUBLISHED, rng=torch.Generator().manual_seed(3)) for _ in "ab")
    assert first == again
    assert first[0] < krippendorff_alpha(PUBLISHED) < first[1]


def test_the_distances_are_all_that_the_module_names():
    functions = inspect.getmembers(agreement, inspect.isfunction)
    named = [
        f for name, f in functions if list(inspect.signature(f).parameters) == ["values", "counts"]
    ]
    assert set(named) == set(DISTANCES)


@pytest.mark.parametrize(
    ("ratings", "distance", "message"),
    [
        ([[1.0, 2.0], [n, n]], nominal, "there are 0 different ones"),
        ([[1.0, 1.0], [1.0, 1.0]], nominal, "there are 1 different ones"),
        ([[1.0, np.inf], [1.0, 2.0]], nominal, "a rating is infinite; write nan"),
        ([[-1.0, 2.0], [1.0, 2.0]], ratio, "a rating of -1: take distance=interval"),
    ],
)
def test_what_has_no_agreement_is_refused(ratings, distance, message):
    with pytest.raises(ValueError, match=message):
        krippendorff_alpha(np.array(ratings), distance=distance)
