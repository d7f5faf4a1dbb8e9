"""Each chapter opens with a picture of its own: as stored, under its title, and on its card."""

import io
import re

import nbformat
import pytest
from PIL import Image

from afterword.plots.openings import NOTE
from book._ext.openings import Opening
from book.checks.chapter import CHAPTERS, ROOT, Chapter, tags
from book.tools import look
from book.tools.run_chapters import front

OPENINGS = ROOT / "book/_static/openings"
TYPE = re.compile(r'<g id="text_\d+">.*?scale\((0\.\d+) -', re.DOTALL)
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


@each_chapter
def test_a_chapter_has_one_opening_and_words_for_it(path):
    assert sum("opening" in tags(cell) for _, cell in Chapter.read(path).code) == 1
    opening = Opening.read(path)
    assert len(opening.caption) <= 140, "a caption is a line or two"
    assert opening.caption.endswith((".", "?"))


@each_chapter
def test_a_stored_opening_has_the_shape_and_type_of_all(path):
    svg = (OPENINGS / f"{path.stem}.svg").read_text("utf8")
    assert 'viewBox="0 0 576 187.2"' in svg, "draw it on afterword.plots.openings.opening()"
    assert len(svg) < 45_000, "draw fewer marks, or fewer different letters"
    assert min(100 * float(scale) for scale in TYPE.findall(svg)) >= NOTE


def test_no_picture_is_left_of_a_chapter_that_is_gone():
    assert {path.stem for path in OPENINGS.glob("*.svg")} == {path.stem for path in CHAPTERS}


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 1 · Why?"), *cells])


def cell(svg=None, **mystnb):
    data = {"image/svg+xml": svg} if svg else {"text/plain": "1"}
    output = nbformat.v4.new_output("display_data", data)
    metadata = {"tags": ["opening"], "mystnb": mystnb}
    return nbformat.v4.new_code_cell("x", outputs=[output], metadata=metadata)


def test_the_figure_of_the_tagged_cell_is_what_pages_show():
    assert list(front(notebook(cell("<svg/>")), "01_tiny")) == [("openings/01_tiny.svg", "<svg/>")]


def test_a_tagged_cell_that_drew_nothing_is_refused():
    with pytest.raises(ValueError, match="drew no SVG; end it with"):
        list(front(notebook(cell()), "01_tiny"))


@pytest.mark.parametrize(
    "lacking",
    [[], [cell("<svg/>", image={"alt": "A."})], [cell("<svg/>", figure={"caption": "A."})]],
)
def test_an_opening_without_words_is_refused(tmp_path, lacking):
    path = tmp_path / "01_tiny.ipynb"
    nbformat.write(notebook(*lacking), path)
    with pytest.raises(ValueError, match=r"01_tiny\.ipynb has no opening"):
        Opening.read(path)


# ---- the built pages, in a browser ----

is_built = (look.HTML / "search.html").exists()
built = pytest.mark.skipif(not is_built, reason="no built book: run make book")
PICTURE = "article h1 + figure.opening > img"


@pytest.fixture(scope="module")
def address():
    with look.served() as address:
        yield address


@pytest.mark.slow
@built
@each_chapter
def test_the_picture_is_the_first_thing_under_the_title(chrome, address, path):
    page = look.visit(chrome, f"{address}chapters/{path.stem}.html", look.SIZES["phone"])
    picture, opening = page.locator(PICTURE), Opening.read(path)
    assert picture.get_attribute("alt") == opening.alt
    assert page.locator("figure.opening figcaption").inner_text().strip() == opening.caption
    box = picture.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(576 / 187.2, rel=0.01)
    assert box["y"] + box["height"] < 500, "it can be seen without scrolling"
    page.close()


@pytest.mark.slow
@built
@pytest.mark.parametrize("size", look.SIZES)
def test_the_front_page_has_a_card_for_each_chapter_and_it_leads_there(chrome, address, size):
    page = look.visit(chrome, f"{address}book/index.html", look.SIZES[size])
    cards = page.locator("ul.openings > li")
    assert cards.count() == len(CHAPTERS)
    for i, path in enumerate(CHAPTERS):
        card, opening = cards.nth(i), Opening.read(path)
        assert card.get_by_role("link", name=opening.title, exact=True).count() == 1
        assert card.inner_text().endswith(opening.caption)
        card.scroll_into_view_if_needed()
        assert card.evaluate(LEADS_EVERYWHERE) == [f"/chapters/{path.stem}.html"]
    page.close()


LEADS_EVERYWHERE = """card => {
    const {left, right, top, bottom} = card.getBoundingClientRect(), found = new Set();
    for (const x of [left + 2, (left + right) / 2, right - 2])
        for (const y of [top + 2, (top + bottom) / 2, bottom - 2])
            found.add(document.elementFromPoint(x, y).closest("a")?.pathname);
    return [...found];
}"""


@pytest.mark.slow
@built
def test_in_the_dark_a_picture_lies_on_the_page_itself(chrome, address):
    """The cards' pictures; those under titles have the same rule."""
    page = look.visit(chrome, f"{address}book/index.html", look.SIZES["desktop"], mode="dark")
    shot = page.locator(".openings img").first.screenshot()
    corner = Image.open(io.BytesIO(shot)).convert("RGB").getpixel((3, 3))
    around = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.close()
    assert corner == pytest.approx([int(part) for part in re.findall(r"\d+", around)], abs=1)
