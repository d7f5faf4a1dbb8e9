"""Live figures: the HTML is whole without its script, and the same each time.

tests/book/test_live.py drives one in a browser.
"""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from afterword.plots.live import SCRIPTS, Live, framed, live_attention

WORDS = ["sea", "<b>"]
SHARES = [[[1, 0], [0.25, 0.75]], [[1, 0], [0.5, 0.5]], [[1, 0], [1 / 3, 2 / 3]]]


def figure() -> Live:
    return live_attention(SHARES, WORDS, WORDS, heads=["one", "two", "three"])


class Tables(HTMLParser):
    """The numbers in the cells of all tables, in order."""

    def __init__(self, text):
        super().__init__()
        self.numbers, self.inside = [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.inside = tag == "td"

    def handle_data(self, data):
        if self.inside and data.strip():
            self.numbers.append(float(data))


def test_a_cell_gets_a_page_a_drawing_and_a_sentence():
    bundle = figure()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert bundle["text/plain"] == "Live figure: whom each of 2 words looks at, in 3 heads"
    ElementTree.fromstring(bundle["image/svg+xml"])


def test_the_still_form_holds_every_share_without_the_script():
    still = figure().html.split("<script>")[0]
    np.testing.assert_allclose(Tables(still).numbers, np.ravel(SHARES), atol=0.005)
    assert "&lt;b&gt;" in still
    assert re.findall("<caption>(.*)</caption>", still) == ["one", "two", "three"]


def test_the_data_in_the_page_are_the_shares_to_two_digits():
    (line,) = re.findall("^const data = (.*);$", figure().html, re.MULTILINE)
    data = json.loads(line)
    np.testing.assert_allclose(data["shares"], SHARES, atol=0.005)
    assert data["columns"] == WORDS


def test_the_same_figure_is_the_same_page_and_another_has_another_key():
    key = re.compile('data-live="(.*?)"')
    assert figure() == figure()
    other = live_attention(SHARES[:1], WORDS, WORDS, heads=["one"])
    assert key.findall(figure().html) != key.findall(other.html)


def test_nothing_is_fetched_and_no_word_can_end_the_script():
    page = framed("attention", still="", data={"rows": ["</script>"]})
    assert page.count("</script>") == 1
    for kind in ("js", "css"):
        assert not re.search(r"https?:|url\(|@import", (SCRIPTS / f"attention.{kind}").read_text())


def test_shares_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"need shares of shape \(2, 2, 2\), got \(3, 2, 2\)"):
        live_attention(SHARES, WORDS, WORDS, heads=["one", "two"])
