"""The quatrain of the Tang, jueju: what its form asks for, and whether a text has it.

    verdict = check("白日依山盡\\n黃河入海流\\n欲窮千里目\\n更上一層樓")
    verdict.is_quatrain, verdict.rhyme, verdict.tones, verdict.contrast, verdict.adhesion

Four lines of five or of seven characters. Lines 2 and 4 rhyme, often line 1 too. In a regulated
poem the rhyme is of the level tone, level and oblique tones take turns at places 2, 4 (and 6) of
a line (平仄), the lines of a couplet are opposite (對), and the second couplet begins as the first
ended (粘). A character may be read in several ways: a demand is met if some reading meets it. One
that is not in the table leaves it open: None, "cannot tell".

Sources: Wang Li 1958, Hanyu shilü xue; Downer and Graham 1963, Tone patterns in Chinese poetry,
Bulletin of the School of Oriental and African Studies 26(1).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from afterword.forms.readings import LEVEL, OBLIQUE, groups, level_groups, tones

SIZES = (5, 7)
RHYMING = (1, 3)  # lines that must rhyme, from 0
MARKS = re.compile(r"[\s，。！？；：、,.!?;:「」『』“”]+")
# characters of Chinese, and signs that stand for one that cannot be read
HAN = re.compile("[〇\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd□●\ue000-\uf8ff]+")
OPPOSITE = {LEVEL: OBLIQUE, OBLIQUE: LEVEL}
ALTERNATE = (LEVEL, OBLIQUE, LEVEL)  # at places 2, 4, 6, or the other way round
OPEN = (
    *("rhyme", "words_differ", "first_rhymes", "level_rhyme"),
    *("tones", "contrast", "adhesion", "tonal_pattern"),
)
RHYME, REGULATED = ("is_quatrain", "rhyme", "words_differ"), ("level_rhyme", "tonal_pattern")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether each demand is met: True, False, or None, "cannot tell"."""

    lines: tuple[str, ...]
    is_quatrain: bool  # four lines of five characters, or of seven
    rhyme: bool | None  # lines 2 and 4
    words_differ: bool | None  # no two lines that rhyme end on the same character
    first_rhymes: bool | None  # line 1 too; it may
    level_rhyme: bool | None  # the rhyme is of the level tone
    tones: bool | None  # they take turns in each line
    contrast: bool | None  # the second place of lines 1 and 2, and of 3 and 4, is opposite
    adhesion: bool | None  # that of lines 2 and 3 is alike
    tonal_pattern: bool | None  # the last three at once
    repeated: tuple[str, ...]  # characters that stand more than once: no rule is broken by them

    @property
    def is_kept(self) -> bool | None:
        """Is it a quatrain that rhymes? What poets of the Tang hardly ever fail in."""
        return every(getattr(self, name) for name in RHYME)

    @property
    def is_regulated(self) -> bool | None:
        """Has it besides a level rhyme and the whole pattern of tones?"""
        return every((self.is_kept, *(getattr(self, name) for name in REGULATED)))


def check(text: str) -> Verdict:
    """Hold a text against the form; marks between its lines, such as ，。, are left out.

    >>> check("白日依山盡，黃河入海流。欲窮千里目，更上一層樓。").is_regulated
    True
    >>> check("白日依山盡，黃河入海流。").is_quatrain
    False
    """
    lines = tuple(part for part in MARKS.split(text) if part)
    is_even = len(lines) == 4 and {*map(len, lines)} in ({size} for size in SIZES)
    is_quatrain = is_even and all(map(HAN.fullmatch, lines))
    repeated = tuple(dict.fromkeys(c for c in "".join(lines) if "".join(lines).count(c) > 1))
    found = _judged(lines) if is_quatrain else dict.fromkeys(OPEN)
    return Verdict(lines=lines, is_quatrain=is_quatrain, repeated=repeated, **found)


def _judged(lines: Sequence[str]) -> dict[str, bool | None]:
    ends = [lines[i][-1] for i in RHYMING]
    rhyme, first = rhymes(ends), rhymes([lines[0][-1], *ends])
    ending = [lines[0][-1], *ends] if first else ends
    first_places = [line[1] for line in lines]
    return {
        "rhyme": rhyme,
        "words_differ": len({*ending}) == len(ending),
        "first_rhymes": first,
        "level_rhyme": rhymes(ends, within=level_groups()),
        "tones": every(some(_runs(line, t) for t in OPPOSITE) for line in lines),
        "contrast": every(_differ(first_places[i : i + 2], True) for i in (0, 2)),
        "adhesion": _differ(first_places[1:3], False),
        "tonal_pattern": some(
            every(_runs(line, tone) for line, tone in zip(lines, starts, strict=True))
            for t, o in OPPOSITE.items()
            for starts in [(t, o, o, t)]
        ),
    }


def rhymes(ends: Sequence[str], *, within: frozenset[str] | None = None) -> bool | None:
    """Can all these characters be read in one rhyme group, of those ``within``?

    >>> rhymes("流樓"), rhymes("流月"), rhymes("流x")
    (True, False, None)
    """
    known = [groups(character) for character in ends if groups(character)]
    shared = frozenset.intersection(*known) if known else frozenset()
    shared = shared if within is None else shared & within
    if known and not shared:
        return False
    return True if len(known) == len(ends) else None


def has_tone(character: str, tone: str) -> bool | None:
    """Can a character be read in a tone, "level" or "oblique"? None if it is not in the table."""
    found = tones(character)
    return tone in found if found else None


def rhyme_sets(alphabet: Iterable[str]) -> list[frozenset[str]]:
    """The characters of an alphabet by groups of the level tone, for ``sampling.stanzas.quatrain``.

    >>> sorted(map(sorted, rhyme_sets("山間月東")))
    [['山', '間'], ['東']]
    """
    sets = {group: set() for group in sorted(level_groups())}
    for character in alphabet:
        for group in groups(character) & level_groups():
            sets[group].add(character)
    return [frozenset(found) for found in sets.values() if found]


def tone_patterns(n: int, alphabet: Iterable[str]) -> list[list[list[frozenset[str] | None]]]:
    """What may stand at each place of a regulated quatrain, for ``sampling.stanzas.places``.

    Two patterns: those that begin level at the second place and those that begin oblique.
    """
    alphabet = set(alphabet)
    of = {tone: frozenset(c for c in alphabet if tone in tones(c)) for tone in OPPOSITE}
    line = {t: [of[t], None, of[o], None, of[t]] for t, o in OPPOSITE.items()}
    return [[[None, *line[tone], None][:n] for tone in (t, o, o, t)] for t, o in OPPOSITE.items()]


def _runs(line: str, start: str) -> bool | None:
    """Do the tones at places 2, 4, 6 take turns, beginning with ``start``?"""
    wanted = ALTERNATE if start == LEVEL else [OPPOSITE[tone] for tone in ALTERNATE]
    return every(map(has_tone, line[1::2], wanted))


def _differ(pair: Sequence[str], is_opposite: bool) -> bool | None:
    """Can two characters be read in opposite tones, or in the same?"""
    return some(
        every((has_tone(pair[0], tone), has_tone(pair[1], other if is_opposite else tone)))
        for tone, other in OPPOSITE.items()
    )


def every(answers) -> bool | None:
    """Kleene's "and": False if one answer is, else None if one is."""
    answers = list(answers)
    return False if False in answers else None if None in answers else True


def some(answers) -> bool | None:
    """Kleene's "or": True if one answer is, else None if one is."""
    answers = list(answers)
    return True if True in answers else None if None in answers else False
