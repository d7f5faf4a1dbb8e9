import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from afterword.evaluation.intervals import share_interval
from afterword.evaluation.ratings import bradley_terry, left_rate, read_votes, win_rates

COLUMNS = ["rater", "item", "left", "right", "winner"]
KEY = {
    "page": "p1",
    "items": {"1": {"aa": "model", "bb": "human"}, "2": {"cc": "human", "dd": "model"}},
}
ADA = {
    "page": "p1",
    "rater": "Ada",
    "votes": [
        {"item": "1", "left": "bb", "right": "aa", "winner": "left", "seconds": 4.5},
        {"item": "2", "left": "cc", "right": "dd", "winner": "tie", "seconds": 2.0},
    ],
}


def votes_of(*results):
    """A table of votes: each is (left, right, winner)."""
    return pd.DataFrame([["Ada", str(i), *each] for i, each in enumerate(results)], columns=COLUMNS)


def drawn(strengths, n_votes, seed):
    """Votes drawn by the model itself, on pairs at random."""
    rng = np.random.default_rng(seed)
    pairs = [rng.choice(list(strengths), 2, replace=False) for _ in range(n_votes)]
    odds = [strengths[right] - strengths[left] for left, right in pairs]
    wins = rng.random(n_votes) < 1 / (1 + np.exp(odds))
    sides = np.where(wins, "left", "right")
    return votes_of(*((*map(str, pair), str(s)) for pair, s in zip(pairs, sides, strict=True)))


def test_wins_are_counted_on_both_sides_and_ties_by_half():
    votes = votes_of(
        ("a", "b", "left"), ("b", "a", "right"), ("a", "b", "tie"), ("b", "c", "right")
    )
    of = win_rates(votes)
    assert of[["writer", "n", "share"]].values.tolist() == [
        ["c", 1, 1.0],
        ["a", 3, pytest.approx(2.5 / 3)],
        ["b", 4, 0.125],
    ]


@given(n_won=st.integers(0, 30), n_lost=st.integers(0, 30))
def test_without_ties_the_interval_is_wilsons(n_won, n_lost):
    if n_won + n_lost:
        votes = votes_of(*[("a", "b", "left")] * n_won, *[("b", "a", "left")] * n_lost)
        row = win_rates(votes).set_index("writer").loc["a"]
        wanted = share_interval(n_won, n_won + n_lost)
        assert (row.low, row.high) == pytest.approx(wanted)


def test_all_ties_are_as_wide_as_as_many_votes_split_evenly():
    """A tie is less noisy than a coin; Wilson's interval does not use it, and is not too short."""
    ties = win_rates(votes_of(*[("a", "b", "tie")] * 10)).iloc[0]
    split = win_rates(votes_of(*[("a", "b", "left"), ("a", "b", "right")] * 5)).iloc[0]
    assert (ties.share, ties.low, ties.high) == (split.share, split.low, split.high)


def test_a_side_that_wins_by_being_left_is_seen():
    votes = votes_of(*[("a", "b", "left"), ("b", "a", "left")] * 50, ("a", "b", "tie"))
    share, low, _ = left_rate(votes)
    assert share == pytest.approx(100.5 / 101)
    assert low > 0.9
    assert win_rates(votes)["share"].tolist() == [0.5, 0.5]


def test_two_writers_differ_by_the_log_of_the_odds():
    votes = votes_of(*[("a", "b", "left")] * 3, ("b", "a", "left"), ("a", "b", "tie"))
    strengths = bradley_terry(votes).set_index("writer").strength
    assert strengths["a"] - strengths["b"] == pytest.approx(np.log(3.5 / 1.5))
    assert strengths.sum() == pytest.approx(0)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_strengths_are_those_of_a_logistic_regression(seed):
    """On columns +1 for the left writer and -1 for the right, without a constant or a penalty."""
    votes = drawn(dict(a=0.7, b=0.0, c=-0.2, d=-0.5), 300, seed)
    names = list("abcd")
    sides = [
        [(n == left) - (n == right) for n in names]
        for left, right in votes[["left", "right"]].values
    ]
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=10_000)
    theirs = fit.fit(np.array(sides)[:, 1:], votes.winner == "left").coef_[0]
    ours = bradley_terry(votes).set_index("writer").strength[names]
    assert (ours - ours["a"])[1:].tolist() == pytest.approx(theirs.tolist(), abs=1e-4)


