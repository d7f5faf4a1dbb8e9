"""All checks of a chapter, and what they count: the rows of `make report`."""

import copy
from collections import Counter

from book.checks import (
    bands,
    exercises,
    links,
    numbers,
    repeats,
    shown,
    spelling,
    style,
    times,
)
from book.checks.chapter import Chapter, Finding, excuses, is_figure, syntax

CHECKS = {
    "numbers": numbers.findings,
    "shown": shown.findings,
    "exercises": exercises.findings,
    "bands": bands.findings,
    "times": times.findings,
    "repeats": repeats.findings,
    "style": style.findings,
    "links": links.findings,
    "spelling": spelling.findings,
}


def exceptions(chapter: Chapter) -> Counter:
    """What a chapter asks to be believed or excused, by kind."""
    held = numbers.tally(chapter)
    taken = Counter(check for _, check, _ in excuses(chapter))
    return Counter({f"{kind} numbers": held[kind] for kind in ("cited", "defined")}) + taken


def needless(chapter: Chapter) -> list[Finding]:
    """Exceptions that excuse nothing: without them the check would pass as well."""
    found = []
    for i, check, _ in excuses(chapter):
        bare = copy.deepcopy(chapter.notebook)
        tags = bare.cells[i].metadata["tags"]
        bare.cells[i].metadata["tags"] = [t for t in tags if not t.startswith(f"except:{check}")]
        if len(findings(Chapter(chapter.name, bare, chapter.path), [check])) == len(
            findings(chapter, [check])
        ):
            found.append(chapter.finding(i, f"except:{check} excuses nothing", "Take it out"))
    return found


def row(chapter: Chapter) -> dict[str, str]:
    """One chapter in figures."""
    measured, held = style.measures(chapter), numbers.tally(chapter)
    took = times.records(chapter).get("cpu") or {"seconds": "?", "peak_mb": "?"}
    drawn = bands.curves(chapter)
    return {
        "chapter": chapter.name,
        "cells": f"{measured['cells']}",
        "lines": f"{measured['median']:.0f}, ≤ {measured['longest']}",
        "words/line": f"{measured['words/line']:.1f}",
        "seconds": f"{took['seconds']}",
        "MB": f"{took['peak_mb']}",
        "numbers": " + ".join(f"{held[kind]}" for kind in numbers.KINDS),
        "shown": f"{len(list(shown.targets(chapter)))}",
        "exercises": f"{len(exercises.heads(chapter))}",
        "curves": f"{len(drawn)}",
        "figures": f"{sum(is_figure(cell) for _, cell in chapter.code)}",
        "links": f"{sum(len(links.links(source)) for _, source in chapter.prose)}",
        "part compared": f"{len(repeats.blanked(chapter))}",
        "exceptions": f"{exceptions(chapter).total()}",
        "findings": f"{len(findings(chapter))}",
    }


def findings(chapter: Chapter, names=tuple(CHECKS)) -> list[Finding]:
    """What is wrong with a chapter. A cell that is no Python is wrong, and ends the search."""
    for i, cell in chapter.code:
        try:
            syntax(cell.source)
        except SyntaxError as error:
            return [chapter.finding(i, f"the cell is no Python: {error.msg}", "Mend it")]
    return [finding for name in names for finding in CHECKS[name](chapter)]
