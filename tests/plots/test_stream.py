import numpy as np
import pytest

from afterword.plots.stream import plot_stream
from afterword.plots.style import COLOURS


def test_each_stage_has_a_table_and_what_it_changed_is_coloured():
    stages = {"embedded": [[1.0, 0], [0, 2]], "+ attention": [[1.0, 0.5], [0, 2]]}
    first, second = plot_stream(stages, ["the", "sea"], ["filler", "water"]).axes
    assert [text.get_text() for text in first.texts] == ["1.00", "2.00"]
    inks = {text.get_text(): text.get_color() for text in second.texts}
    assert [text for text, ink in inks.items() if ink == COLOURS["model"]] == ["0.50"]
    assert second.get_title(loc="left") == "+ attention"
    assert first.yaxis_inverted()


def test_stages_of_different_shapes_are_refused():
    stages = {"embedded": np.zeros((2, 2)), "+ attention": np.zeros((2, 3))}
    with pytest.raises(ValueError, match=r"a stage of shape \(2, 3\) came, \(2, 2\) was wanted"):
        plot_stream(stages, ["the", "sea"], ["filler", "water"])
