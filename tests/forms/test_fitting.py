"""Which words fit a line, held against trying every way to finish it."""

from itertools import product

import pytest

from afterword.forms.fitting import Demand, Fit, fitting, places, rhymes_of
from afterword.forms.lexicon import Entry, Lexicon, load_lexicon
from afterword.forms.scansion import STRICT, USUAL, Licences, lengths, scan
from afterword.forms.speech import spoken
from afterword.forms.verse import rhyme

SAID = {
    "the": "0",
    "sea": "?",
    "day": "?",
    "away": "01",
    "water": "10",
    "open": "10",
    "alone": "01",
}
SAID |= {"to": "0", "morrow": "10", "remember": "010", "every": "10 100", "may": "?"}
SOUNDS = {"day": {1}, "away": {1}, "may": {1}, "sea": {2}, "the": {2}, "alone": {3}}
TINY = Lexicon(
    Entry(word, frozenset(said.split()), frozenset(SOUNDS.get(word, ())))
    for word, said in SAID.items()
)


def keeps(line, demand):
    """Is this a whole line that the demand allows, by ``scan`` and ``rhyme``?"""
    words = spoken(line)
    if not words or (demand.rhyme and not rhyme(demand.rhyme, words[-1], TINY)[0]):
        return False
    if not demand.foot:
        return demand.n_feet in lengths(line, licences=demand.licences, sound=TINY)
    return scan(line, demand.n_feet, foot=demand.foot, licences=demand.licences, sound=TINY).fits


def by_trying(line, demand, *, most=3):
    """The same by going through all rows of up to ``most`` words, which here is enough."""
    found = {}
    for n in range(1, most + 1):
        for more in product(SAID, repeat=n):
            if keeps(f"{line} {' '.join(more)}", demand):
                fit = found.get(more[0], Fit(False, False))
                found[more[0]] = Fit(fit.ends or n == 1, fit.goes_on or n > 1)
    return found


DEMANDS = [
    ("", Demand(n_feet=1)),
    ("open", Demand(n_feet=2, rhyme="may")),
    ("the", Demand(n_feet=2, rhyme="sea")),
    ("to", Demand(n_feet=2)),
    ("the water", Demand(n_feet=3, rhyme="day")),
    ("every day", Demand(n_feet=3)),
    ("remember", Demand(n_feet=3, rhyme="alone away")),
    ("the", Demand(n_feet=2, licences=STRICT)),
    ("the morrow", Demand(n_feet=2, licences=STRICT)),
    ("the", Demand(n_feet=1, foot="001")),
    ("", Demand(n_feet=3, foot="")),
    ("every", Demand(n_feet=4, foot="", rhyme="day")),
    ("every", Demand(n_feet=4, foot="", licences=STRICT)),
]


@pytest.mark.parametrize(("line", "demand"), DEMANDS, ids=str)
def test_exactly_the_words_fit_that_some_whole_line_begins_with(line, demand):
    wanted = by_trying(line, demand)
    assert wanted
    assert fitting(line, demand, TINY) == wanted


def test_no_word_is_a_dead_end():
    """From a word that may go on, a word fits again, down to the end of every line."""
    demand = Demand(n_feet=3, rhyme="alone")

    def follow(line):
        for word, fit in fitting(line, demand, TINY).items():
            assert fit.ends or fit.goes_on
            if fit.ends:
                assert keeps(f"{line} {word}", demand)
            if fit.goes_on and len(line.split()) < 2:
                follow(f"{line} {word}".strip())

    with pytest.raises(ValueError, match="no word of the lexicon rhymes with 'alone'"):
        follow("")
    demand = Demand(n_feet=2, rhyme="day")
    follow("")


MORE, END = Fit(False, True), Fit(True, False)


@pytest.mark.parametrize(
    ("n", "asked", "wanted"),
    [
        (2, "", {"water": END, "away": END}),
        (3, "", {"remember": END}),  # one syllable cannot be filled
        (4, "", {"water": MORE, "away": MORE}),
        (12, "", {"water": MORE, "away": MORE, "remember": MORE}),
        (2, "day", {"away": END}),
        (5, "day", {"remember": MORE}),  # then away; after two syllables nothing that rhymes
    ],
)
def test_a_word_after_which_nothing_fills_the_line_is_not_offered(n, asked, wanted):
    few = Lexicon(TINY.entries[word] for word in ("water", "away", "remember"))
    assert fitting("", Demand(n_feet=n, foot="", rhyme=asked), few) == wanted


@pytest.mark.parametrize(("word", "shorter"), [("heaven", 1), ("loved", 1), ("glorious", 2)])
def test_a_word_is_shortened_or_lengthened_only_where_the_licences_allow_it(word, shorter):
    lexicon, plain = load_lexicon(), 1 if word == "loved" else shorter + 1
    for licences, sizes in ((USUAL, {shorter, shorter + 1}), (STRICT, {plain})):
        demand = Demand(n_feet=3, foot="", licences=licences)
        assert {place.n for place in places(word, demand, lexicon)} == sizes
        for n in (1, 2, 3):
            found = fitting("", Demand(n_feet=n, foot="", licences=licences), lexicon)
            assert (word in found and found[word].ends) == (n in sizes)


def test_the_rhymes_of_the_lexicon_are_those_of_the_checker():
    lexicon = load_lexicon()
    found = rhymes_of("the shore is far, my love", lexicon)
    assert {"above", "dove", "glove"} <= set(found)
    assert "love" not in found
    assert "move" not in found
    assert all(rhyme("love", word, lexicon)[0] for word in found)


@pytest.mark.parametrize(
    ("line", "demand", "message"),
    [
        ("the sea the sea the sea", Demand(n_feet=2), "the line is full, or has left the metre"),
        ("the sea the sea", Demand(n_feet=2, licences=Licences(n_extra=0)), "the line is full"),
        ("water water", Demand(n_feet=2, licences=STRICT), "take back a word"),
        ("in 1999", Demand(), "no telling how '1999' is said"),
        ("", Demand(rhyme="1999"), "no word of the lexicon rhymes with '1999'"),
        ("", Demand(rhyme="..."), "has no word to rhyme with"),
        ("", Demand(n_feet=0), "give 1 or more"),
        ("", Demand(n_feet=0, foot=""), "0 syllables"),
    ],
)
def test_what_cannot_be_is_said(line, demand, message):
    with pytest.raises(ValueError, match=message):
        fitting(line, demand, TINY)
