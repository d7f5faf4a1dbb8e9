"""What extraction does to a text; the corpora it made are held to in test_corpora."""

import re

import pytest

from afterword.text import corpora
from afterword.text.extract_characters import MERGED, gloss_of
from afterword.text.extract_verse import DAMAGE, _is_version, _quarters, poem


def test_what_belongs_to_the_page_is_taken_out_of_a_poem():
    page = "\n\nI HAVE desired | to go   5\n     Where  springs not fail,\n"
    page += "\n\n12\nTHE END.\n{And} rest\n"
    found = poem("G. M. Hopkins", page)
    assert found.text == "I have desired to go\nWhere springs not fail,\n\nAnd rest\n"
    assert (found.title, found.author) == ("I have desired to go", "G. M. Hopkins")


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("THE world is charged.", "The world is charged"),
        ("I BEAR a basket", "I bear a basket"),
        ("FELIX RANDAL the farrier,", "Felix Randal the farrier"),
        ("CLOUD-PUFFBALL, torn", "Cloud-puffball, torn"),
        ("That is no country", "That is no country"),
        ("As a dare-gale", "As a dare-gale"),
    ],
)
def test_a_poem_begins_without_capitals(page, title):
    assert poem("", page).title == title


def test_a_line_of_whitmans_that_the_page_broke_is_whole_again():
    assert poem("Walt Whitman", "crowded with\n    perfumes,\nI breathe").text == (
        "crowded with perfumes,\nI breathe\n"
    )


def test_letters_that_the_package_has_lost_are_seen_and_words_with_a_hyphen_are_not():
    for damaged in ("w-e dream", "th-eir rescue", "-end last fri-end", "M-eRGAR-eT"):
        assert DAMAGE.search(damaged), damaged
    for whole in ("quench-ed", "star-eyed", "elves'-eyes", "Never-eldering", "sweet--evening"):
        assert not DAMAGE.search(whole), whole


def test_versions_of_a_poem_are_found_by_what_they_share():
    one = "危冠廣袖楚宮妝獨步閑庭逐夜涼自把玉釵敲砌竹清歌一曲月如霜"
    other = "鬟梳鬧掃學宮妝獨立閑庭納夜涼手把玉簪敲砌竹清歌一曲月如霜"
    assert _is_version(one, other)
    assert not _is_version(
        "自君之出矣寶鏡爲誰明思君如隴水長聞嗚咽聲", "自君之出矣明鏡暗不治思君如流水無有窮已時"
    )
    assert set(_quarters(one)) & set(_quarters(other)), "else the two would never be compared"


def test_206_rhymes_are_joined_to_106_each_in_one():
    tones = [re.findall(r"\S+", tone) for tone in MERGED.split(";")]
    assert [len(groups) for groups in tones] == [30, 29, 30, 17]
    rhymes = "".join("".join(groups) for groups in tones)
    assert len(rhymes) == len(set(rhymes)) == 206


@pytest.mark.parametrize(
    ("definition", "gloss"),
    [
        ("moon; month; Kangxi radical 74", "moon"),
        ("Kangxi radical 3; dot", "dot"),
        ("(Cant.) to slander; to peck", "to slander"),
        ("do, handle, govern, act, or make; be", "do, handle, govern, act"),
        ("(same as U+6C5F 江)", ""),
        ("", ""),
    ],
)
def test_a_gloss_is_the_first_sense_and_short(definition, gloss):
    assert gloss_of(definition) == gloss


def test_no_gloss_is_long_and_each_character_has_one():
    glosses = corpora.load("glosses")
    assert max(len(each.title) for each in glosses) <= 40
    characters = "".join(each.text for each in glosses)
    assert len(characters) == len(set(characters))
