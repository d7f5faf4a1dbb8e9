"""What every chapter promises: each check of book/checks, on each chapter. Nothing is executed."""

import pytest

from book.checks.chapter import CHAPTERS, Chapter, excuses
from book.checks.promises import CHECKS, findings, needless

MAY_BE_EXCUSED = {"shown", "bands", "repeats", "style"}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_keeps(check, path):
    if found := findings(Chapter.read(path), [check]):
        pytest.fail("\n".join(map(str, found)), pytrace=False)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_exception_is_needless(path):
    if found := needless(Chapter.read(path)):
        pytest.fail("\n".join(map(str, found)), pytrace=False)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_an_exception_names_a_check_and_gives_a_reason(path):
    for i, check, reason in excuses(Chapter.read(path)):
        where = f"{path.stem}, cell {i}: except:{check}"
        assert check in MAY_BE_EXCUSED, f"{where}; what may be: {sorted(MAY_BE_EXCUSED)}"
        assert len(reason.split()) >= 3, f"{where} gives no reason"
