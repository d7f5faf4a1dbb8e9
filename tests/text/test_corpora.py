import hashlib
import shutil
import struct
import zlib

import pytest

from afterword.text import corpora, extract


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_a_corpus_is_what_its_entry_says(name):
    entry, documents = corpora.CORPORA[name], corpora.load(name)
    assert len(documents) == entry.n_documents
    assert sum(len(d.text) for d in documents) == entry.n_characters
    assert sum(len(d.text.encode()) for d in documents) == entry.n_bytes
    assert len({d.text for d in documents}) == len(documents), "no document twice"
    assert all(d.title for d in documents)
    assert "\r" not in corpora.text(name)
    assert entry.source
    assert entry.licence


def test_the_whole_text_is_its_documents_in_order():
    documents = corpora.load("austen")
    assert corpora.text("austen").split("\n\n\n" + documents[1].text)[0] == documents[0].text


def test_a_dataset_holds_the_same_documents():
    dataset = corpora.as_dataset("austen")
    assert dataset.column_names == ["title", "text"]
    assert [corpora.Document(**row) for row in dataset] == corpora.load("austen")


def test_every_snippet_of_a_review_comes_with_its_readers_ratings():
    documents = corpora.load("reviews")
    assert all(15 <= len(d.ratings) <= 29 for d in documents)
    assert {rating for d in documents for rating in d.ratings} == set(range(-4, 5))
    conan = documents[0]
    assert conan.text.startswith("The Rock is destined to be the 21st Century's new ''Conan''")
    # the mean that the package's own table of ground truth gives
    assert sum(conan.ratings) / len(conan.ratings) == pytest.approx(2.266666667)
    assert corpora.as_dataset("reviews")[0]["ratings"] == list(conan.ratings)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="no corpus 'goethe'; there are: shakespeare, austen"):
        corpora.load("goethe")


def test_a_missing_file_is_named_with_the_command_that_mends_it(tmp_path):
    with pytest.raises(
        ValueError, match=r"austen.jsonl.xz.*python -m afterword.text.extract austen"
    ):
        corpora.load("austen", folder=tmp_path)


@pytest.mark.parametrize("damage", ["cut short", "one byte changed", "another text"])
def test_a_damaged_file_is_named_with_the_command_that_mends_it(tmp_path, damage):
    file = shutil.copy(corpora.FOLDER / "austen.jsonl.xz", tmp_path)
    raw = bytearray((corpora.FOLDER / "austen.jsonl.xz").read_bytes())
    if damage == "cut short":
        raw = raw[:1000]
    elif damage == "one byte changed":
        raw[len(raw) // 2] ^= 1
    else:
        raw = (corpora.FOLDER / "shakespeare.jsonl.xz").read_bytes()
    with open(file, "wb") as out:
        out.write(raw)
    with pytest.raises(ValueError, match=r"(damaged|SHA-256).*afterword.text.extract austen"):
        corpora.load("austen", folder=tmp_path)


def test_extraction_refuses_a_text_with_another_checksum_and_leaves_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "FOLDER", tmp_path)
    shutil.copy(corpora.FOLDER / "austen.jsonl.xz", tmp_path)
    before = (tmp_path / "austen.jsonl.xz").read_bytes()
    with pytest.raises(SystemExit, match="austen: the package now gives"):
        extract.write("austen", [corpora.Document("Sanditon", "unfinished")])
    assert (tmp_path / "austen.jsonl.xz").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["austen.jsonl.xz"]


def test_extraction_writes_the_file_that_load_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "FOLDER", tmp_path)
    extract.write("austen", corpora.load("austen"))
    assert corpora.load("austen", folder=tmp_path) == corpora.load("austen")
    found = hashlib.sha256((tmp_path / "austen.jsonl.xz").read_bytes()).hexdigest()
    assert len(found) == 64


def test_a_character_vector_of_r_is_read_back():
    lines = ["EMMA", "", "a fine £5 note"]
    block = b"X\n" + struct.pack(">iiii", 3, 262146, 197888, 5) + b"UTF-8"
    block += struct.pack(">ii", 16, len(lines))
    for line in lines:
        block += struct.pack(">ii", 0x40009, len(line.encode())) + line.encode()
    raw = struct.pack(">i", len(block)) + zlib.compress(block)
    (unpacked,) = extract._unpacked_blocks(raw)
    assert extract._strings(unpacked) == lines
