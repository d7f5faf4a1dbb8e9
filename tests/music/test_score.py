"""A tune in words; and drawn, where the package that draws is installed."""

import sys
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from afterword.music.abc import read_abc
from afterword.music.score import contour, describe, engraved
from afterword.music.sound import listen
from afterword.music.tune import Note
from afterword.text.corpora import load

SVG = "{http://www.w3.org/2000/svg}"


def heard(*pitches):
    return [Note(pitch, Fraction(1)) for pitch in pitches]


@pytest.mark.parametrize(
    ("pitches", "said"),
    [
        ((60, 60, 60), "It stays at one height."),
        ((60, 64, 67), "It rises."),
        ((67, 64, 60), "It falls."),
        ((60, 67, 60), "It rises, then falls."),
        ((60, 60, 67), "It stays, then rises."),
        ((60,), "It stays at one height."),
    ],
)
def test_a_contour_is_said_in_words(pitches, said):
    assert contour(heard(*pitches)) == said


def test_a_description_says_kind_key_metre_bars_and_range():
    made = read_abc("R:air\nM:C|\nL:1/4\nK:F#m\nF|A B c d|f3||\n")
    assert describe(made) == (
        "An air in F sharp minor, in 2/2 (cut time), 2 bars, from F sharp to the F sharp an octave "
        "above. It rises."
    )


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "verovio", None)
    with pytest.raises(ValueError, match="pip install verovio, or draw the tune as a roll"):
        engraved(read_abc("M:C\nL:1/4\nK:C\nC|"))


def test_each_note_is_drawn_once_and_in_order():
    pytest.importorskip("verovio")
    for document in load("tunes")[::300]:
        tune = read_abc(document.text)
        drawing = ElementTree.fromstring(engraved(tune))
        notes = [g for g in drawing.iter(f"{SVG}g") if g.get("class") == "note"]
        assert len(notes) == len(tune.notes)
        assert drawing.get("aria-label") == describe(tune)
        assert drawing.get("fill") == "currentColor"
        used = {use.get("href")[1:] for use in drawing.iter(f"{SVG}use")}
        assert used <= {path.get("id") for path in drawing.find(f"{SVG}defs")}


def test_scores_on_one_page_share_no_id():
    pytest.importorskip("verovio")
    drawings = [engraved(read_abc(document.text)) for document in load("tunes")[::700]]
    names = [
        path.get("id")
        for drawing in drawings
        for path in ElementTree.fromstring(drawing).find(f"{SVG}defs")
    ]
    assert len(names) == len(set(names)) > 5 * len(drawings)


def test_a_score_is_the_same_each_time_and_small():
    pytest.importorskip("verovio")
    tune = read_abc(load("tunes")[0].text)
    assert engraved(tune) == engraved(tune)
    assert len(listen(tune).html) < 120_000
