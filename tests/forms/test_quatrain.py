"""The checker on quatrains whose form the handbooks describe, and beside trying every reading."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.forms.quatrain import (
    check,
    every,
    has_tone,
    rhyme_sets,
    rhymes,
    some,
    tone_patterns,
)
from afterword.forms.readings import groups, level_groups, tones
from afterword.text import corpora

STORK_TOWER = "白日依山盡\n黃河入海流\n欲窮千里目\n更上一層樓\n"
BAIDI = "朝辭白帝彩雲間\n千里江陵一日還\n兩岸猨聲啼不盡\n輕舟已過萬重山\n"
RIVER_SNOW = "千山鳥飛絕\n萬逕人蹤滅\n孤舟蓑笠翁\n獨釣寒江雪\n"
DEER_PARK = "空山不見人\n但聞人語響\n返景入深林\n復照青苔上\n"
SOME = "山間月春風中東爲還x不上流樓"


@pytest.mark.parametrize(
    ("poem", "expected"),
    [  # is_kept, is_regulated, first_rhymes, level_rhyme
        (STORK_TOWER, (True, True, False, True)),
        (BAIDI, (True, True, True, True)),
        (RIVER_SNOW, (True, False, True, False)),  # rhymes in the entering tone
        (DEER_PARK, (True, False, False, False)),  # in a rising one, and old in its tones
    ],
)
def test_famous_quatrains_are_judged_as_the_handbooks_judge_them(poem, expected):
    found = check(poem)
    assert (found.is_kept, found.is_regulated, found.first_rhymes, found.level_rhyme) == expected


def test_each_way_to_break_the_form_is_named():
    assert check(STORK_TOWER.replace("樓", "山")).rhyme is False
    repeated = check(STORK_TOWER.replace("樓", "流"))
    assert (repeated.rhyme, repeated.words_differ, repeated.is_kept) == (True, False, False)
    lines = STORK_TOWER.split()
    swapped = check("\n".join([lines[0], lines[3], lines[2], lines[1]]))
    assert (swapped.is_kept, swapped.contrast, swapped.adhesion) == (True, False, False)
    turned = check("\n".join([lines[1], lines[3], lines[0], lines[2]]))
    assert (turned.rhyme, turned.contrast) == (False, True)
    assert check(STORK_TOWER.replace("河", "水")).tones is False


def test_marks_between_the_lines_do_not_count():
    assert check("白日依山盡，黃河入海流。欲窮千里目，更上一層樓。") == check(STORK_TOWER)


@pytest.mark.parametrize(
    "text",
    ["", "\n", "白日依山盡", STORK_TOWER * 2, BAIDI.replace("山", ""), "seven\n" * 4, "，。"],
)
def test_what_is_no_quatrain_is_not_judged_further(text):
    found = check(text)
    assert found.is_quatrain is found.is_kept is found.is_regulated is False
    assert found.rhyme is found.tones is found.words_differ is found.tonal_pattern is None


def test_a_character_that_is_not_known_leaves_open_what_hangs_on_it():
    found = check(STORK_TOWER.replace("樓", "□"))
    assert found.is_quatrain
    assert found.rhyme is found.level_rhyme is found.is_kept is None
    assert found.tones is True
    assert check(STORK_TOWER.replace("樓", "□").replace("河", "水")).is_regulated is False


def test_characters_that_stand_twice_are_told_and_break_nothing():
    """Nearly half of the Tang's own quatrains of seven have one."""
    assert check(DEER_PARK).repeated == ("人",)
    assert check(DEER_PARK).is_kept


@given(st.text(SOME, min_size=1, max_size=4))
def test_a_rhyme_is_there_if_some_choice_of_readings_has_one(ends):
    if "x" in ends:
        known = [groups(c) for c in ends if c != "x"]
        is_open = not known or bool(frozenset.intersection(*known))
        assert rhymes(ends) is (None if is_open else False)
        return
    choices = product(*(groups(c) for c in ends))
    assert rhymes(ends) is any(len(set(choice)) == 1 for choice in choices)


@given(st.lists(st.text(SOME.replace("x", ""), min_size=5, max_size=5), min_size=4, max_size=4))
def test_tones_fit_if_some_choice_of_readings_fits(lines):
    found = check("\n".join(lines))
    choices = [product(*(tones(c) for c in line[1::2])) for line in lines]
    turns = [{second for second, fourth in choice if second != fourth} for choice in choices]
    assert found.tones is all(turns)
    assert found.tonal_pattern is any(
        a in turns[0] and b in turns[1] and b in turns[2] and a in turns[3]
        for a, b in (("level", "oblique"), ("oblique", "level"))
    )
    seconds = [tones(line[1]) for line in lines]
    assert found.adhesion is bool(seconds[1] & seconds[2])
    assert found.contrast is all(
        any(a != b for a in seconds[i] for b in seconds[i + 1]) for i in (0, 2)
    )


@given(st.lists(st.sampled_from([True, False, None]), max_size=5))
def test_and_and_or_are_open_just_where_what_is_open_decides(answers):
    n_open = answers.count(None)
    filled = []
    for choice in product([True, False], repeat=n_open):
        values = iter(choice)
        filled.append([next(values) if answer is None else answer for answer in answers])
    for join, found in ((all, every(answers)), (any, some(answers))):
        outcomes = {join(case) for case in filled}
        assert found is (outcomes.pop() if len(outcomes) == 1 else None)


def test_sets_of_rhymes_hold_what_the_check_calls_a_rhyme():
    for found in rhyme_sets("山間還東中月流樓"):
        assert all(rhymes([a, b], within=level_groups()) for a in found for b in found)
    assert "月" not in frozenset().union(*rhyme_sets("山間還東中月流樓"))


@pytest.mark.parametrize("n", [5, 7])
def test_the_two_patterns_of_tones_are_those_the_check_knows(n):
    """From 山 (level) and 月 (oblique) alone: all texts of the pattern pass, its mirror too."""
    for pattern in tone_patterns(n, iter("山月")):
        assert [len(line) for line in pattern] == [n] * 4
        text = "\n".join("".join(min(place or "山") for place in line) for line in pattern)
        assert check(text).tonal_pattern is True


def test_a_tone_is_had_or_not_or_unknown():
    assert [has_tone(c, "level") for c in "山月中x"] == [True, False, True, None]


@pytest.mark.slow
def test_the_tang_seldom_misses_a_rhyme_and_another_poems_last_line_seldom_makes_one():
    quatrains = [d.text for d in corpora.load("quatrains") if len(d.text) == 32][::5]
    kept = [check(text).rhyme for text in quatrains]
    told = [each for each in kept if each is not None]
    assert len(kept) - len(told) < 10
    assert 0.95 < sum(told) / len(told) < 0.99
    lines = [text.split() for text in quatrains]
    mixed = [[*a[:3], b[3]] for a, b in zip(lines, lines[200:], strict=False)]
    assert sum(check("\n".join(each)).rhyme is True for each in mixed) / len(mixed) < 0.08
