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

from book.checks.chapter import ROOT, Chapter, Finding, is_excused, syntax, tags

LONG = 10
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def bare(definition: ast.AST) -> str:
    """A definition as Python sees it, less docstrings and annotations."""
    for node in ast.walk(definition):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = None if isinstance(node, ast.arg) else ast.Constant(...)
        if isinstance(node, Function):
            node.returns = None
        if isinstance(node, Definition) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(definition)


def definition(tree: ast.Module, name: str) -> ast.AST | None:
    found = [node for node in tree.body if isinstance(node, Definition) and node.name == name]
    return found[-1] if found else None


def packaged(target: str) -> ast.AST | None:
    """The definition that the package has under that name, if it has one."""
    module, _, name = target.rpartition(".")
    try:
        source = inspect.getsource(getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError, TypeError, OSError, ValueError):
        return None
    return definition(ast.parse(textwrap.dedent(source)), name)


def targets(chapter: Chapter):
    """Cell, its number, and what it says that it shows."""
    for i, cell in chapter.code:
        for tag in tags(cell):
            if tag.startswith("shows:"):
                yield i, cell, tag.removeprefix("shows:")


def findings(chapter: Chapter, tests: Path = ROOT / "tests") -> list[Finding]:
    used = uses(ast.Module([node for _, c in chapter.code for node in syntax(c.source).body], []))
    return [
        chapter.finding(i, *wrong)
        for i, cell, target in targets(chapter)
        for wrong in about(syntax(cell.source), target, used, tests)
    ] + long_definitions(chapter)


def about(tree: ast.Module, target: str, used: set[str], tests: Path):
    """What is wrong with one shown definition: pairs of wrong and cure."""
    name = target.rpartition(".")[2]
    original, here = packaged(target), definition(tree, name)
    if original is None:
        yield f"there is no definition {target}", "Correct the tag, or move it into the package"
        return
    if here is None or bare(here) != bare(original):
        yield f"the cell and {target} differ", "Make them one, docstrings apart"
    if target not in used:
        yield f"{name} is shown and not imported", "Import it afterwards, and use it"
    if target not in tested(tests):
        yield f"no test uses {target}", "Write one under tests/, and see it fail"


def long_definitions(chapter: Chapter) -> list[Finding]:
    shown = {i for i, _, _ in targets(chapter)}
    cure = "Shorten it, move it and tag the cell shows:…, or tag it except:shown reason"
    return [
        chapter.finding(i, f"{node.name} has {n_lines(node)} lines and is not the package's", cure)
        for i, cell in chapter.code
        if i not in shown and not is_excused(cell, "shown")
        for node in syntax(cell.source).body
        if isinstance(node, Definition) and n_lines(node) > LONG
    ]


def n_lines(node: Definition) -> int:
    first = min(part.lineno for part in [node, *node.decorator_list])
    return node.end_lineno - first + 1


def uses(tree: ast.Module) -> set[str]:
    """What a source imports by name, and what it takes from the modules it imports."""
    modules, found = {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                found.add(f"{node.module}.{alias.name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (module := modules.get(ast.unparse(node.value))):
            found.add(f"{module}.{node.attr}")
    return found


@functools.cache
def tested(tests: Path) -> set[str]:
    """What the tests use."""
    files = tests.rglob("test_*.py")
    return set().union(*(uses(ast.parse(file.read_text(encoding="utf-8"))) for file in files))
