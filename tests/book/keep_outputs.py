"""A pytest plugin for nbval: keep what each chapter just computed, under _build/executed.

nbval compares text and throws the run away. The figures of that same run are compared with the
stored ones by test_chapters, so that a chapter is executed once.
"""

import copy
from pathlib import Path

import nbformat
import pytest

KEPT = Path("_build/executed")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item, nextitem):
    yield
    if type(item).__name__ != "IPyNbCell" or item.test_outputs is None:
        return
    notebook = item.parent
    fresh = notebook.__dict__.setdefault("_fresh", {})
    fresh[item.cell_num] = item.test_outputs
    if nextitem is None or nextitem.parent is not notebook:  # that was its last cell
        write(notebook.nb, fresh, Path(item.config.rootpath, KEPT, notebook.path.name))


def write(stored, fresh: dict, target: Path) -> None:
    """The stored notebook with its outputs replaced by the fresh ones, by code cell number."""
    executed = copy.deepcopy(stored)
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code):
        cell.outputs = [nbformat.from_dict(output) for output in fresh.get(number, [])]
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(executed, target)
