"""The player of tunes in a real browser: by click, by key, and without a network."""

import pytest

from afterword.music.abc import read_abc
from afterword.music.sound import listen
from book.tools import look

pytestmark = pytest.mark.slow
TUNE = read_abc("T:Scale\nR:reel\nM:C|\nL:1/8\nK:D\nA2|DEFG ABcd|dcBA GF:|\nd8|D8||\n")
OTHER = read_abc("T:Other\nM:3/4\nL:1/4\nK:C\nCEG|c3||\n")


@pytest.fixture(scope="module")
def page(chrome, tmp_path_factory):
    file = tmp_path_factory.mktemp("player") / "page.html"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>player</title>'
    head += '<meta name="viewport" content="width=device-width">'
    figures = "".join(listen(tune, with_score=False).html for tune in (TUNE, OTHER))
    file.write_text(f"{head}<main>{figures}</main>", "utf8")
    page = look.visit(chrome, file.as_uri(), look.SIZES["phone"])
    yield page
    page.close()


@pytest.fixture(autouse=True)
def silence(page):
    yield
    for button in page.get_by_role("button", name="Pause").all():
        button.click()
    assert page.heard == []


def first(page, part):
    return page.locator(".player").first.locator(part)


def move_to(page, bar):
    first(page, "input").first.evaluate(
        "(slider, bar) => { slider.value = bar; slider.dispatchEvent(new Event('input')) }", bar
    )


def test_it_plays_marks_the_note_that_sounds_and_pauses(page):
    assert first(page, "output").first.inner_text() == "1 of 6"  # repeated: 2 + 2 + 2
    first(page, "button").click()
    page.wait_for_function("document.querySelectorAll('.note.now').length == 1")
    page.wait_for_function("document.querySelector('.player output').innerText != '1 of 6'")
    first(page, "button").click()
    assert first(page, "button").inner_text() == "Play"
    place = first(page, "output").first.inner_text()
    page.wait_for_timeout(300)
    assert first(page, "output").first.inner_text() == place
    assert page.locator(".note.now").count() == 0


def test_it_follows_the_order_in_which_a_tune_is_played(page):
    """From bar 3, the first again, on: the second time through, the marks are those of bar 1."""
    move_to(page, 3)
    first(page, "button").click()
    page.wait_for_function("document.querySelectorAll('.note.now').length == 1")
    marks = (
        page.locator(".player")
        .first.locator(".note")
        .evaluate_all("notes => notes.findIndex(note => note.classList.contains('now'))")
    )
    assert 0 <= marks <= 12


def test_at_the_end_it_stops_and_starts_anew(page):
    move_to(page, 6)
    first(page, "button").click()
    page.wait_for_function("document.querySelector('.player button').innerText == 'Play'")
    page.wait_for_function("document.querySelector('.player output').innerText == '1 of 6'")


def test_one_tune_at_a_time(page):
    buttons = page.locator(".player button")
    buttons.first.click()
    buttons.last.click()
    page.wait_for_function("document.querySelector('.player button').innerText == 'Play'")
    assert buttons.last.inner_text() == "Pause"


def test_keys_reach_all_of_it_and_say_where_it_stands(page):
    move_to(page, 1)
    first(page, "button").focus()
    page.keyboard.press("Enter")
    assert first(page, "button").inner_text() == "Pause"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert first(page, "input").first.get_attribute("aria-valuetext") == "bar 6 of 6"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert first(page, "input").last.get_attribute("aria-valuetext") == "95 percent"
    assert page.get_by_label("Speed").count() == 2


def test_a_note_that_is_clicked_is_where_it_goes_on(page):
    page.locator(".player").last.locator(".note rect").last.click()
    assert page.locator(".player").last.locator("output").first.inner_text() == "2 of 2"


def test_it_fits_a_phone_and_prints_its_still_form(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(media="print")
    assert not page.locator(".acts").first.is_visible()
    assert page.locator(".still svg").first.is_visible()
    page.emulate_media(media="screen")
