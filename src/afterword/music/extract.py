"""Make the file of tunes that ``corpora`` loads, from the package that carries them.

    python -m afterword.music.extract

Needs pip's registry. One document a tune, in the normal form of ``writing``, with the fields T, B,
Z and G before the others: title, book, who typed it, and a number that variants share.

Kept is what is in one voice, one metre and one key and can be read as ABC; where copies have the
same notes, length for length, the first. Left out of a tune: second titles, slurs, grace notes,
decorations, fingerings and words in quotes, the lower notes of a chord, the order of parts (P:),
all other fields. Marks that mail has left in the text (=20 at the end of a line) are taken off.
"""

import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from afterword.music.abc import read_abc
from afterword.music.melody import families
from afterword.music.tune import Tune
from afterword.music.writing import write_abc
from afterword.text.corpora import Document
from afterword.text.extract import write

PACKAGE = "music21==10.5.1"
BOOKS = {"oneills1850": "O'Neill", "ryansMammoth": "Ryan", "airdsAirs": "Aird"}
# O'Neill's book goes by kinds: where a section ends, and what is in it
SECTIONS = {625: "air", 700: "", 1115: "jig", 1175: "slip jig", 1555: "reel", 1746: "hornpipe"}
SECTIONS |= {1800: "long dance", 1850: "march"}
RHYTHMS = {"slipjig": "slip jig", "double jig": "jig", "highland fling": "fling"}
KINDS = "reel|hornpipe|slip jig|jig|strathspey|clog|highland fling|walk ?around"
NAMES = """Norbert Paap, Bob Safranek, John Chambers, Dan G. Petersen, Michael Hogan, Stephen Foy,
Tom Keays, Chris Falt, Dave Wooldridge, Robert Thorpe, Nick Terhorst, Michael D. Long, Ted Hastings,
Frank Nordberg, Ray Davies, Bob Puckette, Ivan Bradley, Jack Campin"""
TRANSCRIBERS = {name.lower(): name for name in re.split(r",\s+", NAMES)}
TRANSCRIBERS |= {r"(john|j\.)\s*(b\.)?\s*walsh": "John B. Walsh", r"trish o'n": "Trish O'Neil"}
TRANSCRIBERS |= {r"a\. ?lee worman": "A. Lee Worman", "henrik.norbeck": "Henrik Norbeck"}
TRANSCRIBERS |= {"mvhplank": "mvhplank", "paul de grae": "Paul de Grae"}
HELD = re.compile(r'(H|!fermat:a!|"D\.C\.")x(?=\s*(\|\||:\||\[\|))')  # no rest: it bears a mark
MAIL = re.compile(r"=(20|0D)?[ \t]*$", re.MULTILINE)


def tunes(folder: Path) -> list[Document]:
    """The tunes of three books, in the order of the files; prints what is left out, and why."""
    texts = [(book, text) for book in BOOKS for text in raw(folder, book)]
    kept, why = {}, Counter()
    for book, text in texts:
        try:
            tune = tidied(text, BOOKS[book])
        except ValueError as error:
            why[reason(str(error))] += 1
            continue
        if (tune.notes, tune.lines) in kept:
            why["the same notes as a tune before it"] += 1
        kept.setdefault((tune.notes, tune.lines), tune)
    for cause, n in why.most_common():
        print(f"{n:5} left out: {cause}")
    found = list(kept.values())
    return [
        Document(tune.title, write_abc(replace(tune, family=str(family + 1)), fields="TBZGRMLK"))
        for tune, family in zip(found, families(found), strict=True)
    ]


def raw(folder: Path, book: str) -> list[str]:
    """The text of each tune of a book, as it lies in the package."""
    corpus = folder / "music21/corpus" / book
    if not corpus.is_dir():
        _fetch(folder)
    found = []
    for file in sorted(corpus.glob("*.abc")):
        found += re.split("(?m)^X:", file.read_text(encoding="utf-8"))[1:]
    return [f"X:{text}" for text in found]


def _fetch(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    subprocess.run([*pip, PACKAGE], check=True)
    file = next(folder.glob("music21-*"))
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as archive:
            archive.extractall(folder)
    else:
        with tarfile.open(file) as archive:
            archive.extractall(folder, filter="data")
        next(folder.glob("music21-*/music21")).rename(folder / "music21")


def tidied(text: str, book: str) -> Tune:
    """One tune read, with its fields in one form."""
    tune = read_abc(HELD.sub("", MAIL.sub("", text)))
    number = int(re.match(r"X:\s*(\d+)", text)[1])
    return replace(
        tune,
        title=title(tune.title),
        book=book,
        transcriber=transcriber(re.findall("(?m)^[ZS]:(.*)", text)),
        rhythm=rhythm(tune, number if book == "O'Neill" else None),
    )


def title(given: str) -> str:
    """A title without the kind of tune behind it, and not all in capitals.

    >>> title("O'DWYER -- REEL."), title("Kat:y's -- Jig"), title("Enchanted Valley, The")
    ("O'Dwyer", "Katy's", 'The Enchanted Valley')
    """
    found = re.sub(r"at:+(?=\w)", "at", given.strip())  # as an address in a mail was once hidden
    found = re.sub(rf"(?i)\s*--?\s*({KINDS})\W*$", "", found).strip(" .,")
    found = re.sub(r"^(.*), (The|A)\b\.?$", r"\2 \1", found)
    if not found.isupper():
        return found
    found = re.sub(r"[A-Z]+('[A-Z]+)?", lambda word: word[0].capitalize(), found)
    return re.sub("O'([a-z])", lambda name: "O'" + name[1].upper(), found)


def transcriber(lines: list[str]) -> str:
    """Who typed it, as fields Z: say it.

    >>> transcriber(["Contributed 20080604 by John Chambers jc:jc.tzo.net", "abc 1.6"])
    'John Chambers'
    """
    said = re.sub(r"at:+(?=\w)", "at", " ".join(lines)).lower()
    return "; ".join(name for sign, name in TRANSCRIBERS.items() if re.search(sign, said))


def rhythm(tune: Tune, number: int | None) -> str:
    """The kind of tune: by its field R:, else by its title or its place in O'Neill's book."""
    given = tune.rhythm.lower()
    if not given and number:
        given = next((kind for last, kind in SECTIONS.items() if number <= last), "")
    if not given and (found := re.search(rf"(?i)\b({KINDS})\b", tune.title)):
        given = (
            found[1].lower().replace(" ", "") if "walk" in found[1].lower() else found[1].lower()
        )
    return RHYTHMS.get(given, given)


def reason(error: str) -> str:
    """Why a tune was not read, without saying where."""
    cause = error.split(": ", 1)[-1] if error.startswith("line ") else error
    for what in ("voice begins", "the key changes", "the metre changes", "is no key"):
        if what in cause:
            return what
    return "a sign that is none"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        write("tunes", tunes(Path(folder)))
