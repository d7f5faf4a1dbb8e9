"""The table of rhymes beside what is known of the readings; its size beside the Guangyun's."""

import pytest

from afterword.forms.readings import gloss, groups, level_groups, rhyming_with, tones
from afterword.text import corpora


def test_there_are_106_rhyme_groups_and_30_are_level():
    titles = [each.title for each in corpora.load("rhymes")]
    assert len({title[0] for title in titles}) == len(titles) == 106
    assert [title.endswith("(level)") for title in titles] == [True] * 30 + [False] * 76
    assert level_groups() == {title[0] for title in titles[:30]}


@pytest.mark.parametrize(
    ("character", "expected"),
    [  # as handbooks of the Pingshui rhymes have them
        ("東", {"東"}),
        ("鐘", {"冬"}),
        ("山", {"刪"}),
        ("間", {"刪", "諫"}),
        ("還", {"刪", "先"}),
        ("中", {"東", "送"}),
        ("月", {"月"}),
        ("春", {"真"}),
        ("爲", {"支", "寘"}),
    ],
)
def test_readings_are_those_of_the_handbooks(character, expected):
    assert groups(character) == expected


def test_tones_of_a_character_are_those_of_its_readings():
    assert tones("春") == {"level"}
    assert tones("月") == {"oblique"}
    assert tones("中") == {"level", "oblique"}
    assert tones("x") == groups("x") == frozenset()


def test_ways_of_writing_are_read_alike():
    for one, other in ("牀床", "峯峰", "窗窻", "荆荊", "間閒", "劍劒"):
        assert groups(one) & groups(other), (one, other)


def test_of_the_quatrains_hardly_a_character_is_missing():
    text = corpora.text("quatrains").replace("\n", "")
    assert sum(not groups(c) for c in text) / len(text) < 0.0014
    assert sum(gloss(c) is None for c in text) / len(text) < 0.0006


def test_what_rhymes_does_so_either_way_and_not_with_itself():
    assert "山" not in rhyming_with("山")
    assert all("山" in rhyming_with(c) for c in "間還顏")
    assert rhyming_with("x") == frozenset()


def test_a_gloss_is_a_word_or_two():
    assert [gloss(c) for c in "山月春風"] == ["mountain, hill, peak", "moon", "spring", "wind"]
    assert gloss("x") is None
