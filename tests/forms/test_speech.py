from types import MappingProxyType

import pytest

from afterword.evaluation.sounds import SPELLING
from afterword.forms.speech import known, spoken, ways


class FewWords:
    """A dictionary of a few words, taken by their spelling otherwise."""

    said = MappingProxyType(
        {
            "heaven": {"10"},
            "violet": {"10", "100"},
            "glorious": {"100"},
            "being": {"10"},
            "memory": {"100"},
            "loved": {"?"},
            "possessed": {"01"},
            "give": {"?"},
            "wander": {"10"},
            "labor": {"10"},
            "nation": {"10"},
        }
    )

    def knows(self, word):
        return word in self.said

    def readings(self, word):
        return frozenset(self.said.get(word) or SPELLING.readings(word))

    def stresses(self, word):
        return min(self.readings(word))

    def rhymes(self, word, other):
        return SPELLING.rhymes(word, other)


def test_words_keep_their_apostrophes_and_lose_their_quotation_marks():
    assert spoken("Th' Aonian 'Mount', O'er") == ["th'", "aonian", "mount", "o'er"]
    assert spoken("'Tis well-known, don’t: 1999!") == ["tis", "well", "known", "don't", "1999"]
    assert spoken("— …") == []


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("lov'd", ("loved", "")),
        ("possess'd", ("possessed", "")),
        ("wander'st", ("wander", "")),
        ("giveth", ("give", "0")),
        ("labour", ("labor", "")),
        ("heaven's", ("heaven", "")),
        ("hawthorn", None),
    ],
)
def test_an_old_form_is_looked_up_as_the_one_of_today(word, form):
    assert known(word, FewWords()) == form


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("heaven", {"10": (), "?": ("elision",)}),
        ("memory", {"100": (), "10": ("elision",)}),
        ("glorious", {"100": (), "10": ("elision",)}),
        ("being", {"10": (), "?": ("elision",)}),
        ("violet", {"10": (), "100": ()}),  # the dictionary's own: nothing is left out twice
        ("nation", {"10": ()}),  # whose two vowels are one already
        ("loved", {"?": (), "10": ("sounded -ed",)}),
        ("lov'd", {"?": ()}),
        ("giveth", {"?0": ()}),
        ("hawthorn", {"10": ()}),  # by its spelling
    ],
)
def test_a_word_may_be_said_as_the_line_needs_it(word, expected):
    assert ways(word, FewWords()) == expected


def test_by_spelling_two_vowels_are_one_syllable_already_and_no_more_is_left_out():
    for word in ("glorious", "being", "violet"):
        assert "elision" not in {name for used in ways(word, SPELLING).values() for name in used}


def test_small_words_before_a_vowel_may_be_said_in_one_with_it():
    assert ways("the", SPELLING, after="expense") == {"0": (), "": ("elision",)}
    assert ways("the", SPELLING, after="hour") == {"0": (), "": ("elision",)}
    assert ways("the", SPELLING, after="sea") == {"0": ()}
    assert ways("th'", SPELLING) == {"": ()}


@pytest.mark.parametrize("word", ["hmm", "mr", "1999", "山", "москва", "naïve"])
def test_there_is_no_telling_how_some_words_are_said(word):
    assert ways(word, SPELLING) == ways(word, FewWords()) == {}
