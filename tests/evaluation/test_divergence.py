"""MAUVE beside the numbers of its authors' program, beside pencil and paper, and as laws."""

from math import exp, log

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from afterword.evaluation.divergence import (
    area,
    bin_counts,
    divergence,
    divergence_interval,
    frontier,
    kl,
    mauve,
)

counts = st.integers(2, 9).flatmap(
    lambda k: st.tuples(*[st.lists(st.integers(0, 20), min_size=k, max_size=k)] * 2)
)


def heaps(p, q):
    assume(sum(p) and sum(q))
    return np.array(p), np.array(q)


def clouds(rng, n=200, shift=0.0, n_clouds=5, d=16):
    """Texts about five things; a shift moves the second heap off them."""
    middles = 2 * torch.randn(n_clouds, d, generator=torch.Generator().manual_seed(99))
    which = torch.randint(n_clouds, (n,), generator=rng)
    return middles[which] + shift + 0.5 * torch.randn(n, d, generator=rng)


@pytest.mark.parametrize(
    ("p", "q", "score"),
    [
        ([30, 50, 20], [20, 50, 30], 0.9937270083826436),
        ([10, 0, 60, 30], [0, 40, 20, 40], 0.25340169974876225),
        ([97, 1, 1, 1], [1, 1, 1, 97], 0.007901711658290348),
    ],
)
def test_the_score_of_two_histograms_is_that_of_the_authors_program(p, q, score):
    """Fixed numbers, made once with mauve-text 0.4.0, compute_mauve.py, from these histograms."""
    assert divergence(np.array(p), np.array(q)).score == pytest.approx(score, rel=1e-9)


def test_a_frontier_is_counted_by_hand():
    """Heaps in bins 1 and 2, and 2 and 3: halfway r = ¼, ½, ¼, and either KL is half a bit."""
    p, q = np.array([0.5, 0.5, 0]), np.array([0, 0.5, 0.5])
    curve = frontier(p, q)
    assert curve.shape == (27, 2)
    assert curve[0].tolist() == [1, 0]
    assert curve[-1].tolist() == [0, 1]
    halfway = exp(-5 * 0.5 * log(2))
    assert curve[13] == pytest.approx([halfway, halfway])
    # nearly all of q: q is explained, and half of p costs -log of how little of it is left
    assert curve[1] == pytest.approx([1, 0], abs=1e-4)


def test_the_curve_has_the_area_of_the_integral():
    """Of its own 25 points by trapezoids: within a fiftieth of the area under the true curve."""
    p, q = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5])

    def point(w):
        r = w * p + (1 - w) * q
        return exp(-5 * kl(q, r)), exp(-5 * kl(p, r))

    def under(w):
        return -point(w)[1] * (point(w + 1e-6)[0] - point(w - 1e-6)[0]) / 2e-6

    exact, _ = quad(under, 1e-5, 1 - 1e-5, limit=200)
    start, end = point(1e-5), point(1 - 1e-5)  # before it and after it, straight to the axes
    exact += (1 - start[0]) * start[1] / 2 + end[0] * (1 + end[1]) / 2
    assert area(frontier(p, q)) == pytest.approx(exact, rel=0.02)


@given(counts)
def test_it_is_1_for_heaps_that_fill_their_bins_alike(pair):
    p, _ = heaps(*pair)
    assert divergence(p, p).score == pytest.approx(1)
    assert divergence(p, 3 * p).score == pytest.approx(1)


@given(counts)
def test_heaps_that_share_no_bin_are_near_0(pair):
    """exp(-5 KL) with KL(q‖r) = -log(1 - w): the area under (1 - w)⁵ and w⁵, about 1/252."""
    p, q = heaps(*pair)
    apart = divergence(np.append(p, 0 * q), np.append(0 * p, q)).score
    assert apart == pytest.approx(1 / 252, rel=0.1)


@given(counts)
def test_it_does_not_matter_which_heap_is_called_p_or_how_bins_are_numbered(pair):
    p, q = heaps(*pair)
    found, other = divergence(p, q), divergence(q, p)
    assert found.score == pytest.approx(other.score, abs=1e-12)
    np.testing.assert_allclose(found.frontier, other.frontier[::-1, ::-1], atol=1e-12)
    assert divergence(p[::-1], q[::-1]).score == pytest.approx(found.score, abs=1e-12)
    assert 0 <= found.score <= 1 + 1e-12


@given(counts, st.lists(st.floats(0, 1), min_size=2, max_size=2).map(sorted))
def test_the_more_of_p_is_mixed_into_q_the_higher_the_score(pair, shares):
    p, q = (heap / heap.sum() for heap in heaps(*pair))
    less, more = (area(frontier(p, share * p + (1 - share) * q)) for share in shares)
    assert less <= more + 1e-9


@given(counts)
def test_along_the_frontier_what_is_won_on_one_side_is_lost_on_the_other(pair):
    p, q = heaps(*pair)
    x, y = frontier(p / p.sum(), q / q.sum()).T
    assert (np.diff(x) <= 1e-12).all()
    assert (np.diff(y) >= -1e-12).all()


def test_features_of_one_writer_score_higher_than_those_of_two(rng):
    people, same, near, far = (clouds(rng, shift=s) for s in (0, 0, 0.5, 5))
    scores = [
        mauve(people, each, n_clusters=20, rng=rng).score for each in (people, same, near, far)
    ]
    assert scores[0] == pytest.approx(1)
    assert scores == sorted(scores, reverse=True)
    assert scores[1] > 0.8
    assert scores[3] < 0.1


