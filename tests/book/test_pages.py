"""The built pages, in a real browser with the network cut: what a reader meets is right.

Run `make book` first. Each page is opened on a desktop and on a phone, light and dark.
"""

import gzip
import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from book._ext.portable import in_columns
from book.tools import look
from book.tools.pdf import contents

if not (look.HTML / "search.html").exists():
    pytest.skip("no built book: run make book", allow_module_level=True)

pytestmark = pytest.mark.slow  # about five seconds a page
PAGES = look.pages()
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
MOST_KB = 700  # of a page's first load, without a live model
MAY_SCROLL = ".highlight pre, .cell_output .output, .pst-scrollable-table-container, div.math"


@pytest.fixture(scope="module")
def address():
    with look.served() as address:
        yield address


def test_every_page_of_the_contents_is_built():
    assert {f"{name}.html" for name in contents()} <= set(PAGES)


def test_every_address_was_filled_in():
    """book/_ext/address.py replaces {{ repository }} and its like."""
    book = [name for name in PAGES if name.startswith("book/")]
    assert [name for name in book if "{{ " in (look.HTML / name).read_text("utf8")] == []


VIEWS = [pytest.param((name, size), id=f"{name}-{size}") for name in PAGES for size in look.SIZES]


@pytest.fixture(scope="module", params=VIEWS)
def page(chrome, address, request):
    """A page that was just opened; the tests below take it in turn."""
    name, size = request.param
    page = look.visit(chrome, address + name, look.SIZES[size])
    yield page
    page.close()


def test_a_page_stays_at_home_and_fits(page):
    complaints = [*page.heard, *sideways(page)]
    assert not complaints, "\n".join(complaints)


def test_the_first_load_is_light(page):
    """What is fetched until the page stands still, each file packed as a host packs it."""
    parts = {got.url: got.body() for got in page.fetched}
    packed = {url: min(len(body), len(gzip.compress(body, 6))) for url, body in parts.items()}
    heaviest = sorted(packed.items(), key=lambda part: -part[1])[:8]
    listed = "\n".join(f"{size / 1000:7.1f} kB  {url}" for url, size in heaviest)
    total = sum(packed.values()) / 1000
    assert total < MOST_KB, f"{total:.0f} kB, want under {MOST_KB}; the heaviest:\n{listed}"


def test_nothing_moves_while_it_loads(page):
    shifts = page.evaluate(SHIFTS)
    assert sum(shift["value"] for shift in shifts) < 0.01, shifts
    assert page.evaluate(UNSIZED) == [], "pictures whose box is not known before they come"


SHIFTS = """() => new Promise(done => {
    const seen = [];
    new PerformanceObserver(list => seen.push(...list.getEntries().map(({value, sources}) =>
        ({value, moved: sources.map(({node}) => node?.outerHTML?.slice(0, 90))})))
    ).observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(seen), 50);
})"""
UNSIZED = """() => [...document.querySelectorAll("article img")]
    .filter(img => !(img.getAttribute("width") && img.getAttribute("height")))
    .map(img => img.outerHTML.slice(0, 90))"""


def test_each_icon_is_drawn_and_none_is_a_letter_of_a_font_that_does_not_come(page):
    icons, letters = page.evaluate(ICONS)
    assert len(icons) >= 5
    assert [icon for icon in icons if not icon["drawn"]] == [], "draw them in icons.css"
    assert letters == []


ICONS = """() => {
    const icons = document.querySelectorAll("[class*=' fa-'], [class^='fa-']");
    const drawn = icon => getComputedStyle(icon, "::before").maskImage.startsWith("url(");
    const letters = [];
    for (const box of document.querySelectorAll("*"))
        for (const side of ["::before", "::after"]) {
            const {content, display} = getComputedStyle(box, side);
            if (/[\ue000-\uf8ff]/.test(content) && display !== "none")
                letters.push(`${side} of ${box.outerHTML.slice(0, 90)}`);
        }
    return [[...icons].map(icon => ({name: icon.className, drawn: drawn(icon)})), letters];
}"""


def test_a_page_can_be_read_by_all(page):
    complaints = []
    for mode in look.MODES:
        page.emulate_media(color_scheme=mode)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{mode}'")
        complaints += [f"in {mode}: {found}" for found in violations(page)]
    assert not complaints, "\n".join(complaints)


def sideways(page):
    """What sticks out of the window, other than inside a box that scrolls by itself."""
    return page.evaluate(STICKS_OUT, MAY_SCROLL)


STICKS_OUT = """mayScroll => {
    const root = document.documentElement, found = [];
    if (root.scrollWidth > root.clientWidth)
        found.push(`the page scrolls sideways, to ${root.scrollWidth} px`);
    for (const box of document.querySelectorAll("main *")) {
        const {right} = box.getBoundingClientRect();
        const seen = box.checkVisibility({visibilityProperty: true, opacityProperty: true});
        if (seen && right > innerWidth + 1 && !box.closest(mayScroll))
            found.push(`ends at ${Math.round(right)} px: ${box.outerHTML.slice(0, 90)}`);
    }
    return found.slice(0, 5);
}"""


