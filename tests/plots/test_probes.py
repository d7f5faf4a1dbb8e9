from itertools import pairwise

import numpy as np
import pytest

from afterword.plots.probes import LINES, plot_distributions, plot_update_ratios
from afterword.plots.style import COLOURS


def test_each_layer_has_a_hill_of_its_own_as_wide_as_its_values_the_first_on_top():
    rng = np.random.default_rng(0)
    values = {"narrow": rng.normal(0, 0.1, 5000), "wide": rng.normal(0, 1, (50, 100))}
    ax = plot_distributions(values)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["narrow", "wide"]
    assert ax.yaxis_inverted()
    assert [text.get_text() for text in ax.texts] == ["± 0.1", "± 1"]
    narrow, wide = (ax.patches[i].get_data() for i in (0, 2))
    for row, hill in enumerate((narrow, wide)):
        assert hill.values.min() == pytest.approx(row - 0.9), "equally high"
        assert hill.values.max() <= row
    assert np.ptp(narrow.edges[:-1][narrow.values < -0.01]) < 1
    assert np.ptp(wide.edges[:-1][wide.values < 0.9]) > 3
    np.testing.assert_array_equal(narrow.edges, wide.edges)


def test_a_layer_that_always_says_the_same_is_drawn_too():
    ax = plot_distributions({"dead": np.zeros(10)})
    assert ax.patches[0].get_data().values.min() == pytest.approx(-0.9)


@pytest.mark.parametrize("values", [{}, {"a": []}, {"a": [1.0, np.nan]}])
def test_what_cannot_be_a_hill_is_refused(values):
    with pytest.raises(ValueError, match="each layer needs values, all finite"):
        plot_distributions(values)


def test_each_matrix_has_a_line_with_its_name_at_the_end_over_what_is_usual():
    ax = plot_update_ratios([1, 2, 3], {"up": [-2, -2.5, -3.1], "down": [np.nan, -2, -2]})
    usual, up, down = ax.lines
    assert set(usual.get_ydata()) == {-3}
    np.testing.assert_array_equal(up.get_ydata(), [-2, -2.5, -3.1])
    assert len({(line.get_color(), line.get_linestyle()) for line in (up, down)}) == 2
    inks = {text.get_text(): text.get_color() for text in ax.texts}
    assert inks == {"usual: −3": COLOURS["floor"], "up": up.get_color(), "down": down.get_color()}
    places = {text.get_text(): text.xy for text in ax.texts}
    assert places["up"] == (3, pytest.approx(-3.1))
    assert places["down"] == (3, pytest.approx(-2))


def test_a_line_that_breaks_off_is_named_where_it_last_was():
    ax = plot_update_ratios([1, 2, 3], {"down": [-2.0, -2.5, np.nan]})
    (name,) = (text for text in ax.texts if text.get_text() == "down")
    assert name.xy == (3, pytest.approx(-2.5))


def test_names_of_lines_that_end_together_do_not_overlap():
    ratios = {f"matrix {i}": [-2.0, -2.5 + i / 1000] for i in range(len(LINES))}
    ax = plot_update_ratios([1, 2], ratios)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if "matrix" in text.get_text()]
    boxes.sort(key=lambda box: box.y0)
    for below, above in pairwise(boxes):
        assert above.y0 >= below.y0 + 0.8 * below.height  # the boxes hold room above the letters
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines[1:]}
    assert len(looks) == len(LINES) == 12


@pytest.mark.parametrize(
    ("ratios", "message"),
    [
        ({"up": [-2.0]}, "up has 1 ratios for 2 steps"),
        ({}, "0 lines came; between 1 and 12"),
        ({str(i): [-2.0, -2.0] for i in range(13)}, "13 lines came; between 1 and 12 can be told"),
        ({"up": [np.nan, np.nan]}, "up has no finite ratio to draw"),
    ],
)
def test_ratios_that_cannot_be_drawn_are_refused(ratios, message):
    with pytest.raises(ValueError, match=message):
        plot_update_ratios([1, 2], ratios)
