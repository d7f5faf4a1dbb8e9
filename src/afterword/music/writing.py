"""Tunes written in ABC notation, in one normal form.

    text = write_abc(tune)
    text = normal(text_of_any_form)

In the normal form each length is written out (A3/2B/2, not A>B), lines between bars are one of
five, and the text goes to a new line where a part of the tune ends.

Source: abcnotation.com, the ABC music standard 2.1.
"""

from fractions import Fraction

from afterword.evaluation.bars import metre_of
from afterword.music.abc import FIELDS, read_abc
from afterword.music.keys import SEMITONES, Key
from afterword.music.tune import Note, Tune


def write_abc(tune: Tune, *, fields: str = "RMLK", beams: bool = False) -> str:
    """A tune in the normal form: fields, a line each, then the notes.

    ``fields`` may also name T, B, Z and G. With ``beams`` there is a space between groups of notes,
    so that a score can join their flags, and behind the number of an ending.

    >>> write_abc(read_abc("M:4/4\\nL:1/8\\nK:D\\nA>B (3cde [df]4 |^g2=g/a/ z/ g3-g/|]"))
    'M:4/4\\nL:1/8\\nK:D\\nA3/2B/2(3cdef4|^g2=g/2a/2z/2g3-g/2||\\n'
    """
    values = {field: getattr(tune, name) for field, name in FIELDS.items()}
    values |= {"M": tune.metre, "L": str(tune.unit), "K": str(tune.key)}
    head = "".join(f"{field}:{values[field]}\n" for field in fields if values[field])
    return head + write_body(tune, beams=beams)


def write_body(tune: Tune, *, beams: bool = False) -> str:
    """The notes and lines alone."""
    signs = []
    for i, (line, notes) in enumerate(zip(tune.lines, [*tune.in_bars(), []], strict=True)):
        ending = f"[{line.ending}{' ' * beams}" if line.ending else ""
        signs.append(line.sign + ending)
        if i and line.sign not in ("", "|") and not line.ending:
            signs.append("\n")
        signs += _bar(tune, notes, beams)
    return "".join(signs)


def _bar(tune: Tune, notes: list[Note], beams: bool) -> list[str]:
    """The signs of one bar; those of its accidentals that are needed."""
    signs, now, sharpened = [], Fraction(0), {}  # what has been raised, by letter and octave
    beat = _beat(tune.metre)
    for group, (n, time) in _groups(notes):
        if beams and now and now % beat == 0:
            signs.append(" ")
        if n:
            signs.append(_tuplet(n, time, len(group), tune.metre))
        for note in group:
            written = note.duration * n / time if n else note.duration
            tie = "-" if note.is_tied else ""
            signs.append(_name(note, tune.key, sharpened) + length(written / tune.unit) + tie)
            now += note.duration
    return signs


def _groups(notes: list[Note]):
    """Notes of lengths that can be written alone, and of those that need a tuplet.

    Yields ``(notes, (n, time))``, n notes in the time of ``time``; (0, 0) for a note alone.
    """
    group, n = [], 0
    for note in notes:
        group.append(note)
        n = n or _odd(note.duration.denominator)
        if n == 1 or _odd(sum(one.duration for one in group).denominator) == 1:
            yield group, ((0, 0) if n == 1 else (n, 2))
            group, n = [], 0
    if group:
        yield group, (n, 2)


def _odd(number: int) -> int:
    return number // (number & -number)


def _tuplet(n: int, time: int, over: int, metre: str) -> str:
    if over == n and (n == 3 or not metre_of(metre)[1]):
        return f"({n}"
    return f"({n}:{time}:{over}"


def _beat(metre: str) -> Fraction:
    length, is_in_threes = metre_of(metre)
    return Fraction(3, 8) if is_in_threes else Fraction(1, 2 if length == 1 else 4)


def _name(note: Note, key: Key, sharpened: dict) -> str:
    """How a note is written where some letters have been raised or lowered in its bar."""
    if note.pitch is None:
        return "z"
    letter, raised = key.spelled(note.pitch % 12)
    octave = (note.pitch - raised - SEMITONES[letter]) // 12 - 5
    before = {sharpened.get((letter, one)) for one in range(-5, 6)} - {None}
    here = sharpened.get((letter, octave))
    usual = key.sharpened(letter) if here is None else here
    sign = {0: "=", 1: "^", -1: "_"}[raised] if raised != usual or before - {raised} else ""
    if sign:
        sharpened[letter, octave] = raised
    name = letter.lower() if octave > 0 else letter
    return sign + name + "'" * (octave - 1) + "," * -octave


def length(times: Fraction) -> str:
    """What stands behind a note: nothing for 1, 3, /2, 3/2 and so on."""
    above, below = times.numerator, times.denominator
    return f"{above if above > 1 else ''}{f'/{below}' if below > 1 else ''}"


def normal(text: str, *, fields: str = "RMLK") -> str:
    """A text in the normal form, which is its own: ``normal(normal(text)) == normal(text)``."""
    return write_abc(read_abc(text), fields=fields)
