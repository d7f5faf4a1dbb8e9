"""Style: short cells, enough prose, Markdown that shows everywhere, words for each figure."""

import ast
import re
import statistics

from book.checks.chapter import (
    Chapter,
    Finding,
    is_excused,
    is_figure,
    syntax,
    words_for_figure,
    words_of,
)

MEDIAN, LONGEST, LONGEST_CLASS, WIDEST = 6, 25, 35, 84
WORDS_PER_LINE = (6, 12)
RAW = {
    r"^\s*(?:```|~~~|:::+)\s*\{[\w:-]+\}": "a directive",
    r"\{[\w:-]+\}`": "a role",
    r"^\([\w-]+\)=\s*$": "a label",
    r"^\$\$.*\$\$ *\([\w-]+\)\s*$": "a label of an equation",
    r"(?<!!)\[\]\([^)]*\)": "a link without words",
    r"!\[\]\([^)]*\)": "a picture without words",
    r"^%(?!%)": "a comment of MyST",
}


def n_lines(cell) -> int:
    return len([line for line in cell.source.splitlines() if line.strip()])


def measures(chapter: Chapter) -> dict[str, float]:
    lengths = [n_lines(cell) for _, cell in chapter.code]
    n_words = sum(len(words_of(source)) for _, source in chapter.prose)
    if not sum(lengths):
        return {"cells": len(chapter.cells), "median": 0, "longest": 0, "words/line": 0}
    return {
        "cells": len(chapter.cells),
        "median": statistics.median(lengths),
        "longest": max(lengths),
        "words/line": n_words / sum(lengths),
    }


def findings(chapter: Chapter) -> list[Finding]:
    found = lengths(chapter)
    for i, source in chapter.prose:
        plain = re.sub(r"```(?! *\{).*?```|(?<![`}])`[^`\n]+`(?!`)", " ", source, flags=re.DOTALL)
        for pattern, what in RAW.items():
            if re.search(pattern, plain, re.MULTILINE):
                wrong = f"{what} shows raw in Colab and JupyterLab"
                found.append(chapter.finding(i, wrong, "Use plain Markdown"))
    for i, cell in chapter.code:
        if is_figure(cell) and len(words_for_figure(cell).split()) < 8:
            cure = "Say in mystnb.image.alt what is seen, in eight words or more"
            found.append(chapter.finding(i, "a figure without words for who cannot see it", cure))
    return found


def lengths(chapter: Chapter) -> list[Finding]:
    found, measured = [], measures(chapter)
    if measured["median"] > MEDIAN:
        wrong = f"half of the code cells have over {MEDIAN} lines"
        found.append(chapter.finding(0, wrong, "Split them: one idea, one cell"))
    low, high = WORDS_PER_LINE
    if not low <= measured["words/line"] <= high:
        wrong = f"{measured['words/line']:.1f} words of prose for each line of code"
        found.append(chapter.finding(0, wrong, f"Between {low} and {high} reads well"))
    for i, cell in chapter.code:
        limit = LONGEST_CLASS if is_class(cell) else LONGEST
        if n_lines(cell) > limit and not is_excused(cell, "style"):
            wrong = f"{n_lines(cell)} lines, over {limit}"
            found.append(chapter.finding(i, wrong, "Split it, or tag it except:style reason"))
        widest = max(map(len, cell.source.splitlines()), default=0)
        if widest > WIDEST:
            found.append(chapter.finding(i, f"a line {widest} wide", f"Break it at {WIDEST}"))
    return found


def is_class(cell) -> bool:
    return any(isinstance(node, ast.ClassDef) for node in syntax(cell.source).body)
