"""The cell in which verse is written: its still form is what Python works out."""

import html
import inspect
import json
import re
from dataclasses import fields

import pytest
import torch

from afterword.evaluation.sounds import BEFORE_STRESS, WEAK
from afterword.forms import speech
from afterword.forms.candidates import AT_END, INSIDE, LAST, N_SEEN, candidates
from afterword.forms.companion import METRES, N_DRAWN, PLAIN, SCHEMES, Companion, form_of
from afterword.forms.fitting import Demand
from afterword.forms.lexicon import FILE, load_lexicon
from afterword.forms.verse import check
from afterword.interop import verse
from afterword.interop.pages import page_model
from afterword.interop.verse import live_verse, words_script
from afterword.interop.writers import load_writer
from afterword.music.tokens import NoteTokenizer
from afterword.plots.live import SCRIPTS
from afterword.plots.verse import N_SHOWN, percent

FIRST = "I see the day go out to sea,"


@pytest.fixture(scope="module")
def figure():
    return live_verse("poet", first=f" {FIRST} ", metre="tetrameter", scheme="aabb")


def told(figure):
    """What the page's script is given."""
    (line,) = re.findall("^const data = (.*);$", figure.html, re.MULTILINE)
    return json.loads(line)


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
    data = told(figure)
    assert (data["first"], data["metre"], data["scheme"]) == (FIRST, "tetrameter", "aabb")
    assert data["metres"]["ballad"] == {"feet": [4, 3], "foot": "01"}
    assert data["metres"]["ten syllables"] == {"feet": [10], "foot": ""}
    assert (set(data["metres"]), data["schemes"]) == (set(METRES), list(SCHEMES))
    n_bytes = page_model("poet", *load_writer("poet")).n_bytes + len(words_script().encode())
    assert data["size"] == f"{n_bytes / 1e6:.1f} MB"


@pytest.mark.parametrize("seed", [0, 7])
def test_the_seed_draws_the_lines_of_the_still_form(monkeypatch, seed):
    def finish(self, text, form, *, rng):
        seeds.append(rng.initial_seed())
        return text + "A day.\n" * 3

    seeds = []
    monkeypatch.setattr(Companion, "finish", finish)
    live_verse("poet", first="The sea", seed=seed)
    assert seeds == [seed]


def test_the_page_sees_shows_and_draws_as_much_as_python():
    words, verse = ((SCRIPTS / f"{name}.js").read_text("utf8") for name in ("words", "verse"))
    given = re.search(r'inside: (".*?"), end: (".*?"), last: (".*?")}, N_SEEN = (\d+)', words)
    assert [*map(json.loads, given.groups())] == [INSIDE, AT_END, LAST, N_SEEN]
    assert f"N_SHOWN = {N_SHOWN}, N_DRAWN = {N_DRAWN}," in verse
    heat = re.search(r'"Temperature", {.*value: ([\d.]+)}', verse)
    (default,) = (each.default for each in fields(Companion) if each.name == "temperature")
    assert float(heat[1]) == default
    assert inspect.signature(candidates).parameters["n"].default == N_SHOWN


def test_the_script_of_words_holds_the_lexicon_and_the_rules():
    code, _, data = words_script().partition("\nafterword.sounds = ")
    assert "afterword.Words" in code
    sounds = json.loads(data.rstrip(";\n"))
    assert sounds["lexicon"] == json.loads(FILE.read_text("utf8"))
    assert sounds["rules"]["weak"] == sorted(WEAK)
    rules = dict(vowel=speech.VOWEL, before_stress=BEFORE_STRESS, elided=speech.ELIDED)
    rules |= dict(joined=speech.JOINED, silent_ed=speech.SILENT_ED)
    assert {name: sounds["rules"][name] for name in rules} == {
        name: rule.pattern for name, rule in rules.items()
    }
    assert len(words_script().encode()) < 120_000


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("../x", {}, "only the models of the package"),
        ("", {}, "only the models of the package"),
        (".", {}, "only the models of the package"),
        ("poet", dict(first=" "), "give one line with a word in it"),
        ("poet", dict(first="a\nb"), "give one line"),
        ("poet", dict(metre="waltz"), "no metre 'waltz'"),
    ],
)
def test_what_cannot_be_shown_is_said(name, given, message):
    with pytest.raises(ValueError, match=message):
        live_verse(name, **dict(first=FIRST) | given)


def test_a_model_that_does_not_read_characters_is_refused(monkeypatch):
    monkeypatch.setattr(verse, "load_writer", lambda name: (torch.nn.Identity(), NoteTokenizer()))
    with pytest.raises(ValueError, match="poet does not read characters; give a model that does"):
        live_verse("poet", first=FIRST)
