"""How a tune sounds, in numbers."""

import re

import numpy as np
import pytest

from afterword.music import sound
from afterword.music.abc import read_abc
from afterword.music.sound import listen, tone, wave
from afterword.plots.live import SCRIPTS

# the check of types, which looks at random items, is at work inside the strategy
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

HEAD = "M:2/4\nL:1/4\nK:C\n"


def tune(body):
    return read_abc(HEAD + body)


@pytest.mark.parametrize(("body", "pickup"), [("D|CD|EF|", 0.5), ("CD|EF|", 0.0)])
def test_a_first_bar_that_is_not_full_is_a_pickup(body, pickup):
    page = listen(tune(body), with_score=False).html
    assert float(re.search(r'"pickup": ([\d.]+)', page)[1]) == pickup


def test_a_tone_has_its_pitch_and_no_click():
    rate = 22_050
    found = tone(69, 1.0, rate=rate)
    peaks = np.abs(np.fft.rfft(found[:rate]))
    assert abs(int(peaks.argmax()) - 440) <= 1
    assert found[0] == 0
    assert abs(found[-1]) < 1e-3
    steepest = 2 * np.pi * 440 / rate * sum(n * part for n, part in enumerate(sound.PARTIALS, 1))
    assert np.abs(np.diff(found)).max() < 0.35 * steepest / sum(sound.PARTIALS) * 1.2
    assert np.abs(found).max() <= 0.35


def test_a_tune_is_as_long_as_its_bars_and_never_too_loud():
    found = wave(tune("CD|EF:|"), rate=8000, pace=0.5)
    assert len(found) == int((4 * 0.5 + 0.5) * 8000)
    assert np.abs(found).max() < 1


def test_the_page_makes_the_same_tones():
    script = (SCRIPTS / "player.js").read_text("utf8")
    found = re.search(r"PARTIALS = \[(.*?)\]", script)[1]
    assert tuple(map(float, found.split(","))) == sound.PARTIALS
    for name, value in (("ATTACK", 0.006), ("RELEASE", 0.05), ("DECAY", 0.9)):
        assert f"{name} = {value}" in script
        assert getattr(sound, name) == value


def test_a_figure_without_a_score_needs_no_package():
    figure = listen(tune("CD|EF:|"), with_score=False)
    assert figure.html.count('<g class="note">') == 4
    assert "A tune in C major, in 2/4, 2 bars" in figure.text
