"""Tunes in ABC notation, read into notes; ``writing`` writes them back.

    tune = read_abc(text)

Read is what one voice in one key and one metre can hold. Of a chord the highest note is kept, a
slur, a grace note, a decoration and what stands in quotes are passed over. An accidental holds
to the end of the bar, in every octave. How long notes are is worked out by ``evaluation.bars``.

Source: abcnotation.com, the ABC music standard 2.1.
"""

import re
from dataclasses import replace

from afterword.evaluation.bars import Bar, Reader, read
from afterword.music.keys import SEMITONES, Key, read_key
from afterword.music.tune import LINES, Line, Note, Tune

PITCH = re.compile(r"([_^=]*)([A-Ga-g])([,']*)")
FIELDS = {"T": "title", "B": "book", "Z": "transcriber", "G": "family", "R": "rhythm"}
SIGNS = {"=": 0, "^": 1, "_": -1}


def read_abc(text: str) -> Tune:
    """One tune; what does not parse is a ``ValueError`` that names line, column and what came.

    >>> tune = read_abc("M:6/8\\nL:1/8\\nK:G\\nF|GAG {a}G2d|^c=cB G3:|")
    >>> [note.pitch for note in tune.notes]
    [66, 67, 69, 67, 67, 74, 73, 72, 71, 67]
    >>> tune.n_bars, [line.sign for line in tune.lines]
    (3, ['', '|', '|', ':|'])
    """
    return read_with_bars(text)[0]


def read_with_bars(text: str) -> tuple[Tune, list[Bar]]:
    """The tune, and how full each of its bars is, of one reading."""
    reader = read(text, _TuneReader())
    if not reader.notes:
        raise ValueError("there is no note in it; give a tune, its fields M:, L: and K: first")
    if reader.lines[-1].sign == "|":
        reader.lines[-1] = replace(reader.lines[-1], sign="||")
    tune = Tune(
        notes=tuple(reader.notes),
        lines=tuple(reader.lines),
        metre=reader.metre_name,
        unit=reader.unit_length,
        key=reader.key,
        **reader.fields,
    )
    return tune, reader.bars


class _TuneReader(Reader):
    """Keeps what ``evaluation.bars`` passes by: pitches, ties, lines, and the fields."""

    def __init__(self):
        super().__init__()
        self.notes: list[Note] = []
        self.lines = [Line("")]
        self.key: Key | None = None
        self.metre_name, self.fields = "", {}
        self.signs: dict[str, int] = {}  # letter to how much it is raised, to the end of the bar
        self.last_name: tuple[str, int] | None = None  # letter and octave of the last note

    def field(self, sign: str) -> None:
        name, value = sign[1], sign[3:-1].strip()
        if name == "K":
            self._once("key", self.key, read_key(value))
            self.key = read_key(value)
            self.sharpened = {letter: self.key.sharpened(letter) for letter in SEMITONES}
        if name == "M":
            self._once("metre", self.metre_name, value)
            self.metre_name = value
        super().field(sign)
        if name in FIELDS and not self.notes:
            self.fields.setdefault(FIELDS[name], value)

    def _once(self, what: str, before, now) -> None:
        if before and str(before) != str(now):
            raise ValueError(
                f"the {what} changes from {before} to {now}; give a tune of one {what}"
            )

    def note(self, sign: str) -> None:
        if self.key is None:
            raise ValueError("a note before any key; give a line such as K:G")
        super().note(sign)
        pitch = self._pitch(sign) if PITCH.match(sign) else None
        self._end_tie(pitch)
        self.notes.append(Note(pitch, self.last_note, bar=len(self.lines) - 1))

    def chord(self, sign: str) -> None:
        super().chord(sign)
        highest = max(map(self._pitch, (found[0] for found in PITCH.finditer(sign))))
        duration = self.last_note
        self.notes[-1] = replace(self.notes[-1], pitch=highest, duration=duration)

    def broken(self, sign: str) -> None:
        super().broken(sign)
        self.notes[-1] = replace(self.notes[-1], duration=self.last_note)

    def tie(self, sign: str) -> None:
        if self.notes and self.notes[-1].pitch is not None:
            self.notes[-1] = replace(self.notes[-1], is_tied=True)

    def rest(self, sign: str) -> None:
        for i in range(int(sign[1:] or 1)):
            if i:
                self.bar("|")
            super().rest("Z")
            self.notes.append(Note(None, self.metre, bar=len(self.lines) - 1))

    def bar(self, sign: str) -> None:
        super().bar(sign)
        self.signs = {}
        here = _line(sign)
        if self.notes and self.notes[-1].bar == len(self.lines) - 1:
            self.lines.append(here)
        else:  # nothing was sounded since the last: together they are one
            self.lines[-1] = _joined(self.lines[-1], here, at_start=len(self.lines) == 1)

    def _pitch(self, sign: str) -> int:
        accidental, letter, octave = PITCH.match(sign).groups()
        name = letter.upper()
        if accidental:
            self.signs[name] = sum(SIGNS[one] for one in accidental)
        raised = self.signs.get(name, self.sharpened[name])
        height = 60 + 12 * (letter.islower() + octave.count("'") - octave.count(","))
        before, self.last_name = self.last_name, (name, height)
        if before == self.last_name and not accidental and self.notes[-1].is_tied:
            return self.notes[-1].pitch  # a tie carries an accidental over the line
        return height + SEMITONES[name] + raised

    def _end_tie(self, pitch: int | None) -> None:
        """A tie to another pitch is what was once written for a slur: none."""
        if self.notes and self.notes[-1].is_tied and self.notes[-1].pitch != pitch:
            self.notes[-1] = replace(self.notes[-1], is_tied=False)


def _line(sign: str) -> Line:
    drawn, ending = re.fullmatch(r"([\[\]:|]*?)\s*\[?(\d[\d,.-]*)?", sign).groups()
    closes, opens = drawn.startswith(":"), drawn.endswith(":")
    is_double = any(mark in drawn for mark in ("||", "[|", "|]"))
    if closes or opens:
        return Line("::" if closes and opens else ":|" if closes else "|:", ending or "")
    return Line("||" if is_double else "|" if drawn else "", ending or "")


def _joined(a: Line, b: Line, *, at_start: bool) -> Line:
    closes, opens = (any(mark in (a.sign, b.sign) for mark in (one, "::")) for one in (":|", "|:"))
    if at_start:  # there is nothing to close
        return Line("|:" if opens else "", b.ending)
    sign = "::" if closes and opens else max(a.sign, b.sign, key=LINES.index)
    return Line(sign, b.ending or a.ending)