@settings(max_examples=10)
@given(st.integers(0, 99))
def test_neither_the_order_of_texts_nor_that_of_heaps_changes_a_digit(seed):
    rng = torch.Generator().manual_seed(seed)
    p, q = clouds(rng, 40), clouds(rng, 30, shift=0.3)

    def score(*pair):
        return mauve(*pair, n_clusters=6, rng=torch.Generator().manual_seed(1)).score

    assert score(p[torch.randperm(40, generator=rng)], q.flip(0)) == score(p, q)
    assert score(q, p) == pytest.approx(score(p, q), abs=1e-12)


def test_only_the_direction_of_a_vector_counts(rng):
    """Lengths are powers of two, so that scaling loses no digit."""
    p, q = clouds(rng, 40), clouds(rng, 30, shift=0.3)
    lengths = 2.0 ** torch.randint(-3, 4, (40, 1), generator=rng)
    scores = [
        mauve(each, q, n_clusters=6, rng=torch.Generator().manual_seed(1)).score
        for each in (p, lengths * p)
    ]
    assert scores[0] == scores[1]


def test_a_heap_of_copies_of_one_line_is_told_from_people(rng):
    people = clouds(rng)
    copies = people[:1].expand(200, -1)
    assert mauve(people, copies, n_clusters=20, rng=rng).score < 0.3
    page = people[torch.randint(200, (200,), generator=rng)]
    assert mauve(people, page, n_clusters=20, rng=rng).score > 0.8, "but not one of copied pages"


def test_every_text_is_in_a_bin_and_near_texts_share_one(rng):
    p, q = clouds(rng, 60), clouds(rng, 90)
    for heap, n in zip(bin_counts(p, q, n_clusters=5, rng=rng), (60, 90), strict=True):
        assert heap.sum() == n
        assert heap.shape == (5,)
        assert heap.min() >= n * 0.05, "five clouds, five bins, each with about a fifth"


def directions(rng, n_directions, n_each, noise):
    middles = torch.eye(n_directions).repeat_interleave(n_each, dim=0)
    return middles + noise * torch.randn(middles.shape, generator=rng)


def test_texts_may_differ_in_many_directions_at_once(rng):
    """Eight of them, of which either heap has four: no bin has texts of both."""
    both = directions(rng, 8, n_each=20, noise=0.05)
    found = mauve(both[:80], both[80:], n_clusters=8, rng=rng)
    assert found.score == pytest.approx(1 / 252, rel=0.1)


def test_of_several_tries_the_tightest_bins_are_kept():
    """A try begins with two texts of the same direction about every second time."""
    n_right = 0
    for seed in range(6):
        rng = torch.Generator().manual_seed(seed)
        both = directions(rng, 12, n_each=20, noise=0.05)
        p, q = bin_counts(both[::2], both[1::2], n_clusters=12, rng=rng)
        n_right += p.tolist() == q.tolist() == [10] * 12
    assert n_right >= 5


def test_with_fewer_different_texts_than_bins_there_are_fewer_bins(rng):
    three = torch.eye(3).repeat(4, 1)
    p, q = bin_counts(three, three[:6], n_clusters=8, rng=rng)
    assert sorted(p) == [4, 4, 4]
    assert sorted(q) == [2, 2, 2]


@pytest.mark.slow
def test_the_mirrored_interval_holds_the_true_score_and_the_plain_one_does_not(rng):
    """60 pairs of heaps of 200 in 20 bins: 57 expected, 52 is three standard deviations less."""
    numbers = np.random.default_rng(0)
    true_p, other = numbers.dirichlet(np.ones(20) * 2, size=2)
    true_q = 0.6 * true_p + 0.4 * other
    truth = area(frontier(true_p, true_q))
    held, plain = 0, 0
    for _ in range(60):
        found = divergence(numbers.multinomial(200, true_p), numbers.multinomial(200, true_q))
        low, high = divergence_interval(found, rng=rng, n_resamples=120)
        held += low <= truth <= high
        plain += 2 * found.score - high <= truth <= 2 * found.score - low
        assert 0 <= low <= high <= 1
    assert held >= 52
    assert plain < 30


def test_an_interval_narrows_with_more_texts(rng):
    p, q = np.array([60, 30, 10]), np.array([10, 30, 60])
    widths = [
        np.diff(divergence_interval(divergence(n * p, n * q), rng=rng, n_resamples=200))[0]
        for n in (2, 32)
    ]
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.35)  # √16


def test_resampled_scores_lie_too_low_and_are_mirrored_no_further_than_1(rng):
    found = divergence(np.array([30, 50, 20]), np.array([20, 50, 30]))
    low, high = divergence_interval(found, rng=rng, n_resamples=200)
    assert low < high == 1
    assert (low + high) / 2 > found.score


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, g: mauve(p, p, n_clusters=1, rng=g), "1 bins for 9 and 9 texts; give at least"),
        (lambda p, g: mauve(p, p, n_clusters=19, rng=g), "19 bins for 9 and 9 texts"),
        (lambda p, g: mauve(p, 0 * p, n_clusters=3, rng=g), "vector is zero or not finite"),
        (lambda p, g: mauve(p, p / 0, n_clusters=3, rng=g), "vector is zero or not finite"),
        (lambda p, g: frontier(np.ones(2), np.ones(2) / 2), "p sums to 2 and its least entry is 1"),
        (
            lambda p, g: frontier(np.ones(2) / 2, np.array([1.5, -0.5])),
            "q sums to 1 and its least entry is -0.5; a histogram",
        ),
        (lambda p, g: divergence(np.array([0, 0]), np.array([1, 2])), "p sums to 0"),
    ],
)
def test_what_is_no_heap_is_refused(call, message, rng):
    with pytest.raises(ValueError, match=message):
        call(torch.randn(9, 4, generator=rng), rng)
