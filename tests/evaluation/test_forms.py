import re
import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.forms import (
    Report,
    is_balanced,
    judge,
    lines,
    metre,
    rhyme_scheme,
    rhymes,
    syllables,
    words,
)
from afterword.evaluation.sounds import SPELLING, Dictionary, EyeOrEar
from afterword.text import corpora

SONNET_18 = """Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date:
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd,
And every fair from fair sometime declines,
By chance, or nature's changing course untrimm'd:
But thy eternal summer shall not fade,
Nor lose possession of that fair thou ow'st,
Nor shall death brag thou wander'st in his shade,
When in eternal lines to time thou grow'st,
So long as men can breathe, or eyes can see,
So long lives this, and this gives life to thee."""
SOUNDS = {  # as the CMU dictionary has them
    "love": ["L AH1 V"],
    "above": ["AH0 B AH1 V"],
    "move": ["M UW1 V"],
    "day": ["D EY1"],
    "weigh": ["W EY1"],
    "the": ["DH AH0", "DH AH1", "DH IY0"],
    "wind": ["W AY1 N D", "W IH1 N D"],
    "kind": ["K AY1 N D"],
    "understand": ["AH2 N D ER0 S T AE1 N D"],
    "begin": ["B IH0 G IH1 N"],
}


@pytest.fixture
def dictionary(monkeypatch):
    """A few words of the dictionary, read as the package ``pronouncing`` reads it."""

    def rhyming_part(said):
        parts = said.split()
        stressed = [i for i, part in enumerate(parts) if part[-1] in "12"]
        return " ".join(parts[stressed[-1] :])

    stand_in = types.SimpleNamespace(
        phones_for_word=lambda word: SOUNDS.get(word, []),
        stresses=lambda said: re.sub("[^012]", "", said),
        rhyming_part=rhyming_part,
    )
    monkeypatch.setitem(sys.modules, "pronouncing", stand_in)
    return Dictionary()


def test_a_sonnet_is_known_by_its_form():
    """By spelling, which hears three syllables in *temperate* and in *sometime*."""
    report = judge(SONNET_18)
    assert isinstance(report, Report)
    assert len(report.lines) == 14
    assert report.scheme == "ababcdcdefefgg"
    assert sum(n == 10 for n in report.syllables) == 11
    assert sum(report.metre) / 14 > 0.85
    assert report.is_balanced


def test_a_report_says_what_the_checks_say_one_by_one():
    report = judge("The day is (long,\n\nSummer is come\n", sound=SPELLING)
    assert report == Report(
        lines=("The day is (long,", "Summer is come"),
        syllables=(4, 4),
        metre=(1.0, 0.5),
        scheme="ab",
        is_balanced=False,
    )


@pytest.mark.slow
def test_verse_keeps_the_metre_better_than_its_words_shuffled_and_than_prose(rng):
    """Sonnets, their lines with the words in another order, and Austen in lines of ten."""
    import torch

    text = next(
        each.text for each in corpora.load("shakespeare") if "SONNETS" in each.title.upper()
    )
    verse = [line for line in lines(text) if syllables(line) == 10][:300]
    shuffled = []
    for line in verse:
        parts = words(line)
        shuffled.append(" ".join(parts[i] for i in torch.randperm(len(parts), generator=rng)))
    austen = iter(words(corpora.load("austen")[1].text[:60_000]))
    prose, line = [], []
    for word in austen:
        line.append(word)
        if (n := syllables(" ".join(line))) >= 10:
            prose += [" ".join(line)] if n == 10 else []
            line = []
    kept, mixed, plain = (
        sum(map(metre, each)) / len(each) for each in (verse, shuffled, prose[:300])
    )
    assert kept > 0.87
    assert mixed < kept - 0.1
    assert plain < kept - 0.15


def test_a_metre_is_a_foot_over_and_over():
    line = "compare to the summer"  # 01 0 0 10
    assert metre(line) == 3 / 6  # wanted: 01 01 01
    assert metre(line, foot="10") == 3 / 6  # 10 10 10
    assert metre(line, foot="010") == 1  # 010 010
    assert metre("rose") == metre("rose", foot="1") == 1  # it may be either


@given(st.text("ab \n-", max_size=30))
def test_lines_are_those_with_a_word(text):
    found = lines(text)
    assert all(words(line) and line == line.strip() for line in found)
    assert "".join(found).replace(" ", "").replace("-", "") == re.sub(r"[\s-]", "", text)


def test_an_apostrophe_leaves_out_what_it_says():
    assert words("O'er the heav'n, th’ air: 'tis!") == ["oer", "the", "heavn", "th", "air", "tis"]
    assert [syllables(word) for word in ("o'er", "heav'n", "lov'd", "'tis", "never-ending")] == [
        1,
        1,
        1,
        1,
        4,
    ]


def test_syllables_of_a_line_are_those_of_its_words():
    assert syllables("") == 0
    assert syllables("Shall I compare thee to a summer's day?") == 10


