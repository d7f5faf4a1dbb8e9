"""Lines under each other: where words appear in them, where they part, what was copied."""

import re
from collections.abc import Container, Mapping, Sequence
from itertools import takewhile

from matplotlib.axes import Axes

from afterword.plots.openings import HEIGHT, INK, NOTE, PALE, WIDTH, opening, say, width_of
from afterword.plots.style import COLOURS


def plot_emerging(rows: Mapping[str, str], known: Container[str], *, size: float = 27) -> Axes:
    """Lines under each other with their names; what is no word in ``known`` is pale."""
    ax, step = opening(), HEIGHT / len(rows)
    left = max(width_of(name, size) for name in rows) + 18
    for i, (name, line) in enumerate(rows.items()):
        y = HEIGHT - (i + 0.75) * step
        say(ax, 0, y, name, size, color=COLOURS["model"])
        x = left
        while x + width_of(line, size) > WIDTH:
            line = line.rpartition(" ")[0]
        for is_known, text in runs(line, known):
            say(ax, x, y, text, size, alpha=1 if is_known else PALE)
            x += width_of(text, size)
    return ax


def runs(line: str, known: Container[str]) -> list[tuple[bool, str]]:
    """A line in stretches, each all of known words or all of others; signs go with the last."""
    found: list[tuple[bool, str]] = []
    for word, signs in re.findall(r"([\w']*)([^\w']*)", line):
        is_known = word in known
        if found and (found[-1][0] == is_known or not word):
            found[-1] = found[-1][0], found[-1][1] + word + signs
        else:
            found.append((is_known, word + signs))
    return found


def plot_parting(texts: Mapping[str, str], *, size: float = 24) -> Axes:
    """Texts that begin alike, each written from the word at which it parts from one above it.

    Its name stands at the end of each row; a text is cut after the last word that fits before it.
    """
    ax, step, rows = opening(), HEIGHT / len(texts), {}
    for i, (name, text) in enumerate(texts.items()):
        y, room = HEIGHT - (i + 0.66) * step, WIDTH - width_of(name, NOTE) - 14
        same, parent = max(
            [(shared(text, other), rows[other]) for other in rows],
            key=lambda found: len(found[0]),
            default=("", y),
        )
        left, rest = width_of(same, size), text.removeprefix(same)
        while left + width_of(rest, size) > room and rest:
            rest = rest.rpartition(" ")[0]
        say(ax, left, y, rest, size)
        say(ax, WIDTH, y, name, NOTE, color=COLOURS["model"], ha="right")
        if i:  # from the row above, between its words, down to this one
            ax.plot([left - 3] * 2, [y - 3, parent - 9], color=COLOURS["model"], linewidth=2.2)
        rows[text] = y
    return ax


def shared(text: str, other: str) -> str:
    """The whole words with which two texts begin, and the space after them."""
    pairs = zip(text, other, strict=False)
    same = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return same.rpartition(" ")[0] + " "


def plot_marked(lines: Sequence[str], pieces: Sequence[str], *, size: float = 27) -> Axes:
    """Lines under each other, and in each of them one piece in another colour."""
    if wrong := [piece for line, piece in zip(lines, pieces, strict=True) if piece not in line]:
        raise ValueError(f"{wrong[0]!r} is no piece of its line; give what stands there")
    ax, step = opening(), HEIGHT / len(lines)
    for i, (line, piece) in enumerate(zip(lines, pieces, strict=True)):
        y, piece = HEIGHT - (i + 0.68) * step, piece.strip()
        before, after = line.split(piece, 1)
        left, right = width_of(before, size), width_of(before + piece, size)
        ax.plot([left, right], [y - 8] * 2, color=COLOURS["accent"], linewidth=3)
        parts = [(0, before, INK), (left, piece, COLOURS["accent"]), (right, after, INK)]
        for x, text, colour in parts:
            if text:
                say(ax, x, y, text, size, color=colour)
    return ax
