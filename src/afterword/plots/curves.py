"""Losses and shares: ladders, and lines with the spread over seeds."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from afterword.plots.style import COLOURS


def plot_ladder(losses: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """One bar a rung, the number at its end. ``losses`` are in nats per token, worst first."""
    ax = ax or plt.subplots(figsize=(6.4, 0.5 * len(losses) + 0.9))[1]
    rungs = range(len(losses))
    ax.barh(rungs, list(losses.values()), color=COLOURS["floor"], height=0.62)
    for rung, loss in zip(rungs, losses.values(), strict=True):
        ax.text(loss, rung, f" {loss:.2f}", va="center")
    ax.set_yticks(rungs, list(losses))
    ax.invert_yaxis()
    ax.set_xlabel("nats per token, on text not seen (less is better)")
    return ax


def plot_band(
    x: Sequence[float], runs, *, label: str, color: str | None = None, ax: Axes | None = None
) -> Axes:
    """The mean over runs as a line with its name at the end, and a band from least to most.

    ``runs`` has shape [n_runs, len(x)]; with fewer than three runs there is no spread to show.
    """
    runs = np.asarray(runs, dtype=float)
    if runs.ndim != 2 or runs.shape[0] < 3 or runs.shape[1] != len(x):
        raise ValueError(
            f"runs has shape {runs.shape}, wanted [n_runs, {len(x)}] with at least 3 runs"
        )
    ax = ax or plt.subplots()[1]
    (line,) = ax.plot(x, runs.mean(axis=0), marker="o", markersize=4, color=color)
    ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=line.get_color(), alpha=0.25)
    end = (x[-1], runs[:, -1].mean())
    ax.annotate(label, end, xytext=(7, 0), textcoords="offset points", va="center",
                color=line.get_color(), annotation_clip=False)  # fmt: skip
    return ax
