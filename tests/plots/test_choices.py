import matplotlib.pyplot as plt
import pytest

from afterword.plots.choices import plot_choices


def test_each_name_has_a_bar_as_high_as_its_probability():
    ax = plot_choices([0.5, 0.3, 0.2], ["e", "k", "l"])
    assert [bar.get_height() for bar in ax.patches] == [0.5, 0.3, 0.2]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["e", "k", "l"]
    assert {bar.get_alpha() for bar in ax.patches} == {1.0}


def test_what_is_dropped_is_pale():
    ax = plot_choices([0.5, 0.3, 0.2], ["e", "k", "l"], [True, False, True])
    first, dropped, last = (bar.get_alpha() for bar in ax.patches)
    assert dropped < first == last


def test_it_draws_on_the_axes_given():
    ax = plt.subplots()[1]
    assert plot_choices([1.0], ["e"], ax=ax) is ax


def test_a_bar_without_a_name_is_refused():
    with pytest.raises(ValueError, match="2 probabilities, 1 names and 2 truths came"):
        plot_choices([0.5, 0.5], ["e"])
