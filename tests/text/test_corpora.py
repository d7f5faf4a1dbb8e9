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
    assert len({bool(d.author) for d in documents}) == 1, "all by someone named, or none"
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


def test_the_verse_leaves_out_what_is_not_free_everywhere():
    """Yeats's poems of the thirties; Auden and Wilbur, of whom the package quotes lines."""
    text = corpora.text("verse")
    for first in ("Crazed through", "The threefold terror", "Under the Great", "The gyres!"):
        assert first.lower() not in text.lower()
    for modern in ("beachhead", "ashcan", "hysterical women"):
        assert modern not in text
    assert "That is no country for old men." in text, "1928"
    authors = {d.author for d in corpora.load("verse")}
    assert authors == {
        *("John Milton", "Lord Byron", "Robert Browning", "Walt Whitman"),
        *("G. M. Hopkins", "W. B. Yeats"),
    }


def test_stanzas_stand_apart_by_one_blank_line():
    byron = next(d for d in corpora.load("verse") if d.author == "Lord Byron")
    assert [len(stanza.splitlines()) for stanza in byron.text.split("\n\n")] == [4] * 6
    assert "\n\n\n" not in "".join(d.text for d in corpora.load("verse"))


def test_paradise_lost_comes_in_the_ten_books_of_its_first_edition():
    books = [d for d in corpora.load("verse") if d.author == "John Milton"]
    assert [d.title for d in books] == [f"Paradise Lost, book {i}" for i in range(1, 11)]
    assert books[0].text.startswith("Of Mans First Disobedience, and the Fruit\n")


def test_a_quatrain_is_four_lines_of_five_or_of_seven_characters():
    quatrains = corpora.load("quatrains")
    sizes = [tuple(map(len, d.text.splitlines())) for d in quatrains]
    assert sizes.count((5,) * 4) == 3521
    assert sizes.count((7,) * 4) == 9867
    assert sizes.count((5,) * 4) + sizes.count((7,) * 4) == len(quatrains)
    assert len({d.author for d in quatrains}) > 1000
    known = {(d.author, d.text) for d in quatrains}
    assert ("李白", "牀前看月光\n疑是地上霜\n舉頭望山月\n低頭思故鄉\n") in known
    assert ("柳宗元", "千山鳥飛絕\n萬逕人蹤滅\n孤舟蓑笠翁\n獨釣寒江雪\n") in known


def test_no_quatrain_is_a_version_of_another():
    """Of those with a line in common: in all others they differ in more than nine characters."""
    from afterword.text.extract_verse import _is_version

    by_line = {}
    for d in corpora.load("quatrains"):
        for place, line in enumerate(d.text.splitlines()):
            by_line.setdefault((place, line), []).append(d.text.replace("\n", ""))
    shared = [texts for texts in by_line.values() if len(texts) > 1]
    assert shared
    for texts in shared:
        assert not any(_is_version(texts[0], other) for other in texts[1:])


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
