"""Words that a line may be made of, with how they are said: a small dictionary that is always here.

    lexicon = load_lexicon()
    lexicon.readings("compare"), lexicon.rhymes("day", "away")

It stands in ``data/lexicon.json``, made by ``forms.extract`` from the words of the corpora and the
CMU Pronouncing Dictionary, and the book's pages carry the same file. As a ``Sound`` it goes where
``SPELLING`` and ``Dictionary`` go; a word that it lacks is taken by its spelling.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from afterword.evaluation.sounds import SPELLING
from afterword.forms.speech import spoken

FILE = Path(__file__).parents[1] / "data/lexicon.json"


@dataclass(frozen=True)
class Entry:
    """A word as it is written, the ways to say it, and the sounds on which it rhymes."""

    written: str
    readings: frozenset[str]  # a sign a syllable: 1 stressed, 0 not, ? either
    rhymes: frozenset[int]  # numbers of sounds; none: only its spelling is known


class Lexicon:
    """Entries by the word as ``spoken`` gives it: *'tis* under *tis*."""

    def __init__(self, entries: Iterable[Entry]):
        self.entries: Mapping[str, Entry] = {}
        for entry in entries:
            words = spoken(entry.written)
            if len(words) != 1 or words[0] in self.entries:
                raise ValueError(
                    f"{entry.written!r} is {len(words)} words, or one that is there already; give "
                    "each word once"
                )
            self.entries[words[0]] = entry

    def __len__(self) -> int:
        return len(self.entries)

    def knows(self, word: str) -> bool:
        """Whether it holds the word; else its spelling has to do."""
        return word in self.entries

    def readings(self, word: str) -> frozenset[str]:
        """The stresses of each way to say a word.

        >>> sorted(load_lexicon().readings("present"))
        ['01', '10']
        """
        entry = self.entries.get(word)
        return entry.readings if entry else SPELLING.readings(word)

    def stresses(self, word: str) -> str:
        """Those of one way to say it."""
        return min(self.readings(word))

    def rhymes(self, word: str, other: str) -> bool:
        """By sound where both sounds are known, else by spelling from the last vowel on.

        >>> load_lexicon().rhymes("day", "weigh"), load_lexicon().rhymes("love", "move")
        (True, False)
        """
        ours, theirs = (self._sounds(each) for each in (word, other))
        if ours and theirs:
            return word != other and not ours.isdisjoint(theirs)
        return SPELLING.rhymes(word, other)

    def _sounds(self, word: str) -> frozenset[int]:
        return self.entries[word].rhymes if word in self.entries else frozenset()


@cache
def load_lexicon() -> Lexicon:
    """The one of the package: some thousands of words of English verse."""
    return from_json(FILE.read_text(encoding="utf-8"))


def from_json(text: str) -> Lexicon:
    """The lexicon of such a file; a page's script reads it in the same way."""
    content = json.loads(text)
    rows = (row.split(":") for row in content["words"].split(" "))
    return Lexicon(
        Entry(
            written,
            frozenset(content["readings"][int(i, 36)].split(",")),
            frozenset(int(rhyme, 36) for rhyme in rhymes.split(",") if rhyme),
        )
        for written, i, rhymes in rows
    )


def to_json(entries: Collection[Entry]) -> str:
    """Entries as a file: a row for each, its numbers to the base 36."""
    said = [",".join(sorted(entry.readings)) for entry in entries]
    readings = sorted(set(said), key=lambda one: (-said.count(one), one))
    numbers = {one: base36(i) for i, one in enumerate(readings)}
    rows = [
        f"{entry.written}:{numbers[one]}:{','.join(map(base36, sorted(entry.rhymes)))}"
        for entry, one in zip(entries, said, strict=True)
    ]
    return json.dumps({"readings": readings, "words": " ".join(rows)}, indent=0) + "\n"


def base36(number: int) -> str:
    """A number from 0 on in digits and small letters.

    >>> base36(0), base36(35), base36(36)
    ('0', 'z', '10')
    """
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return (base36(number // 36) if number >= 36 else "") + digits[number % 36]
