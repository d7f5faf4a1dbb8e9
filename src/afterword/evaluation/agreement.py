"""How far people who rate the same things agree, beyond what chance alone would give.

Axes   R raters   N items   V different ratings
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Real

from afterword.evaluation.bootstrap import bootstrap

# from the ratings [V], rising, and how often each was given [V]: how far apart two of them are
Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]


def nominal(values: Float[np.ndarray, " V"], counts: Float[np.ndarray, " V"]):
    """For names: two ratings are the same, or they are not.

    >>> nominal(np.array([1.0, 2.0, 4.0]), np.ones(3))[0].tolist()
    [0.0, 1.0, 1.0]
    """
    return (values[:, None] != values).astype(float)


def ordinal(values: Float[np.ndarray, " V"], counts: Float[np.ndarray, " V"]):
    """For ranks: as far apart as there are ratings between the two, half of each end counted.

    >>> ordinal(np.array([1.0, 2.0, 4.0]), np.array([2.0, 6.0, 2.0]))[0].tolist()
    [0.0, 16.0, 64.0]
    """
    return interval(np.cumsum(counts) - counts / 2, counts)


def interval(values: Float[np.ndarray, " V"], counts: Float[np.ndarray, " V"]):
    """For points on a scale: the square of the difference.

    >>> interval(np.array([1.0, 2.0, 4.0]), np.ones(3))[0].tolist()
    [0.0, 1.0, 9.0]
    """
    return (values[:, None] - values) ** 2


def ratio(values: Float[np.ndarray, " V"], counts: Float[np.ndarray, " V"]):
    """For amounts, none below 0: the square of the difference as a part of the sum.

    >>> ratio(np.array([0.0, 2.0, 6.0]), np.ones(3))[1].tolist()
    [1.0, 0.0, 0.25]
    """
    if values.min() < 0:
        raise ValueError(
            f"a ratio is of amounts from 0 up; there is a rating of {values.min():g}: take "
            "distance=interval, or shift the scale"
        )
    total = values[:, None] + values
    return ((values[:, None] - values) / np.where(total == 0, 1, total)) ** 2


def krippendorff_alpha(ratings: Real[np.ndarray, "R N"], *, distance: Distance = nominal) -> float:
    """Krippendorff's alpha: 1 if all agree, 0 if no more than by chance, below 0 if less.

        alpha = 1 - (distance within items) / (distance between any two ratings)

    Missing ratings are nan; an item with fewer than two counts for nothing. Raters may be
    different people for each item.

    >>> ratings = np.array([[1.0, 1.0, 2.0, 2.0], [1.0, 2.0, 2.0, 2.0]])  # two people, four items
    >>> round(krippendorff_alpha(ratings), 3)  # 1 - (2/8) / (30/56)
    0.533

    Source: Krippendorff 2011, Computing Krippendorff's alpha-reliability.
    """
    return _alpha(*_counted(ratings), distance)


def alpha_interval(
    ratings: Real[np.ndarray, "R N"],
    *,
    distance: Distance = nominal,
    rng: torch.Generator,
    n_resamples: int = 2000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Between which values alpha would lie if other items had been rated, as in ``bootstrap``.

    A draw in which nothing differs, as can be when items are few, counts as 1.
    """
    values, counts = _counted(ratings)
    return bootstrap(
        counts,
        statistic=lambda drawn: _alpha(values, drawn, distance),
        rng=rng,
        n_resamples=n_resamples,
        level=level,
    )


def _counted(ratings):
    """The different ratings, rising [V], and how often each item got each [N, V], two or more."""
    if np.isinf(ratings).any():
        raise ValueError("a rating is infinite; write nan for one that is missing")
    ratings = ratings.astype(float)
    pairable = ratings[:, (~np.isnan(ratings)).sum(0) >= 2]
    values = np.unique(pairable[~np.isnan(pairable)])
    if len(values) < 2:
        raise ValueError(
            f"where an item has two ratings or more there are {len(values)} different ones; "
            "agreement is measured against what could have differed: give items that do"
        )
    return values, (pairable[..., None] == values).sum(0).astype(float)


def _alpha(values, counts, distance) -> float:
    """By the coincidences: each rating beside each of its item, a rating weighing 1 in all.

    That a rating stands beside itself too does not matter, since it is no distance away.
    """
    weights = counts / (counts.sum(1) - 1)[:, None]
    totals = counts.sum(0)
    apart = distance(values, totals)
    expected = (np.outer(totals, totals) * apart).sum() / (totals.sum() - 1)
    return float(1 - (counts.T @ weights * apart).sum() / expected) if expected else 1.0
