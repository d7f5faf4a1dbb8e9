"""Whether a finished text keeps a form: each check a function of its own, and all as one report.

    judge(sonnet).scheme  # "ababcdcdefefgg"

``sound`` says how words sound: ``SPELLING``, a rough rule, or ``Dictionary()``, see ``sounds``.
Tunes are checked in ``bars``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from afterword.evaluation.sounds import SPELLING, Sound


@dataclass(frozen=True)
class Report:
    """What the checks say of a text: for each line its syllables and metre, then the whole."""

    lines: tuple[str, ...]
    syllables: tuple[int, ...]
    metre: tuple[float, ...]
    scheme: str
    is_balanced: bool


def judge(text: str, *, sound: Sound = SPELLING) -> Report:
    """All checks of this file on one text.

    >>> judge("Who goes by night?\\nThe moon is bright.").syllables
    (4, 4)
    """
    found = lines(text)
    return Report(
        lines=tuple(found),
        syllables=tuple(syllables(line, sound=sound) for line in found),
        metre=tuple(metre(line, sound=sound) for line in found),
        scheme=rhyme_scheme(found, sound=sound),
        is_balanced=is_balanced(text),
    )


def lines(text: str) -> list[str]:
    """The lines in which a word stands, without the space around them.

    >>> lines("one\\n\\n   two,\\n---\\n")
    ['one', 'two,']
    """
    return [line.strip() for line in text.splitlines() if words(line)]


def words(line: str) -> list[str]:
    """The words of a line in small letters, with what an apostrophe leaves out left out.

    >>> words("'Tis heav'n, my well-beloved.")
    ['tis', 'heavn', 'my', 'well', 'beloved']
    """
    return re.findall(r"[^\W\d_]+", re.sub("['’]", "", line.lower()))


def syllables(line: str, *, sound: Sound = SPELLING) -> int:
    """How many syllables a line has; 0 if it has no word.

    >>> syllables("Shall I compare thee to a summer's day?")
    10
    """
    return sum(len(sound.stresses(word)) for word in words(line))


def metre(line: str, *, foot: str = "01", sound: Sound = SPELLING) -> float:
    """The share of syllables that fit a metre: its foot over and over, "01" for iambs.

    What may be stressed or not fits everywhere, so that a line of short words fits almost any
    metre. Poets do not keep it at each place either: hold it against lines of theirs.

    >>> metre("Shall I compare thee to a summer's day?"), metre("Compare thee to a summer's day")
    (0.9, 0.875)
    """
    if not foot or set(foot) - {"0", "1"}:
        raise ValueError(f"a foot is made of 0 and 1, such as '01' for iambs; got {foot!r}")
    found = "".join(sound.stresses(word) for word in words(line))
    if not found:
        raise ValueError(f"there is no word in {line!r}; give a line of verse, see `lines`")
    wanted = foot * (len(found) // len(foot) + 1)
    return sum(map(_fits, found, wanted)) / len(found)


def rhymes(line: str, other: str, *, sound: Sound = SPELLING) -> bool:
    """Whether the last words of two lines rhyme; no word rhymes with itself.

    >>> rhymes("Rough winds do shake the darling buds of May", "a summer's day")
    True
    """
    if not words(line) or not words(other):
        raise ValueError(f"a rhyme is of two lines with a word in each; got {line!r}, {other!r}")
    return sound.rhymes(words(line)[-1], words(other)[-1])


def rhyme_scheme(lines: Sequence[str], *, sound: Sound = SPELLING) -> str:
    """A letter a line, that of the first line before it with which it rhymes, else a new one.

    >>> rhyme_scheme(["the day", "a tree", "to stay", "the knee", "the end"])
    'ababc'
    """
    if isinstance(lines, str):
        raise ValueError(
            "a scheme is of several lines; for a text, write rhyme_scheme(lines(text))"
        )
    marks: list[int] = []
    for i, line in enumerate(lines):
        earlier = (j for j in range(i) if rhymes(lines[j], line, sound=sound))
        first = next(earlier, None)
        marks.append(len(set(marks)) if first is None else marks[first])
    return "".join(map(_letter, marks))


def is_balanced(text: str, pairs: str = "()[]{}") -> bool:
    """Whether each bracket is closed by its own kind, the last to open first.

    ``pairs`` are the brackets, each opening one before its closing one.

    >>> is_balanced("a (b [c] d)"), is_balanced("(a]"), is_balanced(")(")
    (True, False, False)
    """
    if len(pairs) % 2 or len(set(pairs)) != len(pairs):
        raise ValueError(f"pairs are different signs, two and two, such as '()[]'; got {pairs!r}")
    closing = dict(zip(pairs[1::2], pairs[::2], strict=True))
    is_open = []
    for sign in text:
        if sign in closing:
            if not is_open or is_open.pop() != closing[sign]:
                return False
        elif sign in pairs:
            is_open.append(sign)
    return not is_open


def _fits(stress: str, wanted: str) -> bool:
    return stress in ("?", wanted)


def _letter(mark: int) -> str:
    """a to z, then on from À: enough for a long poem."""
    return chr(ord("a") + mark if mark < 26 else ord("À") - 26 + mark)
