"""Bands: a training curve is shown among the runs of other seeds, and lies where they say.

A cell that draws losses over steps is a training curve: it calls ``plot_run``, or an axis says
"step", "update", "epoch" or "iteration". It must be drawn as

    runs = load_runs("NAME")             committed, five seeds or more, with their command
    print(runs)                          the mean and the interval
    plot_run(steps, losses, band=runs.band())
    assert runs.contains(losses, steps=steps, seed=seed)

and the program of the command must be in the repository.
"""

import ast
import re
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from afterword.evaluation.bands import load_runs
from afterword.training.tables import COMMITTED
from book.checks.chapter import ROOT, Chapter, Finding, is_excused, is_figure, syntax
from book.checks.numbers import shown

WORDS = r"(?:training )?(?:steps?|updates?|epochs?|iterations?)\b"
AXIS = re.compile(rf"xlabel\s*[=(]\s*[rf]*[\"'](?i:{WORDS})")
LOADED = re.compile(
    r"""^\s*(\w+) = (?:\w+\.)?load_runs\(["']([\w-]+)["'](?:, unit=.*)?\)""", re.MULTILINE
)


def curves(chapter: Chapter) -> list[int]:
    """The cells that draw a training curve."""
    return [i for i, cell in chapter.code if plots(cell) or (is_figure(cell) and has_steps(cell))]


def has_steps(cell) -> bool:
    """Whether an axis is one of steps, by the code or by what is drawn."""
    drawn = any(re.match(rf"(?i){WORDS}", text.strip()) for text in shown(cell))
    return drawn or bool(AXIS.search(cell.source))


def plots(cell) -> list[tuple[str, str]]:
    """Of each call of ``plot_run``: what is drawn, and the runs whose band is behind it."""
    calls = [node for node in ast.walk(syntax(cell.source)) if isinstance(node, ast.Call)]
    found = []
    for call in calls:
        if ast.unparse(call.func).split(".")[-1] == "plot_run":
            losses = ast.unparse(call.args[1]) if len(call.args) > 1 else "?"
            band = re.search(r"band=(\w+)\.band\(", ast.unparse(call))
            found.append((losses, band[1] if band else "?"))
    return found


def findings(chapter: Chapter, folder: Path = COMMITTED, root: Path = ROOT) -> list[Finding]:
    source = "\n".join(cell.source for _, cell in chapter.code)
    loaded = dict(LOADED.findall(source))
    return [
        chapter.finding(i, *wrong)
        for i in curves(chapter)
        if not is_excused(chapter.cells[i], "bands")
        for wrong in about_cell(chapter.cells[i], source, loaded, folder, root)
    ]


def about_cell(cell, source: str, loaded: dict[str, str], folder: Path, root: Path):
    """What is wrong with a training curve: pairs of wrong and cure."""
    if not plots(cell):
        yield "a training curve without its band", "Draw it: plot_run(…, band=runs.band())"
    for losses, runs in plots(cell):
        if runs not in loaded:
            yield "a training curve without its band", 'runs = load_runs("NAME"), band=runs.band()'
            continue
        if not re.search(rf"^assert {runs}\.contains\({re.escape(losses)}, ", source, re.MULTILINE):
            cure = f"assert {runs}.contains({losses}, steps=…, seed=…)"
            yield f"nothing holds {losses} to the band of {runs}", cure
        if not re.search(rf"\bprint\({runs}\)", source):
            yield f"mean and interval of {runs} are not stated", f"print({runs})"
        yield from about_file(loaded[runs], folder, root)


def about_file(name: str, folder: Path, root: Path):
    """What is wrong with the committed runs: pairs of wrong and cure."""
    try:
        command = load_runs(name, folder).command
    except ValueError as error:
        yield str(error), "Make the runs and commit them: save_runs in afterword.evaluation.bands"
        return
    words = command.split()
    modules = [module for flag, module in pairwise(words) if flag == "-m"]
    scripts = [word for word in words if word.endswith(".py")]
    known = [find_spec(m) is not None for m in modules] + [(root / s).exists() for s in scripts]
    if not known or not all(known):
        yield f"runs {name!r} were made by {command!r}, which is not here", "Commit the program"
