"""Melodies without their key; families of variants; and a division that keeps them whole."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.music.abc import read_abc
from afterword.music.corpus import split
from afterword.music.melody import families, intervals, melody
from afterword.text.corpora import load
from tests.music.making import tunes

# the check of types, which looks at random items, is at work inside the strategy
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

REEL = "M:C|\nL:1/8\nK:G\nGABG dBGB|cBAc BGG2|GABG dBGB|cAFA G4||\n"


@given(tunes(), st.integers(-11, 11))
def test_a_melody_is_the_same_in_every_key(tune, semitones):
    assert melody(tune.transposed(semitones)) == melody(tune)


def test_a_melody_is_the_same_however_it_is_noted():
    """In 2/4 with sixteenths, and with its long notes as tied ones."""
    shorter = REEL.replace("M:C|", "M:2/4").replace("L:1/8", "L:1/16")
    assert melody(read_abc(shorter)) == melody(read_abc(REEL))
    assert melody(read_abc(REEL.replace("G4", "G2-G2"))) == melody(read_abc(REEL))
    assert melody(read_abc("M:C\nL:1/4\nK:C\nC z E2|")) == [(4, Fraction(1, 2))]
    assert intervals(read_abc("M:C\nL:1/4\nK:C\nCEGc|")).tolist() == [4, 3, 5]


def test_a_variant_is_of_the_family_and_another_tune_is_not():
    documents = load("tunes")
    one, other = (read_abc(documents[i].text) for i in (0, 700))
    variant = replace(one, notes=tuple(note for i, note in enumerate(one.notes) if i % 12))
    longer = replace(other, notes=other.notes[40:] + other.notes[:40])
    found = families([one, other, variant.transposed(5), longer])
    assert found[:3] == [0, 1, 0]


def test_the_corpus_names_families_as_they_are_computed():
    """Of its first 200 tunes; a family there may have been joined by a tune that comes later."""
    found = [read_abc(document.text) for document in load("tunes")[:200]]
    computed, named = families(found), [tune.family for tune in found]
    for i, a in enumerate(computed):
        for j, b in enumerate(computed[:i]):
            assert a != b or named[i] == named[j]
    assert 150 < len(set(named)) <= len(set(computed))


def tune_of(family):
    return replace(read_abc("M:C\nL:1/4\nK:C\nC4|"), family=str(family))


@given(st.lists(st.integers(0, 20), min_size=2, max_size=60).filter(lambda x: len(set(x)) > 1))
def test_no_family_stands_on_both_sides_and_no_tune_is_lost(given_families):
    made = [replace(tune_of(family), title=str(i)) for i, family in enumerate(given_families)]
    learnt, held = split(made, 0.2, torch.Generator().manual_seed(1))
    assert not {tune.family for tune in learnt} & {tune.family for tune in held}
    assert sorted(learnt + held, key=lambda tune: int(tune.title)) == made
    assert learnt
    assert held


def test_a_division_is_the_same_for_the_same_seed_and_about_as_large_as_asked():
    made = [tune_of(i // 2) for i in range(1000)]
    one, other = (split(made, 0.1, torch.Generator().manual_seed(3)) for _ in range(2))
    assert one == other
    assert 100 <= len(one[1]) <= 101
    alone = [replace(tune, family="") for tune in made[:10]]
    assert len(split(alone, 0.3, torch.Generator().manual_seed(3))[1]) == 3


@pytest.mark.parametrize("share", [0, 1, -0.1])
def test_a_share_is_of_a_whole(share):
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        split([tune_of(1), tune_of(2)], share, torch.Generator())


def test_one_family_is_not_divided():
    with pytest.raises(ValueError, match="1 families cannot be divided"):
        split([tune_of(1), tune_of(1)], 0.5, torch.Generator())
