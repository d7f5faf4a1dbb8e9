"""The figure that plays a tune: whole without its script. tests/book/test_player.py drives it."""

import json
import re
from xml.etree import ElementTree

import pytest

from afterword.plots.live import SCRIPTS
from afterword.plots.player import player, roll

NOTES = [(0, 60, 0.0, 0.5), (1, None, 0.5, 1.0), (2, 67, 1.0, 2.0)]
DRAWN = [(60, 0.0), (None, 0.5), (67, 1.0)]
SVG = roll(DRAWN, 2.0, said="Two notes & a rest")


def figure(**changes):
    return player(SVG, NOTES, **dict(title="A < B", said="Up.", pace=1.5) | changes)


def test_the_still_form_is_complete_without_the_script():
    bundle = figure()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    still = bundle["text/html"].split("<script>")[0]
    assert "A &lt; B" in still
    assert "<p>Up.</p>" in still
    assert still.count('class="note"') == 3
    assert bundle["text/plain"] == "A score that can be played. A < B: Up."
    ElementTree.fromstring(bundle["image/svg+xml"])


def test_the_script_is_given_what_sounds_and_how_fast():
    (line,) = re.findall("^const data = (.*);$", figure(pickup=0.25).html, re.MULTILINE)
    data = json.loads(line)
    assert data["notes"] == [list(note) for note in NOTES]
    assert (data["pace"], data["pickup"]) == (1.5, 0.25)


def test_it_is_the_same_each_time_and_names_no_other_site():
    assert figure() == figure()
    for file in ("player.js", "player.css"):
        assert not re.search(r"https?:|url\(|@import", (SCRIPTS / file).read_text("utf8"))


def test_a_roll_draws_time_to_the_right_and_pitch_upwards():
    drawing = ElementTree.fromstring(SVG)
    rects = [rect for rect in drawing.iter() if rect.tag.endswith("rect")]
    (low, high) = ((float(r.get("x")), float(r.get("y")), float(r.get("width"))) for r in rects)
    assert low[0] < high[0]
    assert low[1] > high[1]  # the page counts downwards
    assert high[2] > low[2]
    assert drawing.get("aria-label") == "Two notes & a rest"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: player(SVG, [], said="", pace=1.0), "0 notes at 1.0 seconds a bar"),
        (lambda: figure(pace=0.0), "3 notes at 0.0 seconds a bar cannot be played"),
        (
            lambda: player(SVG, [(3, 60, 0, 1)], said="", pace=1.0),
            "the drawing has 3 notes, and number 3 is to be played",
        ),
        (lambda: roll([(None, 0.0)], 1.0, said=""), "there is no note to be drawn"),
    ],
)
def test_what_cannot_be_played_or_drawn_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
