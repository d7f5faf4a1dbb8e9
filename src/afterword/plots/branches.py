"""A tree of what may come next, letter by letter."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from afterword.plots.openings import HEIGHT, PALE, WIDTH, opening, say, width_of
from afterword.plots.style import COLOURS


def plot_branches(start: str, shares: Mapping[str, float], marked: str, *, size=24) -> Axes:
    """A tree of letters after ``start``, a branch as thick as its share, and never too thin to see.

    ``shares`` has a share for each word, and for all that it begins with. Only what is ``marked``
    and begins no other word is in the colour of what people write.
    """
    if lost := [text for text in shares if text[:-1] and text[:-1] not in shares]:
        raise ValueError(f"{lost[0]!r} came without {lost[0][:-1]!r}; give the share of each")
    ax, places, thick = opening(), tree(start, shares, size), 150  # points for a share of one
    for text, (x, y) in places.items():
        ahead = [place for place in places if place[:-1] == text and place]
        top = y + thick * sum(shares[other] for other in ahead) / 2
        for other in ahead:
            width = thick * shares[other]
            words = {word for word in places if word.startswith(other)}
            is_marked = all(marked.startswith(word) for word in words)
            look = {"color": COLOURS["human"]} if is_marked else {"alpha": PALE}
            branch(ax, (x + 8, top - width / 2), places[other], max(width, 1.2), **look)
            top -= width
        if text:
            say(ax, x, y - 6, text[-1], size, ha="center")
    say(ax, 0, places[""][1] - 7, start, size + 3)
    return ax


def tree(start: str, shares: Mapping[str, float], size: float) -> dict[str, tuple[float, float]]:
    """Where each letter stands: a column for each place, a row for each word, likeliest first."""
    ends = [text for text in shares if not any(other[:-1] == text for other in shares)]
    ends.sort(key=lambda word: [-shares[word[: i + 1]] for i in range(len(word))])
    rows = dict(zip(ends, np.linspace(HEIGHT - 16, 14, len(ends)), strict=True))
    left = width_of(start.strip(), size + 3) - 4
    step = (WIDTH - left - 12) / max(map(len, ends))

    def place(text):
        return left + step * len(text), np.mean([rows[w] for w in ends if w.startswith(text)])

    beginnings = {word[:i]: None for word in ends for i in range(len(word) + 1)}
    return {text: place(text) for text in beginnings}


def branch(ax: Axes, start, end, width: float, **look) -> None:
    """A band that leaves one place level and comes to another level, just before its letter."""
    (a, b), (c, d), look = start, (end[0] - 8, end[1]), {"color": COLOURS["model"]} | look
    curve = Path([(a, b), ((a + c) / 2, b), ((a + c) / 2, d), (c, d)], [1, 4, 4, 4])
    ax.add_patch(PathPatch(curve, fill=False, linewidth=width, capstyle="butt", **look))
