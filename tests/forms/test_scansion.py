"""Scansion of lines that the literature discusses, and beside trying every reading."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.sounds import SPELLING
from afterword.forms.scansion import STRICT, USUAL, Licences, lengths, patterns, scan
from afterword.forms.speech import spoken, ways

WORDS = ["compare", "summer", "rose", "the", "heaven", "loved", "temperate", "above", "upon"]


def test_a_regular_line_needs_no_licence():
    found = scan("Shall I compare thee to a summer's day?", 5)
    assert found.fits
    assert (found.beats, found.licences, found.clashes) == ("01" * 5, (), ())


@pytest.mark.parametrize(
    ("line", "licences"),
    [
        ("To be or not to be, that is the question", ("extra syllable",)),
        ("Summer above the rose upon the water", ("reversed foot", "extra syllable")),
        ("The heaven above the rose, the loved upon", ("elision",)),
        ("The rose above the loved rose of day", ("sounded -ed",)),
    ],
)
def test_the_usual_licences_are_taken_and_named(line, licences):
    found = scan(line, 5)
    assert (found.fits, found.licences) == (True, licences)
    assert not scan(line, 5, licences=STRICT).fits


def test_a_line_famous_for_being_as_long_as_verse_and_none():
    """Halle and Keyser 1971: Percy has its stress where the metre wants none."""
    found = scan("Ode to the West Wind by Percy Bysshe Shelley", 5)
    assert not found.fits
    assert found.clashes == (6,)
    assert len(found.stresses) == len(found.beats) == 11


def test_a_turned_foot_is_allowed_where_the_licences_say():
    line = "The rose above summer upon the rose"  # the third foot
    assert not scan(line, 5).fits
    assert scan(line, 5, licences=Licences(reversed_feet=(0, 2))).fits


def test_without_promotion_a_weak_syllable_may_not_carry_a_beat():
    line = "The rose upon the water of the rose"
    assert scan(line, 5).fits
    found = scan(line, 5, licences=Licences(promotion=False))
    assert not found.fits
    assert found.clashes == (7,)


def test_anapaests_may_begin_short():
    licences = scan("There was an old man with a beard", 3, foot="001").licences
    assert licences == ("short first foot",)
    assert scan("And the sheen of their spears was like stars on the sea", 4, foot="001").fits


def test_a_line_of_another_length_does_not_fit_and_has_no_clash():
    found = scan("The rose", 5)
    assert (found.fits, found.stresses, found.clashes) == (False, "0?", ())


@pytest.mark.parametrize("line", ["", "—", "in 1999", "hmm", "千山鳥飛絕", "белая ночь", "the 山"])
def test_there_is_no_telling_of_a_line_that_cannot_be_read(line):
    assert scan(line, 5) is None
    assert lengths(line) is None


def by_brute_force(line: str, n_feet: int, foot: str, licences: Licences):
    """The least cost of any reading along any pattern; None if no length fits."""
    words = spoken(line)
    allowed = [
        [(r, u) for r, u in ways(w, SPELLING, after=a).items() if {*u} <= {*licences.in_words}]
        for w, a in zip(words, [*words, ""][1:], strict=True)
    ]
    costs = []
    for choice in product(*allowed):
        said = "".join(reading for reading, _ in choice)
        for beats, own in patterns(n_feet, foot, licences):
            if len(beats) == len(said):
                bad = [("1", "0")] + ([] if licences.promotion else [("0", "1")])
                n_clashes = sum(pair in bad for pair in zip(said, beats, strict=True))
                costs.append((n_clashes, len(own) + sum(len(used) for _, used in choice)))
    return min(costs, default=None)


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=6),
    st.integers(1, 4),
    st.sampled_from(["01", "10", "001"]),
    st.sampled_from([USUAL, STRICT, Licences(reversed_feet=(0, 1, 2), n_extra=2)]),
)
def test_the_reading_found_is_the_best_of_all(words, n_feet, foot, licences):
    line = " ".join(words)
    best, found = (
        by_brute_force(line, n_feet, foot, licences),
        scan(line, n_feet, foot=foot, licences=licences),
    )
    assert (len(found.stresses) == len(found.beats)) == (best is not None)
    if best:
        assert len(found.clashes) == best[0]
        assert found.fits == (best[0] == 0)
        assert len(found.stresses) in lengths(line, licences=licences)


@pytest.mark.parametrize(("n_feet", "foot"), [(0, "01"), (5, ""), (5, "0x"), (5, "01010")])
def test_what_is_no_metre_is_refused(n_feet, foot):
    with pytest.raises(ValueError, match=f"{n_feet} feet of '{foot}': give 1 or more, of two or"):
        scan("The rose", n_feet, foot=foot)
