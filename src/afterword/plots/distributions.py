"""Probabilities: one bar for each thing that could come next."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from afterword.plots.style import COLOURS


def plot_distribution(
    probs: Sequence[float], labels: Sequence[str], *, color: str = COLOURS["model"],
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """One bar a label. ``probs`` lie between 0 and 1; they need not add up to 1."""
    if len(probs) != len(labels):
        raise ValueError(f"{len(labels)} labels need as many probs, got {len(probs)}")
    ax = ax or plt.subplots(figsize=(6.4, 2.6))[1]
    ax.bar(range(len(probs)), probs, color=color, width=0.7)
    ax.set_xticks(range(len(labels)), labels)
    ax.set_ylabel("probability")
    return ax
