"""The residual stream: the numbers of each word, stage by stage, and what each stage changed."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from afterword.plots.style import COLOURS


def plot_stream(
    stages: Mapping[str, object], rows: Sequence[str], columns: Sequence[str]
) -> Figure:
    """A table for each stage, side by side; a number that the stage has changed is coloured.

    ``stages`` are arrays of shape [len(rows), len(columns)]; zeros stay blank.
    """
    shape = (len(rows), len(columns))
    stages = {name: np.asarray(stage, dtype=float) for name, stage in stages.items()}
    if wrong := [stage.shape for stage in stages.values() if stage.shape != shape]:
        raise ValueError(f"a stage of shape {wrong[0]} came, {shape} was wanted; give all the same")
    size = (4.8, 0.36 * len(rows) + 1.0)
    fig, axes = plt.subplots(1, len(stages), figsize=size, sharey=True, squeeze=False)
    before = next(iter(stages.values()))
    for ax, (name, stage) in zip(axes[0], stages.items(), strict=True):
        changed = ~np.isclose(stage, before, atol=0.005)
        ax.pcolormesh(changed, cmap="Blues", vmin=0, vmax=4, edgecolor="#dddddd", linewidth=1)
        for i, j in zip(*np.nonzero(np.abs(stage) >= 0.005), strict=True):
            ink = COLOURS["model"] if changed[i, j] else "#222222"
            ax.text(j + 0.5, i + 0.5, f"{stage[i, j]:.2f}", ha="center", va="center", color=ink,
                    fontsize=9)  # fmt: skip
        ax.set_title(name, fontsize=10, fontweight="normal")
        ax.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=90)
        ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        before = stage
    axes[0, 0].invert_yaxis()
    return fig
