import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.plots.blind import blind_key, blind_page, write_blind_page
from afterword.plots.live import Live

PAIRS = [{"human": f"a line, {i}", "model": f"line a, {i}"} for i in range(7)]
ASKED = dict(seed=0, title="Two lines", question="Which is better?")


def shown(page):
    """What the page knows: its data, as the script reads them."""
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*)</script>', page)[1]
    )


def whose(page, key):
    """For each pair, who stands first and who second."""
    return [
        tuple(key["items"][item["item"]][text["mark"]] for text in item["texts"])
        for item in shown(page)["items"]
    ]


def test_the_key_says_who_wrote_what():
    page, key = blind_page(PAIRS, **ASKED), blind_key(PAIRS, **ASKED)
    assert shown(page)["page"] == key["page"]
    for pair, item in zip(PAIRS, shown(page)["items"], strict=True):
        marks = key["items"][item["item"]]
        assert {marks[text["mark"]]: text["text"] for text in item["texts"]} == pair


@given(seed=st.integers(0, 10_000), n=st.integers(1, 12))
def test_each_writer_stands_first_in_half_of_the_pairs(seed, n):
    pairs = [{"human": f"{i}", "model": f"-{i}"} for i in range(n)]
    asked = ASKED | dict(seed=seed)
    first = [left for left, _ in whose(blind_page(pairs, **asked), blind_key(pairs, **asked))]
    assert abs(first.count("human") - first.count("model")) <= 1


def test_another_seed_is_another_order_and_the_same_seed_the_same_page():
    orders = [
        whose(blind_page(PAIRS, **ASKED | dict(seed=s)), blind_key(PAIRS, **ASKED | dict(seed=s)))
        for s in range(20)
    ]
    assert len({tuple(order) for order in orders}) > 10
    assert blind_page(PAIRS, **ASKED) == blind_page(PAIRS, **ASKED)


def test_the_page_tells_nobody_who_wrote_what():
    """Neither a name, nor the seed, nor one mark for two texts of one writer, nor the order."""
    pairs = [{"Zuleika": f"a line, {i}", "Xanthippe": f"line a, {i}"} for i in range(7)]
    page, key = (f(pairs, **ASKED | dict(seed=123_456)) for f in (blind_page, blind_key))
    assert not re.search("Zuleika|Xanthippe|123.?456", page)
    marks = [text["mark"] for item in shown(page)["items"] for text in item["texts"]]
    assert len(set(marks)) == len(marks) == 14
    swapped = [dict(reversed(pair.items())) for pair in pairs]
    first = [writers[0] for writers in whose(page, key)]
    assert len(set(first)) == 2
    assert blind_key(swapped, **ASKED)["page"] != key["page"]


def test_a_mark_does_not_sort_by_its_writer():
    keys = [blind_key(PAIRS, **ASKED | dict(seed=s)) for s in range(50)]
    lowest = [marks[min(marks)] for key in keys for marks in key["items"].values()]
    assert 0.35 < lowest.count("human") / len(lowest) < 0.65  # of 350: five standard deviations


def test_the_page_is_one_file_that_asks_for_nothing():
    page = blind_page(PAIRS, **ASKED)
    assert not re.search(r"https?:|//\w|\bsrc=|@import|\burl\(|fetch\(|XMLHttp", page)
    assert "default-src 'none'" in page


@pytest.mark.parametrize("text", ["</script><b>", "<!-- <script>", "& &amp; \\u003c", "“ü” 😀\n{}"])
def test_no_text_breaks_the_page(text):
    pairs = [{"human": text, "model": "plain"}]
    page = blind_page(pairs, **ASKED | dict(title=text, question=text))
    assert text in {each["text"] for each in shown(page)["items"][0]["texts"]}
    assert shown(page)["question"] == text
    assert page.count("<script") == 2 == page.count("</script>")
    assert "<b>" not in page


def test_a_live_figure_is_shown_as_what_it_is_and_marked_as_a_text_would_be():
    figures = {who: Live(f"<b>{who[::-1]}</b>", "<svg/>", who) for who in ("human", "model")}
    page, key = blind_page([figures], **ASKED), blind_key([figures], **ASKED)
    marks = key["items"]["1"]
    told = {marks[text["mark"]]: text["html"] for text in shown(page)["items"][0]["texts"]}
    assert told == {"human": "<b>namuh</b>", "model": "<b>ledom</b>"}
    assert "<b>" not in page
    with pytest.raises(ValueError, match="want two different ones"):
        blind_page([dict(human=figures["human"], model=figures["human"])], **ASKED)


def test_page_and_key_are_written_side_by_side_and_a_key_is_never_lost(tmp_path):
    page = write_blind_page(tmp_path / "new", PAIRS, **ASKED)
    assert page.read_text("utf8") == blind_page(PAIRS, **ASKED)
    key = page.with_name("key.json")
    assert json.loads(key.read_text("utf8")) == blind_key(PAIRS, **ASKED)
    write_blind_page(tmp_path / "new", PAIRS, **ASKED)  # the same again is no loss
    with pytest.raises(ValueError, match=r"key\.json is the key of another page; take another"):
        write_blind_page(tmp_path / "new", PAIRS[1:], **ASKED)
    assert json.loads(key.read_text("utf8")) == blind_key(PAIRS, **ASKED)
    assert {path.name for path in page.parent.iterdir()} == {"page.html", "key.json"}


def test_a_page_of_somebody_elses_is_not_written_over(tmp_path):
    (tmp_path / "page.html").write_text("my own")
    with pytest.raises(ValueError, match=r"page\.html is there without its key; take another"):
        write_blind_page(tmp_path, PAIRS, **ASKED)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["my own"]


def test_a_write_that_fails_leaves_the_page_that_was(tmp_path, monkeypatch):
    page = write_blind_page(tmp_path, PAIRS, **ASKED)
    before = page.read_text("utf8")

    def half(path, text, *rest):
        path.write_bytes(text[:100].encode())
        raise OSError("no space left")

    monkeypatch.setattr("pathlib.Path.write_text", half)
    with pytest.raises(OSError, match="no space"):
        write_blind_page(tmp_path, PAIRS, **ASKED)
    monkeypatch.undo()
    assert page.read_text("utf8") == before
    assert json.loads((tmp_path / "key.json").read_text("utf8")) == blind_key(PAIRS, **ASKED)


@pytest.mark.parametrize(
    ("pairs", "changed", "message"),
    [
        ([], {}, "got 0 pairs"),
        (PAIRS, dict(title=" "), "got 7 pairs, ' '"),
        (PAIRS, dict(question=""), "'Two lines', ''"),
        ([*PAIRS, {"human": "one"}], {}, "pair 8 is of 1 texts by human; want two different"),
        ([{}], {}, "pair 1 is of 0 texts by nobody"),
        ([{"human": "one", "model": " "}], {}, "pair 1 is of 2 texts by human, model; .*empty"),
        ([{"human": "one", "model": "one"}], {}, "want two different ones"),
    ],
)
def test_what_cannot_be_asked_is_refused(pairs, changed, message):
    for made in (blind_page, blind_key):
        with pytest.raises(ValueError, match=message):
            made(pairs, **ASKED | changed)
