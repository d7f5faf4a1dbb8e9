"""A tune that is seen and played: its drawing, buttons, and tones made in the page.

The script, ``player.js``, makes each tone from a few overtones, and marks the note that sounds.
Without it the drawing and what it says in words are all there.
"""

import html
from collections.abc import Sequence

from afterword.plots.live import Live, framed

HEIGHT, STEP, LINE = 130, 60.0, 8  # of a line of the roll; units a bar; bars a line
STAYS = "In the book’s own pages, and where a notebook’s scripts run, it can be played."


def player(
    svg: str,
    notes: Sequence[Sequence],
    *,
    said: str,
    pace: float,
    title: str = "",
    pickup: float = 0.0,
) -> Live:
    """The figure for a drawing whose n-th element of class ``note`` is the n-th note.

    Each of ``notes`` is what sounds, in order: which note of the drawing, its pitch as MIDI
    numbers it (None for a rest), when it begins and when it ends, in bars. ``pace`` is how many
    seconds a bar takes at first; ``pickup``, how much of one comes before the first.
    """
    if not notes or not pace > 0:
        raise ValueError(f"{len(notes)} notes at {pace} seconds a bar cannot be played; give some")
    if (n_drawn := svg.count('class="note"')) <= max(note[0] for note in notes):
        raise ValueError(
            f"the drawing has {n_drawn} notes, and number {max(note[0] for note in notes)} is to "
            "be played; draw the tune that is played"
        )
    name = f'<p class="title">{html.escape(title)}</p>\n' if title else ""
    still = f'{name}{svg}\n<p>{html.escape(said)}</p>\n<p class="stays">{STAYS}</p>'
    times = [[i, pitch, round(at, 4), round(end, 4)] for i, pitch, at, end in notes]
    data = dict(notes=times, pace=pace, pickup=round(pickup, 4))
    text = f"A score that can be played. {title + ': ' if title else ''}{said}"
    alone = svg.replace("<svg ", '<svg color="black" ', 1)
    return Live(framed("player", still=still, data=data), alone, text)


def roll(notes: Sequence[tuple[int | None, float]], end: float, *, said: str) -> str:
    """A drawing as a roll: time to the right, eight bars a line, pitch upwards.

    Each note is its pitch (None for a rest) and when it begins, in bars; the last one ends at
    ``end``.
    """
    pitches = [pitch for pitch, _ in notes if pitch is not None]
    if not pitches:
        raise ValueError("there is no note to be drawn; give a tune with one")
    low, n_lines = min(pitches), int(-(-end // LINE))
    each = (HEIGHT - 20) / max(max(pitches) - low + 1, 12)
    shapes = []
    for (pitch, at), until in zip(notes, [*(at for _, at in notes[1:]), end], strict=True):
        line, x = divmod(at, LINE)
        y = line * HEIGHT + HEIGHT - 10 - each * ((pitch or low) - low + 1)
        width = max((until - at) * STEP - 1.5, 1)
        shape = f'<rect x="{x * STEP:.1f}" y="{y:.1f}" width="{width:.1f}" height="{each:.1f}"/>'
        shapes.append(f'<g class="note">{shape if pitch is not None else ""}</g>')
    for line in range(n_lines):
        for bar in range(LINE + 1):
            path = f"M{bar * STEP:g},{line * HEIGHT + 4}v{HEIGHT - 8}"
            shapes.append(f'<path d="{path}" stroke="currentColor" stroke-opacity="0.25"/>')
    box = f"0 0 {LINE * STEP:g} {n_lines * HEIGHT}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" '
        f'aria-label="{html.escape(said)}" fill="currentColor">{"".join(shapes)}</svg>'
    )
