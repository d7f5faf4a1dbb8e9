import pytest

from book.checks import exercises
from tests.book.checks.tiny import chapter, code, said

HEAD = "> **Exercise 1.** *Easy, 10 minutes.* Write `f`."
CALL = "ch01.check_f(f)"
FOLDED = {"tags": ["hide-cell"], "jupyter": {"source_hidden": True}}


def start(source="def f(x):\n    ...", prints="f returns nothing yet. Your turn.\n"):
    return code(f"{source}\n\n{CALL}", prints)


def solution(title=exercises.FOLD, prints="Right: so it is.\n", call=CALL, **metadata):
    return code(f"{title}\ndef f(x):\n    return x\n\n{call}", prints, **(FOLDED | metadata))


WRONG = [(int, "you cut it off"), (float, "you kept the sign")]
ANSWERS = {"check_f": ([abs], WRONG)}


def test_the_checker_of_another_chapter_is_not_its_own():
    found = said(exercises.findings(chapter(HEAD, start(), solution(), name="02_tiny"), ANSWERS))
    assert "no checker for both" in found


def test_a_right_exercise_passes():
    assert not exercises.findings(chapter(HEAD, start(), solution()), ANSWERS)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["No exercise at all."], "the chapter has no exercise"),
        ([HEAD.replace("1.", "2."), start(), solution()], "exercise 2 is number 1"),
        ([HEAD.replace("*Easy, 10 minutes.*", ""), start(), solution()], "difficulty or minutes"),
        ([HEAD.replace("Easy", "Fun"), start(), solution()], "difficulty or minutes"),
        ([HEAD, start(), code("f(1)", **FOLDED)], "no checker for both"),
        ([HEAD, start()], "no checker for both"),
        ([HEAD, start(), solution(call="ch01.check_g(f)")], "no checker for both"),
        ([HEAD, HEAD.replace("1.", "2."), start(), solution()], "no checker for both"),
        ([HEAD + "\n\n" + HEAD.replace("1.", "2."), start(), solution()], "without its head"),
        ([HEAD, start(), solution(), "### Exercise 2"], "without its head"),
        ([HEAD, start(), solution(), "> **Exercise 2** (hard)"], "without its head"),
        ([HEAD, start("def f(x):\n    return x"), solution()], "leaves nothing to write"),
        ([HEAD, start(prints="Right: already."), solution()], "does not invite"),
        ([HEAD, start(), solution(tags=[])], "not folded everywhere"),
        ([HEAD, start(), solution(jupyter={})], "not folded everywhere"),
        ([HEAD, start(), solution(title="# Solution")], "not folded everywhere"),
        ([HEAD, start(), solution(prints="")], "the solution does not pass"),
    ],
)
def test_each_kind_of_wrong_one_is_named(cells, message):
    found = said(exercises.findings(chapter(*cells), ANSWERS))
    assert message in found
    assert "01_tiny, cell " in found


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"check_f": ([], WRONG)},
        {"check_f": ([abs], WRONG[:1])},
        {"check_f": ([abs], [WRONG[0], (float, WRONG[0][1])])},
        {"check_f": ([abs], [WRONG[0], (float, "")])},
    ],
)
def test_a_checker_needs_a_right_answer_and_two_wrong_ones_with_messages_of_their_own(answers):
    found = said(exercises.findings(chapter(HEAD, start(), solution()), answers))
    assert "check_f is tried with" in found
    assert "answers_ch01.py" in found
