import pytest

from book.checks import repeats
from tests.book.checks.tiny import chapter, code, said


def test_compared_and_excused_cells_pass_and_blanked_ones_are_counted():
    excused = ["nbval-ignore-output", "except:repeats the speed of this machine"]
    right = chapter(code("1", "1"), code("t", "took 3.2 s"), code("s", "fast", tags=excused))
    assert not repeats.findings(right)
    assert repeats.blanked(right) == [1]


@pytest.mark.parametrize(
    "cell",
    [
        code("speed()", "fast", tags=["nbval-ignore-output"]),
        code("speed()", "fast", tags=["nbval-skip"]),
        code("# NBVAL_IGNORE_OUTPUT\nspeed()", "fast"),
        code("# PYTEST_VALIDATE_IGNORE_OUTPUT\nspeed()", "fast"),
    ],
)
def test_a_cell_that_is_not_compared_is_named(cell):
    found = said(repeats.findings(chapter("Speed.", cell)))
    assert "01_tiny, cell 1 (" in found
    assert "not compared with a second run" in found