def test_which_side_a_text_stood_on_does_not_matter():
    votes = drawn(dict(a=0.5, b=0.0, c=-0.5), 100, 1)
    swapped = votes.rename(columns={"left": "right", "right": "left"})
    swapped["winner"] = votes.winner.map({"left": "right", "right": "left"})
    pd.testing.assert_frame_equal(bradley_terry(votes), bradley_terry(swapped))


@pytest.mark.slow
def test_about_95_of_100_intervals_hold_the_true_strength():
    """150 tables of 200 votes, three strengths each: 92 to 98 of 100 (2.5 standard deviations)."""
    true = dict(a=0.6, b=0.0, c=-0.6)
    held = []
    for seed in range(150):
        of = bradley_terry(drawn(true, 200, seed))
        held += [low <= true[w] <= high for w, low, high in of[["writer", "low", "high"]].values]
    assert 0.92 <= np.mean(held) <= 0.98


@pytest.mark.parametrize(
    ("results", "names"),
    [
        ([("a", "b", "left"), ("b", "c", "left"), ("c", "b", "left")], "a"),  # never lost
        ([("a", "b", "left"), ("b", "a", "left"), ("a", "c", "left")], "a, b"),  # c never won
        ([("a", "b", "tie"), ("c", "d", "tie")], "a, b"),  # never compared
    ],
)
def test_a_strength_without_end_is_refused(results, names):
    with pytest.raises(ValueError, match=f"nobody else won over {names}, so there is no finite"):
        bradley_terry(votes_of(*results))


@pytest.mark.parametrize("measure", [win_rates, left_rate, bradley_terry])
@pytest.mark.parametrize(
    ("votes", "message"),
    [
        (votes_of(("a", "b", "left")).drop(columns="right"), "'right' is missing"),
        (votes_of(), "there are no votes"),
        (votes_of(("a", "b", "a")), "a winner is one of left, right, tie; got 'a'"),
        (votes_of(("a", "a", "left")), "'a' stands on both sides of a vote"),
    ],
)
def test_what_are_no_votes_is_refused(measure, votes, message):
    with pytest.raises(ValueError, match=message):
        measure(votes)


def saved(tmp_path, *files):
    paths = []
    for i, content in enumerate(files):
        paths.append(tmp_path / f"{i}.json")
        paths[-1].write_text(content if isinstance(content, str) else json.dumps(content), "utf8")
    return paths


def test_the_marks_become_the_writers(tmp_path):
    ben = ADA | {"rater": "Ben", "votes": [dict(ADA["votes"][0], winner="right")]}
    key, *paths = saved(tmp_path, KEY, ADA, ben)
    votes = read_votes(paths, key=key)
    assert votes.values.tolist() == [
        ["Ada", "1", "human", "model", "left", 4.5],
        ["Ada", "2", "human", "model", "tie", 2.0],
        ["Ben", "1", "human", "model", "right", 4.5],
    ]
    assert win_rates(votes).n.tolist() == [3, 3]
    pd.testing.assert_frame_equal(read_votes(paths[0], key=str(key)), votes[:2])


def vote(**changed):
    return ADA | {"votes": [dict(ADA["votes"][0]) | changed]}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([KEY, "{"], r"1.json cannot be read as JSON \(.*give a file as saved"),
        ([KEY, "[]"], "1.json holds a list; a JSON object was wanted"),
        ([KEY, ADA | {"page": "p2"}], "1.json is of page 'p2', the key of 'p1'"),
        ([KEY, ADA | {"rater": " "}], "1.json lacks a rater's name or its votes"),
        ([KEY, ADA | {"votes": None}], "1.json lacks a rater's name or its votes"),
        ([KEY, ADA | {"votes": [{"item": "1"}]}], "a vote has item, left, right and winner"),
        ([KEY, vote(item="3")], "the key has no item '3'; was the file edited"),
        ([KEY, vote(left="cc")], "item '1' is of the texts aa and bb and won by"),
        ([KEY, vote(winner="bb")], "won by left, right or tie; got"),
        ([KEY, ADA, ADA], "'Ada' voted twice on item '1'"),
        ([{"page": "p1"}, ADA], "0.json is no key: it lacks its items"),
    ],
)
def test_a_file_that_is_not_as_saved_is_refused(files, message, tmp_path):
    key, *paths = saved(tmp_path, *files)
    with pytest.raises(ValueError, match=message):
        read_votes(paths, key=key)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    (key,) = saved(tmp_path, KEY)
    with pytest.raises(ValueError, match=r"no\.json cannot be read"):
        read_votes(tmp_path / "no.json", key=key)
