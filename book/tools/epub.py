"""The whole book as an EPUB, made from the built pages: _build/afterword.epub.

    python -m book.tools.epub

Each page of the book becomes a page of the EPUB, changed as for paper (book/tools/pdf.py): folds
are open, what answers on a page has its still form. Formulas become MathML, which reading systems
draw or read aloud themselves; nothing is fetched and no script runs.
"""

import html
import re
import uuid
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from bs4 import BeautifulSoup
from latex2mathml.converter import convert

from book.tools import look, pdf

TARGET = look.ROOT / "_build" / "afterword.epub"
KINDS = {".xhtml": "application/xhtml+xml", ".svg": "image/svg+xml", ".png": "image/png"}
KINDS |= {".jpg": "image/jpeg", ".css": "text/css"}
MARKS = {"mathml": "<math", "svg": "<svg"}
CASED = ("viewBox", "preserveAspectRatio")  # which HTML writes small and XML does not
CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>
"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en"
xml:lang="en"><head><title>{title}</title><link rel="stylesheet" href="book.css"/>
<style>{style}</style></head>
<body>
{body}
</body></html>
"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">{id}</dc:identifier>
<dc:title>{title}</dc:title><dc:creator>{author}</dc:creator><dc:language>en</dc:language>
<meta property="dcterms:modified">{now}</meta></metadata>
<manifest>
{items}
</manifest>
<spine>
{spine}
</spine></package>
"""


def files(folder: Path) -> dict[str, str | bytes]:
    """Every file of the EPUB by its name, made from the built pages in ``folder``."""
    names = [*pdf.contents()]
    made, pages, pictures = {}, {}, {}
    for name in names:
        soup = BeautifulSoup((folder / f"{name}.html").read_text("utf8"), "html.parser")
        article = pdf.article(soup, name, names, folder)
        style = "\n".join(tag.extract().get_text() for tag in article("style"))
        for step in (spell_formulas, declare_drawings, lead_between):
            step(article)
        for picture in article("img"):
            pictures[Path(picture["src"]).name] = Path(picture["src"].removeprefix("file://"))
            picture["src"] = Path(picture["src"]).name
        title = article.h1.get_text()
        pages[f"{pdf.key(name)}.xhtml"] = title
        body = cased(article.decode(formatter="minimal"))
        made[f"{pdf.key(name)}.xhtml"] = PAGE.format(
            title=html.escape(title), style=style, body=body
        )
    made |= {name: path.read_bytes() for name, path in pictures.items()}
    made["book.css"] = Path(__file__).with_suffix(".css").read_text("utf8")
    made["nav.xhtml"] = contents(pages)
    return made | {"book.opf": package(made, [*pages])}


def spell_formulas(article) -> None:
    """TeX becomes MathML, which keeps the TeX as the words for it."""
    for place in article.select(".math"):
        tex = re.sub(r"^\s*\\[([]|\\[)\]]\s*$|\\(begin|end)\{equation\}", "", place.get_text())
        number = re.search(r"\\tag\{(.*?)\}", tex)
        tex = re.sub(r"\\tag\{.*?\}", "", tex).strip()
        kind = "block" if place.name == "div" else "inline"
        formula = BeautifulSoup(convert(tex, display=kind), "html.parser").math
        formula["alttext"] = tex
        place.clear()
        place.append(formula)
        if number:
            place.append(f" ({number[1]})")


def declare_drawings(article) -> None:
    for drawing in article("svg"):
        drawing["xmlns"] = "http://www.w3.org/2000/svg"


def cased(text: str) -> str:
    for name in CASED:
        text = text.replace(f" {name.lower()}=", f" {name}=")
    return text


def lead_between(article) -> None:
    """#chapters-01_text--exercises is a place in chapters-01_text.xhtml."""
    for link in article.select("a[href^='#']"):
        link["href"] = f"{link['href'][1:].split('--')[0]}.xhtml{link['href']}"
    article.attrs.pop("style", None)


def contents(pages: dict[str, str]) -> str:
    lines = [f'<li><a href="{name}">{html.escape(t)}</a></li>' for name, t in pages.items()]
    body = ['<nav epub:type="toc"><h1>Contents</h1><ol>', *lines, "</ol></nav>"]
    return PAGE.format(title="Contents", style="", body="\n".join(body))


def package(made: dict, pages: list[str]) -> str:
    """The list of all files, and the order in which they are read."""
    settings, items = pdf.settings(), []
    for name, content in sorted(made.items()):
        marks = "nav" if name == "nav.xhtml" else ""
        if name in pages:
            marks = " ".join(kind for kind, tag in MARKS.items() if tag in content)
        given = f' properties="{marks}"' if marks else ""
        kind = KINDS[Path(name).suffix]
        items.append(f'<item id="{ident(name)}" href="{name}" media-type="{kind}"{given}/>')
    return PACKAGE.format(
        id=uuid.uuid5(uuid.NAMESPACE_URL, settings["repository"]["url"]).urn,
        title=html.escape(settings["title"]),
        author=html.escape(settings["author"]),
        now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        items="\n".join(items),
        spine="\n".join(f'<itemref idref="{ident(name)}"/>' for name in pages),
    )


def ident(name: str) -> str:
    return "f-" + re.sub(r"[^\w-]", "-", name)


def write(target: Path, folder: Path = look.HTML) -> Path:
    """Pack the built pages into ``target``, which is whole or not there."""
    part = target.with_suffix(".part")
    target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        packed.writestr("META-INF/container.xml", CONTAINER)
        for name, content in files(folder).items():
            packed.writestr(name, content)
    return part.replace(target)


def main() -> None:
    if not (look.HTML / "search.html").exists():
        raise SystemExit("There are no built pages to pack: run make book first.")
    print(f"The book: {write(TARGET).as_uri()}")


if __name__ == "__main__":
    main()
