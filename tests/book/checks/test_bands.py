import numpy as np
import pytest

from afterword.evaluation.bands import Runs, save_runs
from book.checks import bands
from tests.book.checks.tiny import chapter, code, said

LOAD = code('runs = load_runs("tiny")\nprint(runs)', "5 seeds: …")
DRAW = code("plot_run(steps, losses, band=runs.band())")
HOLD = code("assert runs.contains(losses, steps=steps, seed=9)")
LABELLED = [
    code('ax.set(xlabel="Step")', svg="<svg/>"),
    code('ax.set_xlabel(f"step of {n}")', svg="<svg/>"),
    code("draw(losses)", svg="<svg>\n<!-- training steps -->\n</svg>"),
    code("draw(losses)", svg="<svg>\n<!-- epoch -->\n</svg>"),
]


@pytest.fixture
def committed(tmp_path):
    (tmp_path / "train.py").touch()
    losses = np.linspace(2.9, 3.1, 10).reshape(5, 2)
    save_runs("tiny", Runs((1, 2), losses, (0, 1, 2, 3, 4), "python train.py --seeds 5"), tmp_path)
    return tmp_path


def findings(committed, *cells):
    return said(bands.findings(chapter("Training.", *cells), committed, committed))


def test_a_curve_among_committed_runs_and_held_to_them_passes(committed):
    assert bands.curves(chapter(DRAW)) == [0]
    assert not findings(committed, LOAD, DRAW, HOLD)


@pytest.mark.parametrize("draw", LABELLED)
def test_a_curve_drawn_in_another_way_is_seen(committed, draw):
    assert "without its band. Draw it: plot_run" in findings(committed, LOAD, draw, HOLD)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([DRAW], "without its band"),
        ([LOAD, code("plot_run(steps, losses)"), HOLD], "without its band"),
        ([LOAD, DRAW], "nothing holds losses to the band of runs"),
        ([LOAD, DRAW, code("assert runs.contains(runs.mean, steps=s, seed=9)")], "nothing holds"),
        ([LOAD, DRAW, HOLD, code("plot_run(s, other, band=runs.band())")], "nothing holds other"),
        ([code('runs = load_runs("tiny")'), DRAW, HOLD], "are not stated"),
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


@pytest.mark.parametrize(("module", "is_here"), [("book.checks", True), ("book.nothing", False)])
def test_a_module_is_a_program_too(committed, module, is_here):
    losses = np.linspace(2.9, 3.1, 10).reshape(5, 2)
    save_runs("tiny", Runs((1, 2), losses, (0, 1, 2, 3, 4), f"python -m {module} 5"), committed)
    assert ("which is not here" not in findings(committed, LOAD, DRAW, HOLD)) is is_here


def test_other_figures_and_stated_exceptions_pass(committed):
    assert not findings(committed, code('ax.set(xlabel="order n")', svg="<svg/>"))
    excused = code("plot_run(x, y, band=b)", tags=["except:bands it only shows the schedule"])
    assert not findings(committed, excused)
