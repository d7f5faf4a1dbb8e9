"""What people said when they were asked which of two texts is better, and how sure that makes us.

Votes are a table with the columns ``rater``, ``item``, ``left``, ``right``: who wrote the text on
that side; and ``winner``: "left", "right" or "tie".
"""

import json
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

from afterword.evaluation.intervals import share_interval

COLUMNS = ["rater", "item", "left", "right", "winner"]
WINNERS = ("left", "right", "tie")


def read_votes(paths: Path | str | Iterable[Path | str], *, key: Path | str) -> pd.DataFrame:
    """The votes that the page of ``plots.blind`` saved, one file a rater, with its key.

    The files say only how the texts were marked; ``key`` says who wrote which. The table has a
    column more, ``seconds`` from seeing a pair to the vote.
    """
    paths = [paths] if isinstance(paths, Path | str) else list(paths)
    answers = _read(key)
    if not isinstance(answers.get("items"), dict):
        raise ValueError(f"{key} is no key: it lacks its items; give the page's key.json")
    rows = [row for path in paths for row in _rows(Path(path), _read(path), answers)]
    votes = pd.DataFrame(rows, columns=[*COLUMNS, "seconds"])
    if (twice := votes.duplicated(["rater", "item"])).any():
        row = votes[twice].iloc[0]
        raise ValueError(
            f"{row.rater!r} voted twice on item {row['item']!r}: two people of one name, or one "
            "file given twice; rename the rater in the file, or leave one file out"
        )
    return votes


def win_rates(votes: pd.DataFrame, *, z: float = 1.96) -> pd.DataFrame:
    """For each writer, in how many of its votes it won, a tie being half a win, best first.

    With Wilson's interval, which is honest if the votes do not depend on each other: of many
    votes on few items, or by few raters, it is too narrow.

    >>> votes = pd.DataFrame([["Ada", "1", "model", "human", "right"]], columns=COLUMNS)
    >>> win_rates(votes)[["writer", "n", "share"]].values.tolist()
    [['human', 1, 1.0], ['model', 1, 0.0]]
    """
    _check(votes)
    rows = []
    for writer in _writers(votes):
        won = ((votes.left == writer) & (votes.winner == "left")).sum()
        won += ((votes.right == writer) & (votes.winner == "right")).sum()
        n = ((votes.left == writer) | (votes.right == writer)).sum()
        tied = (((votes.left == writer) | (votes.right == writer)) & (votes.winner == "tie")).sum()
        rows.append(dict(writer=writer, n=int(n)) | _share(2 * int(won) + int(tied), int(n), z))
    return pd.DataFrame(rows).sort_values("share", ascending=False, ignore_index=True)


def left_rate(votes: pd.DataFrame, *, z: float = 1.96) -> tuple[float, float, float]:
    """How often the left text won, a tie being half, and its interval: 0.5 if the side is nothing.

    >>> votes = pd.DataFrame([["Ada", "1", "model", "human", "tie"]], columns=COLUMNS)
    >>> left_rate(votes)[0]
    0.5
    """
    _check(votes)
    halves = 2 * int((votes.winner == "left").sum()) + int((votes.winner == "tie").sum())
    return tuple(_share(halves, len(votes), z).values())


