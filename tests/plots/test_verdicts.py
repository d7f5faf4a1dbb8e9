import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex

from afterword.plots.style import COLOURS
from afterword.plots.verdicts import plot_fooled, plot_intervals

VERDICTS = {"people": (0.6, 0.5, 0.7), "model": (0.3, 0.2, 0.5)}


def test_each_verdict_is_a_dot_on_its_interval():
    ax = plot_intervals(VERDICTS)
    bars, dots = ax.lines[::2], ax.lines[1::2]
    assert [list(bar.get_xdata()) for bar in bars] == [[0.5, 0.7], [0.2, 0.5]]
    assert [dot.get_xdata()[0] for dot in dots] == [0.6, 0.3]


def test_the_first_verdict_is_on_top_with_its_name():
    ax = plot_intervals(VERDICTS)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["people", "model"]
    bottom, top = ax.get_ylim()
    assert top < 0 < 1 < bottom


def test_only_the_names_given_change_their_colour():
    ax = plot_intervals(VERDICTS, {"people": COLOURS["human"]})
    assert [dot.get_color() for dot in ax.lines[1::2]] == [COLOURS["human"], COLOURS["model"]]


def test_verdicts_are_drawn_on_the_axes_given():
    ax = plt.subplots()[1]
    assert plot_intervals(VERDICTS, ax=ax) is ax
    assert plot_fooled([["1"]], [[True]], ["a"], ["b"], ax=ax) is ax


def test_an_interval_without_its_value_is_refused():
    with pytest.raises(ValueError, match=r"model is 0.6 with an interval from 0.2 to 0.5; give"):
        plot_intervals({"model": (0.6, 0.2, 0.5)})


def test_each_cell_has_its_text_and_the_fooled_are_bold():
    ax = plot_fooled([["1", "2"], ["3", "4"]], [[True, False], [False, False]], "ab", "cd")
    assert [text.get_text() for text in ax.texts] == ["1", "2", "3", "4"]
    assert [text.get_weight() for text in ax.texts] == ["bold", "normal", "normal", "normal"]


def test_the_fooled_are_dark():
    ax = plot_fooled([["1", "2"]], [[True, False]], ["a"], ["b", "c"])
    ax.figure.canvas.draw()
    dark, pale = (sum(colour[:3]) for colour in ax.collections[0].get_facecolors())
    assert dark < pale
    assert to_hex(ax.texts[0].get_color()) == "#ffffff"


def test_the_first_row_is_on_top_and_the_columns_are_named_there():
    ax = plot_fooled([["1"], ["2"]], [[False], [False]], ["up", "down"], ["measure"])
    bottom, top = ax.get_ylim()
    assert bottom > top
    assert [label.get_text() for label in ax.get_yticklabels()] == ["up", "down"]
    assert ax.xaxis.get_ticks_position() == "top"


def test_a_table_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="1 rows and 2 columns need as many texts and truths"):
        plot_fooled([["1"]], [[True]], ["a"], ["b", "c"])
    with pytest.raises(ValueError, match=r"truths of shape \(1, 1\) and rows of \[2\] texts"):
        plot_fooled([["1", "2"]], [[True]], ["a"], ["b", "c"])
