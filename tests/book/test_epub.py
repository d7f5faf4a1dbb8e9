"""The EPUB: whole, well-formed, and asking for nothing."""

import zipfile
from xml.etree import ElementTree

import pytest

from book.tools import epub, look, pdf

if not (look.HTML / "search.html").exists():
    pytest.skip("no built book: run make book", allow_module_level=True)

pytestmark = pytest.mark.slow
XHTML, MATHML = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/1998/Math/MathML}"
OPF = "{http://www.idpf.org/2007/opf}"


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    with zipfile.ZipFile(epub.write(tmp_path_factory.mktemp("epub") / "book.epub")) as packed:
        yield packed


@pytest.fixture(scope="module")
def trees(packed):
    """Each page, parsed: what is not well-formed is an error here."""
    names = [name for name in packed.namelist() if name.endswith((".xhtml", ".opf", ".svg"))]
    return {name: ElementTree.fromstring(packed.read(name)) for name in names}


def pages(trees):
    return {name: tree for name, tree in trees.items() if name.endswith(".xhtml")}


def test_it_begins_with_what_it_is_and_lists_each_file(packed, trees):
    first = packed.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    listed = {item.get("href") for item in trees["book.opf"].iter(f"{OPF}item")}
    assert listed == set(packed.namelist()) - {"mimetype", "META-INF/container.xml", "book.opf"}


def test_its_pages_are_those_of_the_book_in_their_order(trees):
    ids = {item.get("id"): item.get("href") for item in trees["book.opf"].iter(f"{OPF}item")}
    spine = [ids[one.get("idref")] for one in trees["book.opf"].iter(f"{OPF}itemref")]
    assert spine == [f"{pdf.key(name)}.xhtml" for name in pdf.contents()]
    assert [a.get("href") for a in trees["nav.xhtml"].iter(f"{XHTML}a")] == spine


def test_every_link_and_picture_within_it_is_there_and_nothing_else_is_fetched(packed, trees):
    places = {
        name: [box.get("id") for box in tree.iter() if box.get("id")]
        for name, tree in pages(trees).items()
    }
    for name, tree in pages(trees).items():
        assert len(set(places[name])) == len(places[name]), f"{name}: an id twice"
        for box in tree.iter():
            if box.tag in (f"{XHTML}img", f"{XHTML}link"):
                assert (box.get("src") or box.get("href")) in packed.namelist()
            elif box.get("href") and not box.get("href").startswith("https://"):
                page, _, place = box.get("href").partition("#")
                page = page or name
                assert page in places, f"{name}: {box.get('href')}"
                assert not place or place in places[page], f"{name}: {box.get('href')}"
            assert box.tag not in [f"{XHTML}{tag}" for tag in ("script", "iframe", "input")]


def test_each_formula_is_mathml_and_keeps_its_tex(trees):
    n_formulas = 0
    for name, tree in pages(trees).items():
        for box in tree.iter():
            if "math" in box.get("class", "").split():
                (formula,) = box.findall(f"{MATHML}math")
                assert formula.get("alttext"), name
                assert not (box.text or "").strip(), "TeX beside its MathML"
                n_formulas += 1
    built = [(look.HTML / f"{name}.html").read_text("utf8") for name in pdf.contents()]
    assert n_formulas == sum(text.count('class="math ') for text in built) > 0


def test_each_picture_has_its_words(trees):
    pictures = [box for tree in pages(trees).values() for box in tree.iter(f"{XHTML}img")]
    links = [link for tree in pages(trees).values() for link in tree.iter(f"{XHTML}a")]
    on_cards = [box for link in links for box in link.iter(f"{XHTML}img")]
    assert len(pictures) > len(on_cards) > 0
    assert [box.get("src") for box in pictures if box not in on_cards and not box.get("alt")] == []


def test_a_pack_that_fails_leaves_no_file(tmp_path, monkeypatch):
    target = tmp_path / "book.epub"
    target.write_bytes(b"of yesterday")
    monkeypatch.setattr(epub, "files", lambda _: {"a": 1})
    with pytest.raises(TypeError):
        epub.write(target)
    assert not target.exists()
