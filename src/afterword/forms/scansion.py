"""Whether a line can be read in a metre, and with which of the liberties that poets take.

    scan("Shall I compare thee to a summer's day?", 5).fits

What is stressed in English verse is in part up to the reader. So the test is the one of metrical
theory, which asks little: a stressed syllable of a longer word must not fall where the metre has
none. Words of one syllable fit anywhere, and no line is called bad for them.

Sources: Halle and Keyser 1966, Chaucer and the study of prosody, College English 28(3); Kiparsky
1977, The rhythmic structure of English verse, Linguistic Inquiry 8(2).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from afterword.evaluation.sounds import SPELLING, Sound
from afterword.forms.speech import spoken, ways

CLASH, LICENCE = 100, 1  # what each costs: a reading without a clash is always the better one


@dataclass(frozen=True, kw_only=True)
class Licences:
    """What may depart from the metre."""

    reversed_feet: tuple[int, ...] = (0,)  # feet of two syllables that may be turned, from 0
    short_first: bool = True  # a first foot of three syllables may lack one that is weak
    n_extra: int = 1  # weak syllables after the last foot: a feminine ending
    promotion: bool = True  # a weak syllable may stand where the metre has a stress
    in_words: tuple[str, ...] = ("elision", "sounded -ed")  # see ``speech.ways``


USUAL = Licences()
STRICT = Licences(reversed_feet=(), short_first=False, n_extra=0, promotion=False, in_words=())


@dataclass(frozen=True)
class Scansion:
    """The reading of a line that fits best: what is said, what the metre wants, what it takes."""

    stresses: str  # a sign a syllable: 1 stressed, 0 not, ? either
    beats: str  # 1 where the metre has a stress
    clashes: tuple[int, ...]  # syllables, from 0
    licences: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Has it the syllables of the metre, and no stress in the wrong place?"""
        return len(self.stresses) == len(self.beats) and not self.clashes


def scan(
    line: str, n_feet: int, *, foot: str = "01", licences: Licences = USUAL, sound: Sound = SPELLING
) -> Scansion | None:
    """The best reading of a line in ``n_feet`` feet; None if there is no telling how it is said.

    A line of which no reading has the right number of syllables is given as it is usually said.

    >>> scan("To be or not to be, that is the question", 5).licences
    ('extra syllable',)
    >>> scan("Compare beauty to a day of summer", 5).clashes
    (2, 8)
    """
    words = _ways(line, licences, sound)
    if words is None:
        return None
    readings = (_best(words, beats, licences) for beats in patterns(n_feet, foot, licences))
    found = [
        (cost, stresses, beats, tuple(dict.fromkeys(own + used)))
        for reading in readings
        for cost, stresses, beats, own, used in reading
    ]
    if not found:
        plain = "".join(next(iter(word)) for word in words)
        return Scansion(plain, foot * n_feet, (), ())
    _, stresses, beats, used = min(found)
    return Scansion(stresses, beats, tuple(clashes(stresses, beats, licences)), used)


def lengths(line: str, *, licences: Licences = USUAL, sound: Sound = SPELLING) -> set[int] | None:
    """How many syllables a line may have; None if there is no telling.

    >>> sorted(lengths("The heaven of my hour")), lengths("in 1999")
    ([5, 6], None)
    """
    words = _ways(line, licences, sound)
    if words is None:
        return None
    found = {0}
    for word in words:
        found = {n + len(reading) for n in found for reading in word}
    return found


def patterns(
    n_feet: int, foot: str, licences: Licences = USUAL
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each row of beats that a line may have, with the licences that it takes.

    >>> [beats for beats, _ in patterns(2, "01")]
    ['0101', '01010', '1001', '10010']
    """
    if n_feet < 1 or foot.strip("01") or len(foot) not in (2, 3):
        raise ValueError(
            f"{n_feet} feet of {foot!r}: give 1 or more, of two or three signs 0 and 1, "
            "such as '01' for iambs"
        )
    choices = [[(foot, ())] for _ in range(n_feet)]
    if len(foot) == 2:
        for i in set(licences.reversed_feet) & set(range(n_feet)):
            choices[i].append((foot[::-1], ("reversed foot",)))
    elif licences.short_first and "00" in foot:
        choices[0].append((foot.replace("00", "0"), ("short first foot",)))
    for feet in product(*choices):
        beats = "".join(beat for beat, _ in feet)
        used = tuple(name for _, names in feet for name in names)
        for n in range(licences.n_extra + 1):
            yield beats + "0" * n, used + ("extra syllable",) * n


def _ways(line: str, licences: Licences, sound: Sound) -> list[dict] | None:
    words = spoken(line)
    nexts = [*words, ""][1:]
    found = [
        {
            reading: used
            for reading, used in ways(word, sound, after=after).items()
            if set(used) <= set(licences.in_words)
        }
        for word, after in zip(words, nexts, strict=True)
    ]
    return found if found and all(found) else None


def _best(words: list[dict], pattern: tuple, licences: Licences) -> Iterable[tuple]:
    """The cheapest reading along a row of beats, word by word; none if the lengths differ."""
    beats, own = pattern
    reached = {0: (LICENCE * len(own), "", ())}  # syllables said: cost, stresses, licences
    for word in words:
        nexts = {}
        for start, (cost, said, used) in reached.items():
            for reading, names in word.items():
                end = start + len(reading)
                n_clashes = len(list(clashes(reading, beats[start:end], licences)))
                new = cost + CLASH * n_clashes + LICENCE * len(names), said + reading, used + names
                if end <= len(beats) and (end not in nexts or new < nexts[end]):
                    nexts[end] = new
        reached = nexts
    if len(beats) in reached:
        cost, said, used = reached[len(beats)]
        yield cost, said, beats, own, used


def clashes(stresses: str, beats: str, licences: Licences) -> Iterator[int]:
    """The syllables, from 0, that are stressed where the metre has no stress.

    >>> list(clashes("?10", "010", USUAL)), list(clashes("10", "01", USUAL))
    ([], [0])
    """
    for i, (stress, beat) in enumerate(zip(stresses, beats, strict=False)):
        if (stress, beat) == ("1", "0") or (
            (stress, beat) == ("0", "1") and not licences.promotion
        ):
            yield i
