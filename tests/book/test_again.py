"""Each chapter once more, alone in an empty folder and with two threads: what it asserts holds.

nbval has run it with one thread and compared what it printed. Two threads add in another order, so
the last digits may differ, as they do on another machine; a claim must not hang on them. What the
run holds is measured anew, whatever the record says.
"""

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from book.checks.chapter import CHAPTERS, Chapter
from book.checks.times import over
from book.tools.run_chapters import run
from tests.book.checks.tiny import chapter as tiny
from tests.book.checks.tiny import code

pytestmark = pytest.mark.slow


def failures(chapter: Chapter) -> list[str]:
    """What goes wrong when a chapter is executed with two threads."""
    notebook = nbformat.from_dict(chapter.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
    try:
        _, peak_mb = run(notebook, n_threads=2)
    except CellExecutionError as error:
        ran = [i for i, cell in enumerate(notebook.cells) if cell.get("execution_count")]
        wrong = f"with two threads, {error.ename}: {error.evalue or 'a claim does not hold'}"
        cure = "Claim what does not hang on the order of additions: an interval, not a last digit"
        return [str(chapter.finding(ran[-1], wrong, cure))]
    return list(map(str, over(chapter, 0, peak_mb)))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_a_chapter_asserts_holds_with_two_threads(path):
    if found := failures(Chapter.read(path)):
        pytest.fail("\n".join(found), pytrace=False)


def test_a_claim_that_hangs_on_the_number_of_threads_is_named():
    right = tiny("Sums.", code("import os"), code("assert os.environ['OMP_NUM_THREADS'] == '2'"))
    claim = code("assert os.environ['OMP_NUM_THREADS'] == '1'")
    wrong = tiny("Sums.", code("import os"), claim, code("x = 1"))
    assert failures(right) == []
    (found,) = failures(wrong)
    assert found.startswith("01_tiny, cell 2 (assert os.environ['OMP_NUM_THREADS']")
    assert "with two threads, AssertionError" in found
