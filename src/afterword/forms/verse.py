"""Forms of English verse: what each demands, and whether a text keeps it.

    verdict = check(text, SONNET)
    verdict.rhyme, verdict.metre, verdict.share, verdict.reasons

Where there is no telling (a word without a vowel, digits, another script) the answer is None, and
never yes or no. Hold a model against the rate at which poets pass: they break rules too.

How words sound is known by a dictionary, or guessed from their spelling (the default, for which
nothing need be installed). Guessing errs. Of the lines of Shakespeare's sonnets 92 in 100 can be
read in the metre by the dictionary, 77 by spelling; of Milton's, in the spelling of 1667, 84 and
65. Of the rhymes in the sonnets that the dictionary knows, spelling finds 71 in 100, and of those
that it finds the dictionary has 83.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from afterword.evaluation import forms
from afterword.evaluation.sounds import SPELLING, Sound
from afterword.forms.scansion import USUAL, Licences, lengths, patterns, scan
from afterword.forms.speech import known, spoken


@dataclass(frozen=True, kw_only=True)
class Form:
    """What is demanded of a text; what is left out is not demanded.

    ``syllables`` are those of each line in turn, then again from the first; so with the letters of
    ``rhymes``. ``foot`` is "01" for iambs, "001" for anapaests. ``n_lines`` None is any number of
    whole stanzas, of as many lines as ``rhymes`` or ``syllables`` has.
    """

    name: str
    n_lines: int | None = None
    syllables: tuple[int, ...] = ()
    foot: str = ""
    rhymes: str = ""

    def __post_init__(self):
        size = len(self.rhymes) or len(self.syllables) or 1
        if self.n_lines is not None and (self.n_lines < 1 or self.n_lines % size):
            raise ValueError(
                f"{self.name}: {self.n_lines} lines are not a whole number of stanzas of {size}, "
                f"which rhymes={self.rhymes!r} or syllables={self.syllables} has"
            )
        if self.rhymes and len(self.rhymes) % (len(self.syllables) or 1):
            raise ValueError(
                f"{self.name}: syllables={self.syllables} do not go into a stanza of "
                f"{len(self.rhymes)} lines; give as many, or a number that divides it"
            )
        if self.foot and any(n % len(self.foot) for n in self.syllables or (1,)):
            raise ValueError(
                f"{self.name}: lines of {self.syllables} syllables are not whole feet of "
                f"{self.foot!r}; give syllables that are, and leave the rest to the licences"
            )

    @property
    def stanza(self) -> int:
        """How many lines go together."""
        return len(self.rhymes) or self.n_lines or len(self.syllables) or 1

    def is_whole(self, n: int) -> bool:
        """Are so many lines as many as wanted, or whole stanzas?"""
        return n == self.n_lines if self.n_lines else n > 0 and n % self.stanza == 0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether each demand is met: True, False, or None, "cannot tell" or not demanded at all."""

    form: Form
    lines: tuple[str, ...]
    n_lines: bool
    syllables: bool | None  # of all lines; those of each below
    metre: bool | None
    rhyme: bool | None
    by_line: tuple[tuple[bool | None, bool | None, bool | None], ...]  # syllables, metre, rhyme
    reasons: tuple[str, ...]  # what is amiss or cannot be told, with the number of the line

    @property
    def demands(self) -> dict[str, bool | None]:
        """The demands of the form, by name."""
        asked = {
            "n_lines": True,
            "syllables": bool(self.form.syllables),
            "metre": bool(self.form.foot),
            "rhyme": bool(self.form.rhymes),
        }
        return {name: getattr(self, name) for name, is_asked in asked.items() if is_asked}

    @property
    def is_kept(self) -> bool | None:
        """Are all demands met? None if none is broken, and some cannot be told."""
        return _all(self.demands.values())

    @property
    def share(self) -> float:
        """The share met of all single checks, line by line, that could be told."""
        told = [self.n_lines, *(each for line in self.by_line for each in line if each is not None)]
        return sum(told) / len(told)


PENTAMETER = dict(syllables=(10,), foot="01")
SONNET = Form(name="Shakespearean sonnet", n_lines=14, rhymes="ababcdcdefefgg", **PENTAMETER)
ALTERNATE = Form(name="quatrain abab", n_lines=4, rhymes="abab", **PENTAMETER)
PAIRED = Form(name="quatrain aabb", n_lines=4, rhymes="aabb", **PENTAMETER)
ENCLOSED = Form(name="quatrain abba", n_lines=4, rhymes="abba", **PENTAMETER)
COUPLET = Form(name="couplet", n_lines=2, rhymes="aa", **PENTAMETER)
BALLAD = Form(name="ballad", syllables=(8, 6, 8, 6), foot="01", rhymes="abcb")
HAIKU = Form(name="haiku", n_lines=3, syllables=(5, 7, 5))
BLANK_VERSE = Form(name="blank verse", **PENTAMETER)
LIMERICK = Form(name="limerick", n_lines=5, syllables=(9, 9, 6, 6, 9), foot="001", rhymes="aabba")
FORMS = (SONNET, ALTERNATE, PAIRED, ENCLOSED, COUPLET, BALLAD, HAIKU, BLANK_VERSE, LIMERICK)


