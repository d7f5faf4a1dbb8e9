"""Verdicts as pictures: dots with their intervals, and what each measure makes of each text."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from afterword.plots.style import COLOURS


def plot_intervals(
    verdicts: Mapping[str, tuple[float, float, float]],
    colours: Mapping[str, str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """One row for each name, the first on top: ``(value, low, high)`` as a dot on a bar.

    ``colours`` gives some names a colour of their own; the others have the model's.
    """
    for name, (value, low, high) in verdicts.items():
        if not low <= value <= high:
            raise ValueError(
                f"{name} is {value} with an interval from {low} to {high}; give (value, low, high)"
            )
    ax = ax or plt.subplots(figsize=(4.8, 0.32 * len(verdicts) + 0.9))[1]
    for row, (name, (value, low, high)) in enumerate(verdicts.items()):
        colour = (colours or {}).get(name, COLOURS["model"])
        ax.plot([low, high], [row, row], color=colour, linewidth=1.6)
        ax.plot(value, row, "o", color=colour, markersize=5)
    ax.set_yticks(range(len(verdicts)), list(verdicts))
    ax.set_ylim(len(verdicts) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    return ax


def plot_fooled(
    cells: Sequence[Sequence[str]],
    is_fooled,
    rows: Sequence[str],
    columns: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """A table of short texts, dark and in bold where ``is_fooled``; of shape [rows, columns]."""
    is_fooled = np.asarray(is_fooled, dtype=bool)
    shape = (len(rows), len(columns))
    if is_fooled.shape != shape or [len(row) for row in cells] != [len(columns)] * len(rows):
        raise ValueError(
            f"{len(rows)} rows and {len(columns)} columns need as many texts and truths; got "
            f"truths of shape {is_fooled.shape} and rows of {[len(row) for row in cells]} texts"
        )
    ax = ax or plt.subplots(figsize=(0.85 * len(columns) + 1.3, 0.42 * len(rows) + 0.8))[1]
    ax.pcolormesh(0.8 * is_fooled, cmap="Oranges", vmin=0, vmax=1, edgecolor="white", linewidth=1)
    for (i, j), fooled in np.ndenumerate(is_fooled):
        ink, weight = ("white", "bold") if fooled else ("#222222", "normal")
        text = dict(ha="center", va="center", color=ink, weight=weight, fontsize=9)
        ax.text(j + 0.5, i + 0.5, cells[i][j], **text)
    ax.set_xticks(np.arange(len(columns)) + 0.5, columns)
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
    ax.xaxis.tick_top()
    ax.invert_yaxis()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax
