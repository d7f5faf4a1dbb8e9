import numpy as np
import pytest

from afterword.evaluation.bands import Runs, save_runs
from book.checks import bands
from tests.book.checks.tiny import chapter, code, said

LOAD = code('runs = load_runs("tiny")\nprint(runs)', "3 seeds: …")
DRAW = code("plot_run(steps, losses, runs)")
HOLD = code("assert runs.contains(losses)")
LABELLED = code('ax.set(xlabel="step")', svg="<svg/>")


@pytest.fixture
def committed(tmp_path):
    (tmp_path / "train.py").touch()
    losses = np.array([[3.0, 2.0], [3.1, 2.1], [2.9, 2.0]])
    save_runs("tiny", Runs((1, 2), losses, (0, 1, 2), "python train.py --seeds 3"), tmp_path)
    return tmp_path


def findings(committed, *cells):
    return said(bands.findings(chapter("Training.", *cells), committed, committed))


@pytest.mark.parametrize("draw", [DRAW, LABELLED], ids=["plot_run", "an axis of steps"])
def test_a_curve_among_committed_runs_and_held_to_them_passes(committed, draw):
    assert bands.curves(chapter(draw)) == [0]
    assert not findings(committed, LOAD, draw, HOLD)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([DRAW], "without its band"),
        ([LABELLED], "without its band"),
        ([LOAD, DRAW], "nothing holds this run to the band"),
        ([code('runs = load_runs("tiny")'), DRAW, HOLD], "not stated"),
        ([code('runs = load_runs("big")\nprint(runs)'), DRAW, HOLD], "no runs are called 'big'"),
    ],
)
def test_each_kind_of_wrong_one_is_named(committed, cells, message):
    found = findings(committed, *cells)
    assert message in found
    assert "01_tiny, cell " in found


def test_runs_whose_program_is_gone_are_named(committed):
    (committed / "train.py").unlink()
    assert "which is not here. Commit the program" in findings(committed, LOAD, DRAW, HOLD)


def test_other_figures_and_stated_exceptions_pass(committed):
    assert not findings(committed, code('ax.set(xlabel="order n")', svg="<svg/>"))
    excused = code("plot_run(x, y)", tags=["except:bands it only shows the schedule"])
    assert not findings(committed, excused)
