"""Exercises: each says how hard and how long, has a checker that diagnoses, and a solution.

    > **Exercise 2.** *Medium, 20 minutes.* Write `encode_chunk(ids, merges)`: …
    a cell with the beginning, `...` and the checker        prints "Your turn"
    a folded cell with a solution and the same checker      prints "Right: …"

tests/exercises/answers_chNN.py holds for each checker right answers, and at least two typical
wrong ones with the message that each must get; tests/exercises/test_checkers.py tries them all.
"""

import importlib
import re

from book.checks.chapter import ROOT, Chapter, Finding, tags

ANY_HEAD = re.compile(r"^[>#*\s]*Exercise \d+\b", re.MULTILINE | re.IGNORECASE)
HEAD = re.compile(
    r"^> \*\*Exercise (\d+)\.\*\* (?:\*(?P<level>Easy|Medium|Hard), (?P<minutes>\d+) minutes\.\*)?",
    re.MULTILINE,
)
CALL = re.compile(r"^(ch\d\d)\.(check_\w+)\((\w+)\)$", re.MULTILINE)
EXAMPLE = "> **Exercise 1.** *Easy, 10 minutes.*"
FOLD = '# @title Solution {display-mode: "form"}'


def heads(chapter: Chapter) -> list[tuple[int, re.Match]]:
    return [(i, head) for i, source in chapter.prose for head in HEAD.finditer(source)]


def checkers(chapter: Chapter) -> list[str]:
    found = [call for _, cell in chapter.code for call in CALL.findall(cell.source)]
    return list(dict.fromkeys(name for _, name, _ in found))


def findings(chapter: Chapter, answers=None) -> list[Finding]:
    """``answers`` maps checkers to (right answers, wrong answers); by default what is in tests."""
    if not heads(chapter):
        last = len(chapter.cells) - 1
        return [chapter.finding(last, "the chapter has no exercise", "Write one with a checker")]
    found = [
        chapter.finding(i, "an exercise without its head", f"Begin it: {EXAMPLE}")
        for i, source in chapter.prose
        if len(ANY_HEAD.findall(source)) != len(HEAD.findall(source))
        or len(HEAD.findall(source)) > 1
    ]
    found += [finding for place, head in enumerate(heads(chapter), 1)
             for finding in about(chapter, place, *head)]  # fmt: skip
    last, _ = heads(chapter)[-1]
    answers = known_answers(chapter) if answers is None else answers
    for checker in checkers(chapter):
        right, wrong = answers.get(checker, ((), ()))
        n_messages = len({message for _, message in wrong if len(message.split()) > 2})
        if not right or n_messages < 2:
            said = f"{checker} is tried with {len(right)} right answers and {n_messages} wrong ones"
            cure = f"Add to tests/exercises/answers_ch{chapter.name[:2]}.py; at least 1 and 2"
            found.append(chapter.finding(last, said, cure))
    return found


def about(chapter: Chapter, place: int, i: int, head: re.Match):
    """What is wrong with one exercise, which should be number ``place``."""
    if int(head[1]) != place:
        yield chapter.finding(i, f"exercise {head[1]} is number {place}", "Number them in order")
    if not head["level"]:
        yield chapter.finding(i, "difficulty or minutes are missing", f"Begin: {EXAMPLE}")
    later = [j for j, _ in heads(chapter) if j > i]
    after = [cell for j, cell in chapter.code if i < j < min(later, default=len(chapter.cells))][:2]
    calls = [CALL.findall(cell.source) for cell in after]
    module = f"ch{chapter.name[:2]}"
    wanted = len(after) == 2 and calls[0] and calls[0] == calls[1]
    if not wanted or any(call[0] != module for call in calls[0]):
        cure = "Follow it by a beginning and a solution, each ending in the same chNN.check_…(…)"
        yield chapter.finding(i, "there is no checker for both of the cells after it", cure)
        return
    start, solution = after
    if "..." not in start.source:
        yield chapter.finding(i, "the beginning leaves nothing to write", "Put ... where it goes")
    if "Your turn" not in printed(start):
        cure = 'Let the checker say "Your turn" when the answer is None, and make run'
        yield chapter.finding(i, "the beginning does not invite", cure)
    folded = "hide-cell" in tags(solution) and solution.metadata.get("jupyter", {})
    if not (folded and folded.get("source_hidden") and solution.source.startswith(FOLD)):
        cure = f"Tag it hide-cell, set jupyter.source_hidden, begin with {FOLD}"
        yield chapter.finding(i, "the solution is not folded everywhere", cure)
    if printed(solution).count("Right: ") < len(calls[1]):
        yield chapter.finding(i, "the solution does not pass its checker", "Mend it, and make run")


def printed(cell) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def known_answers(chapter: Chapter) -> dict:
    """What tests/exercises holds for a chapter, by the names of its checkers."""
    if not (ROOT / f"tests/exercises/answers_ch{chapter.name[:2]}.py").exists():
        return {}
    module = importlib.import_module(f"tests.exercises.answers_ch{chapter.name[:2]}")
    names = [check.__name__ for check in module.RIGHT]
    pairs = ((module.RIGHT[check], module.WRONG.get(check, ())) for check in module.RIGHT)
    return dict(zip(names, pairs, strict=True))
