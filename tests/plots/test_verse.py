"""The form of the verse companion: whole without its script. tests/book/test_verse.py drives it."""

import json
import re
from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_hex

from afterword.plots import verse as page
from afterword.plots.live import SCRIPTS
from afterword.plots.style import COLOURS
from afterword.plots.verse import Choice, bars, percent, sentence, verse_form

VERSE = "The sea < all\nAnd so the day.\n"
BEFORE = "The sea < all\nAnd so the "
CHOICES = [Choice("day", 0.4, True), Choice("fair", 0.1, False), Choice("t<o", 0.001, False)]
DATA = dict(model="poet", first="The sea < all", metre="pentameter", scheme="abab")


def form(**changes):
    given = dict(verse=VERSE, before=BEFORE, choices=CHOICES, n_bytes=1_685_566, data=DATA)
    return verse_form(**given | changes)


def drawn_axes(monkeypatch, **changes):
    """What matplotlib draws of the form."""
    figures = []
    monkeypatch.setattr(page, "drawn", lambda figure: figures.append(figure) or "")
    form(**changes)
    return figures[0].axes[0]


def test_the_table_says_what_may_come_next_and_where():
    table = bars(BEFORE, CHOICES)
    found = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>.*?width: ([\d.]+)%', table)
    assert found == [
        ("day", "ends the line", "100.0"),
        ("fair", "within it", "25.0"),
        ("t&lt;o", "within it", "0.2"),
    ]
    assert "<caption>What may come after “And so the”</caption>" in table


def test_at_most_twelve_rows_and_bars_in_the_picture(monkeypatch):
    assert bars(BEFORE, CHOICES * 9).count('scope="row"') == 12
    many = [Choice(f"{i}", 0.1, False) for i in range(13)]
    assert len(drawn_axes(monkeypatch, choices=many).patches) == 12


def test_the_picture_has_the_likeliest_on_top_and_blue_where_the_line_ends(monkeypatch):
    ax = drawn_axes(monkeypatch)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["day", "fair", "t<o"]
    assert ax.yaxis_inverted()
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([40, 10, 0.1])
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == [
        to_hex(COLOURS[name]) for name in ("model", "floor", "floor")
    ]


def test_signs_of_html_and_of_formulas_are_shown_as_they_are(monkeypatch):
    before = "One\nTwo\nFor $5 < $6 "
    choices = [Choice("<b>", 0.4, True)]
    given = dict(verse=before + "<b>.\n", before=before, choices=choices)
    made = form(**given)
    assert "<b>" not in made.html.split("<script>")[0]
    assert "<caption>What may come after “For $5 &lt; $6”</caption>" in made.html
    assert drawn_axes(monkeypatch, **given).get_title("left") == r"After “For \$5 < \$6”"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.0, "100%"),
        (0.346, "35%"),
        (0.0346, "3.5%"),
        (0.00346, "0.35%"),
        (1e-6, "0.00010%"),
        (0, "0%"),
    ],
)
def test_small_shares_keep_two_digits(share, said):
    assert percent(share) == said


def test_the_still_form_is_complete_without_the_script():
    bundle = form()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    still = bundle["text/html"].split("<script>")[0]
    assert "The sea &lt; all<br>\nAnd so the day." in still
    assert sentence(BEFORE, CHOICES) in still
    assert '<p class="stays" data-model="poet">' in still
    assert "candidates(…) does the same" in still
    ElementTree.fromstring(bundle["image/svg+xml"])
    assert "And so the day." in bundle["text/plain"]


def test_the_sentence_says_the_likeliest_and_its_place():
    assert sentence(BEFORE, CHOICES) == (
        "After “And so the” the likeliest word that fits is “day”, as the last word of the line: "
        "40% by the model."
    )
    assert "with more to come" in sentence(BEFORE, CHOICES[1:])


def test_it_knows_its_model_and_its_size():
    (line,) = re.findall("^const data = (.*);$", form().html, re.MULTILINE)
    assert json.loads(line) == DATA | {"size": "1.7 MB"}


def test_the_same_form_is_the_same_page_and_names_no_other_site():
    assert form() == form()
    for file in ("verse.js", "verse.css", "words.js"):
        assert not re.search(r"https?:|url\(|@import", (SCRIPTS / file).read_text("utf8"))


def test_choices_that_do_not_belong_to_the_verse_are_refused():
    with pytest.raises(ValueError, match="which the verse must begin with"):
        form(before="Another line ")
    with pytest.raises(ValueError, match="0 choices after"):
        form(choices=[])
