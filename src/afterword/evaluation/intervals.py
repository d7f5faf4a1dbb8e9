"""How far what was measured, a share or a mean over seeds, can be from the true one."""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.stats import t as student


def share_interval(n_hits: int, n_trials: int, *, z: float = 1.96) -> tuple[float, float]:
    """The shares from which ``n_hits`` of ``n_trials`` are at most ``z`` standard deviations off.

    With z = 1.96, 95 of 100 such intervals hold the true share, if the trials do not depend on
    each other. Never leaves 0 … 1, and is honest when no trial, or each, is a hit.

    >>> low, high = share_interval(0, 100)
    >>> low, round(high, 3)
    (0.0, 0.037)

    Source: Wilson 1927, Probable inference, the law of succession, and statistical inference.
    """
    if not 0 <= n_hits <= n_trials or n_trials < 1:
        raise ValueError(f"{n_hits} hits in {n_trials} trials cannot be; want 0 ≤ hits ≤ trials")
    share, weight = n_hits / n_trials, z * z / n_trials
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight * weight / 4) / (1 + weight)
    low = 0.0 if n_hits == 0 else middle - half
    high = 1.0 if n_hits == n_trials else middle + half
    return low, high


def mean_interval(values: Iterable[float], *, level: float = 0.95) -> tuple[float, float]:
    """Student's interval for the mean of what the values were drawn from.

    A share ``level`` of such intervals holds it, if the values are Gaussian and do not depend on
    each other.

    >>> low, high = mean_interval([1.0, 2.0, 3.0])
    >>> round(low, 3), round(high, 3)  # 2 ± 4.303 / √3
    (-0.484, 4.484)
    """
    values = np.array(list(values), dtype=float)
    if len(values) < 3 or not np.isfinite(values).all():
        raise ValueError(f"an interval wants at least 3 values, all finite; got {values.tolist()}")
    error = values.std(ddof=1) / math.sqrt(len(values))
    half = student.ppf((1 + level) / 2, df=len(values) - 1) * error
    return float(values.mean() - half), float(values.mean() + half)


def summary(frame: pd.DataFrame, value: str, by: Sequence[str] = ()) -> pd.DataFrame:
    """Of the column ``value``: how many seeds, their mean and its 95 % interval, a row a group.

    ``by`` are the columns that tell the groups apart; in each, a seed stands once.
    """
    rows = []
    for here, group in _groups(frame, value, list(by)):
        low, high = mean_interval(group[value])
        rows.append(here | dict(n=len(group), mean=group[value].mean(), low=low, high=high))
    return pd.DataFrame(rows)


def difference(
    frame: pd.DataFrame, value: str, *, between: tuple[str, object, object], by: Sequence[str] = ()
) -> pd.DataFrame:
    """How much more of ``value`` one side has than the other, seed by seed; as ``summary``.

        difference(runs, "loss", between=("optimizer", "muon", "adamw"))

    is Muon's loss less AdamW's of the same seed. What all runs of a seed share, such as their
    batches, cancels, and the interval is narrower than those of the two means.
    """
    column, first, second = between
    groups = list(_groups(frame, value, [column, *by]))
    ours, theirs = (
        pd.concat([group for here, group in groups if here[column] == side] or [frame[:0]])
        for side in (first, second)
    )
    pairs = ours.merge(theirs, on=[*by, "seed"], suffixes=("", " of the other"))
    if not len(ours) == len(theirs) == len(pairs) > 0:
        raise ValueError(
            f"{len(ours)} rows have {column} {first!r}, {len(theirs)} have {second!r}, and "
            f"{len(pairs)} have a partner of the same {', '.join([*by, 'seed'])}; all must"
        )
    pairs[value] -= pairs[f"{value} of the other"]
    return summary(pairs, value, by)


def _groups(frame: pd.DataFrame, value: str, by: list[str]) -> Iterator[tuple[dict, pd.DataFrame]]:
    """Where each group stands, and its rows, of which no two may be of one run."""
    if missing := [name for name in (value, "seed", *by) if name not in frame]:
        raise ValueError(f"there is no column {missing[0]!r}; there are {list(frame.columns)}")
    grouped = frame.groupby(by, sort=False, dropna=False) if by else [((), frame)]
    for point, group in grouped:
        here = dict(zip(by, point, strict=True))
        if group["seed"].duplicated().any():
            raise ValueError(
                f"a seed stands more than once where {here}, and rows of one run do not count as "
                "several: add to `by` what tells them apart, such as the step, or keep one each"
            )
        yield here, group
