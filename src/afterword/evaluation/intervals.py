"""How far a measured share can be from the true one."""

import math


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