def test_no_word_rhymes_with_itself_and_others_by_their_end():
    assert rhymes("by day", "in MAY!")
    assert not rhymes("by day", "in the day,")
    assert not rhymes("by day", "by night")


def test_a_line_repeated_makes_no_rhyme():
    assert rhyme_scheme(["the day"] * 3) == "abc"


def test_a_line_takes_the_letter_of_the_first_that_it_rhymes_with():
    assert rhyme_scheme(["day", "night", "may", "light", "day"]) == "ababa"
    assert rhyme_scheme(["day", "day", "may"]) == "aba"


def test_a_scheme_has_a_letter_for_each_of_many_rhymes():
    ends = [vowel + last for vowel in "aeiou" for last in "bcdfgklmnprst"]
    scheme = rhyme_scheme(ends)
    assert len(scheme) == len(set(scheme)) == 65
    assert scheme.startswith("abcdefghijklmnopqrstuvwxyzÀ")


@given(st.text("()[]a", max_size=12))
def test_brackets_are_balanced_if_pairs_can_be_taken_out_until_none_is_left(text):
    left = text.replace("a", "")
    while "()" in left or "[]" in left:
        left = left.replace("()", "").replace("[]", "")
    assert is_balanced(text) == (left == "")


def test_brackets_may_be_of_any_kind():
    assert is_balanced("«a “b”»", "«»“”")
    assert not is_balanced("«a “b»”", "«»“”")
    assert is_balanced("(]", "«»")


def test_by_sound_words_rhyme_from_the_last_stress_on(dictionary):
    assert rhymes("day", "weigh", sound=dictionary)
    assert not rhymes("day", "weigh")  # not for the eye
    assert rhymes("love", "above", sound=dictionary)
    assert not rhymes("love", "move", sound=dictionary)
    assert rhymes("love", "move")
    assert rhymes("the wind", "my kind", sound=dictionary)  # in one of its ways
    assert not rhymes("love", "love", sound=dictionary)
    assert rhyme_scheme(["love", "day", "above", "weigh"], sound=dictionary) == "abab"


def test_by_sound_a_second_stress_and_most_short_words_fit_anywhere(dictionary):
    assert dictionary.stresses("understand") == "?01"
    assert dictionary.stresses("begin") == "01"
    assert dictionary.stresses("love") == "?"
    assert dictionary.stresses("the") == "0"
    assert metre("the begin", sound=dictionary) == 1 / 3


def test_words_that_the_dictionary_lacks_are_taken_by_spelling(dictionary):
    assert dictionary.stresses("summer") == SPELLING.stresses("summer") == "10"
    assert rhymes("day", "may", sound=dictionary)
    assert syllables("the summer", sound=dictionary) == 3


def test_without_the_dictionary_its_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pronouncing", None)
    with pytest.raises(ValueError, match=r"pip install pronouncing, or take Spelling\(\)"):
        Dictionary()


@pytest.mark.parametrize(
    ("word", "stresses"),
    [
        ("summer", "10"),
        ("compare", "01"),
        ("delight", "01"),
        ("winter", "10"),
        ("upon", "01"),
        ("possession", "010"),
        ("temperate", "10?"),
        ("complexion", "010"),
        ("eternity", "010?"),
    ],
)
def test_the_rule_of_spelling_says_where_the_stress_is(word, stresses):
    assert SPELLING.stresses(word) == stresses


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metre("a rose", foot="0x"), "a foot is made of 0 and 1, such as '01'.*'0x'"),
        (lambda: metre("a rose", foot=""), "a foot is made of 0 and 1"),
        (lambda: metre("—"), "there is no word in '—'; give a line"),
        (lambda: rhymes("day", "…"), "two lines with a word in each; got 'day', '…'"),
        (lambda: rhyme_scheme("a text"), r"write rhyme_scheme\(lines\(text\)\)"),
        (lambda: is_balanced("", "(()"), "different signs, two and two"),
        (lambda: is_balanced("", "((" * 2), "different signs, two and two"),
    ],
)
def test_what_has_no_form_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_word_may_have_several_readings_in_a_dictionary_and_one_by_its_spelling(dictionary):
    assert dictionary.readings("the") == {"0"}
    assert dictionary.readings("understand") == {"?01"}
    assert dictionary.readings("summer") == SPELLING.readings("summer") == {"10"}
    assert dictionary.knows("love")
    assert not dictionary.knows("summer")
    assert SPELLING.knows("summer")
    assert not any(map(SPELLING.knows, ("hmm", "1999", "山", "naïve", "")))


def test_for_eye_or_ear_either_will_do(dictionary):
    either = EyeOrEar()
    for one, other in (("love", "above"), ("love", "move"), ("day", "weigh")):
        assert either.rhymes(one, other)
    assert not either.rhymes("love", "weigh")
    assert not either.rhymes("love", "love")
