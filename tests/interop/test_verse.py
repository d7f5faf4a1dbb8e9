"""The cell in which verse is written: its still form is what Python works out."""

import html
import json
import re

import pytest

from afterword.forms.candidates import candidates
from afterword.forms.companion import PLAIN, form_of
from afterword.forms.fitting import Demand
from afterword.forms.lexicon import FILE, load_lexicon
from afterword.forms.verse import check
from afterword.interop.verse import live_verse, words_script
from afterword.interop.writers import load_writer
from afterword.plots.verse import percent

FIRST = "I see the day go out to sea,"


@pytest.fixture(scope="module")
def figure():
    return live_verse("poet", first=FIRST, metre="tetrameter", scheme="aabb")


@pytest.mark.slow
def test_the_verse_of_the_still_form_keeps_its_form(figure):
    lines = figure.text.split("\n")[1:5]
    assert lines[0] == FIRST
    verdict = check("\n".join(lines), form_of("tetrameter", "aabb"), sound=load_lexicon())
    assert verdict.metre
    assert verdict.by_line[1][2]


@pytest.mark.slow
def test_the_candidates_of_the_still_form_are_those_of_python(figure):
    second = figure.text.split("\n")[2]
    before = f"{FIRST}\n{second[: second.rindex(' ') + 1]}"
    wanted = candidates(*load_writer("poet"), before, Demand(n_feet=4, rhyme="sea", licences=PLAIN))
    rows = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>.*?<td>([\d.]+%)</td>', figure.html)
    assert [html.unescape(row[0]) for row in rows] == [each.word for each in wanted]
    assert [row[1] == "ends the line" for row in rows] == [each.ends for each in wanted]
    assert rows[0][2] == percent(wanted[0].prob)


@pytest.mark.slow
def test_the_page_is_told_the_metres_and_what_stands_there_at_first(figure):
    (line,) = re.findall("^const data = (.*);$", figure.html, re.MULTILINE)
    data = json.loads(line)
    assert (data["first"], data["metre"], data["scheme"]) == (FIRST, "tetrameter", "aabb")
    assert data["metres"]["ballad"] == {"feet": [4, 3], "foot": "01"}
    assert data["metres"]["ten syllables"] == {"feet": [10], "foot": ""}


def test_the_script_of_words_holds_the_lexicon_and_the_rules():
    code, _, data = words_script().partition("\nafterword.sounds = ")
    assert "afterword.Words" in code
    sounds = json.loads(data.rstrip(";\n"))
    assert sounds["lexicon"] == json.loads(FILE.read_text("utf8"))
    assert "thy" in sounds["rules"]["weak"]
    assert len(words_script().encode()) < 120_000


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("../x", {}, "only the models of the package"),
        ("poet", dict(first=" "), "give one line with a word in it"),
        ("poet", dict(first="a\nb"), "give one line"),
        ("poet", dict(metre="waltz"), "no metre 'waltz'"),
    ],
)
def test_what_cannot_be_shown_is_said(name, given, message):
    with pytest.raises(ValueError, match=message):
        live_verse(name, **dict(first=FIRST) | given)
