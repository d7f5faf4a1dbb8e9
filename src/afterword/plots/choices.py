"""What may come next: the likeliest tokens as bars, and which of them a filter keeps."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from afterword.plots.style import COLOURS


def plot_choices(probs, names: Sequence[str], kept=None, *, ax: Axes | None = None) -> Axes:
    """One bar for each name, in the order given; what is not ``kept`` is pale.

    ``probs`` has a number for each name, ``kept`` a truth for each; without it all are kept.
    """
    probs = np.asarray(probs, dtype=float)
    kept = np.ones(len(probs), dtype=bool) if kept is None else np.asarray(kept, dtype=bool)
    if not len(probs) == len(names) == len(kept):
        raise ValueError(
            f"{len(probs)} probabilities, {len(names)} names and {len(kept)} truths came; one of "
            "each for every bar was wanted"
        )
    ax = ax or plt.subplots(figsize=(4.8, 2.4))[1]
    bars = ax.bar(range(len(probs)), probs, color=COLOURS["model"], width=0.75)
    for bar, is_kept in zip(bars, kept, strict=True):
        bar.set_alpha(1.0 if is_kept else 0.3)
    ax.set_xticks(range(len(names)), names)
    ax.tick_params(axis="x", length=0)
    return ax
