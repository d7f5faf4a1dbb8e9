"""A pytest plugin for nbval: keep what each chapter just computed, under _build/executed.

With the notebook's metadata go the seconds that its kernel kept a processor busy, which other
work on the machine changes less than the time by the clock.

nbval compares text and throws the run away. The figures of that same run are compared with the
stored ones by test_chapters, so that a chapter is executed once.
"""

import copy
from pathlib import Path

import nbformat
import psutil
import pytest

KEPT = Path("_build/executed")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item, nextitem):
    is_last = nextitem is None or nextitem.parent is not item.parent
    if type(item).__name__ == "IPyNbCell" and is_last:
        times = psutil.Process(item.parent.kernel.km.provisioner.pid).cpu_times()
        item.parent.nb.metadata["cpu_seconds"] = round(times.user + times.system)
    yield
    if type(item).__name__ != "IPyNbCell" or item.test_outputs is None:
        return
    notebook = item.parent
    fresh = notebook.__dict__.setdefault("_fresh", {})
    fresh[item.cell_num] = item.test_outputs
    if is_last:
        write(notebook.nb, fresh, Path(item.config.rootpath, KEPT, notebook.path.name))


def write(stored, fresh: dict, target: Path) -> None:
    """The stored notebook with its outputs replaced by the fresh ones, by code cell number."""
    executed = copy.deepcopy(stored)
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code):
        cell.outputs = [nbformat.from_dict(output) for output in fresh.get(number, [])]
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(executed, target)
