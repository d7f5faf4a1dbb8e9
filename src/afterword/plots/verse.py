"""Verse written with a model, in the page: a row of words that may come next, and the pen.

The still form is a whole verse with the candidates for one of its words. The model comes when the
reader asks for it, from scripts that stand beside the book's pages; the parts are put together in
``interop.verse``.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

from afterword.plots.live import Live, drawn, framed
from afterword.plots.style import COLOURS

N_SHOWN = 12
STAYS = (
    "In the book’s own pages, online or on a disk, you write here yourself: the model loads into "
    "the page and offers its words. In a notebook, candidates(…) does the same in a cell."
)


@dataclass(frozen=True)
class Choice:
    """A word that may come next, its probability, and whether the line would end with it."""

    word: str
    prob: float
    ends: bool


def verse_form(
    verse: str, before: str, choices: Sequence[Choice], *, n_bytes: int, data: dict
) -> Live:
    """The form with a verse, and the ``choices`` that were there after its part ``before``.

    ``data`` goes to the script: model, first, metre, scheme, metres, schemes. ``n_bytes`` are to be
    loaded.
    """
    if not choices or not verse.startswith(before.rstrip()):
        raise ValueError(
            f"{len(choices)} choices after {before[-20:]!r}, which the verse must begin with; give "
            "at least one, and a verse that goes on from there"
        )
    said = sentence(before, choices)
    lines = "<br>\n".join(html.escape(line) for line in verse.strip().split("\n"))
    still = f'<blockquote class="lines">{lines}</blockquote>\n{bars(before, choices)}'
    still += f"\n<p>{html.escape(said)}</p>"
    mark = f'<p class="stays" data-model="{html.escape(data["model"])}">{STAYS}</p>'
    given = data | dict(size=f"{n_bytes / 1e6:.1f} MB")
    text = f"Live figure: verse written with a model.\n{verse}{said}"
    page = framed("verse", still=f"{still}\n{mark}", data=given, shared=["fetching"])
    return Live(page, _figure(before, choices), text)


def percent(share: float) -> str:
    """A probability in two digits or so, also where it is small.

    >>> percent(0.1234), percent(0.00123), percent(0.0000012)
    ('12%', '0.12%', '0.00012%')
    """
    if share <= 0:
        return "0%"
    digits = max(0, 1 - int(np.floor(np.log10(100 * share))))
    return f"{100 * share:.{digits}f}%"


def sentence(before: str, choices: Sequence[Choice]) -> str:
    """What the table shows, in words."""
    best = choices[0]
    role = "as the last word of the line" if best.ends else "with more to come"
    return (
        f"After “{end_of(before)}” the likeliest word that fits is “{best.word}”, {role}: "
        f"{percent(best.prob)} by the model."
    )


def end_of(text: str) -> str:
    """The line that is being written."""
    return text.rsplit("\n", 1)[-1].strip()


def bars(before: str, choices: Sequence[Choice]) -> str:
    """The choices as a table of bars, the longest for the likeliest."""
    most = max(each.prob for each in choices)
    rows = [
        f"<caption>What may come after “{html.escape(end_of(before))}”</caption>",
        '<tr><th scope="col">Word</th><th scope="col">Its place</th>'
        '<th scope="col" class="bars">Share</th><th scope="col">Model</th></tr>',
    ]
    for each in choices[:N_SHOWN]:
        rows.append(
            f'<tr><th scope="row">{html.escape(each.word)}</th>'
            f"<td>{'ends the line' if each.ends else 'within it'}</td>"
            f'<td class="bars"><span style="width: {100 * each.prob / most:.1f}%"></span></td>'
            f"<td>{percent(each.prob)}</td></tr>"
        )
    return "\n".join(['<table class="next">', *rows, "</table>"])


def _figure(before: str, choices: Sequence[Choice]) -> str:
    """The same drawn by matplotlib, for paper and for where HTML is not shown."""
    shown = choices[:N_SHOWN]
    places = np.arange(len(shown))
    figure, ax = plt.subplots(figsize=(4.8, 0.28 * len(shown) + 0.9), layout="constrained")
    colours = [COLOURS["model" if each.ends else "floor"] for each in shown]
    ax.barh(places, [100 * each.prob for each in shown], color=colours)
    ax.set_yticks(places, [each.word for each in shown])
    ax.invert_yaxis()
    title = f"After “{end_of(before)}”".replace("$", r"\$")
    ax.set(title=title, xlabel="probability in percent; blue: the line ends with it")
    return drawn(figure)
