"""Poems with their form marked: beats and rhymes of English lines, tones and rhymes of Chinese."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from afterword.plots.openings import HEIGHT, WIDTH, opening, say, width_of
from afterword.plots.style import COLOURS

SHADES = {"level": "rgba(0, 104, 168, 0.16)", "oblique": "rgba(184, 78, 0, 0.16)"}
SIGNS = {"level": "○", "oblique": "●", "either": "◐"}  # as Chinese books of prosody mark them
RHYMED = f"outline: 3px solid {COLOURS['accent']}; outline-offset: -3px"


@dataclass(frozen=True)
class Sign:
    """One character of a poem: what it means, its tone if that is known, whether it rhymes."""

    character: str
    gloss: str
    tone: str  # "level", "oblique", "either", or "" if it is not known
    is_rhyme: bool = False


def plot_scanned(
    lines: Sequence[Sequence[tuple[str, bool]]], letters: str, *, size: float = 26
) -> Axes:
    """Lines of verse under each other, their beats underlined, their rhymes lettered at the right.

    A line is its syllables in order, each ``(text, is_beat)``. A letter that stands alone is in
    another colour: a line that rhymes with none.
    """
    if len(lines) != len(letters):
        raise ValueError(f"{len(lines)} lines and {len(letters)} letters; give one letter a line")
    ax, step = opening(), HEIGHT / len(lines)
    for i, (line, letter) in enumerate(zip(lines, letters, strict=True)):
        x, y = 0.0, HEIGHT - (i + 0.66) * step
        say(ax, x, y, "".join(text for text, _ in line), size)
        for text, is_beat in line:
            if is_beat:
                right = x + width_of(text.rstrip(" .,:;?!"), size)
                ax.plot([x, right], [y - 7] * 2, color=COLOURS["model"], linewidth=2.4)
            x += width_of(text, size)
        is_alone = letters.count(letter) == 1
        colour = COLOURS["rival" if is_alone else "human"]
        say(ax, WIDTH, y, letter, size, color=colour, ha="right", weight="bold")
    return ax


def poem_table(lines: Sequence[Sequence[Sign]], *, caption: str) -> str:
    """HTML: a poem in large characters, under each its tone and its gloss, the rhymes framed.

    Tones are told by a sign as well as by a shade, so that colour is not needed to read them.
    """
    if len({len(line) for line in lines}) != 1:
        raise ValueError(
            f"the lines have {[len(line) for line in lines]} characters; give a poem of equal lines"
        )
    rows = "".join(f"<tr>{''.join(map(_cell, line))}</tr>" for line in lines)
    style = "table-layout: fixed; width: 100%; max-width: 40rem; border-collapse: separate"
    head = f'<caption style="text-align: left">{html.escape(caption)}</caption>'
    return f'<table style="{style}">{head}<tbody>{rows}</tbody></table>'


def _cell(sign: Sign) -> str:
    look = "text-align: center; vertical-align: top; padding: 0.2rem 0.05rem"
    look += "; overflow-wrap: break-word"
    shade = f"; background: {SHADES[sign.tone]}" if sign.tone in SHADES else ""
    frame = f"; {RHYMED}" if sign.is_rhyme else ""
    character = (
        f'<span lang="zh-Hant" style="font-size: 1.5rem">{html.escape(sign.character)}</span>'
    )
    told = SIGNS.get(sign.tone, "?")
    small = "font-size: 0.62rem; hyphens: auto"
    words = f'<span lang="en" style="{small}">{html.escape(sign.gloss)}</span>'
    return f'<td style="{look}{shade}{frame}">{character}<br>{told}<br>{words}</td>'
