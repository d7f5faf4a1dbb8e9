"""The form of the live writer: whole without its script. tests/book/test_writer.py drives it."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from afterword.plots.live import SCRIPTS
from afterword.plots.writer import N_ROWS, bars, sentence, writer_form

TOKENS = ["a", " ", "\n", "<", "$"]
BEFORE = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
AFTER = np.array([0.5, 0.375, 0.125, 0, 0])


def form(**changes):
    given = dict(n_bytes=1_685_566, prompt="a < b$", tokens=TOKENS, probs=(BEFORE, AFTER))
    return writer_form("writer", **given | dict(settings={"top_k": None}) | changes)


def rows(table):
    """Each row's token, what its two bars measure in percent, and its two numbers."""
    body = re.sub("<caption>.*</caption>", "", table).replace("&lt;", "<")
    found = re.findall(r"<tr( class=\"out\")?><th scope=\"row\">(.*?)</th>(.*?)</tr>", body)
    return [
        (head, *map(float, re.findall(r"width: ([\d.]+)%", line)), *re.findall("<td>(.*?)<", line))
        for _, head, line in found
    ]


def test_the_table_says_what_is_likely_and_what_is_out():
    table = bars("a", TOKENS, BEFORE, AFTER)
    assert rows(table) == [
        ("a", 80.0, 100.0, "40.0%", "50.0%"),  # of an axis that ends at 50 %
        ("space", 60.0, 75.0, "30.0%", "37.5%"),
        ("line end", 30.0, 25.0, "15.0%", "12.5%"),
        ("<", 20.0, 0.0, "10.0%", "out"),
        ("$", 10.0, 0.0, "5.0%", "out"),
    ]
    assert table.count('class="out"') == 2
    assert '<span class="end">50%</span>' in table


@pytest.mark.parametrize(("most", "end"), [(0.2, "25%"), (0.25, "25%"), (0.3, "50%"), (1, "100%")])
def test_the_axis_ends_at_the_next_of_three_places(most, end):
    probs = np.array([most, 1 - most, 0, 0, 0] if most > 0.5 else [most, *[(1 - most) / 4] * 4])
    assert f'<span class="end">{end}</span>' in bars("a", TOKENS, probs, probs)


def test_at_most_ten_rows_the_likeliest_before_or_after():
    before = np.full(84, 1 / 84)
    after = np.zeros(84)
    after[70] = 1.0
    shown = rows(bars("x", [f"t{i}" for i in range(84)], before, after))
    assert len(shown) == N_ROWS
    assert [row[0] for row in shown] == ["t70", *(f"t{i}" for i in range(N_ROWS - 1))]


def test_the_sentence_says_the_same():
    assert sentence(TOKENS, BEFORE, AFTER) == (
        "3 of 5 tokens are kept. The likeliest is “a”: 40.0% by the model, "
        "50.0% after the settings."
    )


def test_the_still_form_is_complete_without_the_script():
    bundle = form()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    still = bundle["text/html"].split("<script>")[0]
    assert len(rows(still)) == 5
    assert "<q>a &lt; b$</q>" in still
    assert sentence(TOKENS, BEFORE, AFTER) in still
    assert 'data-model="writer"' in still
    assert "the model loads into the page" in still
    ElementTree.fromstring(bundle["image/svg+xml"])
    assert bundle["text/plain"].startswith("Live figure: the model writes on from “a < b$”. 3 of 5")


def test_it_knows_its_model_its_size_and_its_settings():
    (line,) = re.findall("^const data = (.*);$", form().html, re.MULTILINE)
    data = json.loads(line)
    assert (data["model"], data["size"], data["settings"]) == ("writer", "1.7 MB", {"top_k": None})
    names = [name for name, *_ in data["controls"]]
    assert names == ["temperature", "top_k", "top_p", "min_p", "repetition"]


def test_the_same_form_is_the_same_page_and_names_no_other_site():
    assert form() == form()
    for file in ("writer.js", "writer.css", "gpt.js", "sampler.js"):
        assert not re.search(r"https?:|url\(|@import", (SCRIPTS / file).read_text("utf8"))


def test_probabilities_of_other_tokens_are_refused():
    with pytest.raises(ValueError, match="5 tokens need as many probabilities, got 4 and 5"):
        form(probs=(BEFORE[:4], AFTER))
