"""Nothing executed here: each chapter's two files agree, and what is stored can be shown."""

import re

import jupytext
import pytest

from book.checks.chapter import CHAPTERS, ROOT, Chapter
from book.checks.times import SAID, over
from book.tools.run_chapters import Took, front, unhurried
from tests.book.chapters import essence, repository


def code(path):
    return [cell for _, cell in Chapter.read(path).code]


each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def test_every_notebook_has_its_script_and_every_script_its_notebook():
    assert CHAPTERS
    assert [p.stem for p in CHAPTERS] == sorted(p.stem for p in (ROOT / "chapters").glob("*.py"))


@each_chapter
def test_the_pair_is_in_step(path):
    script = path.with_suffix(".py")
    for i, (in_py, in_ipynb) in enumerate(
        zip(essence(jupytext.read(script)), essence(Chapter.read(path).notebook), strict=False)
    ):
        assert in_py == in_ipynb, (
            f"cell {i} of {path.stem} differs between .py and .ipynb: make sync"
        )
    assert len(jupytext.read(script).cells) == len(Chapter.read(path).cells), "make sync"


@each_chapter
def test_every_cell_was_executed_once_and_in_order(path):
    """nbval compares nothing in a cell without an execution count: a stripped notebook passes."""
    counts = [cell.execution_count for cell in code(path)]
    assert counts == list(range(1, len(counts) + 1)), f"make run CHAPTER={path.stem}"


def test_a_busy_machine_does_not_lengthen_a_chapters_record(monkeypatch):
    """Where there is a GPU the clock counts: waiting for it is the chapter's own."""
    busy, two_cores = Took(171, 2350, 60), Took(50, 2350, 90)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert [unhurried(took) for took in (busy, two_cores)] == [60, 50]
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert [unhurried(took) for took in (busy, two_cores)] == [171, 50]


@each_chapter
def test_what_is_stored_is_fit_to_publish(path):
    assert path.stat().st_size < 1_000_000, "over 1 MB: fewer or simpler figures"
    assert set(Chapter.read(path).notebook.metadata) <= {"kernelspec", "language_info"}
    for cell in code(path):
        head = f"{path.stem}, cell beginning {cell.source.splitlines()[0]!r}: "
        assert "execution" not in cell.metadata, head + "holds times; use make run"
        for out in cell.outputs:
            data, tags = out.get("data", {}), cell.metadata.get("tags", [])
            assert out.output_type != "error" or "raises-exception" in tags, (
                head + "ends in an error"
            )
            assert "application/vnd.jupyter.widget-view+json" not in data, head + "a dead widget"
            assert out.get("name") != "stderr", head + "prints a warning"
            text = f"{out.get('text', '')}{data.get('text/plain', '')}{out.get('traceback', '')}"
            assert not re.search(r"/(home|root|tmp|Users)/|C:\\", text), head + "shows a path"
            assert not re.search(r"\bat 0x[0-9a-f]+", text), head + "shows a memory address"


@each_chapter
def test_badge_and_install_line_carry_the_address_of_config(path):
    first_code = code(path)[0].source
    assert f"afterword @ git+{repository()}@main" in first_code, "make address"
    badge = f"{repository().removeprefix('https://github.com/')}/blob/main/chapters/{path.name}"
    assert badge in Chapter.read(path).cells[0].source, "make address"


@each_chapter
def test_the_readme_asks_the_question_of_each_chapter_and_says_how_long_it_takes(path):
    title = re.search(r"# (\d+) · (.+)", Chapter.read(path).cells[0].source)
    told = SAID.search(Chapter.read(path).cells[0].source)[1]
    row = f"| [{title[1]} · {path.stem}](chapters/{path.name}) | {title[2]} | [Colab, {told} s]("
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert row in readme, f"README.md's table of chapters wants: {row}…"


@each_chapter
def test_the_front_page_and_readme_show_what_the_chapter_shows(path):
    for file, content in front(Chapter.read(path).notebook, path.stem):
        shown = (ROOT / "book/_static" / file).read_text(encoding="utf-8")
        assert shown == content, f"book/_static/{file} is not {path.stem}'s: make run"


@pytest.mark.slow
@each_chapter
def test_the_stored_figures_are_those_just_drawn(path):
    """Of the run that nbval made: make nbval, then this test."""
    from tests.book.figures import difference

    executed = ROOT / "_build/executed" / path.name
    assert executed.exists(), "no run to compare with; make nbval"
    for stored, fresh in zip(code(path), code(executed), strict=True):
        problem = difference(stored, fresh)
        head = f"{path.stem}, cell beginning {stored.source.splitlines()[0]!r}: "
        assert problem is None, f"{head}{problem}; make run CHAPTER={path.stem}"


@pytest.mark.slow
@each_chapter
def test_the_run_just_made_kept_within_the_limit_of_time(path):
    """By the processor's clock: the record of `make run` may be old."""
    chapter = Chapter.read(ROOT / "_build/executed" / path.name)
    if found := over(chapter, chapter.notebook.metadata["cpu_seconds"], 0):
        pytest.fail(str(found[0]), pytrace=False)
