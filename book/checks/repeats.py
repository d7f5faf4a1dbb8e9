"""Repeatable: which outputs a second execution is compared in.

nbval compares what every cell prints with what is stored, and tests/book/test_chapters.py the
figures. A cell that cannot be the same twice (a time, a speed) prints it with its unit, which
nbval_sanitize.cfg blanks; one that is not compared at all is an exception, with a reason:
``nbval-ignore-output`` beside ``except:repeats reason``.
"""

import configparser
import re
from pathlib import Path

from book.checks.chapter import ROOT, Chapter, Finding, is_excused, tags

SANITIZE = ROOT / "tests/book/nbval_sanitize.cfg"
IGNORE = re.compile(
    r"#\s*(NBVAL_(?:IGNORE_OUTPUT|SKIP|RAISES_EXCEPTION)|PYTEST_VALIDATE_IGNORE)|^%%capture"
)


def patterns(config: Path = SANITIZE) -> list[str]:
    parser = configparser.RawConfigParser()
    parser.read(config)
    return [parser[section]["regex"] for section in parser.sections()]


def is_compared(cell) -> bool:
    ignored = {"nbval-ignore-output", "nbval-skip", "raises-exception"} & set(tags(cell))
    return not ignored and not IGNORE.search(cell.source)


def blanked(chapter: Chapter) -> list[int]:
    """Cells of whose printed text a part is not compared."""
    return [
        i
        for i, cell in chapter.code
        if any(re.search(p, out.get("text", "")) for out in cell.outputs for p in patterns())
    ]


def findings(chapter: Chapter) -> list[Finding]:
    cure = "Print what repeats, rounded; or tag it except:repeats reason"
    found = [
        chapter.finding(i, "its output is not compared with a second run", cure)
        for i, cell in chapter.code
        if not is_compared(cell) and not is_excused(cell, "repeats")
    ]
    fixed = [i for i, cell in chapter.code if "set_num_threads" in cell.source]
    cure = "Leave the threads to who runs it, so that another number can be tried"
    return found + [chapter.finding(i, "it fixes the number of threads", cure) for i in fixed]
