"""Each chapter's own picture: under its title, and on its card.

The chapter draws it in the cell tagged `opening`, `make run` writes it to book/_static/openings/,
and the cell's mystnb.image.alt and mystnb.figure.caption are the words for it.

```{openings}    a card for each chapter, by its number: picture, number and question, caption
"""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

HEADING = re.compile(r"# (\d+ · .+)")


@dataclass(frozen=True)
class Opening:
    """What a chapter says of itself: its title, its picture, and the words for that."""

    title: str
    picture: str
    alt: str
    caption: str

    @classmethod
    def read(cls, path: Path):
        """The opening of the notebook at ``path``."""
        cells = nbformat.read(path, as_version=4).cells
        title = HEADING.match(cells[0].source)
        cell = next((c for c in cells if "opening" in c.metadata.get("tags", [])), None)
        words = cell.metadata.get("mystnb", {}) if cell else {}
        alt = words.get("image", {}).get("alt")
        caption = words.get("figure", {}).get("caption")
        if not (title and alt and caption):
            raise ValueError(
                f"{path.name} has no opening; begin it with '# 1 · Question?', and give one cell "
                "that draws a figure the tag opening, mystnb.image.alt and mystnb.figure.caption"
            )
        return cls(title[1], f"/book/_static/openings/{path.stem}.svg", alt, caption)


def opening_of(env, docname):
    """The opening of a chapter; a build warns of one that has none."""
    try:
        return Opening.read(Path(env.doc2path(docname)))
    except ValueError as error:
        logging.getLogger(__name__).warning(str(error), location=docname)


def show_under_the_title(app, doctree):
    docname = app.env.docname
    if docname.startswith("chapters/") and (opening := opening_of(app.env, docname)):
        picture = nodes.image(uri=opening.picture, alt=opening.alt)
        figure = nodes.figure("", picture, legend(opening.caption), classes=["opening"])
        title = next(doctree.findall(nodes.title))
        title.parent.insert(title.parent.index(title) + 1, figure)


def leave_unnumbered(app, doctree):
    """Jupyter Book would number the few figures that have a caption, and no others."""
    for caption in list(doctree.findall(nodes.caption)):
        if isinstance(caption.parent, nodes.figure):
            caption.replace_self(legend(caption.astext()))


def legend(words):
    return nodes.legend("", nodes.paragraph("", words))


class Openings(SphinxDirective):
    """One card a chapter. Its link is the heading's; the style sheet spreads it over the card."""

    def run(self):
        cards = nodes.bullet_list(classes=["openings"])
        for docname in sorted(self.env.found_docs):
            if docname.startswith("chapters/"):
                self.env.note_dependency(self.env.doc2path(docname))
                if opening := opening_of(self.env, docname):
                    cards += card(docname, opening)
        return [cards]


def card(docname, opening):
    picture = nodes.image(uri=opening.picture, alt="")  # the question beside it names the link
    link = nodes.reference("", "", picture, nodes.inline("", opening.title), internal=True)
    link["chapter"] = docname
    return nodes.list_item("", nodes.paragraph("", "", link), nodes.paragraph("", opening.caption))


def lead_to_the_chapters(app, doctree, docname):
    """Where a chapter lies is known only when all have been read, and to each builder its own."""
    for link in doctree.findall(nodes.reference):
        if "chapter" in link:
            link["refuri"] = app.builder.get_relative_uri(docname, link["chapter"])


def setup(app):
    app.add_directive("openings", Openings)
    app.connect("doctree-read", show_under_the_title, priority=400)  # before images are collected
    app.connect("doctree-read", leave_unnumbered)
    app.connect("doctree-resolved", lead_to_the_chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
