"""The checkers of tunes: one by one on tunes made for it, and all on tunes that people made."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from afterword.evaluation.bars import full_bars
from afterword.evaluation.edits import Neighbours
from afterword.forms.tune import (
    Verdict,
    check,
    find_key,
    in_key,
    key_fits,
    nearest,
    parts,
    parts_join,
    repeats_close,
)
from afterword.music.abc import read_abc
from afterword.music.keys import Key
from afterword.music.melody import melody
from afterword.music.order import bars_played
from afterword.text.corpora import load
from tests.music.making import tunes

# the check of types, which looks at random items, is at work inside the strategy
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

HEAD = "M:2/4\nL:1/4\nK:{}\n"
KESH = """R:jig
M:6/8
L:1/8
K:G
|: GAG GAB | ABA ABd | edd gdd | edB dBA |
GAG GAB | ABA ABd | edd gdB | AGF G3 :|
|: BAB dBd | ege dBG | BAB dBG | ABA AGA |
BAB dBd | ege dBd | gfg aga | bgg g3 :|
"""


def tune(body, key="C"):
    return read_abc(HEAD.format(key) + body)


def test_the_kesh_jig_keeps_every_rule():
    assert check(KESH) == Verdict(
        n_bars=16,
        bars=1.0,
        repeats_close=True,
        parts_join=True,
        ends_home=True,
        in_key=1.0,
        key_fits=True,
        key_found=Key("G"),
        low=66,
        high=83,
        parts="AABB",
        phrases="abcd",
    )
    assert check(KESH).bars_add_up is True


@given(tunes())
@settings(max_examples=60)
def test_a_verdict_is_the_same_in_every_key_and_says_what_the_bars_say(made):
    from afterword.music.writing import write_abc

    verdict, moved = check(write_abc(made)), check(write_abc(made.transposed(5)))
    for field in (
        "n_bars",
        "bars",
        "repeats_close",
        "parts_join",
        "ends_home",
        "in_key",
        "key_fits",
        "parts",
    ):
        assert getattr(verdict, field) == getattr(moved, field)
    if verdict.bars is not None:
        assert verdict.bars == full_bars(write_abc(made))


@pytest.mark.parametrize("text", ["", "M:C\nK:G\nhello ? there|", "GAG|", "M:C\nL:1/8\nK:G\n|"])
def test_what_cannot_be_read_gets_an_error_and_no_verdict(text):
    verdict = check(text)
    assert verdict.error
    assert verdict == Verdict(error=verdict.error)
    assert verdict.bars_add_up is None


def test_a_tune_of_rests_says_nothing_of_its_key():
    verdict = check(HEAD.format("C") + "zz|zz||")
    assert (verdict.ends_home, verdict.in_key, verdict.key_fits, verdict.key_found) == (None,) * 4
    assert (verdict.low, verdict.high) == (None, None)


@pytest.mark.parametrize(
    ("body", "closes"),
    [
        ("CD|EF||", None),  # it repeats nothing
        ("CD|EF:|", True),  # back to the beginning
        ("|:CD|EF:|", True),
        ("|:CD|EF||", False),
        ("|:CD:|:EF:|", True),
        ("CD::EF:|", True),
        ("CD::EF||", False),
        ("|:CD|:EF:|", False),
        ("CD|1EF:|2GA||", True),
        ("CD|1EF:|", False),
        ("CD|2EF||", False),
        ("CD|1EF:|1GA||", False),
    ],
)
def test_a_repeat_that_is_opened_is_closed(body, closes):
    assert repeats_close(tune(body)) is closes


@pytest.mark.parametrize(
    ("body", "joins"),
    [
        ("CD|EF||", None),
        ("|:CD|EF:|", True),
        ("CD|E:|", False),
        ("G|CD|E:|", True),
        ("G|CD|EF:|", False),
        ("G|:CD|EF:|", True),
        ("G|CD|E||F|GA|B||", True),
        ("G|CD|EF||F|GA|B||", False),
        ("|:CD|[1EF:|[2GA||", True),
        ("|:CD|[1E:|[2GA||", False),
        ("G|CD|[1E:|[2EF||", True),
        ("|:CD|E[1F:|[2G||", True),
        ("|:CD|EF:|GA|B|CD||", True),
    ],
)
def test_parts_join_where_a_pick_up_fills_the_bar_before_it(body, joins):
    assert parts_join(tune(body)) is joins


def test_what_joins_and_adds_up_is_whole_bars_long_as_it_is_played():
    n_seen = 0
    for document in load("tunes")[::20]:
        verdict, made = check(document.text), read_abc(document.text)
        if not (verdict.bars_add_up and verdict.parts_join):
            continue
        lengths = [sum(note.duration for note in bar) / made.bar_length for bar in made.in_bars()]
        whole = sum(lengths[bar] for bar in bars_played(made)) % 1
        assert whole in (0, lengths[0] % 1), document.text
        n_seen += 1
    assert n_seen > 150


@pytest.mark.parametrize(
    ("body", "letters"),
    [
        ("CD|EF||GA|cB||", "AB"),
        ("CD|EF:|GA|cB:|", "AABB"),
        ("CD|EF||GA|cB||CD|EF||", "ABA"),
        ("C|CD|E:|G|GA|c:|", "AABB"),  # beginnings make no part
        ("CD|1EF:|2EG||GA|cB||", "AAB"),
        ("CD|EF|GA|cB||CD|EF|GA|cc||", "AA"),  # one note in eight is another
    ],
)
def test_parts_that_return_have_one_letter(body, letters):
    assert parts(tune(body)) == letters


def test_a_key_fits_if_no_other_holds_more_of_the_tune():
    scale = "CD|EF|GA|Bc|"
    assert key_fits(tune(scale * 2, "C")) is True
    assert key_fits(tune(scale * 2, "Am")) is True  # it speaks of sharps and flats only
    assert key_fits(tune("^F" + scale * 2 + "^FF|" * 6, "C")) is False
    assert key_fits(tune("CD|", "C")) is None
    assert in_key(tune("C^F|", "C")) == 0.5
    hardly = "L:1/4\nM:2/4\nK:C\n" + "CD|EG|AB|" * 20 + "^F^F|"
    assert key_fits(read_abc(hardly)) is None  # two notes in 122


@pytest.mark.parametrize("name", ["C", "G", "Bb", "F#"])
def test_a_scale_and_its_triad_have_the_key_that_everyone_hears(name):
    made = tune("CE|GE|CD|EF|GA|Bc|cG|EC|", "C")
    up = Key(name).home
    assert find_key(made.transposed(up)).home == up
    assert find_key(tune("CE|")) is None


def test_people_keep_the_rules_as_often_as_was_measured():
    """Each tenth tune; the rates of all 4,092 stand in the chapter on music."""
    verdicts = [check(document.text) for document in load("tunes")[::10]]
    share = lambda flags: sum(flag is True for flag in flags) / len(verdicts)  # noqa: E731
    assert 0.87 < share(v.bars_add_up for v in verdicts) < 0.97  # 0.92 of all
    assert 0.82 < share(v.parts_join for v in verdicts) < 0.94  # 0.88
    assert 0.74 < share(v.ends_home for v in verdicts) < 0.88  # 0.82
    assert 0.88 < share(v.key_fits for v in verdicts) < 0.97  # 0.93
    assert not any(verdict.error for verdict in verdicts)


def test_the_nearest_tune_is_found_in_any_key():
    known = [read_abc(document.text) for document in load("tunes")[:60]]
    changed = replace(known[7], notes=known[7].notes[:-3])
    found, distance = nearest(changed.transposed(-4), known)
    assert found == 7
    assert 0 < distance < 0.1
    index = Neighbours([melody(one) for one in known])
    assert nearest(known[3].transposed(2), index) == (3, 0.0)
