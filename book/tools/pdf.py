"""The whole book as one PDF, made from the built pages: _build/afterword.pdf.

    python -m book.tools.pdf                   on A4
    python -m book.tools.pdf --paper Letter

The pages are put one after the other, in the order of the contents, into one file that a browser
prints, with the network cut. Links between pages become links within it, what is folded on a page
is unfolded (code that only draws a figure is left out), and a live figure keeps its still form. It
is printed twice: the first time tells on which page each chapter begins.
"""

import argparse
import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

from book.tools import look

TARGET = look.ROOT / "_build" / "afterword.pdf"
PAPERS = ("A4", "Letter")
COLOURED = re.compile(r"k|s|m|c|nf|nc|nd|ow|-Color")  # as book.css has it
STILL = "On the book's own page there is something to use here: {}."
PAGE = """<!doctype html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{title}</title>
{head}
<style>{heads}</style></head>
<body class="whole"><main class="bd-main"><div class="bd-content"><div class="bd-article-container">
{articles}
</div></div></main></body></html>"""
HEAD = (
    '@page {name} {{ @top-right {{ content: "{title}"; font: 9pt sans-serif; color: #555b63; }} }}'
)

HAS_CHINESE = """() => { // else two signs that differ draw the same box
    const drawn = sign => {
        const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
        pen.font = "40px sans-serif";
        pen.fillText(sign, 10, 60);
        return canvas.toDataURL();
    };
    return drawn("字") !== drawn("词");
}"""
LINE = '<li><a href="#{name}">{title}<span class="page"></span></a></li>'
NUMBER = """places => {
    for (const number of document.querySelectorAll(".toctree-wrapper .page"))
        number.textContent = places[decodeURI(number.parentElement.hash).slice(1)];
}"""


def toc() -> dict:
    return yaml.safe_load((look.ROOT / "book" / "_toc.yml").read_text("utf8"))


def contents() -> Iterator[str]:
    """The pages in the order of the table of contents: `chapters/01_text`."""
    yield toc()["root"]
    for part in toc()["parts"]:
        yield from (chapter["file"] for chapter in part["chapters"])


def settings() -> dict:
    return yaml.safe_load((look.ROOT / "_config.yml").read_text("utf8"))


def whole(folder: Path) -> str:
    """The book as one page of HTML, from the pages in ``folder``, whose files it asks for."""
    names = [*contents()]
    soups = [BeautifulSoup((folder / f"{n}.html").read_text("utf8"), "html.parser") for n in names]
    articles = [article(soup, name, names, folder) for soup, name in zip(soups, names, strict=True)]
    titles = {n: one.h1.get_text() for n, one in zip(names, articles, strict=True)}
    dress_first(articles[0], titles)
    heads = [HEAD.format(name=key(n), title=titles[n].replace('"', "”")) for n in names[1:]]
    return PAGE.format(
        title=html.escape(settings()["title"]),
        head=head(soups, folder),
        heads="\n".join(heads),
        articles="\n".join(map(str, articles)),
    )


def key(name: str, anchor: str = "") -> str:
    """What a page, or a place on it, is called in the whole: chapters-01_text--exercises."""
    return name.replace("/", "-") + (f"--{anchor}" if anchor else "")


def head(soups: list, folder: Path) -> str:
    """The styles of the pages, and what draws formulas."""
    found = {}
    for soup in soups:
        for tag in soup.head(["link", "script"]):
            is_style = "stylesheet" in tag.get("rel", [])
            if is_style or "mathjax" in f"{tag.get('src')} {tag.string}".lower():
                for name in {"src", "href"} & set(tag.attrs):
                    tag[name] = tag[name].replace("../_static", f"{folder.as_uri()}/_static")
                found[str(tag)] = None
    return "\n".join(found)


