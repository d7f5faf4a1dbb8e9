"""Shown = imported = tested.

A cell tagged ``shows:afterword.x.y`` defines ``y`` as the package has it; docstrings, annotations
and comments may differ, for the page is for reading and the package for use. The chapter imports
from the module, and a test imports the definition. A definition of over ten lines without such a
tag belongs in the package, or says why not: ``except:shown reason``.
"""

import ast
import functools
import importlib
import inspect
import textwrap
from pathlib import Path

from book.checks.chapter import ROOT, Chapter, Finding, is_excused, tags

LONG = 10
Definition = ast.FunctionDef | ast.ClassDef


def bare(source: str) -> str:
    """The source as Python sees it, less docstrings and annotations."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, Definition):
            if isinstance(node, ast.FunctionDef):
                node.returns = None
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:]
    return ast.unparse(tree)


def targets(chapter: Chapter):
    """Cell, its number, and what it says that it shows."""
    for i, cell in chapter.code:
        for tag in tags(cell):
            if tag.startswith("shows:"):
                yield i, cell, tag.removeprefix("shows:")


def findings(chapter: Chapter, tests: Path = ROOT / "tests") -> list[Finding]:
    found = []
    imported = imports("\n".join(cell.source for _, cell in chapter.code))
    for i, cell, target in targets(chapter):
        module, name = target.rsplit(".", 1)
        try:
            packaged = inspect.getsource(getattr(importlib.import_module(module), name))
        except (ImportError, AttributeError):
            cure = "Correct the tag, or move the definition into the package"
            found.append(chapter.finding(i, f"there is no {target}", cure))
            continue
        if bare(cell.source) != bare(packaged):
            wrong = f"the cell and {target} differ"
            found.append(chapter.finding(i, wrong, "Make them one, docstrings apart"))
        if not {module, target} & imported:
            wrong = f"{name} is shown and nothing of {module} is imported"
            found.append(chapter.finding(i, wrong, "Import it in the chapter and use it"))
        if target not in tested(tests):
            wrong = f"no test imports {target}"
            found.append(chapter.finding(i, wrong, "Write one under tests/, and see it fail"))
    return found + long_definitions(chapter)


def long_definitions(chapter: Chapter) -> list[Finding]:
    shown = {i for i, _, _ in targets(chapter)}
    found = []
    for i, cell in chapter.code:
        for node in ast.walk(ast.parse(cell.source)):
            if not isinstance(node, Definition) or i in shown or is_excused(cell, "shown"):
                continue
            if (n_lines := node.end_lineno - node.lineno + 1) > LONG:
                wrong = f"{node.name} has {n_lines} lines and is not the package's"
                cure = "Shorten it, move it and tag the cell shows:…, or tag it except:shown reason"
                found.append(chapter.finding(i, wrong, cure))
    return found


def imports(source: str) -> set[str]:
    """What a source imports: modules, and what it takes from them."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@functools.cache
def tested(tests: Path) -> set[str]:
    """What the tests import, and what they use of an imported module."""
    found = set()
    for file in tests.rglob("test_*.py"):
        source = file.read_text(encoding="utf-8")
        named = imports(source)
        used = {
            node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)
        }
        found |= named | {f"{module}.{name}" for module in named for name in used}
    return found
