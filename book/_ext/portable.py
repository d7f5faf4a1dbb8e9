"""Let chapters use Markdown that reads well everywhere, and still get a book's extras.

Colab, JupyterLab and GitHub show MyST directives and roles as raw text. So a chapter
writes plain Markdown, and this extension gives the page what the plain form means:

    > **Exercise 1** (easy, 5 minutes)**.** What if …      a box with a title
    $$ … \\\\ … \\tag{3} $$                                  a numbered equation of several lines
    <a id="shannon1948"></a>                               a place that links can find
    [Shannon, 1951](../book/references.md#shannon1951)     a link that must find its place
    | Term | 中文 | … |                                    a table with a place for each row
    # @title Solution {display-mode: "form"}               a folded cell with that title
"""

import re

from docutils import nodes
from sphinx.util.nodes import make_id

KINDS = {
    "exercise": "exercise",
    "solution": "solution",
    "definition": "definition",
    "key idea": "important",
    "expectation": "expectation",
    "claim": "claim",
    "note": "note",
    "tip": "tip",
    "hint": "hint",
    "warning": "warning",
}
FORM_TITLE = re.compile(r"^# @title (.+?)(?: *\{.*\})?\n")


def box_the_titled_quotes(app, doctree):
    for quote in list(doctree.findall(nodes.block_quote)):
        if quote.children and isinstance(quote[0], nodes.paragraph):
            box_if_titled(quote)


def box_if_titled(quote):
    """Turn `> **Exercise 1** (easy)**.** text` into a box titled "Exercise 1 (easy)"."""
    paragraph = quote[0]
    children = [c for c in paragraph.children if c.astext().strip()]
    if not (children and isinstance(children[0], nodes.strong)):
        return
    kind = KINDS.get(re.sub(r"[\s\d.:]+$", "", children[0].astext()).lower())
    if kind is None:
        return
    words = [children.pop(0).astext()]
    # the title ends at the first bold full stop
    if (
        not words[0].endswith((".", ":"))
        and len(children) > 1
        and children[1].astext() in (".", ":")
    ):
        words += [children.pop(0).astext(), children.pop(0).astext()]
    title = " ".join("".join(words).split()).rstrip(".: ")
    if children and isinstance(children[0], nodes.Text):
        children[0] = nodes.Text(children[0].lstrip())
    rest = [nodes.paragraph("", "", *children)] if children else []
    box = nodes.admonition("", nodes.title(title, title), *rest, *quote.children[1:])
    box["classes"] += ["admonition", kind]
    quote.replace_self(box)


def keep_tags_on_long_equations(app, doctree):
    """Sphinx puts an equation of several lines into `split`, where MathJax refuses a tag."""
    for equation in doctree.findall(nodes.math_block):
        text = equation.astext()
        if r"\tag" in text and r"\\" in text and not equation.get("nowrap"):
            equation["nowrap"] = True
            equation.children = [nodes.Text(f"\\begin{{equation}}\n{text}\n\\end{{equation}}")]


def find_anchors(app, doctree):
    """Let `[text](page.md#key)` find `<a id="key"></a>`. An unknown key stays a warning."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for raw in doctree.findall(nodes.raw):
        for key in re.findall(r'<a id="([^"]+)">', raw.astext()):
            slugs[key] = (raw.line, key, key)


def name_the_rows(app, doctree):
    """Give each row of a glossary its place, and say which cells are Chinese."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for table in doctree.findall(nodes.table):
        heads = [entry.astext() for entry in next(table.findall(nodes.thead)).findall(nodes.entry)]
        if heads[:2] != ["Term", "中文"]:
            continue
        table["classes"].append("glossary")
        for row in next(table.findall(nodes.tbody)).findall(nodes.row):
            term, chinese = row[0].astext(), row[1].astext()
            key = make_id(app.env, doctree, "", term.split(" (")[0])
            row[0]["ids"].append(key)
            slugs[key] = (table.line, key, term)
            row[1].children = [
                nodes.raw("", f'<span lang="zh-Hans">{chinese}</span>', format="html")
            ]


def keep_columns(app, doctree):
    """What a cell has printed in columns scrolls on a small screen; other lines are wrapped."""
    for output in doctree.findall(nodes.literal_block):
        if "output" in output["classes"] and in_columns(output.astext()):
            output["classes"].append("columns")


def in_columns(text: str) -> bool:
    """Whether three lines on end have gaps of two spaces or more, as the rows of a table.

    >>> in_columns("way   bits\\nfree  2.31\\nheld  1.59"), in_columns("a  b\\nno gap\\nc  d")
    (True, False)
    """
    gaps = [bool(re.search(r"\S {2,}\S", line)) for line in text.split("\n")]
    return any(all(gaps[i : i + 3]) for i in range(len(gaps) - 2))


def title_the_folds(app, doctree):
    """A folded cell bears the title that Colab shows for it."""
    for cell in doctree.findall(
        lambda node: node.get("hide_mode") if isinstance(node, nodes.container) else False
    ):
        code = next(cell.findall(nodes.literal_block), None)
        title = code and FORM_TITLE.match(code.astext())
        if title:
            cell["prompt_show"] = cell["prompt_hide"] = title[1]
            code.children = [nodes.Text(code.astext()[title.end() :])]
            code.rawsource = code.astext()


def setup(app):
    for step in (
        keep_columns,
        title_the_folds,
        box_the_titled_quotes,
        keep_tags_on_long_equations,
        find_anchors,
        name_the_rows,
    ):
        app.connect("doctree-read", step)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
