"""Bands: a training curve is shown among the runs of other seeds, and lies where they say.

A cell that draws a curve over steps (it calls ``plot_run``, or labels an axis so) is a training
curve. Its chapter loads committed runs (``load_runs("NAME")``: at least three seeds, with the
command that made them, whose program is in the repository), prints them, which states mean and
interval, and asserts that its own run falls inside (``assert runs.contains(losses)``).
"""

import re
from pathlib import Path

from afterword.evaluation.bands import FOLDER, load_runs
from book.checks.chapter import ROOT, Chapter, Finding, is_excused, is_figure

AXIS = re.compile(r"""xlabel(?:=|\()\s*["'][^"']*\b(steps?|updates?|epochs?|tokens seen)\b""")
LOADED = re.compile(r"""^(\w+) = (?:\w+\.)?load_runs\(["']([\w-]+)["']\)""", re.MULTILINE)


def curves(chapter: Chapter) -> list[int]:
    """The cells that draw a training curve."""
    return [
        i
        for i, cell in chapter.code
        if "plot_run(" in cell.source or (is_figure(cell) and AXIS.search(cell.source))
    ]


def findings(chapter: Chapter, folder: Path = FOLDER, root: Path = ROOT) -> list[Finding]:
    drawn = [i for i in curves(chapter) if not is_excused(chapter.cells[i], "bands")]
    if not drawn:
        return []
    source = "\n".join(cell.source for _, cell in chapter.code)
    loaded = LOADED.findall(source)
    if not loaded:
        cure = 'Say runs = load_runs("NAME"), with three seeds or more, and draw them with plot_run'
        return [chapter.finding(i, "a training curve without its band", cure) for i in drawn]
    found = []
    for variable, name in loaded:
        if not re.search(rf"^assert {variable}\.contains\(", source, re.MULTILINE):
            cure = f"assert {variable}.contains(losses)"
            found.append(chapter.finding(drawn[0], "nothing holds this run to the band", cure))
        if not re.search(rf"\bprint\({variable}\)", source):
            cure = f"print({variable})"
            found.append(chapter.finding(drawn[0], "mean and interval are not stated", cure))
        found += [chapter.finding(drawn[0], *wrong) for wrong in about_file(name, folder, root)]
    return found


def about_file(name: str, folder: Path, root: Path):
    """What is wrong with the committed runs: pairs of wrong and cure."""
    try:
        command = load_runs(name, folder).command
    except ValueError as error:
        yield str(error), "Make the runs and commit them: save_runs in afterword.evaluation.bands"
        return
    programs = [word for word in command.split() if word.endswith(".py")]
    if not programs or not all((root / program).exists() for program in programs):
        yield f"runs {name!r} were made by {command!r}, which is not here", "Commit the program"
