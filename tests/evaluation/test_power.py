import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from afterword.evaluation.power import power, power_over_items, simulated_votes
from afterword.evaluation.ratings import left_rate, win_rates

shares = st.integers(0, 100).map(lambda percent: percent / 100)


@given(n_votes=st.integers(1, 60), true_share=shares, level=st.floats(0.01, 0.5))
def test_power_is_the_chance_of_the_counts_that_scipys_test_rejects(n_votes, true_share, level):
    p_values = [binomtest(k, n_votes).pvalue for k in range(n_votes + 1)]
    wanted = sum(binom.pmf(k, n_votes, true_share) for k, p in enumerate(p_values) if p <= level)
    # at the very edge of the level, rounding decides; nothing else may differ
    if min(abs(p - level) for p in p_values) > 1e-9:
        assert power(n_votes, true_share=true_share, level=level) == pytest.approx(wanted, abs=1e-9)


@given(n_votes=st.integers(1, 400))
def test_a_fair_coin_is_suspected_in_at_most_5_of_100_cases(n_votes):
    assert power(n_votes, true_share=0.5) <= 0.05


def test_more_votes_and_a_clearer_preference_are_seen_more_often():
    at = [power(n, true_share=0.6) for n in (25, 100, 400, 1600)]
    assert at == sorted(at)
    assert at[-1] > 0.99
    assert power(100, true_share=0.7) > power(100, true_share=0.6)
    assert power(5, true_share=1.0) == 0  # five of five: one in sixteen, by chance
    assert power(6, true_share=1.0) == 1


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_over_items_a_fair_coin_is_suspected_in_about_5_of_100_cases(spread, rng):
    found = power_over_items(5, 40, true_share=0.5, spread=spread, rng=rng, n_trials=4000)
    assert found == pytest.approx(0.05, abs=0.015)  # 4 standard deviations of 4,000 trials


def test_where_items_do_not_differ_it_is_the_power_of_as_many_votes(rng):
    """The exact test takes steps and stays below 5 %; Student's does not: so a little more."""
    found = power_over_items(5, 40, true_share=0.6, spread=0.0, rng=rng, n_trials=4000)
    assert found == pytest.approx(power(200, true_share=0.6), abs=0.04)


def test_where_items_differ_more_items_help_and_more_raters_soon_do_not(rng):
    few, raters, items = (
        power_over_items(*n, true_share=0.6, spread=1.0, rng=rng)
        for n in ((20, 20), (200, 20), (20, 200))
    )
    assert raters - few < 0.1
    assert items > 0.95 > 0.4 > few


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_simulated_raters_vote_once_on_each_item_and_prefer_as_asked(spread, rng):
    votes = simulated_votes(8, 1000, true_share=0.7, spread=spread, rng=rng)
    assert len(votes) == 8000 == len(votes.drop_duplicates(["rater", "item"]))
    shares = dict(zip(*win_rates(votes)[["writer", "share"]].values.T, strict=True))
    assert shares["A"] == pytest.approx(0.7, abs=0.04)  # items: 1,000 of sd 0.3, four of them
    assert left_rate(votes)[0] == pytest.approx(0.5, abs=0.03)


def test_a_spread_makes_votes_on_one_item_alike(rng):
    same = []
    for spread in (0.0, 2.0):
        votes = simulated_votes(2, 2000, true_share=0.5, spread=spread, rng=rng)
        won = votes.left.where(votes.winner == "left", votes.right)
        first, second = won[:2000].reset_index(drop=True), won[2000:].reset_index(drop=True)
        same.append((first == second).mean())
    assert same[0] == pytest.approx(0.5, abs=0.05)
    assert same[1] > 0.7


@pytest.mark.parametrize(
    "given",
    [(0, dict(true_share=0.6)), (9, dict(true_share=1.2)), (9, dict(true_share=0.6, level=0))],
)
def test_an_impossible_test_is_refused(given):
    n_votes, rest = given
    with pytest.raises(ValueError, match=f"{n_votes} votes, true_share .* want at least 1 vote"):
        power(n_votes, **rest)


@pytest.mark.parametrize("given", [(0, 5, 0.6, 0.0), (5, 5, 1.0, 0.0), (5, 5, 0.6, -1.0)])
def test_impossible_raters_are_refused(given, rng):
    n_raters, n_items, share, spread = given
    for asked in (simulated_votes, power_over_items):
        with pytest.raises(ValueError, match=r"raters, 5 items.* a spread from 0 up"):
            asked(n_raters, n_items, true_share=share, spread=spread, rng=rng)


def test_a_test_over_two_items_is_refused(rng):
    with pytest.raises(ValueError, match="wants at least 3 of them, got 2"):
        power_over_items(5, 2, true_share=0.6, spread=0.0, rng=rng)
