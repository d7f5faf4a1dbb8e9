import re

import numpy as np
import pytest

from afterword.plots.openings import HEIGHT, WIDTH, width_of
from afterword.plots.poems import SHADES, SIGNS, Sign, plot_scanned, poem_table
from afterword.plots.style import COLOURS

LINES = [[("The ", False), ("sea ", True), ("keeps ", False), ("all.", True)], [("Or ", False)]]
POEM = [[Sign("山", "hill", "level", True), Sign("月", "moon", "oblique")]] * 2


def test_each_beat_is_underlined_where_it_stands():
    ax = plot_scanned(LINES, "ab", size=20)
    said = [text.get_text() for text in ax.texts]
    assert said == ["The sea keeps all.", "a", "Or ", "b"]
    (first, second) = (line.get_xdata() for line in ax.lines)
    assert first[0] == pytest.approx(width_of("The ", 20))
    assert first[1] == pytest.approx(width_of("The ", 20) + width_of("sea", 20))
    assert second[1] - second[0] == pytest.approx(width_of("all", 20))


def test_lines_stand_under_each_other_in_the_picture_and_beats_under_their_line():
    ax = plot_scanned([LINES[0]] * 3, "aaa", size=20)
    heights = [text.get_position()[1] for text in ax.texts if text.get_text() != "a"]
    assert HEIGHT > heights[0] > heights[1] > heights[2] > 0
    assert np.diff(heights) == pytest.approx([-HEIGHT / 3] * 2)
    assert {text.get_fontsize() for text in ax.texts} == {20}
    beats = [line.get_ydata()[0] for line in ax.lines]
    assert all(0 < y - beat < 20 for y, beat in zip(np.repeat(heights, 2), beats, strict=True))


def test_a_line_that_rhymes_with_none_is_lettered_in_another_colour():
    letters = plot_scanned([*LINES, LINES[1]], "aba").texts
    found = {text.get_text(): text.get_color() for text in letters if text.get_text() in "ab"}
    assert found == {"a": COLOURS["human"], "b": COLOURS["rival"]}
    assert {t.get_position()[0] for t in letters if t.get_text() in "ab"} == {WIDTH}


def test_a_poem_shows_each_character_with_its_tone_and_its_gloss():
    text = poem_table(POEM, caption="A < poem")
    assert re.sub("<[^>]*>", " ", text).split() == [
        *("A", "&lt;", "poem"),
        *("山", SIGNS["level"], "hill", "月", SIGNS["oblique"], "moon") * 2,
    ]
    framed = [cell for cell in text.split("<td") if "outline:" in cell]
    assert ["山" in cell for cell in framed] == [True, True]  # the rhymes, and they alone
    assert text.count('lang="zh-Hant"') == 4


def test_a_tone_that_is_not_known_is_said_to_be_so():
    text = poem_table([[Sign("x", "", "")]], caption="")
    assert re.sub("<[^>]*>", " ", text).split() == ["x", "?"]
    assert "background" not in text


def test_level_oblique_and_either_differ_in_sign_and_shade_and_no_more_is_shaded():
    tones = ("level", "oblique", "either")
    cells = poem_table([[Sign("x", "a<b", tone) for tone in tones]], caption="").split("<td")[1:]
    assert len({SIGNS[tone] for tone in tones}) == 3
    for cell, tone in zip(cells, tones, strict=True):
        assert f"<br>{SIGNS[tone]}<br>" in cell
        assert [shade for name, shade in SHADES.items() if shade in cell] == (
            [SHADES[tone]] if tone in SHADES else []
        )
        assert ">a&lt;b<" in cell
        assert "outline" not in cell


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="2 lines and 1 letters; give one letter a line"):
        plot_scanned(LINES, "a")
    with pytest.raises(ValueError, match=r"the lines have \[2, 1\] characters; give a poem of eq"):
        poem_table([POEM[0], POEM[0][:1]], caption="")
    with pytest.raises(ValueError, match="give a poem of equal lines"):
        poem_table([], caption="")
