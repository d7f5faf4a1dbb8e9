"""Melodies drawn, rules kept, how near tunes come: what is placed where, what is refused."""

import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from afterword.plots.melodies import plot_continued, plot_distances, plot_rules
from afterword.plots.openings import NOTE, WIDTH
from afterword.plots.style import COLOURS

NOTES = [(60, 0.0, 0.5), (None, 0.5, 1.0), (72, 1.0, 1.5), (66, 1.5, 2.0)]
WORDS = ("people", "model")


def strokes(ax):
    """Pitch strokes only: where they begin and end, how high, in which colour."""
    thick = [line for line in ax.lines if line.get_linewidth() > 3]
    return [(*line.get_xdata(), line.get_ydata()[0], line.get_color()) for line in thick]


def test_higher_notes_are_higher_later_ones_further_right_and_rests_are_not_drawn():
    found = strokes(plot_continued(NOTES, 1, WORDS))
    assert len(found) == 3
    low, high, middle = (y for _, _, y, _ in found)
    assert low < middle < high
    assert middle == pytest.approx((low + high) / 2)
    starts = [start for start, *_ in found]
    assert starts == sorted(starts)
    assert max(end for _, end, *_ in found) < WIDTH


def test_what_begins_after_the_given_bars_is_the_models():
    colours = [colour for *_, colour in strokes(plot_continued(NOTES, 1, WORDS))]
    assert colours == [COLOURS["human"], COLOURS["model"], COLOURS["model"]]
    rounded = [(60, 0.0, 0.5), (62, 1 - 1e-12, 2.0)]  # as sums of thirds are
    assert strokes(plot_continued(rounded, 1, WORDS))[1][-1] == COLOURS["model"]


def test_a_line_stands_where_each_bar_begins_also_the_last_that_is_not_full():
    ax = plot_continued([(60, i / 2, (i + 1) / 2) for i in range(5)], 1, WORDS)
    starts, ends = ([stroke[i] for stroke in strokes(ax)] for i in (0, 1))
    bars = [line.get_xdata()[0] for line in ax.lines if line.get_linewidth() <= 3]
    gap = starts[0] - bars[0]
    assert bars[1] == pytest.approx((ends[1] + starts[2]) / 2)  # between two notes
    assert bars == pytest.approx([start - gap for start in starts[::2]])


def test_a_melody_on_one_pitch_is_level_and_its_notes_stand_apart():
    (_, end, y, _), (start, _, other, _) = strokes(
        plot_continued([(60, 0.0, 1.0), (60, 1.0, 2.0)], 1, WORDS)
    )
    assert y == other
    assert end < start


def test_its_words_stand_above_their_pieces_in_type_for_a_phone():
    ax = plot_continued(NOTES, 1, WORDS)
    people, model = ax.texts
    assert (people.get_text(), model.get_text()) == WORDS
    assert people.get_position()[0] < WIDTH / 2 <= model.get_position()[0]
    assert min(people.get_fontsize(), model.get_fontsize()) >= NOTE


def test_four_and_four_bars_are_a_small_file():
    ax = plot_continued([(60 + i % 13, i / 8, (i + 1) / 8) for i in range(64)], 4, WORDS)
    file = io.StringIO()
    ax.figure.savefig(file, format="svg")
    assert len(file.getvalue()) < 45_000


@pytest.mark.parametrize(("notes", "begun"), [(NOTES, 0), (NOTES, 2), ([(None, 0, 1)], 0.5)])
def test_a_piece_that_is_empty_is_refused(notes, begun):
    with pytest.raises(ValueError, match="leave one piece empty; give notes before and after it"):
        plot_continued(notes, begun, WORDS)


def test_a_curve_rises_to_all_tunes_and_each_name_has_its_colour():
    colours = {"people": "#111111", "model": "#222222"}
    ax = plot_distances({"people": [0.7, 0.5], "model": [0.6]}, colours)
    places, shares = ax.lines[0].get_data()
    assert (places[0], places[-1]) == (0.5, 0.7)
    assert (shares[0], shares[-1]) == (0, 1)
    assert places[len(places) // 2] == pytest.approx(0.6)  # the median
    assert {text.get_text(): text.get_color() for text in ax.texts} == colours
    assert len({text.get_position()[1] for text in ax.texts}) == 2
    with pytest.raises(ValueError, match=re.escape("no distances came for ['model']")):
        plot_distances({"people": [1], "model": []}, colours)


@pytest.mark.parametrize("n", [3, 5000])
def test_a_curve_is_small_however_many_tunes_there_are(n):
    ax = plot_distances({"people": list(range(n))}, {"people": "#111111"})
    assert len(ax.lines[0].get_xdata()) == 61


def test_each_rule_is_a_row_with_a_dot_and_an_interval_for_each():
    colours = {"people": "#111111", "model": "#222222"}
    rows = {rule: {"people": (0.9, 0.8, 1.0), "model": (0.2, 0.1, 0.4)} for rule in ("a", "b")}
    ax = plot_rules(rows, colours)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    spans = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert spans == [(0.8, 1.0), (0.1, 0.4)] * 2
    heights = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
    assert len(set(np.round(heights, 3))) == 4
    dots = [line.get_data() for line in ax.lines if len(line.get_xdata()) == 1]
    assert [(*x, *y) for x, y in dots] == list(zip([0.9, 0.2] * 2, heights, strict=True))
    assert ax.yaxis_inverted()  # the first rule is on top
    key = {text.get_text().removeprefix("● "): text.get_color() for text in ax.texts}
    assert key == colours


def test_people_are_a_mark_across_each_row():
    rows = {rule: {"model": (0.2, 0.1, 0.4)} for rule in ("a", "b")}
    ax = plot_rules(rows, {"model": "#222222"}, people={"a": 0.9, "b": 0.5})
    marks = [line for line in ax.lines if line.get_color() == COLOURS["human"]]
    assert [list(mark.get_xdata()) for mark in marks] == [[0.9, 0.9], [0.5, 0.5]]
    assert [np.mean(mark.get_ydata()) for mark in marks] == pytest.approx([0, 1])
    assert [text.get_text() for text in ax.texts] == ["● model", "| people"]


@pytest.mark.parametrize(("low", "high"), [(0.6, 0.7), (0.3, 0.4), (0.6, 0.4)])
def test_an_interval_without_its_value_is_refused(low, high):
    with pytest.raises(ValueError, match=f"model, a: 0.5 with an interval from {low} to {high}; g"):
        plot_rules({"a": {"model": (0.5, low, high)}}, {"model": "#222222"})


def test_both_are_drawn_where_one_asks():
    _, (left, right) = plt.subplots(1, 2)
    colours = {"model": "#222222"}
    assert plot_distances({"model": [1]}, colours, ax=left) is left
    assert plot_rules({"a": {"model": (0.5, 0.4, 0.6)}}, colours, ax=right) is right


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")
