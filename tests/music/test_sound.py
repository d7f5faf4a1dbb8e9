"""What is played when; and how it sounds, in numbers."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from afterword.music import sound
from afterword.music.abc import read_abc
from afterword.music.order import bars_played, timed
from afterword.music.sound import listen, tone, wave
from afterword.plots.live import SCRIPTS
from tests.music.making import tunes

# the check of types, which looks at random items, is at work inside the strategy
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

HEAD = "M:2/4\nL:1/4\nK:C\n"


def tune(body):
    return read_abc(HEAD + body)


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("CD|EF||", [0, 1]),
        ("CD|EF:|", [0, 1, 0, 1]),
        ("CD|:EF:|GA||", [0, 1, 1, 2]),
        ("CD:|:EF:|", [0, 0, 1, 1]),
        ("CD::EF|GA:|", [0, 0, 1, 2, 1, 2]),
        ("CD||EF:|", [0, 1, 1]),  # back to where the part began
        ("CD|1EF:|2GA||Bc|", [0, 1, 0, 2, 3]),
        ("|:CD|1EF:|2GA:|Bc|", [0, 1, 0, 2, 3]),  # a second ending is the last
        ("CD|1EF:|2GA||Bc|1CD:|2EF||", [0, 1, 0, 2, 3, 4, 3, 5]),
        ("C[1D:|[2E||", [0, 1, 0, 2]),
        ("CD:|EF:|GA:|", [0, 0, 1, 1, 2, 2]),
    ],
)
def test_repeats_and_endings_are_played_as_a_player_would(body, order):
    assert bars_played(tune(body)) == order


@given(tunes())
def test_playing_ends_and_what_sounds_follows_on(made):
    order = bars_played(made)
    assert len(order) <= 2 * made.n_bars
    assert set(order) == set(range(made.n_bars))
    notes = timed(made)
    assert notes[0][2] == 0
    for (_, _, _, end), (_, _, start, _) in pairwise(notes):
        assert end == start


def test_a_tied_note_sounds_once():
    assert [(i, float(at), float(end)) for i, _, at, end in timed(tune("CD-|DE|"))] == [
        (0, 0, 0.5),
        (1, 0.5, 1.5),
        (3, 1.5, 2),
    ]


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
