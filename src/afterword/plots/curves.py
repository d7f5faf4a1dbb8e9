"""Losses and shares: ladders, and lines with the spread over seeds."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from afterword.plots.style import COLOURS


def plot_ladder(
    losses: Mapping[str, float], *, unit: str = "token", ax: Axes | None = None
) -> Axes:
    """One bar a rung, the number at its end. ``losses`` are in nats per ``unit``, worst first."""
    ax = ax or plt.subplots(figsize=(4.8, 0.55 * len(losses) + 0.9))[1]
    rungs = range(len(losses))
    ax.barh(rungs, list(losses.values()), color=COLOURS["floor"], height=0.62)
    for rung, loss in zip(rungs, losses.values(), strict=True):
        ax.text(loss, rung, f" {loss:.2f}", va="center")
    ax.set_yticks(rungs, [name.replace(" ", "\n") for name in losses])
    ax.invert_yaxis()
    ax.set_xlabel(f"nats per {unit}, on held-out text (lower is better)")
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


def plot_means(
    x: Sequence[float], samples, *, label: str, color: str | None = None, ax: Axes | None = None
) -> Axes:
    """The mean of independent samples at each x, with its 95 % interval as a bar.

    ``samples`` has shape [len(x), n_samples]. The interval is 1.96 standard errors to each side:
    the samples' standard deviation over the square root of their number.
    """
    samples = np.asarray(samples, dtype=float)
    if samples.ndim != 2 or samples.shape[0] != len(x) or samples.shape[1] < 3:
        raise ValueError(
            f"samples has shape {samples.shape}, wanted [{len(x)}, n_samples] with at least 3"
        )
    ax = ax or plt.subplots()[1]
    half = 1.96 * samples.std(axis=1, ddof=1) / np.sqrt(samples.shape[1])
    means = samples.mean(axis=1)
    (line, *_) = ax.errorbar(x, means, half, marker="o", markersize=4, capsize=3, color=color)
    ax.annotate(label, (x[-1], means[-1]), xytext=(9, 0), textcoords="offset points", va="center",
                color=line.get_color(), annotation_clip=False)  # fmt: skip
    return ax


def plot_run(
    steps: Sequence[float],
    losses: Sequence[float],
    *,
    band: tuple[Sequence[float], Sequence[float]],
    label: str = "this run",
    ax: Axes | None = None,
) -> Axes:
    """A training run over the band in which runs of other seeds lie, its name at the end.

    ``band`` is the least and the greatest loss at each step, as ``Runs.band`` gives it.
    """
    low, high = band
    if not len(steps) == len(losses) == len(low) == len(high):
        raise ValueError(
            f"{len(steps)} steps, {len(losses)} losses and a band of {len(low)} and {len(high)}: "
            "one of each for every step was wanted"
        )
    ax = ax or plt.subplots()[1]
    ax.fill_between(steps, low, high, color=COLOURS["model"], alpha=0.2, linewidth=0)
    (line,) = ax.plot(steps, losses, color=COLOURS["model"])
    ax.annotate(label, (steps[-1], losses[-1]), xytext=(7, 0), textcoords="offset points",
                va="center", color=line.get_color(), annotation_clip=False)  # fmt: skip
    ax.set_xlabel("step")
    return ax
