"""Words in a row, and at each what a chapter found: how dear, where it looks, when, on what way."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Arc, Circle

from afterword.plots.openings import INK, NOTE, PALE, WIDTH, opening, say, width_of
from afterword.plots.style import COLOURS


def plot_raised(line: str, heights: Sequence[float], unit: str, *, size: float = 31) -> Axes:
    """Each letter of a line on a stem as high as its number; the highest says what it is."""
    heights = np.asarray(heights, dtype=float)
    if heights.shape != (len(line),) or heights.min(initial=0) < 0:
        raise ValueError(
            f"{len(line)} letters came with heights of shape {heights.shape}, the least "
            f"{heights.min(initial=0):.2f}; one of at least 0 for each letter was wanted"
        )
    ax, foot, tall = opening(), 4, 118 / heights.max()
    room = (WIDTH - width_of(line, size)) / len(line)
    for i in np.flatnonzero([not letter.isspace() for letter in line]):
        left = width_of(line[:i], size) + room * (i + 0.5)
        middle, top = left + width_of(line[i], size) / 2, foot + tall * heights[i]
        look = {"color": COLOURS["model"], "alpha": PALE, "linewidth": 4}
        ax.plot([middle] * 2, [foot, top], solid_capstyle="round", **look)
        say(ax, left, top + 9, line[i], size)
        if i == heights.argmax():
            label = f"{heights[i]:.0f} {unit}  "
            say(ax, left, top + 9, label, NOTE, color=COLOURS["floor"], ha="right")
    return ax


def plot_arcs(weights, words: Sequence[str], ahead: str, *, size: float = 35) -> Axes:
    """Words in a row, and arcs from each to those before it, as thick as it looks there.

    ``weights`` has a row for each word that looks. The last word's arcs are coloured; the word
    ``ahead``, which nobody sees yet, stands pale at the end.
    """
    weights, n = np.asarray(weights, dtype=float), len(words)
    if weights.shape != (n, n):
        raise ValueError(f"{n} words need weights of shape ({n}, {n}), got {weights.shape}")
    ax, row = opening(), [*words, ahead]
    widths = np.array([width_of(word, size) for word in row])
    gap = (WIDTH - widths.sum()) / n
    lefts = np.cumsum(widths + gap) - widths - gap
    for left, word in zip(lefts, row, strict=True):
        say(ax, left, 14, word, size, alpha=PALE if left == lefts[-1] else 1)
    for i, j in zip(*np.nonzero(np.tril(weights >= 0.01, -1)), strict=True):
        ends = (lefts + widths / 2)[[j, i]]
        span, look = np.diff(ends)[0], {"color": COLOURS["floor"], "alpha": PALE}
        if i == n - 1:
            look = {"color": COLOURS["model"], "zorder": 3}
        thick = max(11 * weights[i, j], 0.8)
        half_turn = dict(theta1=0, theta2=180, linewidth=thick, **look)
        ax.add_patch(Arc((ends.mean(), 48), span, min(0.8 * span, 235), **half_turn))
    return ax


def plot_dials(angles, words: Sequence[str], marked: str, *, size: float = 30) -> Axes:
    """A dial over each word, with a hand for each of its angles, the first the longest."""
    angles = np.asarray(angles, dtype=float)
    if angles.ndim != 2 or len(angles) != len(words):
        raise ValueError(f"{len(words)} words need as many rows of angles, got {angles.shape}")
    ax, step = opening(), WIDTH / len(words)
    for i, (word, hands) in enumerate(zip(words, angles, strict=True)):
        x, y, radius = (i + 0.5) * step, 109, 0.46 * step
        colour = COLOURS["model"] if word == marked else INK
        ring = dict(facecolor="none", edgecolor=colour, alpha=PALE, linewidth=1.2)
        ax.add_patch(Circle((x, y), radius, **ring))
        for j, angle in enumerate(hands):
            length = radius * (0.92 - 0.26 * j)
            tip = [x, x + length * np.sin(angle)], [y, y + length * np.cos(angle)]
            ax.plot(*tip, color=colour, linewidth=1.6 + 1.8 * j, solid_capstyle="round")
        say(ax, x, 25, word, size, color=colour, ha="center")
    return ax


def plot_stream_of_words(lengths, guesses: Sequence[str], *, size: float = 32) -> Axes:
    """A stream as broad as the vector is long at each depth, and the guess where it changes.

    The first guess stands where it springs, the last where it ends, those between above it.
    """
    lengths, n = np.asarray(lengths, dtype=float), len(guesses)
    if lengths.shape != (n,) or n < 2:
        raise ValueError(
            f"{n} guesses came with lengths of shape {lengths.shape}; one of each was wanted for "
            "every depth, and two depths at least"
        )
    ax, middle, pad = opening(), 70, 10
    ends = width_of(guesses[0], size) + pad, WIDTH - width_of(guesses[-1], size) - pad
    x, half = np.linspace(*ends, n), 68 * lengths / lengths.max()
    ax.fill_between(x, middle - half, middle + half, color=COLOURS["model"], alpha=PALE, lw=0)
    ax.vlines(x, middle - half, middle + half, color="white", linewidth=1)
    say(ax, 0, middle - 8, guesses[0], size)
    say(ax, ends[1] + pad, middle - 8, guesses[-1], size)
    for i in range(1, n - 1):
        if guesses[i] != guesses[i - 1]:
            ax.plot([x[i]] * 2, [middle, 136], color=COLOURS["floor"], linewidth=1.2)
            say(ax, x[i], 144, guesses[i], size, ha="center")
    return ax
