"""Compute the committed tables of runs anew: make recompute, or make recompute CHAPTER=05.

Chapters take results that need longer from tables in src/afterword/data/runs. Here each such
chapter is executed, in an empty folder, with nothing taken from them: the tables are replaced, and
what the chapter asserts must hold of the new ones. The notebooks stay as they were: make run then
stores what follows from the tables. Minutes to hours; one that is interrupted goes on where it was
if it is started again with AFTERWORD_RECOMPUTE=0.
"""

import os
import sys
from pathlib import Path

import nbformat

from afterword.training.tables import COMMITTED
from book.tools.run_chapters import run

WITH_TABLES = "afterword.training.experiment"


def recompute(path: Path) -> bool:
    """Execute one notebook if it has tables, and say whether it had."""
    notebook = nbformat.read(path, as_version=4)
    if not any(WITH_TABLES in cell.source for cell in notebook.cells if cell.cell_type == "code"):
        return False
    os.environ["AFTERWORD_COMMAND"] = f"python -m book.tools.recompute chapters/{path.name}"
    os.environ["AFTERWORD_RUNS"] = str(
        Path(os.environ.get("AFTERWORD_RUNS") or COMMITTED).resolve()
    )
    os.environ.setdefault("AFTERWORD_RECOMPUTE", "1")
    took = run(notebook, timeout=None)
    print(f"{path.stem}: its tables computed anew in {took.seconds / 60:.0f} minutes")
    return True


if __name__ == "__main__":
    for name in sys.argv[1:]:
        recompute(Path(name))
