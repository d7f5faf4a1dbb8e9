"""How far any measure can be from the true one: draw the texts again, and measure again.

Student's interval in ``intervals`` is for means. These need no formula, so they also serve for
corpus BLEU, a median or a share. What is drawn again must not depend on each other: texts, not
the lines of one text; and of several seeds, the seeds first.

Among texts drawn again some come twice. A measure of repetition over all of them, such as
distinct-n, would count that: measure each text alone, or one heap a seed, and take the mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Num, Shaped
from scipy.stats import norm
from scipy.stats import t as student

Values = Shaped[np.ndarray, "n_texts *rest"]
Statistic = Callable[[Values], float]


def bootstrap(
    values: Values,
    *,
    statistic: Statistic = np.mean,
    rng: torch.Generator,
    n_resamples: int = 2000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Between which values ``statistic`` would lie if other texts had been drawn: ``(low, high)``.

    A row of ``values`` is all that was measured of one text: a number, or the counts from which
    ``statistic`` makes one. About 95 of 100 such intervals hold the true mean with 50 texts or
    more; with 10, about 92, and fewer where the values are skewed.

    >>> rng = torch.Generator().manual_seed(0)
    >>> low, high = bootstrap(np.arange(100.0), rng=rng)  # 49.5; its standard error is 2.9
    >>> round(low), round(high)
    (44, 55)

    Source: Efron 1979, Bootstrap methods: another look at the jackknife.
    """
    again = resample(values, statistic=statistic, rng=rng, n_resamples=n_resamples)
    return middle(again, level=level, n_drawn=len(values))


def bootstrap_nested(
    groups: Sequence[Shaped[np.ndarray, "..."]],
    *,
    statistic: Statistic = np.mean,
    rng: torch.Generator,
    n_resamples: int = 2000,
    level: float = 0.95,
) -> tuple[float, float]:
    """The same over seeds, then over the texts of each: ``(low, high)`` for the mean of the seeds.

    A group is what was measured of the texts of one seed. Texts of one model resemble each other
    more than those of two: where seeds differ, pooling them makes the interval too narrow. This
    one is rather too wide where they do not.
    """
    if len(groups) < 3:
        raise ValueError(f"what seeds change cannot be told from {len(groups)}; give at least 3")
    for group in groups:
        _check(group)
    means = []
    for _ in range(n_resamples):
        drawn = [groups[g] for g in _rows(len(groups), rng)]
        means.append(np.mean([statistic(values[_rows(len(values), rng)]) for values in drawn]))
    return middle(np.array(means), level=level, n_drawn=len(groups))


@dataclass(frozen=True)
class Comparison:
    """How much more one side has than the other, how sure that is, and whether chance does it."""

    difference: float
    low: float
    high: float
    p: float  # how often a difference as large comes about where the sides do not differ


def paired(
    ours: Values,
    theirs: Shaped[np.ndarray, "..."],
    *,
    statistic: Statistic = np.mean,
    rng: torch.Generator,
    n_resamples: int = 2000,
) -> Comparison:
    """``statistic(ours) - statistic(theirs)`` of two models on the same texts, row by row.

    The 95 % interval draws texts again, both sides together, so that what makes a text hard for
    both cancels. For ``p`` the sides of each text are swapped by the toss of a coin; for means
    that flips the signs of the differences.

    Source: Koehn 2004, Statistical significance tests for machine translation evaluation.
    """
    if ours.shape != theirs.shape:
        raise ValueError(
            f"shapes {ours.shape} and {theirs.shape}: pairs want both sides of the same texts, "
            "in the same order"
        )
    both = np.stack([ours, theirs], axis=1)  # [n_texts, 2, …]

    def difference(rows):
        return statistic(rows[:, 0]) - statistic(rows[:, 1])

    low, high = bootstrap(both, statistic=difference, rng=rng, n_resamples=n_resamples)
    found = float(difference(both))
    texts, by_chance = np.arange(len(both)), []
    for _ in range(n_resamples):
        heads = torch.randint(2, (len(both),), generator=rng).numpy()
        swapped = np.stack([both[texts, heads], both[texts, 1 - heads]], axis=1)
        by_chance.append(difference(swapped))
    # sums in another order differ in the last digits; and what was found is one that chance makes
    n_as_large = 1 + (np.abs(by_chance) >= abs(found) * (1 - 1e-9)).sum()
    return Comparison(found, low, high, p=float(n_as_large / (n_resamples + 1)))


def resample(
    values: Values, *, statistic: Callable = np.mean, rng: torch.Generator, n_resamples: int = 2000
) -> Num[np.ndarray, "n_resamples *result"]:
    """The statistic of ``n_resamples`` heaps, each as large as the first, drawn from it."""
    _check(values)
    return np.array([statistic(values[_rows(len(values), rng)]) for _ in range(n_resamples)])


def middle(
    statistics: Num[np.ndarray, "n_resamples"], *, level: float, n_drawn: int
) -> tuple[float, float]:
    """The middle ``level`` of resampled statistics, and a little more where few were drawn.

    What is drawn again from n things scatters less than they do, by √((n - 1) / n), and has not
    the thicker tails that Student's t has for a small n. Both are made up for.

    Source: arXiv:1411.5279, where it is the expanded percentile interval.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is a probability between 0 and 1; got {level}")
    quantile = student.ppf((1 + level) / 2, df=n_drawn - 1)
    outside = norm.sf(np.sqrt(n_drawn / (n_drawn - 1)) * quantile)
    low, high = np.quantile(statistics, [outside, 1 - outside])
    return float(low), float(high)


def _rows(n, rng):  # without annotations, since it is called in the innermost loop
    return torch.randint(n, (n,), generator=rng).numpy()


def _check(values: Values) -> None:
    if len(values) < 3:
        raise ValueError(f"{len(values)} texts say nothing of others; give at least 3, better 50")
