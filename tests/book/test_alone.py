"""`make alone`: what Colab has is enough, and what would fail in Colab is named here."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell
from packaging.requirements import Requirement

from book.checks.chapter import CHAPTERS, ROOT, Chapter
from book.tools import alone, colab
from tests.book.chapters import repository
from tests.book.checks.tiny import chapter as tiny
from tests.book.checks.tiny import said

HAS = colab.pins(colab.LIST)
REQUIRED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
SET_UP = """
import importlib.util, subprocess, sys
if importlib.util.find_spec("tiny_of_afterword") is None:
    source = "afterword @ git+https://github.com/somebody/book@main"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", source]
    subprocess.run([*pip, MORE], check=True)
import tiny_of_afterword
"""


def asked(path: Path) -> colab.Asked:
    return colab.asked_of_pip(Chapter.read(path).code[0][1].source)


def test_the_list_names_each_package_once_and_has_what_the_book_stands_on():
    lines = [line for line in colab.LIST.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == len(HAS)
    assert {"torch", "numpy", "transformers", "matplotlib", "ipykernel"} <= HAS.keys()


@pytest.mark.parametrize("text", REQUIRED)
def test_what_the_package_requires_is_a_range_that_colab_satisfies(text):
    wanted = Requirement(text)
    have = HAS.get(colab.plain(wanted.name))
    assert have is None or wanted.specifier.contains(have), f"Colab has {have}, {wanted} is asked"
    assert not any(part.operator in ("==", "===") for part in wanted.specifier), "a range, no pin"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_asks_pip_for_nothing_that_colab_has(path):
    wanted = asked(path)
    assert wanted.own == f"afterword @ git+{repository()}@main"
    assert "--no-deps" in wanted.options, "else pip may replace Colab's torch"
    assert {colab.plain(name) for name in wanted.others} & HAS.keys() == set()


def test_the_install_line_is_read_without_being_run():
    code = SET_UP.replace("MORE", '"a", *"b c".split()')
    wanted = colab.asked_of_pip(code)
    assert wanted.options == ["-q", "--no-deps"]
    assert wanted.own == "afterword @ git+https://github.com/somebody/book@main"
    assert wanted.others == ["a", "b", "c"]


def test_a_python_is_found_by_its_version_and_one_that_is_not_there_is_none():
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    ask = [colab.find_python(version), "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    assert subprocess.check_output(ask, text=True).strip() == version
    assert colab.find_python("3.99") is None


def test_an_environment_is_made_once_and_again_when_the_list_changes(tmp_path, monkeypatch):
    made, pins = [], tmp_path / "list.txt"
    monkeypatch.setattr(colab, "FOLDER", tmp_path)
    monkeypatch.setattr(colab, "VERSIONS", {"3.12": pins})
    monkeypatch.setattr(
        colab,
        "uv",
        lambda *command: (
            (made.append(command), (tmp_path / "3.12").mkdir())
            if command[0] == "venv"
            else made.append(command)
        ),
    )
    for text in ("numpy==2.0.2\n", "numpy==2.0.2\n", "numpy==2.0.3\n"):
        pins.write_text(text)
        colab.make_base("3.12", "python3.12")
    assert [command[0] for command in made] == ["venv", "pip", "venv", "pip"]
    assert made[1][-2:] == ("numpy", "pip"), "only what Colab has, and pip"


def test_with_no_python_to_try_it_says_so_and_fails(capsys, monkeypatch):
    monkeypatch.setenv("PYTHONS", "3.98 3.99")
    assert alone.main([]) == 1
    assert "NOT TRIED on Python 3.98" in capsys.readouterr().out


# ---- tiny chapters, by the Python of these tests ----


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    for name, module in (("afterword", "tiny_of_afterword"), ("numpy", "other"), ("new", "new")):
        about = f"{name}-9.9.dist-info"
        with zipfile.ZipFile(folder / f"{name}-9.9-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{module}.py", "")
            wheel.writestr(
                f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n"
            )
            wheel.writestr(
                f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{about}/RECORD", "")
    return folder


def run_tiny(wheels, code, more='"new"'):
    set_up = new_code_cell(SET_UP.replace("MORE", more))
    notebook = tiny("# 1 · Tiny", set_up, new_code_cell(code), new_code_cell("done = True"))
    took, found = alone.run_alone(notebook, Path(sys.executable), wheels, n_threads=2)
    return took, said(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("import numpy, new\nassert numpy.__version__ != '9.9'", ""),
        (
            "import os\nassert os.listdir() == []\nassert os.environ['OMP_NUM_THREADS'] == '2'",
            "",
        ),
        ("open('shakespeare.txt')", "cell 2 (open('shakespeare.txt')): alone, FileNotFoundError"),
        (
            "import urllib.request as web\nweb.urlopen('http://example.org')",
            "there is no network here",
        ),
        (
            "class Shy:\n    def _repr_mimebundle_(self, **_):\n        raise KeyError\nShy()",
            "alone, KeyError",
        ),
        ("assert 1 + 1 == 3", "alone, AssertionError: a claim does not hold. See it: make alone"),
    ],
)
def test_what_a_reader_in_colab_would_meet_is_met_here(wheels, code, wrong):
    _, found = run_tiny(wheels, code)
    assert wrong in found
    assert bool(wrong) == bool(found)


@pytest.mark.slow
def test_an_install_line_that_replaces_what_colab_has_is_named(wheels):
    _, found = run_tiny(wheels, "pass", more='"numpy==9.9"')
    assert "cell 1" in found
    assert "its install line brings what Colab has: numpy" in found


@pytest.mark.slow
def test_a_package_that_no_install_line_names_is_missed(wheels):
    _, found = run_tiny(wheels, "import new", more='"-q"')
    assert "No module named 'new'" in found


@pytest.mark.slow
def test_a_chapter_over_its_time_is_named(wheels, monkeypatch):
    monkeypatch.setattr("book.checks.times.MAX_SECONDS", 0.01)
    _, found = run_tiny(wheels, "pass")
    assert "over 0.01" in found