def article(soup: BeautifulSoup, name: str, names: list[str], folder: Path):
    """The article of a page, as it may stand beside those of the others."""
    body = soup.find("article")
    body["style"] = f"page: {key(name)}"
    for tag in body(["script", "button"]) + body.select(".headerlink"):
        tag.decompose()
    for frame in body("iframe"):
        said = soup.new_tag("p", attrs={"class": "stays"})
        said.string = STILL.format(frame.get("title", "a frame"))
        frame.replace_with(said)
    for fold in body("details"):
        unfold(soup, fold)
    for token in body.select(".highlight span[class]"):
        if not COLOURED.match(token["class"][0]):
            token.unwrap()  # each would be an entry in the tree that readers aloud follow
    for tag in body.select("[id]"):
        tag["id"] = key(name, tag["id"])
    body["id"] = key(name)
    lead_within(body, name, names, folder)
    return body


def unfold(soup: BeautifulSoup, fold) -> None:
    if fold.find_parent(class_="tag_hide-input"):  # the code of a figure
        return fold.decompose()
    summary = fold.summary.extract()
    title = soup.new_tag("p", attrs={"class": "title"})
    title.string = (summary.p or summary).get_text(" ", strip=True)
    fold.name, fold.attrs = "div", {"class": "unfolded"}
    fold.insert(0, title)


def lead_within(body, name: str, names: list[str], folder: Path) -> None:
    """Links to pages become links within the file, those to files of a page find them."""
    for tag in body.select("[href], [src]"):
        kind = "href" if tag.has_attr("href") else "src"
        address, _, anchor = tag[kind].partition("#")
        if ":" in address:
            continue
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
        page = path.removesuffix(".html") if address else name
        if kind == "href" and page in names:
            tag[kind] = f"#{key(page, anchor)}"
        else:
            tag[kind] = f"{folder.as_uri()}/{path}"
        tag.attrs.pop("loading", None)


def dress_first(front, titles: dict[str, str]) -> None:
    """The front page becomes the title and the contents, with room for numbers of pages."""
    front["class"] = [*front["class"], "title-page"]
    said = BeautifulSoup("", "html.parser").new_tag("p", attrs={"class": "by"})
    said.string = "{author}, {copyright}".format(**settings())
    front.h2.insert_before(said)
    front.select_one("ul.openings").replace_with(BeautifulSoup(listed(titles), "html.parser"))


def listed(titles: dict[str, str]) -> str:
    """The contents, part by part."""
    lines = []
    for part in toc()["parts"]:
        names = [chapter["file"] for chapter in part["chapters"]]
        pages = [LINE.format(name=key(n), title=html.escape(titles[n])) for n in names]
        lines.append(f'<p class="caption">{part["caption"]}</p><ul>{"".join(pages)}</ul>')
    return f'<div class="toctree-wrapper">{"".join(lines)}</div>'


def places_in(pdf: Path) -> dict[str, int]:
    """On which page each place that a link leads to stands, the first being 1."""
    from pypdf import PdfReader

    reader = PdfReader(pdf)
    return {
        name.removeprefix("/"): reader.get_destination_page_number(found) + 1
        for name, found in reader.named_destinations.items()
    }


def write(chrome, target: Path, paper: str = "A4") -> Path:
    """Print the built pages into ``target``, which is whole or not there."""
    source, part = target.with_suffix(".html"), target.with_suffix(".part")
    target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(whole(look.HTML), "utf8")
    page = look.visit(chrome, source.as_uri(), look.SIZES["desktop"])
    if page.heard:
        raise SystemExit("\n".join(["The book could not be printed:", *page.heard]))
    for _ in range(2):
        page.pdf(path=part, format=paper, outline=True, tagged=True, print_background=True)
        page.evaluate(NUMBER, places_in(part))
    page.close()
    return part.replace(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paper", choices=PAPERS, default="A4")
    paper = parser.parse_args().paper
    if look.chromium() is None:
        raise SystemExit(look.INSTALL.replace("the pages were NOT looked at", "there is no PDF"))
    if not (look.HTML / "search.html").exists():
        raise SystemExit("There are no built pages to print: run make book first.")
    with look.browser() as chrome:
        print(f"The book: {write(chrome, TARGET, paper).as_uri()}")
        if not chrome.new_page().evaluate(HAS_CHINESE):
            print("No Chinese font here, so the glossary's names in it are boxes: install one.")


if __name__ == "__main__":
    main()
