import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from afterword.plots.curves import plot_band, plot_ladder, plot_means, plot_run
from afterword.plots.style import COLOURS, use_style
from afterword.plots.tables import plot_table

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_a_ladder_has_a_bar_and_a_number_for_each_rung_worst_on_top():
    ax = plot_ladder({"uniform": 4.43, "bigram": 2.51}, unit="letter")
    assert [bar.get_width() for bar in ax.patches] == [4.43, 2.51]
    assert [text.get_text().strip() for text in ax.texts] == ["4.43", "2.51"]
    assert ax.yaxis_inverted()
    assert "nats per letter" in ax.get_xlabel()


def test_a_band_runs_from_least_to_most_around_the_mean():
    ax = plot_band([1, 2, 3], [[1, 2, 3], [2, 3, 4], [6, 4, 2]], label="ours")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [3, 3, 3])
    corners = ax.collections[0].get_paths()[0].vertices
    for x, low, high in [(1, 1, 6), (2, 2, 4), (3, 2, 4)]:
        at_x = corners[corners[:, 0] == x, 1]
        assert (at_x.min(), at_x.max()) == (low, high)
    assert ax.texts[0].get_text() == "ours"


@pytest.mark.parametrize("runs", [[[1, 2, 3]], [[1, 2]] * 3, [1, 2, 3]])
def test_a_band_needs_three_runs_of_the_right_length(runs):
    with pytest.raises(ValueError, match="at least 3 runs"):
        plot_band([1, 2, 3], runs, label="ours")


def test_means_carry_bars_of_1_96_standard_errors():
    samples = [[0.0, 1.0, 2.0, 1.0], [3.0, 3.0, 3.0, 3.0]]
    ax = plot_means([2, 4], samples, label="ours")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [1, 3])
    (low, high), (same, also) = (path[:, 1] for path in ax.collections[0].get_segments())
    half = 1.96 * np.std(samples[0], ddof=1) / 2
    np.testing.assert_allclose([low, high, same, also], [1 - half, 1 + half, 3, 3])
    with pytest.raises(ValueError, match=r"wanted \[2, n_samples\] with at least 3"):
        plot_means([2, 4], [[0.0, 1.0]] * 2, label="ours")


def test_a_table_names_its_rows_from_the_top_and_writes_each_share_that_is_not_zero():
    ax = plot_table([[0.6, 0.4], [0, 1]], ["s", "r"], ["e", "o"])
    assert [text.get_text() for text in ax.texts] == ["0.60", "0.40", "1.00"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["s", "r"]
    assert ax.yaxis_inverted()
    with pytest.raises(ValueError, match=r"need shares of shape \(1, 2\), got \(2, 2\)"):
        plot_table([[0.6, 0.4], [0, 1]], ["s"], ["e", "o"])


def contrast(colour: str, paper: float = 1.0) -> float:
    """Contrast ratio by WCAG 2.1 between a colour and a grey paper."""

    def linear(value):
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    r, g, b = map(linear, mpl.colors.to_rgb(colour))
    light, dark = linear(paper) + 0.05, 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
    return max(light / dark, dark / light)


@pytest.mark.parametrize("colour", COLOURS.values())
def test_every_colour_can_carry_text_on_white_paper(colour):
    assert contrast(colour) >= 4.5, "WCAG 2.1 AA, for labels written in the colour of a line"


def test_the_same_figure_is_saved_as_the_same_file(tmp_path):
    use_style()
    for name in ("a.svg", "b.svg"):
        plot_ladder({"uniform": 4.43}).figure.savefig(tmp_path / name, metadata={"Date": None})
        plt.close("all")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_run_is_drawn_over_the_band_of_other_seeds():
    ax = plot_run([10, 20], [2.0, 1.0], band=([1.5, 0.5], [2.5, 1.5]))
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [2.0, 1.0])
    corners = ax.collections[0].get_paths()[0].vertices
    at_20 = corners[corners[:, 0] == 20, 1]
    assert (at_20.min(), at_20.max()) == (0.5, 1.5)
    assert ax.get_xlabel() == "step"
    assert ax.texts[0].get_text() == "this run"
    with pytest.raises(ValueError, match="one of each for every step"):
        plot_run([10, 20], [2.0], band=([1.5, 0.5], [2.5, 1.5]))
