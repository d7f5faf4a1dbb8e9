"""The list of references, made from references.bib.

    python book/_ext/references.py      writes the list into references.md

A build compares the two and warns when the list is stale. The list is plain Markdown,
so that the page is whole on GitHub too, and each entry is found by its key:
[Shannon, 1951](../book/references.md#shannon1951).
"""

from pathlib import Path

from pybtex.database import parse_file
from pybtex.richtext import Text
from sphinx.util import logging

BOOK = Path(__file__).parents[1]
MARK = "<!-- From here on the text is made from references.bib by book/_ext/references.py. -->"


def plain(latex):
    return Text.from_latex(latex).render_as("text").replace("--", "–").replace("<nbsp>", " ")


def name(person):
    given = [
        f"{part[0]}."
        for word in person.first_names + person.middle_names
        for part in word.split("-")
    ]
    last = " ".join([*map(plain, person.prelast_names + person.last_names)])
    return ", ".join(filter(None, [last, " ".join(given)]))


def authors(entry):
    names = [name(person) for person in entry.persons["author"]]
    if len(names) > 6:
        return ", ".join(names[:3]) + " and others"
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def where(fields):
    """Journal or proceedings, volume, pages: whatever the entry has."""
    place = fields.get("journal") or fields.get("booktitle") or fields.get("institution") or ""
    volume = fields.get("volume", "") + (f"({fields['number']})" if "number" in fields else "")
    parts = [f"*{plain(place)}*" if place else "", volume, plain(fields.get("pages", ""))]
    return ", ".join(part for part in parts if part)


def link(fields):
    if "doi" in fields:
        return f"[doi:{fields['doi']}](https://doi.org/{fields['doi']})"
    if "eprint" in fields:
        return f"[arXiv:{fields['eprint']}](https://arxiv.org/abs/{fields['eprint']})"
    return f"[{fields['url'].split('/')[2]}]({fields['url']})" if "url" in fields else ""


def line(key, entry):
    """One entry: authors (year). Title. *Place*, volume, pages. Note. [link](…)"""
    fields = entry.fields
    head = f'<a id="{key}"></a>{authors(entry)} ({fields["year"]})'
    sentences = [head, plain(fields["title"]), where(fields), plain(fields.get("note", ""))]
    return ". ".join([*filter(None, sentences), link(fields)]).rstrip()


def page(text):
    """The page with its list made anew: everything up to the mark stays."""
    entries = parse_file(BOOK / "references.bib").entries
    lines = sorted((authors(e), e.fields["year"], line(k, e)) for k, e in entries.items())
    return text.split(MARK)[0] + "\n\n".join([MARK, *(text for *_, text in lines)]) + "\n"


def check(app, docname, source):
    if docname == "book/references" and source[0] != page(source[0]):
        logging.getLogger(__name__).warning(
            "references.md is stale: python book/_ext/references.py"
        )
        source[0] = page(source[0])


def setup(app):
    app.connect("source-read", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    path = BOOK / "references.md"
    path.write_text(page(path.read_text("utf8")), "utf8")
