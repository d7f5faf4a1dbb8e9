"""The knob of chapter 3, in a real browser: what the script draws is what Python computes."""

import pytest
import torch

from afterword.model.positions import Rotary
from afterword.plots.knob import STOPS, live_base, sentence
from book.tools import look

pytestmark = pytest.mark.slow
SETTINGS = dict(n_pairs=8, context_length=16)


@pytest.fixture(scope="module")
def page(chrome, tmp_path_factory):
    file = tmp_path_factory.mktemp("knob") / "page.html"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>knob</title>'
    file.write_text(f"{head}<main>{live_base(**SETTINGS).html}</main>", "utf8")
    page = look.visit(chrome, file.as_uri(), look.SIZES["phone"])
    yield page
    page.close()


def turn_to(page, base):
    page.locator("input").evaluate(
        "(knob, place) => { knob.value = place; knob.dispatchEvent(new Event('input')) }",
        STOPS.index(base),
    )


@pytest.mark.parametrize("base", [3, 10, 1_778, 10_000, 10**6])
def test_the_script_draws_the_scores_of_rotary(page, base):
    turn_to(page, base)
    points = page.locator(".turning .scores").get_attribute("points").split()
    drawn = [(90 - float(point.split(",")[1])) / 60 for point in points]
    ones = torch.ones(1, 1, 129, 16)
    turned = Rotary(base=base).turn(ones, torch.arange(129))[0, 0]
    assert drawn == pytest.approx((turned @ turned[0] / 16).tolist(), abs=2e-4)  # drawn to 0.01


@pytest.mark.parametrize("base", STOPS)
def test_the_script_says_what_python_says(page, base):
    turn_to(page, base)
    assert page.locator(".turning p").inner_text() == sentence(base=base, **SETTINGS)
    assert page.locator(".shown").inner_text() == f"{base:,}"


def test_the_knob_turns_by_key_and_says_where_it_stands(page):
    turn_to(page, 10_000)
    slider = page.get_by_role("slider", name="Base of the frequencies", exact=True)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "5,623"
    assert page.locator(".turning p").get_attribute("aria-live") == "polite"


def test_before_it_is_turned_the_live_form_is_the_still_one(page):
    turn_to(page, 10_000)
    still, live = (
        page.locator(f"{form} svg .scores").first.get_attribute("points").split()
        for form in (".still", ".turning")
    )
    for one, other in zip(still, live, strict=True):
        assert list(map(float, one.split(","))) == pytest.approx(
            list(map(float, other.split(","))), abs=0.011
        )


def test_it_fits_a_phone_and_prints_its_still_form(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.locator(".still").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".still").is_visible()
    assert not page.locator(".turning").is_visible()
    page.emulate_media(media="screen")
    assert page.heard == []
