"""The built pages without a mouse: the place of the focus is seen, and every live figure answers.

A live figure of a new kind is red here until `DRIVES` has a way to work it by key.
"""

import io
import re

import numpy as np
import pytest
from PIL import Image

from book.tools import look

if not (look.HTML / "search.html").exists():
    pytest.skip("no built book: run make book", allow_module_level=True)

pytestmark = pytest.mark.slow
PAGES = look.pages()

# All places where Tab stops, each with what kind of place it is: its element and classes, and the
# box around it. (A frame is none: the focus goes through it to what it holds.)
STOPS = """() => {
    const around = ".admonition, table, nav, footer, header, dialog, details, figure, .cell_input, "
        + ".cell_output, .bd-header-article, .sidebar-primary-items__start";
    const all = document.querySelectorAll(
        "a[href], button, input, select, textarea, summary, [tabindex]");
    window.stops = [...all].filter(stop =>
        !stop.disabled && stop.tabIndex >= 0 && stop.checkVisibility({visibilityProperty: true}));
    const named = box => [box.tagName.toLowerCase(), ...[...box.classList].sort()].join(".");
    return stops.map(stop => {
        const box = stop.parentElement.closest(around);
        return named(stop) + (box ? ` in ${named(box)}` : "");
    });
}"""
PLACE = """i => {
    stops[i].scrollIntoView({block: "center", behavior: "instant"});
    stops[i].focus({preventScroll: true}); // what comes out only for the focus has its place now
    const {x, y, width, height} = stops[i].getBoundingClientRect();
    stops[i].blur();
    return {x, y, width, height};
}"""


@pytest.fixture(scope="module")
def address():
    with look.served() as address:
        yield address


@pytest.mark.parametrize("size", look.SIZES)
def test_the_focus_is_seen_on_every_kind_of_place(chrome, address, size):
    """Around it, a line of some thickness changes by a contrast of 3 to 1 or more."""
    seen, hidden = set(), []
    for name in PAGES:
        page = look.visit(chrome, address + name, look.SIZES[size])
        kinds = page.evaluate(STOPS)
        new = {kind: i for i, kind in reversed([*enumerate(kinds)]) if kind not in seen}
        seen |= set(new)
        for mode in look.MODES if new else ():
            page.emulate_media(color_scheme=mode, reduced_motion="reduce")
            page.wait_for_function(f"document.documentElement.dataset.theme === '{mode}'")
            faint = [kind for kind, i in new.items() if ring(page, i) < 1]
            hidden += [f"{name}, {mode}: {kind}" for kind in faint]
        page.close()
    assert len(seen) > 10
    assert not hidden, "\n".join(hidden)


def ring(page, i):
    """How many times the way round a place the focus changes clearly, in pixels."""
    page.keyboard.press("Tab")  # a ring is for who uses keys
    at = page.evaluate(PLACE, i)
    x, y = max(0, at["x"] - 6), max(0, at["y"] - 6)
    clip = dict(x=x, y=y, width=at["width"] + 12, height=min(at["height"] + 12, 600))
    clip["width"] = min(clip["width"], page.viewport_size["width"] - x)
    before = luminance(page.screenshot(clip=clip, animations="disabled"))
    page.evaluate("i => stops[i].focus({preventScroll: true})", i)
    after = luminance(page.screenshot(clip=clip, animations="disabled"))
    contrast = (np.maximum(before, after) + 0.05) / (np.minimum(before, after) + 0.05)
    return (contrast >= 3).sum() / (2 * (clip["width"] + clip["height"]))


def luminance(png):
    """The relative luminance of each pixel, as WCAG 2.1 defines it."""
    part = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("size", look.SIZES)
def test_the_first_key_offers_the_way_past_the_bars(chrome, address, size):
    page = look.visit(chrome, address + PAGES[0], look.SIZES[size])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to main content"
    page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")  # it slides
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.close()


# ---- live figures ----


def live_figures():
    """(page, kind, number on the page) of all that answers: figures of plots.live, and frames."""
    mark = re.compile(r'<figure class="live ([\w-]+)"|<iframe[^>]*? title="([^"]+)"')
    texts = {name: (look.HTML / name).read_text("utf8") for name in PAGES}
    return [
        (name, a or b, i)
        for name, text in texts.items()
        for i, (a, b) in enumerate(mark.findall(text))
    ]


