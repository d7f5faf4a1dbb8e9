"""What may stand next in a tune if its bars are to add up: the rules, sign by sign.

They are those of ``evaluation.bars``, looked at from the front: a bar is full; or it begins a
part; or it ends one, and what it lacks begins this part, one before it, or one that must then
follow. ``constraint`` puts them before a model.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from afterword.evaluation.bars import IN_TIME_OF, metre_of, times
from afterword.music.tokens import LENGTHS, LINES, TUPLETS

NEVER = 10**6  # characters: more than any tune has
WRITTEN = ["", *LENGTHS]
BORDERS = ("||", "|:", ":|", "::")
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a tune one is; lengths are parts of a bar."""

    last: str = "start"  # the kind of sign before: start note tuplet line border ending newline end
    filled: Fraction = ZERO  # of this bar
    is_first: bool = True  # is this the first bar of its part?
    n_bars: int = 0  # that are drawn; counted to 2
    is_opening: bool = False  # was the last bar less than one, before what is to be repeated?
    n_in_tuplet: int = 0  # notes that it still lacks
    tuplet_times: Fraction = Fraction(1)
    begun: frozenset = frozenset()  # how long the beginnings of parts were
    awaited: frozenset = frozenset()  # and how long some must yet be
    before_ending: Fraction = ZERO  # where in its bar a first ending began

    @property
    def is_complete(self) -> bool:
        """May the tune end here?"""
        return self.last == "newline" and not (self.awaited or self.is_opening)


class Rules:
    """What a sign leads to, in one metre, with lengths counted in one unit.

    ``written`` are the lengths that can be written, of all that can be read.
    """

    def __init__(self, metre: str, unit: Fraction, written: tuple[str, ...] = tuple(WRITTEN)):
        length, self.in_threes = metre_of(metre)
        self.part = unit / length  # of a bar, that the length 1 takes
        self.parts = {one: self.part * times(one) for one in WRITTEN}
        self.written = written
        self.after = lru_cache(maxsize=None)(self.after)
        self.n_needed = lru_cache(maxsize=None)(self.n_needed)
        self._fill = lru_cache(maxsize=None)(self._fill)

    def after(self, place: Place, sign: str) -> Place | None:
        """The place after one more sign, or None where it may not stand.

        Of notes only the length counts: their sign is z and the length.
        """
        if place.last == "end":
            return None
        if sign[0] == "z":
            return self._note(place, sign[1:])
        if sign[0] == "(":
            return self._tuplet(place, sign)
        if sign[0] == "[":
            return _ending(place, sign)
        if sign == "\n":
            return _newline(place)
        return _bar(place, sign)

    def _note(self, place: Place, written: str) -> Place | None:
        filled = place.filled + self.parts[written] * place.tuplet_times
        if filled > 1 or place.last == "border":
            return None
        n = max(place.n_in_tuplet - 1, 0)
        rest = place.tuplet_times if n else Fraction(1)
        return replace(place, last="note", filled=filled, n_in_tuplet=n, tuplet_times=rest)

    def _tuplet(self, place: Place, sign: str) -> Place | None:
        if place.n_in_tuplet or place.last == "border":
            return None
        n, time, over = ([int(one) for one in sign[1:].split(":")] + [0, 0])[:3]
        time = time or IN_TIME_OF.get(n, 3 if self.in_threes else 2)
        part = Fraction(time, n)
        return replace(place, last="tuplet", n_in_tuplet=over or n, tuplet_times=part)

    def n_needed(self, place: Place) -> int:
        """How many characters, at most, complete the tune from here; ``NEVER`` if none can."""
        if place.is_complete:
            return 0
        part = self._fill(Fraction(1), 0, Fraction(1)) + len("||\n")  # of one bar
        begun = {one: self._fill(one, 0, Fraction(1)) + len("|") + part for one in place.awaited}
        more = sum(begun.values())
        if place.last in ("border", "newline") and place.n_bars:
            at_border = place.last == "border"
            return at_border + (more or part * place.is_opening)
        ways = [self._left(place, Fraction(1)) + len("||\n") + more]
        if place.is_first:  # this bar may be the beginning that is awaited
            for one, cost in begun.items():
                if one > place.filled or place.last == "note":
                    ways.append(self._left(place, one) + len("|") + part + more - cost)
        return min(*ways, NEVER)

    def _left(self, place: Place, length: Fraction) -> int:
        return self._fill(length - place.filled, place.n_in_tuplet, place.tuplet_times)

    def _fill(self, left: Fraction, n_in_tuplet: int, part: Fraction) -> int:
        """The fewest characters that fill what is left of a bar."""
        if left == 0 and not n_in_tuplet:
            return 0
        if left <= 0 or (not n_in_tuplet and (left / self.part).denominator > 16):
            return NEVER
        n = max(n_in_tuplet - 1, 0)
        least = NEVER
        for written in self.written:
            length = self.parts[written] * (part if n_in_tuplet else 1)
            if length <= left:
                least = min(least, 1 + len(written) + self._fill(left - length, n, part))
        return least


@lru_cache(maxsize=64)
def rules_of(metre: str, unit: Fraction, written: tuple[str, ...]) -> Rules:
    """The rules of a metre, which remember what they have worked out."""
    return Rules(metre, unit, written)


def _bar(place: Place, sign: str) -> Place | None:
    """A line; ``sign`` is one of ``BORDERS``, or |."""
    if not place.filled:
        return replace(place, last="ending") if place.last == "start" and sign == "|:" else None
    if place.n_in_tuplet or place.last != "note":
        return None
    here = place.filled
    is_short, is_border = here < 1, sign in BORDERS
    leads_on = place.is_first and (not is_border or sign == "|:" or not place.n_bars)
    begun, awaited = place.begun, place.awaited
    if is_short and leads_on:
        begun, awaited = begun | {here}, awaited - {here}
    elif is_short and not is_border:
        return None
    elif is_short and 1 - here not in begun:
        awaited = awaited | {1 - here}
    return replace(
        place,
        last="border" if is_border else "line",
        filled=ZERO,
        is_first=is_border,
        n_bars=min(place.n_bars + 1, 2),
        is_opening=is_short and leads_on and is_border,
        begun=begun,
        awaited=awaited,
    )


def _ending(place: Place, sign: str) -> Place | None:
    """[1 behind a line or within a bar, [2 and on behind a line."""
    if place.last == "note":  # in the midst of a bar
        if sign != "[1" or place.n_in_tuplet or place.filled == 1:
            return None
        return replace(place, last="ending", before_ending=place.filled)
    if place.last not in ("line", "border"):
        return None
    if sign == "[1":
        return replace(place, last="ending")
    return replace(place, last="ending", filled=place.before_ending, before_ending=ZERO)


def _newline(place: Place) -> Place | None:
    """One behind the end of a part; a second ends the tune."""
    if place.last == "border":
        return replace(place, last="newline")
    return replace(place, last="end") if place.is_complete else None


ALL_LINES = [sign for sign in LINES if sign[0] != "["]
ENDINGS = [sign for sign in LINES if sign[0] == "["]
SIGNS = [*(f"z{written}" for written in WRITTEN), *TUPLETS, *ALL_LINES, *ENDINGS, "\n"]
