import pytest

from book.checks import links, spelling, style
from tests.book.checks.tiny import chapter, code, said

PROSE = "Plain words about one thing, as short as they can be made. " * 3
FIGURE = {"image": {"alt": "A line that falls from the left to the right."}}


def test_a_plain_chapter_passes():
    right = chapter(
        PROSE, code("x = 1\n" * 3), code("plot()", svg="<svg/>", mystnb=FIGURE),
        "| a | b |\n|---|---|\n\n```python\nx = 1\n```\n\n$$ a \\tag{1} $$\n\nIn `{braces}`.",
    )  # fmt: skip
    assert not style.findings(right)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([PROSE * 4, code("x = 1\n" * 26), code("x"), code("x")], "26 lines, over 25"),
        ([PROSE * 4, code("class A:\n" + " x\n" * 35), code("x"), code("x")], "36 lines, over 35"),
        ([PROSE * 2, code("x = 1\n" * 7)], "half of the code cells have over 6 lines"),
        ([PROSE, code("x = 1\n" * 8), code("x")], "words of prose for each line of code"),
        ([PROSE * 9, code("x = 1\n" * 6)], "words of prose for each line of code"),
        ([PROSE, code("x = " + "1" * 81 + "\n" * 3)], "a line 85 wide"),
        ([PROSE + "\n```{note}\nSo.\n```", code("x\n" * 4)], "a directive shows raw"),
        ([PROSE + "\n:::{note}\nSo.\n:::", code("x\n" * 4)], "a directive shows raw"),
        ([PROSE + " See {doc}`this`.", code("x\n" * 4)], "a role shows raw"),
        ([PROSE + "\n\n(here)=\n", code("x\n" * 4)], "a label shows raw"),
        ([PROSE + "\n\n$$ a $$ (eq)", code("x\n" * 4)], "a label of an equation shows raw"),
        ([PROSE + " See [](this.md).", code("x\n" * 4)], "a link without words shows raw"),
        ([PROSE + " ![](this.png)", code("x\n" * 4)], "a picture without words shows raw"),
        ([PROSE, code("plot()\n" * 3, svg="<svg/>")], "a figure without words"),
    ],
)  # fmt: skip
def test_each_kind_of_wrong_style_is_named(cells, message):
    found = said(style.findings(chapter(*cells)))
    assert message in found
    assert "01_tiny, cell " in found


def test_a_class_may_be_longer_and_an_exception_as_long_as_it_says():
    long_class = code("class A:\n" + "    x = 1\n" * 34)
    excused = code("x = 1\n" * 26, tags=["except:style a table that one reads whole"])
    assert not style.findings(
        chapter(PROSE * 13, long_class, excused, code("x"), code("y"), code("z"))
    )


@pytest.mark.parametrize(
    "link",
    [
        "[Shannon, 1951](../book/references.md#shannon1951)",
        "[Sennrich et al., 2016](../book/references.md#sennrich2016)",
        "[the words](../book/glossary.md)",
        "[a token](../book/glossary.md#token)",
        "[elsewhere](https://example.org/page)",
        "`[not](a-link)`",
    ],
)
def test_a_link_that_leads_somewhere_passes(link):
    assert not links.findings(chapter(f"See {link}."))


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("[Shannon, 1951](../book/references.md#shannon1952)", "not in book/references.bib"),
        ("[Shannon, 1949](../book/references.md#shannon1951)", "is not 'Shannon … 1951'"),
        ("[Markov, 1951](../book/references.md#shannon1951)", "is not 'Shannon … 1951'"),
        ("[the words](../book/glossaries.md)", "leads nowhere"),
        ("[a token](../book/glossary.md#tokn)", "has no place 'tokn'"),
        ("[elsewhere](http://example.org)", "does not lead out of the cell"),
        ("[above](#the-ladder)", "does not lead out of the cell"),
        ('[the words](../book/glossaries.md "all of them")', "leads nowhere"),
        ("[a folder](../book#token)", "leads nowhere"),
        ("![a picture](nowhere.png)", "leads nowhere"),
        ("<img src='no.png' alt='a picture'>", "leads nowhere"),
        ("(Vaswani et al., 2017)", "'Vaswani et al., 2017' is cited without a link"),
        ("Kneser and Ney (1995", "cited without a link"),
    ],
)
def test_a_dead_link_or_a_wrong_citation_is_named(link, message):
    found = said(links.findings(chapter(f"See {link}.")))
    assert message in found
    assert "01_tiny, cell 0 (" in found


def test_a_word_that_no_dictionary_has_is_named():
    found = said(spelling.findings(chapter("The attenton of the modle.")))
    assert "'attenton'" in found
    assert "'modle'" in found
    alt = {"image": {"alt": "A lien that flals."}}
    assert "'flals'" in said(spelling.findings(chapter(code("plot()", svg="<svg/>", mystnb=alt))))


@pytest.mark.parametrize(
    "prose",
    [
        "The tokenizer's neighbours are Kneser and Ney.",
        "They say *une rose est une rose*, and `xlabel` too.",
        "> Did not the heavenly rhetorick of thine eye",
        "Chinese: 玫瑰. Formula: $qkv$.",
    ],
)
def test_our_own_words_quotations_code_and_formulas_pass(prose):
    assert not spelling.findings(chapter(prose))
