import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.intervals import share_interval


@given(n_trials=st.integers(1, 5000), hits=st.floats(0, 1), z=st.floats(0.5, 4))
def test_from_each_end_the_measured_share_is_z_standard_deviations_away(n_trials, hits, z):
    n_hits = round(hits * n_trials)
    low, high = share_interval(n_hits, n_trials, z=z)
    assert 0 <= low <= n_hits / n_trials <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            distance = abs(n_hits / n_trials - end)
            assert distance == pytest.approx(z * math.sqrt(end * (1 - end) / n_trials), rel=1e-6)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_about_95_of_100_intervals_hold_the_true_share(share, rng):
    """2,000 repetitions: between 93 % and 97.5 %; the coverage of a discrete count wavers."""
    hits = (torch.rand(2000, 400, generator=rng) < share).sum(1).tolist()
    held = sum(low <= share <= high for low, high in (share_interval(h, 400) for h in hits))
    assert 0.93 <= held / 2000 <= 0.975


@pytest.mark.parametrize(("hits", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(hits, trials):
    with pytest.raises(ValueError, match=f"{hits} hits in {trials} trials cannot be"):
        share_interval(hits, trials)
