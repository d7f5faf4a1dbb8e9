"""Tunes that hypothesis makes: of any notes that can be written."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import strategies as st

from afterword.music.keys import Key, read_key
from afterword.music.tune import Line, Note, Tune

UNIT = Fraction(1, 8)
KEYS = st.sampled_from([read_key(name) for name in ("C", "Gm", "F#m", "Bb", "Edor", "Amix", "Ab")])
WRITTEN = st.sampled_from([Fraction(1), *map(Fraction, (2, 3, 4)), Fraction(1, 2), Fraction(3, 4)])
PITCHES = st.one_of(st.none(), st.integers(48, 94))


@st.composite
def notes(draw, bar: int) -> list[Note]:
    """Some of one bar: alone, or three in the time of two."""
    found = []
    for pitches in draw(
        st.lists(st.lists(PITCHES, min_size=1, max_size=3), min_size=1, max_size=4)
    ):
        length = draw(WRITTEN) * UNIT
        if len(pitches) == 3:
            found += [Note(pitch, length * Fraction(2, 3), bar) for pitch in pitches]
        else:
            found += [Note(pitch, length, bar) for pitch in pitches]
    return found


@st.composite
def tunes(draw, key: Key | None = None) -> Tune:
    """Bars of any length, with lines and ties of every kind."""
    n_bars = draw(st.integers(1, 4))
    found = [note for bar in range(n_bars) for note in draw(notes(bar))]
    for i, (note, after) in enumerate(pairwise(found)):
        if note.pitch is not None and note.pitch == after.pitch and draw(st.booleans()):
            found[i] = Note(note.pitch, note.duration, note.bar, is_tied=True)
    inner = st.builds(Line, st.sampled_from(["|", "||", "|:", ":|", "::"]), st.just(""))
    ends = st.builds(Line, st.sampled_from(["||", ":|", "::"]))
    lines = [draw(st.sampled_from([Line(""), Line("|:")]))]
    lines += [draw(inner) for _ in range(n_bars - 1)] + [draw(ends)]
    return Tune(
        notes=tuple(found),
        lines=tuple(lines),
        metre=draw(st.sampled_from(["6/8", "C|", "3/4"])),
        unit=UNIT,
        key=key or draw(KEYS),
    )