def check(text: str, form: Form, *, sound: Sound = SPELLING, licences: Licences = USUAL) -> Verdict:
    """Hold a text against a form.

    Syllables are those that the metre allows under the licences, or, without a metre, those
    demanded. A rhyme is held against the line before of the same letter in the stanza.

    >>> verdict = check("The sea is at my door,\\nI hear it on the floor.", COUPLET)
    >>> verdict.n_lines, verdict.rhyme, verdict.syllables
    (True, True, False)
    >>> verdict.reasons[0]
    'line 1: 6 syllables, wanted 10'
    """
    lines = tuple(forms.lines(text))
    is_whole = form.is_whole(len(lines))
    wanted = form.n_lines or f"a multiple of {form.stanza}"
    notes = [] if is_whole else [f"{len(lines)} lines, wanted {wanted}"]
    by_line, rhymes = [], dict(_rhymes(lines, form, sound))
    for i, (line, size) in enumerate(zip(lines, cycle(form.syllables or (0,)), strict=False)):
        *found, amiss = _measured(line, size, form, sound, licences) if size else (None, None, "")
        rhyme, no_rhyme = rhymes.get(i, (None, ""))
        by_line.append((*found, rhyme))
        notes += [f"line {i + 1}: {note}" for note in (amiss, no_rhyme) if note]
    every_line = {
        "syllables": _all(line[0] for line in by_line),
        "metre": _all(line[1] for line in by_line),
        "rhyme": _all(rhyme for rhyme, _ in rhymes.values()),
    }
    return Verdict(
        form=form,
        lines=lines,
        n_lines=is_whole,
        by_line=tuple(by_line),
        reasons=tuple(notes),
        **every_line,
    )


def _measured(
    line: str, size: int, form: Form, sound: Sound, licences: Licences
) -> tuple[bool | None, bool | None, str]:
    """Has a line its syllables and its metre, and what of it has it not?"""
    possible = lengths(line, licences=licences, sound=sound)
    if possible is None:
        return None, None, "cannot tell how it is said"
    if not form.foot:
        note = "" if size in possible else f"{_few(possible)} syllables, wanted {size}"
        return size in possible, None, note
    n_feet = size // len(form.foot)
    allowed = {len(beats) for beats, _ in patterns(n_feet, form.foot, licences)}
    if possible.isdisjoint(allowed):
        return False, False, f"{_few(possible)} syllables, wanted {size}"
    found = scan(line, n_feet, foot=form.foot, licences=licences, sound=sound)
    where = ", ".join(str(i + 1) for i in found.clashes)
    note = "" if found.fits else f"the stress is against the metre at syllable {where}"
    return True, found.fits, note


def _rhymes(
    lines: tuple[str, ...], form: Form, sound: Sound
) -> Iterator[tuple[int, tuple[bool | None, str]]]:
    """For each line that is to rhyme with one before it: does it?"""
    if not form.rhymes:
        return
    last = {}
    for i, (line, letter) in enumerate(zip(lines, cycle(form.rhymes), strict=False)):
        if i % len(form.rhymes) == 0:
            last = {}
        if letter in last:
            yield i, rhyme(lines[last[letter]], line, sound)
        last[letter] = i


def rhyme(before: str, line: str, sound: Sound = SPELLING) -> tuple[bool | None, str]:
    """Does a line rhyme with one before it, and what is amiss? None if there is no telling.

    >>> rhyme("at my door", "on the floor"), rhyme("the sea", "the shore")
    ((True, ''), (False, 'shore does not rhyme with sea'))
    """
    ends = [spoken(each)[-1] for each in (before, line)]
    found = [known(word, sound) for word in ends]
    if None in found:  # then both by their spelling
        found = [known(word, SPELLING) for word in ends]
    if None in found:
        return None, f"cannot tell whether {ends[1]} and {ends[0]} rhyme"
    (one, more), (other, other_more) = found
    is_rhyme = more == other_more and sound.rhymes(one, other)
    return is_rhyme, "" if is_rhyme else f"{ends[1]} does not rhyme with {ends[0]}"


def _all(answers) -> bool | None:
    """Kleene's logic: False if one is, else None if one is or there are none."""
    answers = list(answers)
    if False in answers:
        return False
    return None if None in answers or not answers else True


def _few(numbers: set[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
