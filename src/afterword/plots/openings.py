"""What the pictures have in common that chapters open with: one shape, one typeface.

Each is words, and one thing drawn at them. Type is large, since a phone shows them at three fifths
of their size. What is measured is a place, a width or an opacity, never a mixed colour: those are
numbers, in which another processor's rounding may show (tests/book/figures.py).
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.textpath import text_to_path

WIDTH, HEIGHT = 561.6, 172.8  # points; a notebook adds a tenth of an inch all round: 8 by 2.6
FONT, INK, PALE = "STIXGeneral", "#222222", 0.4
NOTE = 17  # the least size of type


def opening() -> Axes:
    """An empty picture, measured in points from its lower left corner."""
    as_placed = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=False)
    figure = plt.figure(figsize=(WIDTH / 72, HEIGHT / 72), layout=as_placed)
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT))
    ax.axis("off")
    return ax


def width_of(text: str, size: float) -> float:
    """How many points a text takes, the space at its end included."""
    font = FontProperties(family=FONT, size=size)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]


def say(ax: Axes, x: float, y: float, text: str, size: float, **look) -> None:
    """Write in the pictures' typeface, with its left end on the line at (x, y)."""
    look = {"color": INK, "family": FONT, "va": "baseline"} | look
    ax.text(x, y, text, fontsize=size, **look)
