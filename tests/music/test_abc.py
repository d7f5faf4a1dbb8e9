"""Reading ABC and writing it: round trips, the standard's rules, and every tune of the corpus."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterword.evaluation.bars import full_bars
from afterword.music.abc import read_abc
from afterword.music.tune import Line
from afterword.music.writing import normal, write_abc
from afterword.text.corpora import load
from tests.music.making import tunes

# the check of types, which looks at random items, is at work inside the strategy
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

HEAD = "M:C\nL:1/8\nK:{}\n"
NOTES = ("notes", "lines", "metre", "unit", "key")


def pitches(body, key="C"):
    return [note.pitch for note in read_abc(HEAD.format(key) + body).notes]


@given(tunes())
@settings(max_examples=300)
def test_what_is_written_is_read_back_note_for_note(tune):
    again = read_abc(write_abc(tune))
    for name in NOTES:
        assert getattr(again, name) == getattr(tune, name)
    assert normal(write_abc(tune)) == write_abc(tune)
    assert read_abc(write_abc(tune, beams=True)).notes == tune.notes


@given(tunes(), st.integers(-11, 11))
def test_a_tune_moved_up_and_down_again_is_the_same(tune, semitones):
    moved = tune.transposed(semitones)
    assert moved.transposed(-semitones).notes == tune.notes
    assert moved.key.home == (tune.key.home + semitones) % 12
    assert read_abc(write_abc(moved)).notes == moved.notes


def test_every_tenth_tune_of_the_corpus_is_in_the_normal_form_and_has_its_fields():
    for document in load("tunes")[::10]:
        tune = read_abc(document.text)
        assert write_abc(tune, fields="TBZGRMLK") == document.text
        assert tune.title == document.title
        assert tune.book in ("O'Neill", "Ryan", "Aird")


def test_a_bar_is_as_full_in_the_normal_form():
    for document in load("tunes")[::100]:
        assert full_bars(normal(document.text)) == full_bars(document.text)


@pytest.mark.parametrize(
    ("body", "key", "wanted"),
    [
        ("C,C c c'|", "C", [48, 60, 72, 84]),
        ("C' c,|", "C", [72, 60]),
        ("F f|", "G", [66, 78]),
        ("^F F|F|", "C", [66, 66, 65]),  # to the end of the bar
        ("^F f|", "C", [66, 78]),  # in every octave
        ("^F =F F|", "G", [66, 65, 65]),
        ("_B =B|B|", "F", [70, 71, 70]),
        ("^^F __E|", "C", [67, 62]),
        ("^f-|f f|", "C", [78, 78, 77]),  # a tie carries it over the line, and no further
        ("e-|f|", "C", [76, 77]),  # what was once written for a slur
        ("[CEG]2 {gf}c !trill!d|", "C", [67, 72, 74]),  # the highest, and no decoration
        ("z x C|", "C", [None, None, 60]),
    ],
)
def test_pitches_are_what_the_standard_says(body, key, wanted):
    assert pitches(body, key) == wanted


@pytest.mark.parametrize(
    ("body", "eighths"),
    [
        ("A>B c<d|", [Fraction(3, 2), Fraction(1, 2), Fraction(1, 2), Fraction(3, 2)]),
        ("(3ABc d2|", [Fraction(2, 3)] * 3 + [2]),
        ("(3A2B|", [Fraction(4, 3), Fraction(2, 3)]),
        ("[A2c2]3/2 z/|", [3, Fraction(1, 2)]),
        ("Z2|", [8, 8]),
    ],
)
def test_lengths_are_what_the_standard_says(body, eighths):
    found = read_abc(HEAD.format("C") + body)
    assert [note.duration * 8 for note in found.notes] == eighths


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("A|B|]", [Line(""), Line("|"), Line("||")]),
        ("|:A:|:B:|", [Line("|:"), Line("::"), Line(":|")]),
        (
            "A:|\n|:B|1c:|2d|",
            [Line(""), Line("::"), Line("|", "1"), Line(":|", "2"), Line("||")],
        ),
        ("A|", [Line(""), Line("||")]),
        ("A", [Line(""), Line("||")]),
        ("A ||\n|: B ||", [Line(""), Line("|:"), Line("||")]),
        ("|A|B :: c|", [Line(""), Line("|"), Line("::"), Line("||")]),
        ("A[1B:|[2c|]", [Line(""), Line("", "1"), Line(":|", "2"), Line("||")]),
    ],
)
def test_lines_come_in_five_kinds(body, lines):
    found = read_abc(HEAD.format("C") + body).lines
    assert list(found) == lines


def test_the_bars_of_notes_are_counted_as_drawn():
    tune = read_abc(HEAD.format("C") + "A|BC|d2:|\n")
    assert [note.bar for note in tune.notes] == [0, 1, 1, 2]
    assert tune.n_bars == 3
    assert [len(bar) for bar in tune.in_bars()] == [1, 2, 1]


def test_what_is_heard_joins_ties():
    tune = read_abc(HEAD.format("C") + "A2-|A B-B|")
    assert [(note.pitch, note.duration * 8) for note in tune.sounded()] == [(69, 3), (71, 2)]


def test_a_score_gets_a_space_at_each_beat_and_behind_an_ending():
    text = "M:6/8\nL:1/8\nK:D\nABcdef|[1A3d3:|[2AAAf3||\n"
    spaced = write_abc(read_abc(text), beams=True)
    assert "ABc def|[1 A3 d3:|[2 AAA f3||" in spaced
    assert "ABcd efga" in write_abc(read_abc("M:C\nL:1/8\nK:D\nABcdefga|"), beams=True)


def test_a_field_that_is_empty_is_not_written():
    tune = read_abc("M:C\nL:1/8\nK:D\nA|")
    assert write_abc(tune, fields="TRMLK").startswith("M:C\n")
    assert write_abc(replace(tune, rhythm="reel")).startswith("R:reel\nM:C\nL:1/8\nK:D\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("M:C\nL:1/8\nABc|", "line 3 of the tune, 'ABc|', column 1: a note before any key"),
        ("K:G\nL:1/8\nABc|", "column 1: a note before any metre"),
        ("K:G\nL:1/8\nZ4|", "column 1: a note before any metre"),
        ("M:C\nK:G\nAB ? c|", "line 3 of the tune, 'AB ? c|', column 4: '? c|' cannot be read"),
        ("M:C\nK:X\n", "line 2 of the tune, 'K:X', column 1: 'X' is no key"),
        ("M:C\nK:G\nA|[K:D]B|", "the key changes from G to D; give a tune of one key"),
        ("M:C\nK:G\nA|\nM:6/8\nB|", "the metre changes from C to 6/8; give a tune of one metre"),
        ("M:C\nK:G\n|", "there is no note in it"),
        ("M:7\nK:G\n|", "'7' is no metre"),
    ],
)
def test_what_is_no_tune_says_where_and_what(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_abc(text)


def test_no_other_line_is_known():
    with pytest.raises(ValueError, match="no line between bars"):
        Line("|||")