LIVE = live_figures()


def work_attention(page, figure):
    said = figure.locator("[aria-live=polite]").inner_text()
    page.keyboard.press("Tab")
    assert figure.locator("[aria-live=polite]").inner_text() != said


def work_knob(page, figure):
    line = figure.locator(".turning .scores")
    drawn = line.get_attribute("points")
    page.keyboard.press("ArrowLeft")
    assert line.get_attribute("points") != drawn
    assert figure.get_by_role("slider", name="Base of the frequencies", exact=True).count() == 1


def work_writer(page, figure):
    page.keyboard.press("Enter")
    page.wait_for_selector(".writing", timeout=30_000)
    before = figure.locator(".text").inner_text()
    page.keyboard.press("Tab")  # from the beginning, where the focus is, to Write
    page.keyboard.press("Enter")
    page.wait_for_function(
        "n => document.querySelector('.writing .text').textContent.length > n", arg=len(before)
    )
    page.keyboard.press("Enter")  # stop
    slider = figure.get_by_role("slider").first
    while not slider.evaluate("slider => slider === document.activeElement"):
        page.keyboard.press("Tab")
        assert figure.evaluate("figure => figure.contains(document.activeElement)")
    value = slider.input_value()
    page.keyboard.press("ArrowLeft")
    assert slider.input_value() != value


def work_verse(page, figure):
    page.keyboard.press("Enter")
    page.wait_for_selector(".verse .writing", timeout=30_000)
    page.wait_for_selector(".offered:not([aria-busy]) button:not(.none)")
    pen = figure.locator("textarea")
    before = pen.input_value()
    page.keyboard.press("Tab")  # from the verse, where the focus is, to the first word
    page.keyboard.press("Enter")
    assert pen.input_value().startswith(before.strip())
    assert len(pen.input_value()) > len(before)


def work_votes(page, frame):
    inside = frame.content_frame
    page.keyboard.type("Ada")
    page.keyboard.press("Enter")
    page.keyboard.press("1")
    assert inside.locator(".told").inner_text().startswith("Pair 2 of ")


def work_player(page, figure):
    page.keyboard.press("Enter")  # Play, where the focus is
    page.wait_for_function("document.querySelectorAll('.note.now').length == 1")
    assert figure.get_by_role("button").inner_text() == "Pause"
    page.keyboard.press("Enter")
    assert figure.get_by_role("button").inner_text() == "Play"
    page.keyboard.press("Tab")  # to the bar
    bar = figure.get_by_role("slider").first
    before = int(bar.input_value())
    page.keyboard.press("ArrowRight")
    assert int(bar.input_value()) == before + 1


DRIVES = {
    "attention": work_attention,
    "knob": work_knob,
    "writer": work_writer,
    "verse": work_verse,
    "player": work_player,
    "Blind votes": work_votes,
    "Blind votes on tunes": work_votes,
}
BEFORE = """live => {
    const tabbed = [...document.querySelectorAll("a[href], button, summary, [tabindex]")].filter(
        stop => stop.tabIndex >= 0 && stop.checkVisibility({visibilityProperty: true})
            && stop.compareDocumentPosition(live) & Node.DOCUMENT_POSITION_FOLLOWING);
    tabbed.at(-1).focus();
}"""


@pytest.mark.parametrize(("name", "kind", "number"), LIVE)
def test_a_live_figure_is_reached_and_worked_by_key(chrome, address, name, kind, number):
    assert kind in DRIVES, f"{name} has a live figure {kind!r}: write in DRIVES how keys work it"
    page = look.visit(chrome, address + name, look.SIZES["desktop"])
    live = page.locator("figure.live, iframe[title]").nth(number)
    live.evaluate(BEFORE)
    page.keyboard.press("Tab")
    assert live.evaluate("live => live.contains(document.activeElement)"), "Tab passes it by"
    DRIVES[kind](page, live)
    assert not page.heard, "\n".join(page.heard)
    page.close()


def test_no_way_to_work_a_figure_is_left_over():
    assert set(DRIVES) == {kind for _, kind, _ in LIVE}
