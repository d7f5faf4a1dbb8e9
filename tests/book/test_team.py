"""What a team is handed: a plan for eight weeks, a welcome page, the recipe for a server."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from book.checks.chapter import ROOT, Chapter
from book.checks.links import anchors
from book.checks.times import TIMES

N_WEEKS = 8
PARTS = ["Chapter", "Together", "Discuss", "Where people get stuck", "Left open"]
GUIDE = (ROOT / "book/facilitator.md").read_text(encoding="utf-8")
WEEKS = re.split(r"^## (?=Week )", GUIDE, flags=re.MULTILINE)[1:]
WEEKS[-1] = WEEKS[-1].split("\n## ")[0]
DOCKERFILE = (ROOT / ".binder/Dockerfile").read_text(encoding="utf-8")


def steps() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile: RUN and its like, and what follows."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    lines = (line.split() for line in text.splitlines() if line)
    return [(word, " ".join(rest)) for word, *rest in lines]


def setting(name: str) -> str:
    (value,) = [m[1] for word, rest in steps() if (m := re.search(rf"\b{name}=(\S+)", rest))]
    return value


def first_chapters() -> list[Path]:
    toc = yaml.safe_load((ROOT / "book/_toc.yml").read_text(encoding="utf-8"))
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [ROOT / f"{f}.ipynb" for f in files if f.startswith("chapters/")][:N_WEEKS]


@pytest.mark.parametrize("i", range(len(first_chapters())))
def test_each_of_the_first_chapters_has_its_week_with_all_its_parts(i):
    path, week = first_chapters()[i], WEEKS[i]
    title = Chapter.read(path).cells[0].source.splitlines()[0]
    assert f"# {week.splitlines()[0].removeprefix('Week ')}" == title
    assert re.findall(r"^\*\*([^*]+)\*\*", week, re.MULTILINE) == PARTS
    elsewhere = set(re.findall(r"chapters/(\w+)\.ipynb", week)) - {path.stem}
    assert not elsewhere, f"week {i + 1} leads to {elsewhere}"
    exercises = set(re.findall(r"Exercise (\d+)", week))
    text = path.with_suffix(".py").read_text(encoding="utf-8")
    assert exercises
    assert exercises <= set(re.findall(r"\*\*Exercise (\d+)\.\*\*", text))


def test_the_parts_of_a_session_fill_ninety_minutes():
    assert sum(map(int, re.findall(r"^\| (\d+) \|", GUIDE, re.MULTILINE))) == 90


@pytest.mark.parametrize("page", ["facilitator.md", "lab/welcome.md"])
def test_every_link_of_the_page_leads_somewhere(page):
    file = ROOT / "book" / page
    for name, target in re.findall(r"\[([^\]]*)\]\(([^)]+)\)", file.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        to = (file.parent / path).resolve() if path else file
        assert to.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(to), f"{page}: {target}"
        if "*" in name:  # the name of a section, as it stands there
            assert re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-") in anchor, target


def test_what_a_server_needs_is_computed_from_the_record(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book/_ext")
    from registers import seats

    with TIMES.open(encoding="utf-8") as file:
        largest = max(float(row["peak_mb"]) for row in csv.DictReader(file))
    said = seats([{"chapter": "05_big", "peak_mb": "3000", "seconds": "60"}])
    assert "allow 4 GB and one core for each person, 40 GB" in said
    assert "```{seats}" in GUIDE
    assert not re.search(r"\d GB", GUIDE), f"a number of its own; the record says {largest:.0f} MB"


def test_git_and_the_checks_do_not_see_the_answers(tmp_path):
    (tmp_path / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (tmp_path / "work").mkdir()
    (tmp_path / "work/answers.py").write_text("import os, sys\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    told = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, capture_output=True)
    assert b"work" not in told.stdout
    subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=tmp_path, check=True)


def test_the_image_holds_the_environment_of_conda_users_and_of_make_env():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (base,) = [rest for word, rest in steps() if word == "FROM"]
    assert base.removesuffix("-slim").replace(":", "=") in conda
    runs = " ".join(rest for word, rest in steps() if word == "RUN")
    assert "make env models review" in runs
    assert "-c constraints.txt notebook ${HUB}" in runs, "Binder and hubs start these"
    assert re.findall(r"[\w.]+==[\d.]+", runs) == [], "versions stand in constraints.txt"
    for target in ("env", "models", "review"):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_image_starts_with_the_settings_of_make_lab_and_as_no_root():
    (folder,) = [rest for word, rest in steps() if word == "WORKDIR"]
    assert ("COPY", f"--chown=${{NB_UID}} . {folder}") in steps()
    assert setting("JUPYTER_CONFIG_PATH") == f"{folder}/book/lab"
    assert [rest for word, rest in steps() if word == "USER"][-1] == "${NB_UID}"
    assert {rest.split("=")[0] for word, rest in steps() if word == "ARG"} >= {"NB_USER", "NB_UID"}
    (command,) = [json.loads(rest) for word, rest in steps() if word == "CMD"]
    assert command[:2] == ["jupyter", "lab"]
    assert f"volume at `{folder}/work`" in GUIDE


def test_what_is_computed_on_one_s_own_machine_stays_out_of_the_image():
    left_out = (ROOT / ".binder/Dockerfile.dockerignore").read_text().split()
    assert set(left_out) >= {".venv", "_build", "work"}
