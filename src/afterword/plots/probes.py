"""Inside a model in training: how values are spread in each layer, how large its updates are."""

from collections.abc import Mapping, Sequence
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from afterword.plots.style import COLOURS

LINES = list(product(("-", "--", ":"), (COLOURS[c] for c in ("model", "rival", "human", "accent"))))


def plot_distributions(values: Mapping[str, object], ax: Axes | None = None) -> Axes:
    """How often which value occurs: a hill for each layer, the first on top.

    ``values`` are arrays by name. All hills are equally high, so compare their widths; beside
    each stands its standard deviation. The outermost thousandth at each end is not drawn.
    """
    arrays = {name: np.asarray(each, dtype=float).ravel() for name, each in values.items()}
    if not arrays or not all(len(each) and np.isfinite(each).all() for each in arrays.values()):
        raise ValueError("each layer needs values, all finite; leave out those that have none")
    ax = ax or plt.subplots(figsize=(4.8, 0.5 * len(arrays) + 0.9))[1]
    low, high = np.quantile(np.concatenate(list(arrays.values())), [0.001, 0.999])
    for row, each in enumerate(arrays.values()):
        counts, edges = np.histogram(each, bins=60, range=(low, high))
        heights = row - 0.9 * counts / max(1, counts.max())
        ax.stairs(heights, edges, baseline=row, fill=True, color=COLOURS["model"], alpha=0.3)
        ax.stairs(heights, edges, baseline=row, color=COLOURS["model"], linewidth=1)
        ax.annotate(f"± {each.std():.2g}", (1, row), xycoords=("axes fraction", "data"),
                    xytext=(5, 3), textcoords="offset points")  # fmt: skip
    ax.set_yticks(range(len(arrays)), list(arrays))
    ax.set_ylim(len(arrays) - 0.9, -1)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def plot_update_ratios(
    steps: Sequence[float],
    ratios: Mapping[str, Sequence[float]],
    *,
    usual: float = -3,
    ax: Axes | None = None,
) -> Axes:
    """A line for each matrix with its name at the end, over the line of what is usual.

    ``ratios`` are base-10 logarithms of update over weight, for each of the steps.
    """
    if wrong := [name for name, each in ratios.items() if len(each) != len(steps)]:
        raise ValueError(f"{wrong[0]} has {len(ratios[wrong[0]])} ratios for {len(steps)} steps")
    if not 1 <= len(ratios) <= len(LINES):
        raise ValueError(
            f"{len(ratios)} lines came; between 1 and {len(LINES)} can be told apart: choose some, "
            "or take means"
        )
    ax = ax or plt.subplots(figsize=(4.8, max(3.0, 0.22 * len(ratios) + 1.2)))[1]
    ax.axhline(usual, color=COLOURS["floor"], linewidth=1.2)
    ax.annotate(f"usual: {usual:g}".replace("-", "−"), (0, usual), xytext=(4, 3),
                xycoords=("axes fraction", "data"), textcoords="offset points",
                color=COLOURS["floor"])  # fmt: skip
    ends = {}
    for (name, each), (style, color) in zip(ratios.items(), LINES, strict=False):
        ax.plot(steps, each, linestyle=style, color=color, linewidth=1.5)
        ends[name] = (_last(name, each), color)
    _label_ends(ax, steps[-1], ends)
    ax.set_xlabel("step")
    ax.set_ylabel("update / weight, log₁₀")
    return ax


def _last(name: str, values: Sequence[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    if not finite:
        raise ValueError(f"{name} has no finite ratio to draw; leave it out")
    return finite[-1]


def _label_ends(ax: Axes, x: float, ends: Mapping[str, tuple[float, str]]) -> None:
    """Names beside the ends of lines, pushed apart where they would overlap."""
    low, high = ax.get_ylim()
    line = plt.rcParams["font.size"] * 1.2 / 72 / (0.75 * ax.figure.get_figheight())
    names = sorted(ends, key=lambda name: ends[name][0])
    places = np.array([ends[name][0] for name in names], dtype=float)
    for _ in range(200):
        push = np.clip(line * (high - low) - np.diff(places), 0, None) / 2
        places[:-1] -= push
        places[1:] += push
    for name, place in zip(names, places, strict=True):
        ax.annotate(name, (x, place), xytext=(7, 0), textcoords="offset points", va="center",
                    color=ends[name][1], annotation_clip=False)  # fmt: skip
