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
        code("%%capture\nspeed()"),
    ],
)
def test_a_cell_that_is_not_compared_is_named(cell):
    found = said(repeats.findings(chapter("Speed.", cell)))
    assert "01_tiny, cell 1 (" in found
    assert "not compared with a second run" in found


def test_a_chapter_that_fixes_the_threads_is_named():
    found = said(repeats.findings(chapter(code("torch.set_num_threads(1)"))))
    assert "it fixes the number of threads" in found


@pytest.mark.parametrize("text", ["2.31 min 2.05 max", "8 h = 64", "shape 4 s"])
def test_shapes_and_extremes_are_not_blanked_as_times(text):
    blanked = text.endswith(" s")
    assert bool(repeats.blanked(chapter(code("x", text)))) is blanked
