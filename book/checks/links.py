"""Links that lead somewhere, and citations that are in the list of references.

Whether a page elsewhere still answers cannot be known without a network: an address must only be
a proper one. A citation names the first author and the year that references.bib has.
"""

import functools
import re
from pathlib import Path

import nbformat
from pybtex.database import parse_file

from book.checks.chapter import CODE, ROOT, Chapter, Finding

LINK = re.compile(r"\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<to>[^)\s]*)(?: \"[^\"]*\")?\)")
INNER = re.compile(
    r"!\[[^\]]*\]\((?P<to>[^)\s]*)\)|<(?:img|a) [^>]*(?:src|href)=[\"'](?P<at>[^\"']*)"
)
UNLINKED = re.compile(r"\b[A-Z][\w-]+(?: et al\.| and [A-Z][\w-]+),? \(?(?:19|20)\d\d\b")
KEY = re.compile(r"references\.md#(.*)$")


def links(source: str) -> list[re.Match]:
    return list(LINK.finditer(re.sub(CODE, " ", source, flags=re.DOTALL)))


def findings(chapter: Chapter, root: Path = ROOT) -> list[Finding]:
    found = []
    for i, source in chapter.prose:
        ways = [(link["text"], link["to"]) for link in links(source)]
        ways += [("", inner["to"] or inner["at"]) for inner in INNER.finditer(source)]
        for text, to in dict.fromkeys(ways):
            found += [chapter.finding(i, *wrong) for wrong in about(text, to, root)]
        for name in UNLINKED.findall(LINK.sub(" ", source)):
            cure = f"[{name}](../book/references.md#key)"
            found.append(chapter.finding(i, f"{name!r} is cited without a link", cure))
    return found


def about(text: str, to: str, root: Path):
    """What is wrong with one link: pairs of wrong and cure."""
    if key := KEY.search(to):
        yield from citation(text, key[1], root)
    elif re.match(r"https://[\w-]+(\.[\w-]+)+(/|$)", to):
        return
    elif ":" in to or not to or to.startswith("#"):
        cure = "Give an https address, or a path in the repository seen from chapters/"
        yield f"the link {to!r} does not lead out of the cell in Colab", cure
    else:
        file, _, anchor = to.partition("#")
        target = root / "chapters" / file
        if not target.is_file():
            yield f"{to} leads nowhere", "Correct the path, seen from chapters/"
        elif anchor and anchor not in anchors(target):
            yield f"{file} has no place {anchor!r}", "Correct what stands after #"


def citation(text: str, key: str, root: Path):
    entry = library(root).get(key)
    if entry is None:
        yield f"{key!r} is not in book/references.bib", "Add it there, or correct the key"
        return
    people, year = entry.persons.get("author", []), entry.fields.get("year", "")
    first = " ".join(people[0].last_names) if people else ""
    if f"{first} ".lstrip() not in f"{text.replace(',', ' ')} " or year not in text:
        wanted = f"{first} … {year}"
        yield f"{text!r} is not {wanted!r}, which {key} is", "Correct the words or the key"


@functools.cache
def library(root: Path) -> dict:
    return dict(parse_file(root / "book/references.bib").entries)


@functools.cache
def anchors(target: Path) -> set[str]:
    """The places of a page: headings, rows of tables, and `<a id="…">`."""
    text = target.read_text(encoding="utf-8")
    if target.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    named = re.findall(r"^#+ (.+)$|^\| ([^|(]+?) (?:\([^|]*)?\|", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", (a or b).lower()).replace(" ", "-") for a, b in named}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))
