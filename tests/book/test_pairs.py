"""What a save in JupyterLab writes, and what it leaves alone: without a browser."""

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from tornado.web import HTTPError
from traitlets.config import PyFileConfigLoader

from book.checks.chapter import CHAPTERS, ROOT
from book.lab.pairs import Pairs


@pytest.fixture
def lab(tmp_path):
    """The server's side of JupyterLab, on an empty book."""
    (tmp_path / "chapters").mkdir()
    shutil.copy(ROOT / "chapters/jupytext.toml", tmp_path / "chapters")
    settings = PyFileConfigLoader("jupyter_server_config.py", str(ROOT / "book/lab"))
    return Pairs(config=settings.load_config(), root_dir=str(tmp_path))


def put(lab, *files):
    for file in files:
        shutil.copy2(file, os.path.join(lab.root_dir, "chapters"))


@pytest.mark.parametrize("side", [".ipynb", ".py"])
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_opened_run_by_nobody_and_saved_a_chapter_has_not_changed_by_a_byte(lab, path, side):
    put(lab, path, path.with_suffix(".py"))
    name = f"chapters/{path.stem}{side}"
    model = lab.get(name, type="notebook")
    as_lab_does(model["content"])
    lab.save(model, name)
    for end in (".ipynb", ".py"):
        saved = Path(lab.root_dir, "chapters", path.stem + end)
        assert saved.read_bytes() == path.with_suffix(end).read_bytes()


def as_lab_does(notebook):
    """Add what JupyterLab adds when it starts a kernel and records times."""
    notebook.metadata.kernelspec.display_name = "Python 3 (ipykernel)"
    notebook.metadata.language_info = {"name": "python", "version": "3.11"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.execution = {"iopub.status.busy": "2026-01-01T00:00:00Z"}


def test_a_script_outside_the_chapters_is_never_a_notebook_nor_gets_one(lab):
    folder = os.path.join(lab.root_dir, "src")
    os.mkdir(folder)
    shutil.copy(ROOT / "src/afterword/runtime.py", folder)
    assert lab.get("src/runtime.py")["type"] == "file"
    with pytest.raises(HTTPError, match="Unreadable Notebook"):
        lab.get("src/runtime.py", type="notebook")
    lab.save(lab.get("src/runtime.py"), "src/runtime.py")
    assert os.listdir(folder) == ["runtime.py"]


def test_an_answer_in_the_folder_work_gets_no_script(lab):
    folder = Path(lab.root_dir, "work")
    folder.mkdir()
    nbformat.write(nbformat.v4.new_notebook(), folder / "01_text.ipynb")
    lab.save(lab.get("work/01_text.ipynb"), "work/01_text.ipynb")
    assert list(folder.glob("[!.]*")) == [folder / "01_text.ipynb"]
