"""Tables of shares as pictures: dark where much, with the number in each cell."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes


def plot_table(shares, rows: Sequence[str], columns: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw ``shares``, numbers from 0 to 1 of shape [len(rows), len(columns)]; zeros stay blank."""
    shares = np.asarray(shares, dtype=float)
    if shares.shape != (len(rows), len(columns)):
        raise ValueError(
            f"{len(rows)} rows and {len(columns)} columns need shares of shape "
            f"({len(rows)}, {len(columns)}), got {shares.shape}"
        )
    ax = ax or plt.subplots(figsize=(0.55 * len(columns) + 0.8, 0.4 * len(rows) + 0.9))[1]
    ax.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1.3, edgecolor="white", linewidth=1)
    for i, j in zip(*shares.nonzero(), strict=True):
        ink = "white" if shares[i, j] > 0.8 else "#222222"
        ax.text(j + 0.5, i + 0.5, f"{shares[i, j]:.2f}", ha="center", va="center", color=ink)
    ax.set_xticks(np.arange(len(columns)) + 0.5, columns)
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
    ax.invert_yaxis()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax
