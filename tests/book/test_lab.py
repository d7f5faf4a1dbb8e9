"""JupyterLab as `make lab` starts it, in a real browser: the whole way of somebody who edits.

One server on a copy of the book, with the settings of book/lab and none of the user's.
"""

import csv
import os
import re
import sys

import jupytext
import nbformat
import pytest

from book.checks.times import TIMES
from tests.book.chapters import essence
from tests.book.lab import Lab, copy_of_the_book, jupyterlab

pytestmark = pytest.mark.slow  # about two minutes, most of them one chapter's own
# offline, the badge of Colab is not found; and what watches a notebook stumbles when it is closed
HARMLESS = r"ERR_NAME_NOT_RESOLVED|debugger state: Canceled|getMetadata'\)\s.*execute-time"
# the same, on loaded cores: an error of JupyterLab's own, and no other question than this one
HARMLESS += r"|Canceled future for create_subshell_request message before replies were done"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
TINY = """\
# %% [markdown]
# # Tiny

# %%
import sys, time

time.sleep(0.2)
print(sys.prefix)

# %%
a = 1
"""
LIVE = """\
# %%
from afterword.music.abc import read_abc
from afterword.music.sound import listen

listen(read_abc("M:C|\\nL:1/8\\nK:D\\nDEFG ABcd|dcBA GF:|\\n"))

# %%
from afterword.plots.live import live_attention

live_attention([[[1.0, 0.0], [0.5, 0.5]]], ["the", "sea"], ["the", "sea"], heads=["one"])
"""


def stored(script: str) -> nbformat.NotebookNode:
    """The notebook of a script, as a chapter's is kept."""
    notebook = jupytext.reads(script, "py:percent")
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return notebook


def quickest() -> str:
    """The chapter that took the fewest seconds when it was last run."""
    with TIMES.open(encoding="utf-8") as file:
        return min(csv.DictReader(file), key=lambda row: float(row["seconds"]))["chapter"]


@pytest.fixture(scope="module")
def lab(chrome, tmp_path_factory):
    folder = copy_of_the_book(tmp_path_factory.mktemp("lab") / "the book")
    with jupyterlab(folder) as address:
        lab = Lab(chrome, address, folder)
        yield lab
        lab.page.close()
    log = (folder.parent / "server.log").read_text()
    assert re.findall(r"^\[[EC] (?!.*received signal).*|^Traceback.*", log, re.MULTILINE) == []
    # among a user's settings the extension that shows times turns on their recording, and no more
    written = [path.stem for path in folder.parent.rglob("*.jupyterlab-settings")]
    assert set(written) <= {"tracker"}
    assert [said for said in lab.heard if not re.search(HARMLESS, said)] == []


@pytest.fixture
def pair(lab):
    """A small chapter that is open: its notebook and its script."""
    notebook, script = (lab.folder / f"chapters/99_tiny.{end}" for end in ("ipynb", "py"))
    nbformat.write(stored(TINY), notebook)
    script.write_text(TINY)
    lab.double_click("chapters/99_tiny.ipynb")
    lab.wait_for_kernel()
    yield notebook, script
    lab.close_all()


def test_it_opens_on_the_welcome_page_whose_links_open_beside_it(lab):
    page = lab.page.locator(".jp-MarkdownViewer")
    page.wait_for(timeout=30_000)
    assert page.locator("h1").inner_text() == "Afterword"
    lab.page.locator(".jp-DirListing-item", has_text="01_text.ipynb").wait_for()
    page.get_by_role("link", name="first chapter").click()
    lab.wait("jupyterapp.shell.currentWidget.context.path === 'chapters/01_text.ipynb'")
    assert lab.is_notebook()
    lab.wait_for_kernel()
    lab.close_all()


def test_a_script_of_a_chapter_opens_as_a_notebook_with_its_contents_beside_it(lab):
    lab.double_click("chapters/01_text.py")
    assert lab.is_notebook()
    cells = [cell.source for cell in lab.notebook().cells if cell.cell_type == "markdown"]
    headings = re.findall(r"^#{1,4} (.+)$", "\n".join(cells), re.MULTILINE)
    lab.wait("document.querySelectorAll('.jp-tocItem-content').length > 0")
    assert lab.page.locator(".jp-TableOfContents").first.is_visible()
    shown = lab.page.locator(".jp-TableOfContents .jp-tocItem-content").all_inner_texts()
    assert [re.sub(r"\W", "", text) for text in shown] == [
        re.sub(r"\W", "", text) for text in headings
    ]
    assert any(output for cell in lab.notebook().cells for output in cell.get("outputs", []))
    lab.wait_for_kernel()
    lab.close_all()


def test_any_other_script_opens_as_text(lab):
    lab.double_click("src/runtime.py")
    assert not lab.is_notebook()
    assert lab.page.locator(".jp-FileEditor").count() == 1
    lab.close_all()


