"""In which ways the words of a line may be said: how many syllables, and which are stressed.

    ways(spoken("O'er heaven's fire")[1], SPELLING)  # {'10': (), '?': ('elision',)}

A way is a string with a sign a syllable: 1 stressed, 0 not, ? either. The licences it takes stand
beside it, for poets fit words to the line: *heaven* has one syllable or two.
"""

import re
from collections.abc import Iterator

from afterword.evaluation.sounds import Sound

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*['’]?|\d+")
CONTRACTED = {"th'", "t'"}  # said in one with the next word, which begins with a vowel
# a vowel that may be left out, as the group: heav(e)n, mem(o)ry
ELIDED = re.compile(
    r"[aei]v(e)[nlr]|[eo]v(e)r|ev(i)l|pir(i)t|ow(e)r|ay(e)r|[aeiouy][^aeiouy]+([aeiou])[rln][aeiouy]"
)
# two vowels that may be said as one: glor(io)us, b(ei)ng, cr(ue)l
JOINED = re.compile(r"(?<![tscxg])i[aeou]|(?<![qg])u[aeio]|[eouy]i(?=ng)|[ie]e(?=[lt])")
VOWEL = re.compile("[aeiou]|hour|honou?r|honest|heir")  # how a word sounds that begins so
ENDINGS = (  # an ending of then, one of today, and what more is said
    ("'d", "ed", ""),
    ("'st", "", ""),
    ("'st", "e", ""),
    ("'s", "", ""),
    ("eth", "", "0"),
    ("eth", "e", "0"),
    ("est", "", "0"),
    ("est", "e", "0"),
    ("our", "or", ""),
    ("oured", "ored", ""),
)
SILENT_ED = re.compile("[^aeiouytd]ed|[^aeiou]ied")


def spoken(line: str) -> list[str]:
    """The words of a line in small letters, with their apostrophes; numbers too.

    >>> spoken("Th' Aonian Mount, my well-beloved!")
    ["th'", 'aonian', 'mount', 'my', 'well', 'beloved']
    """
    found = [word.lower().replace("’", "'") for word in WORD.findall(line)]
    return [word if word in CONTRACTED else word.strip("'") for word in found]


def known(word: str, sound: Sound) -> tuple[str, str] | None:
    """The word as ``sound`` knows it, and what more is said after it; None if it does not.

    >>> from afterword.evaluation.sounds import SPELLING
    >>> known("heav'n", SPELLING), known("hmm", SPELLING), known("1999", SPELLING)
    (('heavn', ''), None, None)
    """
    return next(((form, more) for form, more in _forms(word) if sound.knows(form)), None)


def ways(word: str, sound: Sound, *, after: str = "") -> dict[str, tuple[str, ...]]:
    """Each way to say a word before the word ``after``, with the licences it takes.

    Empty if there is no telling: a word without a vowel, of another script, or in digits.

    >>> from afterword.evaluation.sounds import SPELLING
    >>> ways("the", SPELLING, after="expense")
    {'0': (), '': ('elision',)}
    """
    if word in CONTRACTED:
        return {"": ()}
    form = known(word, sound)
    if form is None and re.fullmatch("[a-z']*[aeiouy][a-z']*", word):
        form = (word.replace("'", ""), "")  # which a dictionary takes by its spelling
    if form is None:
        return {}
    found = {reading + form[1]: () for reading in sorted(sound.readings(form[0]))}
    for reading in list(found):
        if len(reading) == max(map(len, found)) > 1:
            for shorter in _elided(form[0], reading):
                found.setdefault(shorter, ("elision",))
        if SILENT_ED.search(word[-4:]) and word.endswith("ed"):
            found.setdefault(reading.replace("?", "1") + "0", ("sounded -ed",))
    if word in ("the", "to") and VOWEL.match(after):
        found.setdefault("", ("elision",))
    return found


def _forms(word: str) -> Iterator[tuple[str, str]]:
    """A word, then what it may be in a dictionary of today: lov'd as loved, giveth as give."""
    bare = word.replace("'", "")
    yield from ((word, ""), (bare, ""))
    for ending, instead, more in ENDINGS:
        if word.endswith(ending):
            yield word.removesuffix(ending).replace("'", "") + instead, more


def _elided(word: str, reading: str) -> Iterator[str]:
    """Readings with one syllable less, where a vowel may be left out or joined to the next."""
    n_groups = len(re.findall("[aeiouy]+", re.sub("e$", "", word)))
    drops = [_syllable(word, found.start(found.lastindex)) for found in ELIDED.finditer(word)]
    if len(reading) > n_groups:  # else they are taken as one already
        starts = [_syllable(word, found.start()) for found in JOINED.finditer(word)]
        drops += [k if reading[k : k + 1] == "0" else k + 1 for k in starts]
    for drop in drops:
        if len(reading) >= n_groups and reading[drop : drop + 1] in ("0", "?"):
            shorter = reading[:drop] + reading[drop + 1 :]
            yield "?" if len(shorter) == 1 else shorter


def _syllable(word: str, place: int) -> int:
    """In which syllable a letter stands, from 0, as far as groups of vowels tell."""
    return len(re.findall("[aeiouy]+", word[:place]))
