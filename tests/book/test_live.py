"""Live figures in a real browser, from a page that holds nothing else, with the network cut."""

import html as text

import pytest

from afterword.plots.live import live_attention
from book.checks.chapter import CHAPTERS, Chapter
from book.tools import look

pytestmark = pytest.mark.slow
WORDS = ["the", "sea", "keeps"]
SHARES = [[[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0]], [[1, 0, 0], [0.25, 0.75, 0], [0.2, 0.3, 0.5]]]
PHONE = '<meta name="viewport" content="width=device-width">'
PAGE = f'<!doctype html><html lang="en"><title>live</title>{PHONE}'


@pytest.fixture(params=look.SIZES)
def page(chrome, tmp_path, request):
    file = tmp_path / "live.html"
    html = live_attention(SHARES, WORDS, WORDS, heads=["first", "second"]).html
    file.write_text(f"{PAGE}<body>{html}{html}", encoding="utf-8")  # twice, as in two views
    page = look.visit(chrome, file.as_uri(), look.SIZES[request.param])
    yield page
    assert page.heard == []
    page.close()


def numbers(page):
    """What stands over the bars of the first figure."""
    return page.locator(".attention").first.locator(".number").all_inner_texts()


def heights(page):
    bars = page.locator(".attention").first.locator(".bar")
    return [bar.bounding_box()["height"] for bar in bars.all()]


def test_the_last_word_asks_first_and_the_still_form_gives_way(page):
    assert numbers(page) == ["", "1.00", "", "0.20", "0.30", "0.50"]
    assert page.locator(".still").first.is_hidden()
    assert page.locator(".asking").count() == 2


@pytest.mark.parametrize("way", ["point", "tap", "key"])
def test_a_word_chosen_in_any_way_shows_whom_it_looks_at(page, way):
    button = page.get_by_role("button", name="sea").first
    {"point": button.hover, "tap": button.click, "key": button.focus}[way]()
    assert numbers(page) == ["0.50", "0.50", "", "0.25", "0.75", ""]
    assert button.get_attribute("aria-pressed") == "true"
    said = page.locator("[aria-live=polite]").first.inner_text()
    assert said == (
        "“sea” (word 2) looks most: first 0.50 at the (word 1) and sea (word 2); "
        "second 0.75 at sea (word 2)."
    )
    page.wait_for_timeout(50)  # motion is reduced: no transition
    high = heights(page)
    assert high[4] == pytest.approx(3 * high[3], abs=1)


def test_the_keyboard_goes_through_the_words(page):
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert numbers(page)[3:] == ["0.25", "0.75", ""]


def test_it_fits_the_window_and_prints_its_still_form(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(media="print")
    assert page.locator(".still").first.is_visible()
    assert page.locator(".asking").first.is_hidden()


def test_without_scripts_the_tables_stand(chrome, tmp_path):
    file = tmp_path / "live.html"
    html = live_attention(SHARES, WORDS, WORDS, heads=["first", "second"]).html
    file.write_text(f"{PAGE}<body>{html}", encoding="utf-8")
    context = chrome.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("table").count() == 2
    assert page.locator("table").first.is_visible()
    context.close()


def alive(path) -> list[str]:
    """A chapter's outputs that hold scripts: live figures, and votes in their frames."""
    outputs = (out for _, cell in Chapter.read(path).code for out in cell.outputs)
    found = ("".join(out.get("data", {}).get("text/html", "")) for out in outputs)
    return [html for html in found if 'data-live="' in html or "srcdoc=" in html]


@pytest.mark.parametrize("path", [p for p in CHAPTERS if alive(p)], ids=lambda p: p.stem)
def test_in_a_frame_of_its_own_as_in_colab_it_starts_and_nothing_goes_wrong(chrome, tmp_path, path):
    """Colab shows each output in a frame of another origin: nothing kept, nothing of the book."""
    file, figures = tmp_path / "colab.html", alive(path)
    frame = '<iframe title="output" sandbox="allow-scripts allow-downloads" srcdoc="{}"></iframe>'
    frames = (frame.format(text.escape(f"<!doctype html>{html}")) for html in figures)
    file.write_text(f"{PAGE}<body>{''.join(frames)}", encoding="utf-8")
    page = look.visit(chrome, file.as_uri(), look.SIZES["desktop"])
    for i, html in enumerate(figures):
        inside = page.frames[0].child_frames[i]
        if 'data-live="' in html:
            inside.wait_for_selector("figure.live[data-on]")
        if 'class="live player"' in html:
            inside.get_by_role("button", name="Play").click()
            inside.wait_for_selector(".note.now", state="attached")
    assert page.heard == []
    page.close()