def test_a_chapter_runs_from_the_top_and_saves_what_belongs_to_it(lab):
    name = quickest()
    stored = lab.folder / f"chapters/{name}.ipynb"
    before, script = nbformat.read(stored, 4), stored.with_suffix(".py").read_text()
    lab.double_click(f"chapters/{name}.ipynb")
    lab.wait_for_kernel()
    lab.do("notebook:clear-all-cell-outputs")
    lab.start("notebook:restart-run-all")
    assert "Restart Kernel" in lab.asked()
    lab.answer("Restart")
    n_cells = sum(cell.cell_type == "code" for cell in before.cells)
    lab.wait_for_runs(n_cells, seconds=500)
    cells = [cell for cell in lab.notebook().cells if cell.cell_type == "code"]
    assert not [out for cell in cells for out in cell.outputs if out.output_type == "error"]
    assert [cell.execution_count for cell in cells] == list(range(1, n_cells + 1))
    assert said(lab.notebook()) == said(before)
    lab.do("docmanager:save")
    after = nbformat.read(stored, 4)
    assert said(after) == said(before)
    assert after.metadata == before.metadata
    assert [cell.metadata for cell in after.cells] == [cell.metadata for cell in before.cells]
    assert essence(jupytext.read(stored.with_suffix(".py"))) == essence(after) == essence(before)
    assert stored.with_suffix(".py").read_text() == script
    lab.close_all()


def said(notebook) -> str:
    """What the first cell that prints printed."""
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return next(out.text for out in outputs if out.output_type == "stream")


def test_a_save_writes_both_files_and_the_kernel_is_of_the_book_s_environment(lab, pair):
    notebook, script = pair
    lab.write(2, "a = 2")
    lab.do("notebook:run-all-cells")
    lab.do("docmanager:save")
    assert script.read_text() == TINY.replace("a = 1", "a = 2")
    saved = nbformat.read(notebook, 4)
    assert saved.cells[2].source == "a = 2"
    assert saved.cells[1].outputs[0].text == f"{sys.prefix}\n"


def test_the_seconds_of_a_cell_are_shown_and_not_saved(lab, pair):
    notebook, _ = pair
    lab.do("notebook:run-all-cells")
    shown = lab.page.locator(".execute-time").first.inner_text()
    assert re.search(r"in \d{3}ms|in \d\.\d+s", shown), shown
    assert "execution" in lab.notebook().cells[1].metadata
    lab.do("docmanager:save")
    assert nbformat.read(notebook, 4).cells[1].metadata == {}


def test_a_tune_plays_and_is_followed_and_a_live_figure_answers(lab, pair):
    pytest.importorskip("verovio")
    notebook, script = pair
    lab.close_all()
    script.write_text(LIVE)
    nbformat.write(stored(LIVE), notebook)
    lab.double_click("chapters/99_tiny.ipynb")
    lab.wait_for_kernel()
    lab.do("notebook:run-all-cells")
    player, attention = (
        lab.page.locator(f"figure.live.{name}") for name in ("player", "attention")
    )
    player.get_by_role("button", name="Play").click()
    player.locator(".note.now").wait_for(state="attached")
    player.get_by_role("button", name="Pause").click()
    assert player.locator(".note.now").count() == 0
    attention.get_by_role("button", name="sea").click()
    assert attention.locator(".number").all_inner_texts() == ["0.50", "0.50"]


def test_an_edit_of_the_script_elsewhere_is_seen_and_keeps_the_outputs(lab, pair):
    _, script = pair
    lab.do("notebook:run-all-cells")
    lab.do("docmanager:save")
    script.write_text(TINY.replace("# Tiny", "# Small"))
    lab.start("docmanager:reload")
    model = "jupyterapp.shell.currentWidget.content.model"
    lab.wait(f"{model}.cells.get(0).sharedModel.source === '# Small'")
    assert lab.notebook().cells[1].outputs[0].text == f"{sys.prefix}\n"


@pytest.mark.parametrize("changed", ["py", "ipynb"])
def test_who_changed_both_sides_is_asked_and_nothing_is_lost(lab, pair, changed):
    notebook, script = pair
    theirs = TINY.replace("a = 1", "a = 3")
    if changed == "py":
        script.write_text(theirs)
    else:
        nbformat.write(stored(theirs), notebook)
    held = notebook.read_text(), script.read_text()
    lab.write(2, "a = 2")
    lab.start("docmanager:save")
    asked = lab.asked()
    assert "changed on disk" in asked, asked
    lab.answer("Cancel")
    assert (notebook.read_text(), script.read_text()) == held
    assert lab.notebook().cells[2].source == "a = 2"


def test_a_notebook_newer_than_its_script_opens_where_they_agree(lab, pair):
    _, script = pair
    lab.close_all()
    os.utime(script, (0, 0))
    lab.double_click("chapters/99_tiny.py")
    assert lab.is_notebook()
    lab.wait_for_kernel()


def test_where_a_newer_notebook_differs_both_stay_and_the_reader_is_told(lab, pair):
    notebook, script = pair
    lab.close_all()
    notebook.write_text(notebook.read_text().replace("a = 1", "a = 4"))
    os.utime(script, (0, 0))
    held = notebook.read_text(), script.read_text()
    lab.start("docmanager:open", path="chapters/99_tiny.py")
    assert "chapters/99_tiny.ipynb was changed after" in lab.asked()
    lab.answer("Close")
    lab.start("application:close")
    assert re.findall("^Save.*$", lab.asked(), re.MULTILINE)[-1] == "Save as"  # and not here
    lab.answer("Discard")
    lab.heard = [said for said in lab.heard if not re.search("409|and they differ", said)]
    assert (notebook.read_text(), script.read_text()) == held
