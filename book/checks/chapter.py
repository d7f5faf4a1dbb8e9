"""A chapter as the checks see it, and what a check says of one."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
FORMULA = r"\$\$.*?\$\$|\$(?=\S)[^$\n]+(?<=\S)\$(?!\d)"
CODE = rf"```.*?```|`[^`\n]*`|{FORMULA}"  # what is not prose


@dataclass(frozen=True)
class Finding:
    """One thing wrong: where, what, and what to do about it."""

    chapter: str
    cell: str
    wrong: str
    cure: str

    def __str__(self):
        return f"{self.chapter}, {self.cell}: {self.wrong}. {self.cure}"


@dataclass(frozen=True)
class Chapter:
    """A notebook and its name. Its cells are nbformat's, the number of each is its place."""

    name: str
    notebook: nbformat.NotebookNode
    path: Path | None = None

    @classmethod
    def read(cls, path: Path):
        return cls(path.stem, nbformat.read(path, as_version=4), path)

    @property
    def cells(self) -> list:
        return self.notebook.cells

    @cached_property
    def code(self) -> list[tuple[int, nbformat.NotebookNode]]:
        return [(i, cell) for i, cell in enumerate(self.cells) if cell.cell_type == "code"]

    @cached_property
    def prose(self) -> list[tuple[int, str]]:
        return [(i, cell.source) for i, cell in enumerate(self.cells) if cell.cell_type != "code"]

    def finding(self, i: int, wrong: str, cure: str) -> Finding:
        """Something wrong in cell ``i``, which is named by its number and its first words."""
        opening = re.sub(r"\s+", " ", self.cells[i].source).strip()
        opening = opening if len(opening) <= 40 else opening[:39] + "…"
        return Finding(self.name, f"cell {i} ({opening})", wrong, cure)


def syntax(source: str) -> ast.Module:
    """The syntax tree of a cell, whose lines for IPython and the shell are passed over."""
    if source.startswith("%%"):
        return ast.parse("")
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE))


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def words_of(source: str) -> list[str]:
    """The words of Markdown: no code, formulas, marks or addresses."""
    for pattern in (r"<!--.*?-->", r"\[!\[.*?\]\(.*?\)\]\(.*?\)", CODE, r"\]\([^)]*\)"):
        source = re.sub(pattern, " ", source, flags=re.DOTALL)
    return re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", source)


def words_for_figure(cell) -> str:
    """The words that stand for a figure when it cannot be seen."""
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")


def is_figure(cell) -> bool:
    data = [item for out in cell.outputs for item in out.get("data", {}).items()]
    return any(
        kind.startswith("image/") or (kind == "text/html" and re.search("<(svg|img)", content))
        for kind, content in data
    )


def excuses(chapter: Chapter) -> list[tuple[int, str, str]]:
    """The exceptions a chapter takes, by tags ``except:CHECK reason``: cell, check, reason."""
    found = []
    for i, cell in chapter.code:
        for tag in tags(cell):
            if tag.startswith("except:"):
                check, _, reason = tag.removeprefix("except:").partition(" ")
                found.append((i, check, reason))
    return found


def is_excused(cell, check: str) -> bool:
    return any(tag.split(" ")[0] == f"except:{check}" for tag in tags(cell))
