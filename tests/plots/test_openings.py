"""What the pictures that chapters open with promise: shape, type, and what is drawn as what."""

import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from afterword.plots.branches import plot_branches
from afterword.plots.lines import plot_emerging, plot_marked, plot_parting, runs, shared
from afterword.plots.openings import HEIGHT, INK, NOTE, PALE, WIDTH, opening, say, width_of
from afterword.plots.style import COLOURS
from afterword.plots.words import plot_arcs, plot_dials, plot_raised, plot_stream_of_words

SHARES = {"t": 0.2, "th": 0.1, "the": 0.1, "to": 0.05, "a": 0.15, "x": 0.001}
PICTURES = {
    "raised": lambda: plot_raised("To be", [4, 1, 2, 7, 0.5], "bits"),
    "arcs": lambda: plot_arcs(np.tri(3) / 3, ["the", "sea", "keeps"], "what"),
    "dials": lambda: plot_dials(np.zeros((2, 3)), ["sea", "keeps"], "sea"),
    "stream": lambda: plot_stream_of_words([1, 2, 3, 8], ["sea", "and", "can", "is"]),
    "emerging": lambda: plot_emerging({"4.0": "xq &k", "2.0": "to be thx"}, {"to", "be"}),
    "branches": lambda: plot_branches("The rest is", SHARES, "x"),
    "parting": lambda: plot_parting({"A": "it is a truth", "B": "it is a sea"}),
    "marked": lambda: plot_marked(["out one all", "speak heard"], ["one", "heard"]),
}
each_picture = pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)


def written(ax):
    return [text.get_text() for text in ax.texts]


def texts(ax):
    return {text.get_text(): text for text in ax.texts}


@each_picture
def test_a_picture_is_eight_by_two_and_six_tenths_inches_in_a_notebook(draw):
    draw()
    file = io.StringIO()
    plt.savefig(file, format="svg", bbox_inches="tight")  # as a notebook saves it
    assert 'viewBox="0 0 576 187.2"' in file.getvalue()


@each_picture
def test_no_type_is_too_small_for_a_phone(draw):
    assert min(text.get_fontsize() for text in draw().texts) >= NOTE


@each_picture
def test_nothing_that_is_written_sticks_out(draw):
    ax = draw()
    for text in ax.texts:
        box = text.get_window_extent().transformed(ax.transData.inverted())
        assert -2 < box.x0 < box.x1 < WIDTH + 2, text.get_text()  # hinted, for a screen
        assert -2 < box.y0 < box.y1 < HEIGHT + 2, text.get_text()


def test_the_width_of_a_text_is_that_of_its_parts():
    whole = width_of("the sea ", 20)
    assert whole == pytest.approx(width_of("the ", 20) + width_of("sea ", 20))
    assert whole > width_of("the sea", 20)
    assert width_of("the", 40) == pytest.approx(2 * width_of("the", 20))


def test_it_writes_where_it_is_told():
    ax = opening()
    say(ax, 30, 40, "sea", 20)
    box = ax.texts[0].get_window_extent().transformed(ax.transData.inverted())
    assert box.x0 == pytest.approx(30, abs=1.5)


def test_a_letter_stands_as_high_as_its_number():
    ax = plot_raised("a bc", [1, 5, 2, 4], "bits")
    tops = {word: text.get_position()[1] for word, text in texts(ax).items()}
    assert tops["c"] - tops["b"] == pytest.approx(2 * (tops["b"] - tops["a"]))
    assert len(ax.lines) == 3, "a space has no stem"


def test_the_highest_letter_says_how_high():
    assert "7 bits  " in written(plot_raised("To be", [4, 1, 2, 7, 0.5], "bits"))


def test_an_arc_is_as_thick_as_the_look_and_nobody_looks_ahead():
    weights = np.array([[1, 0.9, 0], [0.5, 0.5, 0], [0.25, 0.5, 0.25]])
    thick = [arc.get_linewidth() for arc in plot_arcs(weights, ["a", "b", "c"], "d").patches]
    assert thick == pytest.approx([5.5, 2.75, 5.5])


