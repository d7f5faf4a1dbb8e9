import inspect
import json

import nbformat
import pytest

from afterword.training.experiment import run
from book.checks.bands import about_file
from book.checks.chapter import ROOT
from book.tools.recompute import recompute
from tests.book.checks.tiny import chapter, code


def trial(*, seed):
    return [{"step": step, "loss": float(seed + step)} for step in (1, 2)]


CELL = f"""from afterword.training.experiment import run
{inspect.getsource(trial)}
frame = run(trial, {{}}, seeds=range(5), table="01_tiny")
assert frame["loss"].max() == 6, "the largest is 4 + 2\""""


@pytest.mark.slow  # starts a kernel
def test_a_chapters_tables_are_computed_anew_and_judged_by_the_chapter(tmp_path, monkeypatch):
    for name in ("AFTERWORD_RECOMPUTE", "AFTERWORD_COMMAND"):
        monkeypatch.setenv(name, "")  # so that what is set is taken back
        monkeypatch.delenv(name)
    monkeypatch.setenv("AFTERWORD_RUNS", str(tmp_path / "runs"))
    table = tmp_path / "runs/01_tiny.json"
    run(trial, {}, seeds=range(5), table=table)
    table.write_text(table.read_text().replace('"loss": 6.0', '"loss": 99.0'))
    assert run(trial, {}, seeds=range(5), table=table)["loss"].max() == 99

    path = tmp_path / "01_text.ipynb"
    nbformat.write(chapter("Runs.", code(CELL)).notebook, path)
    before = path.read_bytes()
    assert recompute(path), "what the chapter asserts holds of the new table"
    assert path.read_bytes() == before
    made = json.loads(table.read_text())
    assert max(row["loss"] for row in made["rows"]) == 6
    assert made["command"] == "python -m book.tools.recompute chapters/01_text.ipynb"
    assert not list(about_file("01_tiny", table.parent, ROOT)), "the command is in the repository"


def test_a_chapter_without_tables_is_left_alone(tmp_path):
    path = tmp_path / "01_tiny.ipynb"
    nbformat.write(chapter("No runs.", code("raise SystemExit")).notebook, path)
    assert not recompute(path)
