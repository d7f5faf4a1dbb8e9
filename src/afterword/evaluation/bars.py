"""Whether the bars of a tune in ABC notation are full.

Read are the metre and the length of a note (M:, L:), also where they change; notes, rests and
chords with their lengths, triplets and the like, broken rhythm, repeats and endings. Passed over
are grace notes and what decorates. One voice only.

Source: abcnotation.com, the ABC music standard 2.1.
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

FIELD = re.compile(r"(?![A-Ga-gxz]:[|:])([A-Za-z]):(.*)")  # c:| is a note before a repeat
TOKEN = re.compile(
    r"(?P<tuplet>\(\d(?::\d*){0,2})"
    r"|(?P<field>\[[A-Za-z]:[^\]]*\])"
    r"|(?P<bar>:*\[?\|+[]:|]*(?:\s*\[?\d[\d,.-]*)?|::+|\[\d[\d,.-]*)"
    r"|(?P<chord>\[[^]|]*\][\d/]*|\+(?:[_^=]*[A-Ga-g][,']*[\d/]*){2,}\+)"
    r"|(?P<note>[_^=]*[A-Ga-gxz][,']*[\d/]*)"
    r"|(?P<rest>[XZ]\d*)"
    r"|(?P<broken><+|>+)"
    r"|(?P<tie>-)"
    r'|(?P<nothing>"[^"]*"|![^!\s|]*!|\+[^+]*\+|\{[^}]*\}|[\s()~.`*$!\\yH-WYh-w])'
)
NAMED_METRES = {"C": Fraction(1), "C|": Fraction(1)}
# this many notes in the time of so many; of five, seven and nine it depends on the metre
IN_TIME_OF = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


@dataclass(frozen=True)
class Bar:
    """How long a bar is, 1 if full; and whether a part of the tune begins or ends with it."""

    length: Fraction
    is_first: bool
    is_last: bool


def bars(tune: str) -> list[Fraction]:
    """The length of each bar, as a part of what the metre asks: 1 is full.

    >>> bars("M:6/8\\nL:1/8\\nK:G\\nD|GAG GAB|A>BA d3|e2z|")
    [Fraction(1, 6), Fraction(1, 1), Fraction(1, 1), Fraction(1, 2)]
    """
    return [bar.length for bar in read(tune, Reader()).bars]


def full_bars(tune: str) -> float:
    """The share of bars that are full.

    A tune may begin before its first bar, and so may each part that a double line or a repeat
    sets apart: such a beginning is not counted, and the last bar of a part is full too if it
    makes up a whole with some such beginning.

    >>> full_bars("M:6/8\\nL:1/8\\nK:G\\nD|GAG GAB|ABA d2|e3 d2:|")  # the fourth and the first: 6/6
    0.6666666666666666
    """
    return share_full(read(tune, Reader()).bars)


def share_full(found: list[Bar]) -> float:
    """The same of bars that have been read."""
    begun = [bar for bar in found if bar.is_first and not bar.is_last and bar.length < 1]
    counted = [bar for bar in found if bar not in begun]
    if not counted:
        raise ValueError(f"there are {len(found)} bars, none to be counted; give a tune with notes")
    wholes = {1 - bar.length for bar in begun}
    n_full = sum(b.length == 1 or (b.is_last and b.length in wholes) for b in counted)
    return n_full / len(counted)


def read(tune: str, reader: "Reader") -> "Reader":
    """A reader that has gone through a tune; what it cannot read is a ``ValueError``."""
    for number, line in enumerate(tune.splitlines(), start=1):
        try:
            reader.line(line.split("%")[0])
        except ValueError as error:
            at = f"column {reader.at + 1}"
            raise ValueError(
                f"line {number} of the tune, {line.strip()!r}, {at}: {error}"
            ) from error
    reader.bar("||")
    if reader.bars:
        reader.bars[-1] = replace(reader.bars[-1], is_last=True)
    return reader


class Reader:
    """Goes through a tune sign by sign; a method for each kind of sign that counts."""

    def __init__(self):
        self.bars: list[Bar] = []
        self.is_first = True
        self.length = Fraction(0)  # of this bar so far, in whole notes
        self.last_note: Fraction | None = None  # of this bar
        self.next_times: Fraction | None = None  # what broken rhythm makes of the next note
        self.tuplet_times, self.n_in_tuplet = Fraction(1), 0
        self.lengths: dict[str, Fraction] = {}  # by what stands behind a note
        self.metre: Fraction | None = None
        self.in_threes = False
        self.unit: Fraction | None = None
        self.begun: dict[str, list[str]] = {}
        self.at = 0  # in the line
        self.before_ending = Fraction(0)  # what a first ending that begins in a bar found there

    def line(self, line: str) -> None:
        self.at = 0
        if field := FIELD.fullmatch(line):
            self.field(f"[{field[1]}:{field[2]}]")
            return
        while self.at < len(line):
            found = TOKEN.match(line, self.at)
            if not found:
                came = line[self.at : self.at + 8]
                raise ValueError(f"{came!r} cannot be read as ABC; take it out")
            if found.lastgroup != "nothing":
                getattr(self, found.lastgroup)(found[0])
            self.at = found.end()

    def field(self, sign: str) -> None:
        name, value = sign[1], sign[3:-1].strip()
        number = value.split()[:1]  # a voice may be described behind its number
        if name in "XV" and self.begun.setdefault(name, number) != number:
            raise ValueError("a second tune or voice begins; give one at a time")
        if name == "M":
            self.metre, self.in_threes = metre_of(value)
        if name == "L":
            self.unit = _fraction(value)
        self.lengths = {}

    def note(self, sign: str) -> None:
        self.refuse_no_metre()
        written = sign[len(sign.rstrip("0123456789/")) :]
        if written not in self.lengths:
            self.lengths[written] = self.unit_length * times(written)
        self.last_note = self.lengths[written]
        if self.n_in_tuplet:
            self.n_in_tuplet -= 1
            self.last_note *= self.tuplet_times
        if self.next_times:
            self.last_note, self.next_times = self.last_note * self.next_times, None
        self.length += self.last_note

    def refuse_no_metre(self) -> None:
        if self.metre is None:
            raise ValueError("a note before any metre; give a line such as M:6/8")

    @property
    def unit_length(self) -> Fraction:
        """What is written as 1: in short metres a sixteenth, unless L: says otherwise."""
        return self.unit or Fraction(1, 16 if self.metre < Fraction(3, 4) else 8)

    def chord(self, sign: str) -> None:
        """As long as its first note, times what stands behind it: [CE]2, or +C2E2+ of old."""
        inside, after = re.fullmatch(r".(.*)[]+]([\d/]*)", sign).groups()
        first = re.search(r"[A-Ga-gxz][,']*([\d/]*)", inside)
        if not first:
            raise ValueError(f"the chord {sign} has no note; take it out")
        before = self.length
        self.note(first[1])
        self.last_note *= times(after)
        self.length = before + self.last_note

    def tuplet(self, sign: str) -> None:
        n, time, over = ([int(part or 0) for part in sign[1:].split(":")] + [0, 0])[:3]
        time = time or IN_TIME_OF.get(n, 3 if self.in_threes else 2)
        if n < 2:
            raise ValueError(f"{sign} is no group of notes; the least is (2")
        self.tuplet_times, self.n_in_tuplet = Fraction(time, n), over or n

    def broken(self, sign: str) -> None:
        if self.last_note is None:
            raise ValueError(f"{sign} stands before any note of its bar; take it out")
        short = Fraction(1, 2 ** len(sign))
        ours, self.next_times = (2 - short, short) if sign[0] == ">" else (short, 2 - short)
        self.length += self.last_note * (ours - 1)
        self.last_note *= ours

    def tie(self, sign: str) -> None:
        """It lengthens what is heard, not the bar."""

    def rest(self, sign: str) -> None:
        """Z4 is four bars of silence."""
        self.refuse_no_metre()
        for i in range(int(sign[1:] or 1)):
            if i:
                self.bar("|")
            self.length += self.metre

    def bar(self, sign: str) -> None:
        """A line; or, where it is only [1, the place in a bar from which [2 goes on as well."""
        is_border = any(mark in sign for mark in ("||", ":", "[|", "|]"))
        if self.length and re.fullmatch(r"\[\d.*", sign):
            self.before_ending = self.length
            return
        if self.length:
            self.bars.append(Bar(self.length / self.metre, self.is_first, False))
            self.is_first = False
        if is_border and self.bars and not self._is_beginning(sign):
            self.bars[-1] = replace(self.bars[-1], is_last=True)
        self.is_first = self.is_first or is_border
        self.length, self.last_note = Fraction(0), None
        if re.search(r"[|:[]\s*[2-9]", sign):
            self.length, self.before_ending = self.before_ending, Fraction(0)

    def _is_beginning(self, sign: str) -> bool:
        """Is the last bar less than one, before the first that is to be repeated?"""
        last = self.bars[-1]
        drawn = sign.rstrip("[0123456789,.- ")
        leads_on = (drawn.endswith("|:") and drawn[0] != ":") or len(self.bars) == 1
        return last.is_first and last.length < 1 and leads_on


def _fraction(value: str) -> Fraction:
    found = re.fullmatch(r"(\d+)/(\d*[1-9]\d*)", value)
    if not found or not int(found[1]):
        raise ValueError(f"{value!r} is no length; give one such as 1/8")
    return Fraction(int(found[1]), int(found[2]))


def metre_of(value: str) -> tuple[Fraction, bool]:
    """How long a bar is, and whether it goes in threes, such as 6/8; 2+3/8 is 5/8."""
    if value in NAMED_METRES:
        return NAMED_METRES[value], False
    found = re.fullmatch(r"\(?(\d+(?:\+\d+)*)\)?(/\d+)", value)
    if not found:
        raise ValueError(f"{value!r} is no metre; give one such as 6/8, or C")
    beats = sum(map(int, found[1].split("+")))
    return _fraction(f"{beats}{found[2]}"), beats % 3 == 0 and beats > 3


@lru_cache(maxsize=1024)
def times(written: str) -> Fraction:
    """What stands behind a note: 2 is twice as long, / or /2 half, // a quarter, 3/2 that."""
    found = re.fullmatch(r"(\d*)(/*)(\d*)", written)
    number, slashes, below = found.groups() if found else ("0", "", "")
    below = int(below or 2 if slashes else 1) if len(slashes) < 2 else 2 ** len(slashes)
    if not below or not int(number or 1):
        raise ValueError(f"{written!r} is no length of a note; give one such as 2, / or 3/2")
    return Fraction(int(number or 1), below)
