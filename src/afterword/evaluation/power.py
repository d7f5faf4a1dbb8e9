"""How many votes it takes to see that people prefer one of two writers: found before asking them.

The raters here are simulated; what they say holds of people only as far as people are like them.
"""

import math

import numpy as np
import pandas as pd
import torch
from scipy.stats import binom
from scipy.stats import t as student


def power(n_votes: int, *, true_share: float, level: float = 0.05) -> float:
    """How often a test of ``n_votes`` sees the preference, if one side truly wins ``true_share``.

    The test is the exact two-sided one of a fair coin: it cries wolf in at most ``level`` of
    cases. The votes must not depend on each other: each of another person on another item.

    >>> [round(power(n, true_share=0.6), 2) for n in (20, 100, 200)]
    [0.13, 0.46, 0.79]
    """
    if n_votes < 1 or not 0 <= true_share <= 1 or not 0 < level < 1:
        raise ValueError(
            f"{n_votes} votes, true_share {true_share}, level {level}: want at least 1 vote, and "
            "two probabilities"
        )
    few = np.arange((n_votes + 1) // 2)  # counts that speak against, if at all
    is_seen = 2 * binom.cdf(few, n_votes, 0.5) <= level
    if not is_seen.any():
        return 0.0
    edge = few[is_seen][-1]
    return float(binom.cdf(edge, n_votes, true_share) + binom.cdf(edge, n_votes, 1 - true_share))


def power_over_items(
    n_raters: int,
    n_items: int,
    *,
    true_share: float,
    spread: float,
    rng: torch.Generator,
    n_trials: int = 2000,
) -> float:
    """The same where each rater votes on each item, and items differ: found by simulation.

    Votes on one item are alike, so the items are what is counted: Student's test of their mean
    share against a half, at 5 %. ``spread`` is as in ``simulated_votes``. Past some number more
    raters see no more; more items do. Meant for twenty items or more.
    """
    _check(n_raters, n_items, true_share, spread)
    if n_items < 3:
        raise ValueError(f"a test over items wants at least 3 of them, got {n_items}")
    chance = _chances((n_trials, n_items), true_share, spread, rng).double()
    n_won = torch.binomial(torch.full_like(chance, n_raters), chance, generator=rng)
    shares = n_won.numpy() / n_raters - 0.5
    error = np.maximum(shares.std(1, ddof=1), 1e-12) / math.sqrt(n_items)
    return float((np.abs(shares.mean(1)) / error > student.ppf(0.975, n_items - 1)).mean())


def simulated_votes(
    n_raters: int, n_items: int, *, true_share: float, spread: float, rng: torch.Generator
) -> pd.DataFrame:
    """Votes of made-up raters, each on each item, between "A" and "B"; A wins ``true_share``.

    ``spread`` says how much items differ: the standard deviation of what speaks for A from item
    to item, where that from vote to vote is 1. With 0 each vote is the same coin.

    >>> rng = torch.Generator().manual_seed(0)
    >>> simulated_votes(2, 3, true_share=0.6, spread=0.5, rng=rng).rater.unique().tolist()
    ['simulated 1', 'simulated 2']
    """
    _check(n_raters, n_items, true_share, spread)
    chance = _chances((n_items,), true_share, spread, rng)
    a_wins, a_is_left = (
        torch.rand(n_raters, n_items, generator=rng) < share for share in (chance, 0.5)
    )
    rows = [
        dict(
            rater=f"simulated {rater + 1}",
            item=str(item + 1),
            left="A" if a_is_left[rater, item] else "B",
            right="B" if a_is_left[rater, item] else "A",
            winner="left" if a_wins[rater, item] == a_is_left[rater, item] else "right",
        )
        for rater in range(n_raters)
        for item in range(n_items)
    ]
    return pd.DataFrame(rows)


def _chances(shape, true_share: float, spread: float, rng: torch.Generator) -> torch.Tensor:
    """For each item, A's chance: what speaks for A is Gaussian, and is so at each vote too."""
    middle = torch.special.ndtri(torch.tensor(true_share)) * math.sqrt(1 + spread**2)
    return torch.special.ndtr(middle + spread * torch.randn(shape, generator=rng))


def _check(n_raters: int, n_items: int, true_share: float, spread: float) -> None:
    if min(n_raters, n_items) < 1 or not 0 < true_share < 1 or spread < 0:
        raise ValueError(
            f"{n_raters} raters, {n_items} items, true_share {true_share}, spread {spread}: want "
            "at least one of each, a share between 0 and 1, and a spread from 0 up"
        )