def bradley_terry(votes: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """For each writer a strength, such that their differences foretell who wins, best first.

        probability that i wins over j = 1 / (1 + exp(strength_j - strength_i))

    Strengths are log odds, 0 on average; a tie is half a win for each. With the interval of
    maximum likelihood, for votes that do not depend on each other. Someone who never lost, or
    never won, or two sets never compared, have no finite strengths: a ``ValueError``.

    >>> cast = [["Ada", str(i), "model", "human", "right" if i else "left"] for i in range(4)]
    >>> of = bradley_terry(pd.DataFrame(cast, columns=COLUMNS))
    >>> [round(math.exp(2 * s), 3) for s in of.strength]  # odds 3 to 1
    [3.0, 0.333]

    Source: Bradley & Terry 1952; the iteration: arXiv:2207.00076.
    """
    _check(votes)
    writers = _writers(votes)
    wins = _wins(votes, writers)
    _check_comparable(wins, writers)
    skill = _skills(wins)
    chance = skill[:, None] / (skill[:, None] + skill)
    weights = (wins + wins.T) * chance * chance.T
    errors = np.sqrt(np.diag(np.linalg.pinv(np.diag(weights.sum(1)) - weights)))
    half, strength = norm.ppf((1 + level) / 2) * errors, np.log(skill)
    of = dict(writer=writers, strength=strength, low=strength - half, high=strength + half)
    return pd.DataFrame(of).sort_values("strength", ascending=False, ignore_index=True)


def _share(halves: int, n: int, z: float) -> dict[str, float]:
    """Wilson's interval in half votes, so that ties are counted; as wide as in whole ones."""
    low, high = share_interval(halves, 2 * n, z=z * math.sqrt(2))
    return dict(share=halves / (2 * n), low=low, high=high)


def _writers(votes: pd.DataFrame) -> list[str]:
    return sorted({*votes.left, *votes.right})


def _wins(votes: pd.DataFrame, writers: list[str]) -> np.ndarray:
    """How often the writer of a row won over that of a column; a tie is half for each."""
    at = {writer: i for i, writer in enumerate(writers)}
    wins = np.zeros((len(writers), len(writers)))
    for left, right, winner in zip(votes.left, votes.right, votes.winner, strict=True):
        wins[at[left], at[right]] += dict(left=1.0, right=0.0, tie=0.5)[winner]
        wins[at[right], at[left]] += dict(left=0.0, right=1.0, tie=0.5)[winner]
    return wins


def _skills(wins: np.ndarray) -> np.ndarray:
    """The exponentials of the strengths: each in turn set to what the others' make likeliest."""
    skill, change = np.ones(len(wins)), 1.0
    while change > 1e-12:
        before = skill.copy()
        for i in range(len(wins)):
            sums = skill[i] + skill
            skill[i] = (wins[i] * skill / sums).sum() / (wins[:, i] / sums).sum()
        skill /= np.exp(np.log(skill).mean())
        change = np.abs(np.log(skill / before)).max()
    return skill


def _check_comparable(wins: np.ndarray, writers: list[str]) -> None:
    """A way of wins leads from each writer to each: else some strength runs off (Ford 1957)."""
    n_groups, group = connected_components(wins > 0, directed=True, connection="strong")
    if n_groups == 1:
        return
    for i in range(n_groups):
        inside = group == i
        if not wins[np.ix_(~inside, inside)].any():
            names = ", ".join(name for name, is_in in zip(writers, inside, strict=True) if is_in)
            raise ValueError(
                f"nobody else won over {names}, so there is no finite strength: collect votes that "
                "go the other way, leave them out, or report win_rates"
            )


def _check(votes: pd.DataFrame) -> None:
    if missing := [name for name in COLUMNS if name not in votes]:
        raise ValueError(f"votes have the columns {COLUMNS}; {missing[0]!r} is missing")
    if not len(votes):
        raise ValueError("there are no votes; give at least one")
    if strange := sorted({*votes.winner} - {*WINNERS}, key=str):
        raise ValueError(f"a winner is one of {', '.join(WINNERS)}; got {strange[0]!r}")
    if (same := votes.left == votes.right).any():
        raise ValueError(
            f"{votes.left[same].iloc[0]!r} stands on both sides of a vote; give votes on two "
            "different writers"
        )


def _read(path: Path | str) -> dict:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{path} cannot be read as JSON ({error}); give a file as saved"
        ) from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds a {type(found).__name__}; a JSON object was wanted")
    return found


def _rows(path: Path, saved: dict, answers: dict) -> list[dict]:
    """The votes of one file, the marks replaced by who wrote the texts."""
    if saved.get("page") != answers.get("page"):
        raise ValueError(
            f"{path.name} is of page {saved.get('page')!r}, the key of {answers.get('page')!r}; "
            "give the key.json that was written with that page"
        )
    rater = saved.get("rater")
    if not isinstance(rater, str) or not rater.strip() or not isinstance(saved.get("votes"), list):
        raise ValueError(f"{path.name} lacks a rater's name or its votes; give a file as saved")
    return [_row(path, rater, vote, answers) for vote in saved["votes"]]


def _row(path: Path, rater: str, vote: dict, answers: dict) -> dict:
    if not isinstance(vote, dict) or not {"item", "left", "right", "winner"} <= {*vote}:
        raise ValueError(f"{path.name}: a vote has item, left, right and winner; got {vote}")
    marks = answers["items"].get(vote["item"])
    if marks is None:
        raise ValueError(f"{path.name}: the key has no item {vote['item']!r}; was the file edited?")
    if {vote["left"], vote["right"]} != {*marks} or vote["winner"] not in WINNERS:
        raise ValueError(
            f"{path.name}: item {vote['item']!r} is of the texts {' and '.join(marks)} and won by "
            f"left, right or tie; got {vote}"
        )
    sides = dict(left=marks[vote["left"]], right=marks[vote["right"]])
    seconds = float(vote.get("seconds", math.nan))
    return dict(rater=rater, item=vote["item"], **sides, winner=vote["winner"], seconds=seconds)
