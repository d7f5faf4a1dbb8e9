"""The whole book on paper: nothing cut, every link leads where the page's link leads."""

import functools
import re
import sys

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from book.tools import look, pdf

if not (look.HTML / "search.html").exists():
    pytest.skip("no built book: run make book", allow_module_level=True)

pytestmark = pytest.mark.slow
MM = 96 / 25.4  # in the pixels of a style
WIDTHS = {"A4": (210 - 40) * MM, "Letter": (215.9 - 40) * MM}  # less the margins of print.css


@pytest.fixture(scope="module")
def book(chrome, tmp_path_factory):
    """The PDF, and beside it the page that was printed."""
    return pdf.write(chrome, tmp_path_factory.mktemp("pdf") / "afterword.pdf")


@pytest.fixture(scope="module")
def reader(book):
    return PdfReader(book)


@pytest.fixture(scope="module")
def soup(book):
    return BeautifulSoup(book.with_suffix(".html").read_text("utf8"), "html.parser")


@pytest.fixture(scope="module")
def text(reader):
    """The letters of a page, without the spaces: a function of its number."""
    return functools.cache(lambda n: "".join(reader.pages[n - 1].extract_text().split()))


def links(reader):
    """(page, action) of each link."""
    for page in reader.pages:
        for note in page.get("/Annots", []):
            if note.get_object().get("/Subtype") == "/Link":
                yield page, note.get_object()


def test_it_is_one_file_with_a_title_a_language_and_an_order_of_reading(book, reader):
    root = reader.trailer["/Root"]
    assert reader.metadata.title == "Afterword"
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert book.stat().st_size < 15e6
    assert not book.with_suffix(".part").exists()


def test_a_link_within_the_book_leads_to_the_place_that_is_meant(book, reader, soup, text):
    meant = {a["href"][1:] for a in soup.select("article a[href^='#']") if not hidden(a)}
    found = {str(link["/Dest"]).lstrip("/") for _, link in links(reader) if not link.get("/A")}
    assert found == meant
    places = pdf.places_in(book)
    for name in meant:
        place = soup.find(id=name)
        heading = place.find(re.compile("h[1-4]")) if place.name in ("section", "article") else None
        words = "".join((heading or place.parent).get_text().split())[:30]
        assert words in text(places[name]), f"{name} leads to page {places[name]}"


def hidden(link):
    return link.find_parent(class_="ways") is not None


def test_a_link_out_of_the_book_keeps_its_address(reader, soup):
    meant = {a["href"] for a in soup.select("article a[href^='http']") if not hidden(a)}
    found = {str(link["/A"]["/URI"]) for _, link in links(reader) if link.get("/A")}
    assert found == meant


def test_the_outline_and_the_contents_name_each_chapter_where_it_begins(reader, soup, text):
    titles = [h1.get_text() for h1 in soup("h1")]
    top = [one for one in reader.outline if not isinstance(one, list)]
    assert [one.title for one in top] == titles
    begins = [reader.get_destination_page_number(one) + 1 for one in top]
    assert begins == sorted(set(begins)), "two begin on one page"
    for title, page in zip(titles[1:], begins[1:], strict=True):
        assert "".join(title.split()) + str(page) in text(2)


def test_no_heading_stands_alone_at_the_end_of_a_page(reader):
    def flat(entries):
        for entry in entries:
            yield from flat(entry) if isinstance(entry, list) else [entry]

    lowest = 22 / 25.4 * 72 + 30  # the margin and a line of the text, in points
    assert [one.title for one in flat(reader.outline) if one.top < lowest] == []


def test_what_folds_is_open_and_what_only_draws_is_left_out(soup):
    assert soup.select("article :is(details, script, iframe, .tag_hide-input .cell_input)") == []
    folds = soup.select(".tag_hide-cell")
    assert len(folds) == len(soup.select(".tag_hide-cell .unfolded .cell_input")) > 0
    assert "Show the code" not in soup.get_text()


@pytest.mark.parametrize("paper", pdf.PAPERS)
def test_nothing_is_cut_or_wrapped_that_need_not_be(chrome, book, paper):
    size = {"width": round(WIDTHS[paper]), "height": 900}
    page = look.visit(chrome, book.with_suffix(".html").as_uri(), size)
    page.emulate_media(media="print")
    assert page.evaluate(CUT) == []
    assert page.locator("mjx-merror").count() == 0
    assert page.locator(".math mjx-container").count() >= page.locator(".math").count() > 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".live .still").first.is_visible()
    page.close()


CUT = """() => {
    const found = [], right = document.querySelector("main").getBoundingClientRect().right;
    for (const box of document.querySelectorAll("pre, table, img, svg, div.math, mjx-container"))
        if (box.getBoundingClientRect().right > right + 1 || (box.matches("pre")
            && box.scrollWidth > box.clientWidth))
            found.push(`sticks out: ${box.outerHTML.slice(0, 90)}`);
    for (const code of document.querySelectorAll(".cell_input pre")) {
        const lines = code.textContent.trimEnd().split("\\n").length;
        const {lineHeight, paddingTop} = getComputedStyle(code);
        const drawn = (code.clientHeight - 2 * parseFloat(paddingTop)) / parseFloat(lineHeight);
        if (drawn > lines + 0.5) found.push(`wrapped: ${code.textContent.slice(0, 90)}`);
    }
    return found.slice(0, 5);
}"""


def test_without_a_browser_it_says_so_and_leaves_no_file(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nonexistent")
    monkeypatch.setattr(sys, "argv", ["pdf"])
    with pytest.raises(SystemExit, match=r"^No Chromium, so there is no PDF\. Install one"):
        pdf.main()


def test_a_print_that_fails_leaves_no_file(chrome, tmp_path, monkeypatch):
    target = tmp_path / "afterword.pdf"
    target.write_bytes(b"of yesterday")
    monkeypatch.setattr(pdf, "whole", lambda _: "<script>throw new Error('torn')</script>")
    with pytest.raises(SystemExit, match="could not be printed:\nscript: torn"):
        pdf.write(chrome, target)
    assert not target.exists()
