"""What a chapter shows is what the package runs.

A cell tagged ``shows:afterword.x.y`` must define ``y`` with the body it has in the package; only
docstrings, annotations and comments may differ: the page is for reading, the package for use.
"""

import ast
import importlib
import inspect
import textwrap

import pytest

from tests.book.chapters import CHAPTERS, code_cells


def bare(source: str) -> str:
    """The source as Python sees it, less docstrings and annotations."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if isinstance(node, ast.FunctionDef):
                node.returns = None
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:]
    return ast.unparse(tree)


def shown_cells():
    for path in CHAPTERS:
        for cell in code_cells(path):
            for tag in cell.metadata.get("tags", []):
                if tag.startswith("shows:"):
                    target = tag.removeprefix("shows:")
                    yield pytest.param(target, cell.source, id=f"{path.stem}:{target}")


@pytest.mark.parametrize(("target", "source"), list(shown_cells()))
def test_a_shown_definition_is_the_one_imported(target, source):
    module, name = target.rsplit(".", 1)
    packaged = inspect.getsource(getattr(importlib.import_module(module), name))
    assert bare(source) == bare(packaged), f"the chapter and {target} differ: make them one"


def test_only_docstrings_annotations_and_comments_may_differ():
    packaged = 'def f(x: int) -> int:\n    """Twice."""\n    return 2 * x  # doubled\n'
    assert bare(packaged) == bare("def f(x):\n    return 2 * x")
    assert bare(packaged) != bare("def f(x):\n    return x * 2")
    assert bare(packaged) != bare("def f(x, y=1):\n    return 2 * x")