def test_the_word_ahead_is_pale_and_the_last_words_arcs_are_coloured():
    ax = plot_arcs(np.tri(3) / 3, ["the", "sea", "keeps"], "what")
    assert [text.get_alpha() for text in ax.texts] == [1, 1, 1, PALE]
    blue = plt.matplotlib.colors.to_rgba(COLOURS["model"])
    assert [arc.get_edgecolor() == blue for arc in ax.patches] == [False, True, True]


def test_a_hand_points_as_on_a_clock():
    ax = plot_dials([[0, np.pi / 2]], ["sea"], "")
    (up_x, up_y), (right_x, right_y) = ((line.get_xdata(), line.get_ydata()) for line in ax.lines)
    assert up_y[1] > up_y[0]
    assert up_x[1] == pytest.approx(up_x[0])
    assert right_x[1] > right_x[0]
    assert right_y[1] == pytest.approx(right_y[0])


def test_a_guess_is_written_once_where_it_changes():
    ax = plot_stream_of_words([1, 2, 3, 4, 8], ["sea", "and", "and", "is", "is"])
    assert sorted(written(ax)) == ["and", "is", "is", "sea"]


def test_known_words_are_dark_and_all_others_pale():
    assert runs("xq to be! thx", {"to", "be"}) == [
        (False, "xq "),
        (True, "to be! "),
        (False, "thx"),
    ]
    drawn = texts(plot_emerging({"2.0": "xq to be! thx"}, {"to", "be"}))
    assert drawn["to be! "].get_alpha() == 1
    assert drawn["xq "].get_alpha() == drawn["thx"].get_alpha() == PALE


def test_a_line_that_does_not_fit_ends_at_a_word():
    line = "unfathomable " * 9
    drawn = plot_emerging({"4.0": line}, {"unfathomable"}).texts[-1].get_text()
    assert line.startswith(f"{drawn} ")
    assert len(drawn.split()) > 1


def test_a_text_is_written_from_where_it_parts():
    rows = {"A": "it is a truth", "B": "it is a sea of salt", "C": "it is a sea of tears"}
    ax = plot_parting(rows | {"D": "it was"})
    assert written(ax)[::2] == ["it is a truth", "sea of salt", "tears", "was"]
    assert len(ax.lines) == 3, "the first parts from none"


def test_texts_share_whole_words_only():
    assert shared("it is a sea", "it is a seal") == "it is a "


def test_a_branch_is_as_thick_as_its_share():
    ax = plot_branches("The rest is", SHARES, "x")
    thick = sorted(branch.get_linewidth() for branch in ax.patches)
    assert thick == pytest.approx([1.2, 7.5, 15, 15, 22.5, 30]), "the thinnest can still be seen"


def test_only_the_marked_end_has_peoples_colour():
    green = plt.matplotlib.colors.to_rgba(COLOURS["human"])
    for marked, n in {"x": 1, "the": 2, "to": 1}.items():
        patches = plot_branches("The rest is", SHARES, marked).patches
        assert sum(branch.get_edgecolor() == green for branch in patches) == n, marked


def test_the_marked_piece_alone_is_coloured():
    drawn = texts(plot_marked(["out one all"], [" one "]))
    assert drawn["one"].get_color() == COLOURS["accent"]
    assert drawn["out "].get_color() == drawn[" all"].get_color() == INK


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_raised("ab", [1], "bits"), "2 letters came with heights of shape"),
        (lambda: plot_raised("ab", [1, -1], "bits"), "the least -1.00"),
        (lambda: plot_arcs(np.eye(3), ["a"], "b"), r"1 words need weights of shape \(1, 1\)"),
        (lambda: plot_dials([[1]], ["a", "b"], ""), "2 words need as many rows of angles"),
        (lambda: plot_stream_of_words([1], ["a"]), "two depths at least"),
        (lambda: plot_branches("", {"ab": 0.1}, ""), "'ab' came without 'a'"),
        (lambda: plot_marked(["ab"], ["c"]), "'c' is no piece of its line"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_a_picture_has_only_the_books_colours():
    for draw in PICTURES.values():
        draw()
        file = io.StringIO()
        plt.savefig(file, format="svg", bbox_inches="tight")
        used = set(re.findall(r"#[0-9a-f]{6}\b", file.getvalue()))
        assert used <= {INK, "#ffffff", *(colour.lower() for colour in COLOURS.values())}
