"""Right answers pass; each typical wrong one fails with the message meant for it.

The answers stand in answers_chNN.py: for each checker, ``RIGHT`` and ``WRONG``.
"""

import importlib
import re
from pathlib import Path

import pytest

from afterword.exercises.checking import NotYet

CHAPTERS = [
    importlib.import_module(f"tests.exercises.{file.stem}")
    for file in sorted(Path(__file__).parent.glob("answers_ch*.py"))
]
RIGHT = [
    (check, a) for chapter in CHAPTERS for check, these in chapter.RIGHT.items() for a in these
]
WRONG = [
    (check, *w) for chapter in CHAPTERS for check, these in chapter.WRONG.items() for w in these
]
NAMES = dict(ids=lambda value: getattr(value, "__name__", str(value)[:40]))


@pytest.mark.parametrize(("check", "attempt"), RIGHT, **NAMES)
def test_a_right_answer_passes_in_whatever_form(check, attempt, capsys):
    check(attempt)
    assert capsys.readouterr().out.startswith("Right: ")


@pytest.mark.parametrize(("check", "attempt", "message"), WRONG, **NAMES)
def test_a_wrong_answer_is_diagnosed(check, attempt, message):
    with pytest.raises(NotYet, match=message) as raised:
        check(attempt)
    others = {other for same, _, other in WRONG if same is check} - {message}
    said = [other for other in others if re.search(other, str(raised.value))]
    assert not said, f"it fits other slips too: {said}"


@pytest.mark.parametrize("check", dict.fromkeys(check for check, _ in RIGHT), **NAMES)
def test_an_answer_not_yet_begun_is_no_error(check, capsys):
    check(lambda *arguments: None)
    assert "Your turn" in capsys.readouterr().out
