"""A tune as notes, not as signs: what is sounded, for how long, and where the lines are."""

from dataclasses import dataclass, replace
from fractions import Fraction

from afterword.evaluation.bars import metre_of
from afterword.music.keys import Key, key_on

LINES = ("", "|", "||", "|:", ":|", "::")  # "" only where an ending begins within a bar


@dataclass(frozen=True, slots=True)
class Note:
    """A sound, or a rest if ``pitch`` is None."""

    pitch: int | None  # as MIDI numbers it: 60 is C, 62 D
    duration: Fraction  # of a whole note
    bar: int = 0  # counted from 0, as drawn
    is_tied: bool = False  # to the next note, which has the same pitch


@dataclass(frozen=True, slots=True)
class Line:
    """What stands between two bars, before the first, or after the last."""

    sign: str = "|"
    ending: str = ""  # "1" where a first ending begins

    def __post_init__(self):
        if self.sign not in LINES:
            raise ValueError(f"{self.sign!r} is no line between bars; there are {LINES}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tune:
    """One voice in one key and one metre; ``lines[i]`` stands before bar i, the last at the end."""

    notes: tuple[Note, ...]
    lines: tuple[Line, ...]
    metre: str
    unit: Fraction  # the length that is written as 1
    key: Key
    rhythm: str = ""
    title: str = ""
    book: str = ""
    transcriber: str = ""
    family: str = ""  # the same for variants of one tune; see ``melody.families``

    @property
    def n_bars(self) -> int:
        """How many bars are drawn; one that an ending divides counts as two."""
        return len(self.lines) - 1

    @property
    def bar_length(self) -> Fraction:
        """How long the metre asks a bar to be, in whole notes."""
        return metre_of(self.metre)[0]

    def in_bars(self) -> list[list[Note]]:
        """The notes of each bar."""
        found = [[] for _ in range(self.n_bars)]
        for note in self.notes:
            found[note.bar].append(note)
        return found

    def sounded(self) -> list[Note]:
        """What is heard, as written and without repeats: tied notes are one, rests stay."""
        heard: list[Note] = []
        goes_on = False
        for note in self.notes:
            if goes_on:
                last = heard[-1]
                heard[-1] = replace(last, duration=last.duration + note.duration)
            else:
                heard.append(replace(note, is_tied=False))
            goes_on = note.is_tied
        return heard

    def transposed(self, semitones: int) -> "Tune":
        """The same tune higher, or lower if ``semitones`` is negative, in the key that fits."""
        notes = [
            note if note.pitch is None else replace(note, pitch=note.pitch + semitones)
            for note in self.notes
        ]
        return replace(
            self, notes=tuple(notes), key=key_on(self.key.home + semitones, self.key.mode)
        )
