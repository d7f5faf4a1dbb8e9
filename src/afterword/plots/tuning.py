"""What fine-tuning does: what is lost for what is gained, which directions move, who is sure."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from afterword.plots.style import COLOURS


def plot_trade(
    start: tuple[float, float],
    paths: Mapping[str, Sequence[Sequence[float]]],
    *,
    colours: Mapping[str, str] | None = None,
    nudged: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The loss on the old text over that on the new one, a path for each way, all from ``start``.

    ``paths`` has for each name its points (new, old), in the order of the steps; the name stands
    at the end of the path, ``nudged`` up by so many points where two would meet. The axis of the
    new text is turned, so that one learns to the right.
    """
    ax = ax or plt.subplots()[1]
    for name, points in paths.items():
        points = np.asarray([start, *points], dtype=float)
        if points.shape[1:] != (2,) or len(points) < 2:
            raise ValueError(
                f"the path {name!r} has points of shape {points[1:].shape}; at least one (new, "
                "old) was wanted"
            )
        (line,) = ax.plot(*points.T, marker="o", markersize=3.5, color=(colours or {}).get(name))
        up = (nudged or {}).get(name, 0)
        ax.annotate(name, points[-1], xytext=(6, up), textcoords="offset points", va="center",
                    color=line.get_color(), annotation_clip=False)  # fmt: skip
    ax.plot(*start, "o", color=COLOURS["floor"], markersize=7)
    ax.invert_xaxis()
    return ax


def plot_kept(
    shares: Mapping[str, Sequence[float]],
    *,
    colours: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """How much of a matrix the best so many directions hold: a rising curve for each name.

    ``shares`` are shares of the squared length, cumulated, the longest direction first.
    """
    ax = ax or plt.subplots()[1]
    for i, (name, values) in enumerate(shares.items()):
        values = np.asarray(values, dtype=float)
        if values.ndim != 1 or len(values) < 2 or (np.diff(values) < -1e-6).any():
            raise ValueError(f"the shares of {name!r} must rise, one for each rank; got {values}")
        ranks = np.arange(1, len(values) + 1)
        (line,) = ax.plot(ranks, values, color=(colours or {}).get(name))
        place = (6 + 3 * i) * len(values) // 24  # the first name above its curve, others below
        side = dict(xytext=(8, -12)) if i else dict(xytext=(-6, 11), ha="right")
        ax.annotate(name, (ranks[place], values[place]), textcoords="offset points",
                    color=line.get_color(), **side)  # fmt: skip
    ax.set(xlabel="directions, longest first", ylabel="share held", ylim=(0, 1.03))
    return ax


def plot_calibration(
    said: Sequence[float],
    true: Sequence[float],
    *,
    intervals: Sequence[tuple[float, float]] | None = None,
    label: str = "",
    color: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """What came true over what was said to be likely, with the line on which the two are equal."""
    if not len(said) == len(true) > 0:
        raise ValueError(f"{len(said)} probabilities and {len(true)} shares came; one each, please")
    ax = ax or plt.subplots(figsize=(3.6, 3.4))[1]
    ax.plot([0, 1], [0, 1], color=COLOURS["floor"], linewidth=1, linestyle=":")
    (line,) = ax.plot(said, true, marker="o", markersize=4, color=color)
    if intervals is not None:
        low, high = np.asarray(intervals, dtype=float).T
        ax.vlines(said, low, high, color=line.get_color(), linewidth=1)
    ax.annotate(label, (said[-1], true[-1]), xytext=(7, 0), textcoords="offset points",
                va="center", color=line.get_color(), annotation_clip=False)  # fmt: skip
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return ax
