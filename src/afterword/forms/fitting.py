"""Which words may come next in a line that is being written, so that it can still be finished.

    fitting("Shall I compare thee to a", Demand(n_feet=5), load_lexicon())

A word fits if a row of beats of the metre has room for it where the line now ends, and if from
there words of the lexicon lead to the end, the last of them a rhyme where one is asked for. Whether
they do is worked out once from the end of the line backwards, so no word that is offered leads into
a dead end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from afterword.evaluation.sounds import Sound
from afterword.forms.lexicon import Entry, Lexicon
from afterword.forms.scansion import USUAL, Licences, clashes, patterns
from afterword.forms.speech import VOWEL, spoken, ways
from afterword.forms.verse import rhyme

Way = tuple[str, bool]  # how a word is said, and whether a vowel must follow: th' expense


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What is asked of one line: feet of a metre, or with foot "" only so many syllables."""

    n_feet: int = 5
    foot: str = "01"
    rhyme: str = ""  # the word, or line, with which it is to rhyme
    licences: Licences = field(default=USUAL)

    @property
    def beats(self) -> list[str]:
        """The rows of beats that the line may have; where nothing is asked, any stress will do."""
        if not self.foot:
            if self.n_feet < 1:
                raise ValueError(f"a line of {self.n_feet} syllables; give 1 or more")
            return ["1" * self.n_feet]
        return sorted({beats for beats, _ in patterns(self.n_feet, self.foot, self.licences)})


@dataclass(frozen=True)
class Place:
    """Where the line may stand: its row of beats, how many are said, what must come next."""

    beats: str
    n: int
    needs_vowel: bool = False


@dataclass(frozen=True)
class Fit:
    """What a word may do in the line: be its last one, or have others after it."""

    ends: bool
    goes_on: bool


def fitting(line: str, demand: Demand, lexicon: Lexicon) -> dict[str, Fit]:
    """The words of the lexicon, as they are written, that may come next, and what each may do.

    A line with a word of which there is no telling how it is said, one that is full or that has
    left the metre, and a demand for a rhyme that the lexicon has not, are each a ``ValueError``.
    """
    ends = set(rhymes_of(demand.rhyme, lexicon)) if demand.rhyme else None
    found, here = _Fitting(demand, lexicon, ends), places(line, demand, lexicon)
    fits = {}
    for kind, entries in kinds(lexicon, demand.licences).items():
        after = {place for p in here for place in found.after(p, kind)}
        may_end = any(place.n == len(place.beats) and not place.needs_vowel for place in after)
        goes_on = any(found.can_finish(place) for place in after)
        for entry in entries if may_end or goes_on else ():
            is_end = may_end and (ends is None or entry.written in ends)
            if is_end or goes_on:
                fits[entry.written] = Fit(is_end, goes_on)
    if not fits:
        raise ValueError(
            f"after {line!r} no word fits: the line is full, or has left the metre; "
            "take back a word, or ask for something else"
        )
    return fits


@lru_cache(maxsize=256)
def rhymes_of(before: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The words of the lexicon that rhyme with a word; none is a ``ValueError``."""
    if not spoken(before):
        raise ValueError(f"{before!r} has no word to rhyme with; give one")
    end = spoken(before)[-1]
    found = tuple(
        entry.written for word, entry in lexicon.entries.items() if rhyme(end, word, lexicon)[0]
    )
    if not found:
        raise ValueError(f"no word of the lexicon rhymes with {end!r}; give another, or none")
    return found


def places(line: str, demand: Demand, lexicon: Lexicon) -> set[Place]:
    """Where a line may stand after the words that it has; none if it has left the metre."""
    words = spoken(line)
    here = {Place(beats, 0) for beats in demand.beats}
    for i, word in enumerate(words):
        after = words[i + 1] if i + 1 < len(words) else None
        said = tuple(_ways(word, lexicon, demand.licences, after))
        if not said:
            raise ValueError(f"there is no telling how {word!r} is said; write it in letters")
        here = {place for p in here for place in moved(p, said, bool(VOWEL.match(word)), demand)}
    return here


def moved(place: Place, said: tuple[Way, ...], is_vowel: bool, demand: Demand) -> Iterator[Place]:
    """Where a word leads to, in each of the ways in which it may be said there."""
    if place.needs_vowel and not is_vowel:
        return
    for reading, needs in said:
        end = place.n + len(reading)
        beats = place.beats[place.n : end]
        against = [*clashes(reading, beats, demand.licences)] if demand.foot else []
        if end <= len(place.beats) and not against:
            yield Place(place.beats, end, needs)


Kind = tuple[tuple[Way, ...], bool]  # the ways to say a word, and whether it begins with a vowel


@lru_cache(maxsize=8)
def kinds(lexicon: Lexicon, licences: Licences = USUAL) -> dict[Kind, list[Entry]]:
    """The words of the lexicon by all that a metre asks of them."""
    found = {}
    for word, entry in lexicon.entries.items():
        kind = tuple(_ways(word, lexicon, licences, None)), bool(VOWEL.match(word))
        found.setdefault(kind, []).append(entry)
    return found


def _ways(word: str, sound: Sound, licences: Licences, after: str | None) -> Iterator[Way]:
    """The ways to say a word before another; before one that is not known yet (None) all of them,
    those that need a vowel there marked."""
    plain = ways(word, sound, after=after or "")
    yield from (
        (reading, False) for reading, used in plain.items() if set(used) <= set(licences.in_words)
    )
    for reading, used in ways(word, sound, after="a").items() if after is None else ():
        if reading not in plain and set(used) <= set(licences.in_words):
            yield reading, True


class _Fitting:
    """From where in its beats a line can be finished; each place is worked out once."""

    def __init__(self, demand: Demand, lexicon: Lexicon, ends: set[str] | None):
        self.demand, self.known = demand, {}
        self.kinds = kinds(lexicon, demand.licences)
        self.ending = [
            kind
            for kind, entries in self.kinds.items()
            if ends is None or any(entry.written in ends for entry in entries)
        ]

    def after(self, place: Place, kind: Kind) -> Iterator[Place]:
        return moved(place, *kind, self.demand)

    def can_finish(self, place: Place) -> bool:
        """Is there a word or more from here to the end?"""
        if place not in self.known:
            self.known[place] = self._is_last(place) or any(
                self.can_finish(after) for kind in self.kinds for after in self.after(place, kind)
            )
        return self.known[place]

    def _is_last(self, place: Place) -> bool:
        whole = Place(place.beats, len(place.beats))
        return any(after == whole for kind in self.ending for after in self.after(place, kind))
