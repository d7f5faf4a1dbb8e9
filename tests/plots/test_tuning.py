import matplotlib.pyplot as plt
import numpy as np
import pytest

from afterword.plots.tuning import plot_calibration, plot_kept, plot_trade


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_path_begins_at_the_start_and_ends_with_its_name():
    ax = plot_trade((2.0, 1.0), {"full": [(1.8, 1.2), (1.7, 1.5)], "LoRA": [(1.9, 1.1)]})
    full, lora, start = ax.lines
    assert full.get_xydata().tolist() == [[2.0, 1.0], [1.8, 1.2], [1.7, 1.5]]
    assert lora.get_xydata()[0].tolist() == start.get_xydata()[0].tolist() == [2.0, 1.0]
    assert texts(ax) == ["full", "LoRA"]
    assert [text.xy for text in ax.texts] == [(1.7, 1.5), (1.9, 1.1)]


def test_a_name_can_be_moved_out_of_the_way():
    ax = plot_trade((2.0, 1.0), {"full": [(1.8, 1.2)], "LoRA": [(1.8, 1.2)]}, nudged={"LoRA": -9})
    assert [text.get_position()[1] for text in ax.texts] == [0, -9]


def test_one_learns_to_the_right():
    ax = plot_trade((2.0, 1.0), {"full": [(1.8, 1.2)]})
    left, right = ax.get_xlim()
    assert left > right


def test_a_path_without_points_is_refused():
    with pytest.raises(ValueError, match="'full' has points of shape"):
        plot_trade((2.0, 1.0), {"full": []})


def test_what_directions_hold_is_drawn_from_the_first():
    ax = plot_kept({"update": [0.5, 0.9, 1.0]}, colours={"update": "#123456"})
    assert ax.lines[0].get_xydata().tolist() == [[1, 0.5], [2, 0.9], [3, 1.0]]
    assert ax.lines[0].get_color() == "#123456"
    assert texts(ax) == ["update"]


def test_shares_that_fall_are_refused():
    with pytest.raises(ValueError, match="shares of 'update' must rise"):
        plot_kept({"update": [0.5, 0.4]})


def test_calibration_stands_beside_the_line_of_what_was_said():
    ax = plot_calibration([0.2, 0.8], [0.3, 0.9], intervals=[(0.1, 0.5), (0.7, 1.0)], label="us")
    equal, ours = ax.lines
    assert np.array_equal(*equal.get_data())
    assert ours.get_xydata().tolist() == [[0.2, 0.3], [0.8, 0.9]]
    bars = ax.collections[0].get_segments()
    assert [segment.tolist() for segment in bars] == [[[0.2, 0.1], [0.2, 0.5]],
                                                      [[0.8, 0.7], [0.8, 1.0]]]  # fmt: skip
    assert texts(ax) == ["us"]


def test_all_draw_on_the_axes_given():
    ax = plt.subplots()[1]
    assert plot_calibration([0.5], [0.5], ax=ax) is ax
    assert plot_kept({"a": [0.5, 1.0]}, ax=ax) is ax
    assert plot_trade((2.0, 1.0), {"a": [(1.0, 1.0)]}, ax=ax) is ax


def test_a_probability_without_a_share_is_refused():
    with pytest.raises(ValueError, match="2 probabilities and 1 shares came"):
        plot_calibration([0.5, 0.6], [0.5])
