"""What git shows and merges of a chapter, once `make review` has told it of nbdime."""

import os
import subprocess
import sys

import jupytext
import nbformat
import pytest

from book.checks.chapter import ROOT
from tests.book.lab import last_lines_of_make

pytestmark = pytest.mark.slow  # half a second for each word with git
CELLS = 6  # so many of text and of code, by turns


class Repository:
    """A book of one chapter under git, with this book's .gitattributes."""

    def __init__(self, folder, *, told: bool):
        self.folder, self.chapter = folder, folder / "chapters/01_tiny.ipynb"
        self.git("init", "--quiet", "--initial-branch=main")
        for name in (".gitattributes", "chapters/jupytext.toml"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text((ROOT / name).read_text())
        if told:
            recipe = last_lines_of_make(ROOT, "review", after="if git")
            subprocess.run(["bash", "-ec", recipe], cwd=folder, check=True)
        cells = []
        for i in range(CELLS):
            cells.append(nbformat.v4.new_markdown_cell(f"Text {i}.", id=f"text{i}"))
            cells.append(nbformat.v4.new_code_cell(f"print({i})", id=f"code{i}"))
        self.notebook = nbformat.v4.new_notebook(cells=cells)
        self.run(times=1)
        self.commit()

    def git(self, *words, check=True):
        people = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
        names = {f"GIT_{person}": "a@b" for person in people}
        return subprocess.run(
            ["git", *words],
            cwd=self.folder,
            check=check,
            capture_output=True,
            text=True,
            env=os.environ | names | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_PAGER": "cat"},
        )

    def run(self, times):
        """Outputs, as if every cell had been run once more, in another time."""
        for i, cell in enumerate(c for c in self.notebook.cells if c.cell_type == "code"):
            text = f"{i}, after {times}.{times} s\n"
            cell.outputs = [nbformat.v4.new_output("stream", text=text)]
            cell.execution_count = i + times
        nbformat.write(self.notebook, self.chapter)
        text = jupytext.writes(nbformat.v4.new_notebook(cells=self.notebook.cells), "py:percent")
        self.chapter.with_suffix(".py").write_text(text.split("# ---\n\n")[-1])

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=a change")

    def branch(self, name, cell, source, times):
        self.git("checkout", "--quiet", "-b", name, "main")
        self.notebook = nbformat.read(self.chapter, 4)
        self.notebook.cells[cell].source = source
        self.run(times)


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path, told=True)


def test_a_diff_shows_what_was_written_and_no_output(repository):
    repository.branch("one", 2, "Another text.", times=2)
    shown = repository.git("diff", "--", "*.ipynb").stdout
    assert "Another text." in shown
    assert "after" not in shown
    assert "execution_count" not in shown


def test_branches_that_change_different_cells_and_all_outputs_merge_by_themselves(repository):
    repository.branch("one", 2, "Another text.", times=2)
    repository.commit()
    repository.branch("two", 9, "print(40)", times=3)
    repository.commit()
    repository.git("merge", "one")
    merged = nbformat.read(repository.chapter, 4)
    nbformat.validate(merged)
    sources = [cell.source for cell in merged.cells]
    assert (sources[2], sources[9]) == ("Another text.", "print(40)")
    assert sources == [c.source for c in jupytext.read(repository.chapter.with_suffix(".py")).cells]
    outputs = [output.text for cell in merged.cells for output in cell.get("outputs", [])]
    assert len(outputs) == CELLS
    assert all("3.3 s" in text for text in outputs)  # ours, until the chapter is run


def test_a_conflict_stands_in_its_cell_and_in_the_script(repository):
    repository.branch("one", 2, "One text.", times=2)
    repository.commit()
    repository.branch("two", 2, "Two texts.", times=3)
    repository.commit()
    assert repository.git("merge", "one", check=False).returncode == 1
    merged = nbformat.read(repository.chapter, 4)
    nbformat.validate(merged)
    conflict = merged.cells[2].source
    assert conflict.index("<<<<") < conflict.index("Two texts.") < conflict.index("====")
    assert conflict.index("====") < conflict.index("One text.") < conflict.index(">>>>")
    assert all("<<<<" not in cell.source for cell in merged.cells[3:])
    script = repository.chapter.with_suffix(".py").read_text()
    assert script.count("<<<<") == 1
    # the script is put right, and the pair follows it
    start, end = script.index("<<<<"), script.index("\n", script.index(">>>>"))
    whole = f"{script[:start]}# Three texts.{script[end:]}"
    repository.chapter.with_suffix(".py").write_text(whole)
    sync = [sys.executable, "-m", "jupytext", "--quiet", "--sync", "chapters/01_tiny.py"]
    subprocess.run(sync, cwd=repository.folder, check=True)
    assert nbformat.read(repository.chapter, 4).cells[2].source == "Three texts."


def test_whose_git_was_not_told_sees_and_merges_text_as_ever(tmp_path):
    repository = Repository(tmp_path, told=False)
    repository.branch("one", 2, "Another text.", times=1)
    assert '+    "Another text."' in repository.git("diff", "--", "*.ipynb").stdout
    repository.commit()
    repository.branch("two", 9, "print(40)", times=1)
    repository.commit()
    repository.git("merge", "one")


def test_to_tell_git_twice_is_to_tell_it_once_and_it_can_be_untold(repository):
    before = repository.git("config", "--local", "--list").stdout
    recipe = last_lines_of_make(ROOT, "review", after="if git")
    subprocess.run(["bash", "-ec", recipe], cwd=repository.folder, check=True)
    assert repository.git("config", "--local", "--list").stdout == before
    assert "jupyternotebook" in before
    undo = [sys.executable, "-m", "nbdime", "config-git", "--disable"]
    subprocess.run(undo, cwd=repository.folder, check=True)
    assert "jupyternotebook" not in repository.git("config", "--local", "--list").stdout
    assert repository.git("status", "--porcelain").stdout == ""