def violations(page):
    """What axe finds against WCAG 2.1, A and AA: the rule, how often, and the first place."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        f"{rule['help']} ({rule['id']}, {len(rule['nodes'])} times), "
        f"first: {rule['nodes'][0]['html'][:120]}"
        for rule in Axe().run(page, options=WCAG).response["violations"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_a_disk(chrome, name):
    page = look.visit(chrome, (look.HTML / name).as_uri(), look.SIZES["desktop"])
    formulas, drawn = page.locator(".math").count(), page.locator(".math mjx-container").count()
    assert page.title().endswith("Afterword")
    assert drawn >= formulas, f"{formulas - drawn} of {formulas} formulas were not drawn"
    assert page.locator("mjx-merror").all_inner_texts() == []
    assert not page.heard, "\n".join(page.heard)
    page.close()


def test_a_search_from_a_disk_finds_the_word(chrome):
    address = (look.HTML / "search.html").as_uri() + "?q=perplexity"
    page = look.visit(chrome, address, look.SIZES["phone"])
    page.wait_for_selector("#search-results li a", timeout=10_000)
    assert "Glossary" in page.inner_text("#search-results")
    assert not page.heard, "\n".join(page.heard)
    page.close()


def test_a_page_leads_to_the_search_by_key(chrome):
    page = look.visit(chrome, (look.HTML / PAGES[0]).as_uri(), look.SIZES["desktop"])
    page.keyboard.press("Control+k")
    page.keyboard.type("perplexity")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    page.close()


def test_the_first_file_leads_to_the_front_page(chrome):
    page = chrome.new_page()
    page.goto((look.HTML / "index.html").as_uri())
    page.wait_for_url(f"**/{next(contents())}.html", timeout=10_000)
    page.close()


@pytest.mark.parametrize(
    ("printed", "is_table"),
    [
        ("way   bits\nfree  2.31\nheld  1.59", True),
        ("said first\nway   bits\nfree  2.31\nheld  1.59\nlast", True),
        ("way   bits\nfree  2.31", False),
        ("a  b\nno gap here\nc  d\ne  f", False),
        ("  the first line\n  the second\n  the third", False),
    ],
)
def test_columns_are_three_lines_on_end_with_gaps(printed, is_table):
    assert in_columns(printed) is is_table


def test_printed_columns_scroll_and_printed_lines_are_wrapped(chrome, address):
    page = look.visit(chrome, address + "chapters/12_music.html", look.SIZES["phone"])
    printed = ".cell_output .stream{} pre"
    shown = "getComputedStyle(pre).whiteSpace, pre.scrollWidth > pre.clientWidth, pre.tabIndex"
    seen = f"all => all.map(pre => [{shown}])"
    columns = page.locator(printed.format(".columns")).evaluate_all(seen)
    assert ["pre", True, 0] in columns
    assert all(space == "pre" and (tab == 0) == wide for space, wide, tab in columns)
    lines = page.locator(printed.format(":not(.columns)")).evaluate_all(seen)
    assert lines
    assert {(space, wide) for space, wide, _ in lines} == {("pre-wrap", False)}
    page.close()


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("chapters/")])
def test_in_the_dark_a_drawing_lies_on_the_page_itself(chrome, address, name):
    """The white paper of a figure becomes the page's own background, to one step of grey."""
    page = look.visit(chrome, address + name, look.SIZES["desktop"], mode="dark")
    figure = page.locator(".cell_output img[src$='.svg']").first
    if not figure.count():
        pytest.skip("no figure on this page")
    corner = Image.open(io.BytesIO(figure.screenshot())).convert("RGB").getpixel((3, 3))
    around = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.close()
    assert corner == pytest.approx([int(part) for part in re.findall(r"\d+", around)], abs=1)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_uses_no_style_that_is_left_out(name):
    """book/_ext/light.py leaves out what sphinx-design and sphinx-togglebutton bring."""
    left_out = r'class="(?:[^"]* )?(?:sd-\w+|toggle)[" ]|class="[^"]*admonition[^"]* dropdown'
    assert re.findall(left_out, (look.HTML / name).read_text("utf8")) == []


class Fetched(HTMLParser):
    """Collects what a browser would fetch to draw a page."""

    KINDS = ("stylesheet", "icon", "preload", "preconnect", "modulepreload", "manifest")

    def __init__(self, text):
        super().__init__()
        self.addresses = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.addresses += filter(None, map(given.get, ("src", "srcset", "poster", "data")))
        if tag == "link" and set((given.get("rel") or "").split()) & set(self.KINDS):
            self.addresses.append(given.get("href") or "")


@pytest.mark.parametrize("name", [*PAGES, "index.html"])
def test_a_page_fetches_nothing_from_another_site(name):
    text = (look.HTML / name).read_text("utf8")
    assert [url for url in Fetched(text).addresses if re.match(r"(https?:)?//", url)] == []


def test_no_style_fetches_anything_from_another_site():
    far = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"' ]+")
    for path in look.HTML.rglob("*.css"):
        assert far.findall(path.read_text("utf8")) == [], path.name
