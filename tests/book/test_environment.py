"""pyproject.toml, constraints.txt, environment.yml and the workflows tell one story."""

import re
import tomllib

import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from book.checks.chapter import ROOT
from tests.book.chapters import repository

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
LOCK = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def asked_for() -> list[Requirement]:
    more = [*PROJECT["optional-dependencies"].values(), *PYPROJECT["dependency-groups"].values()]
    return [Requirement(d) for group in [PROJECT["dependencies"], *more] for d in group]


def test_the_lock_pins_each_package_to_one_version_and_holds_no_address():
    for pin in LOCK:
        assert re.fullmatch(r"==[^,*+]+", str(pin.specifier)), f"{pin}: want one public version"
        assert pin.url is None
    assert "://" not in (ROOT / "constraints.txt").read_text()


def test_everything_asked_for_is_locked_and_the_lock_fits():
    pins = {}
    for pin in LOCK:
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    for wanted in asked_for():
        found = pins.get(canonicalize_name(wanted.name))
        assert found, f"{wanted.name} is not in constraints.txt: make lock"
        for pin in found:
            (version,) = (s.version for s in pin.specifier)
            assert wanted.specifier.contains(version), f"{pin} does not fit {wanted}: make lock"


def test_the_lock_serves_every_python_we_promise():
    for minor in (11, 12, 13):
        environment = default_environment() | {
            "python_version": f"3.{minor}",
            "python_full_version": f"3.{minor}.0",
        }
        here = {p.name for p in LOCK if p.marker is None or p.marker.evaluate(environment)}
        assert {canonicalize_name(r.name) for r in asked_for()} <= set(map(canonicalize_name, here))


def test_what_the_person_we_build_for_has_fixed_is_there():
    fixed = {"jupyterlab", "torch", "transformers", "datasets", "evaluate", "matplotlib"}
    assert fixed | {"nbval", "jupytext"} <= {requirement.name for requirement in asked_for()}


def test_conda_users_get_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [d for d in environment["dependencies"] if isinstance(d, str)]
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert pip == ["-c constraints.txt", "-e .[book]"]
    assert set(conda) == {"python=3.11", "pip"}, (
        "conda brings Python; pip, held to the lock, the rest"
    )
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains("3.11")


def test_the_pretrained_models_come_with_every_environment_but_not_what_they_ask_for():
    """So that a chapter which writes with one runs offline."""
    from afterword.interop import sentences
    from afterword.interop.pretrained import SOURCES

    packages = {source.package for source in SOURCES.values()} | {sentences.PACKAGE}
    assert packages == set(PYPROJECT["dependency-groups"]["models"])
    recipe = (ROOT / "Makefile").read_text().split("$(VENV)/.done:")[1].split("\n\n")[0]
    assert "-c constraints.txt --no-deps --group models" in recipe
    locked = {canonicalize_name(pin.name) for pin in LOCK}
    assert packages <= locked
    assert not locked & {"llm", "llama-cpp-python"}
    conda = (ROOT / "environment.yml").read_text()
    command = re.search(r"# pip install --no-deps -c constraints.txt (.*)", conda)
    assert set(command[1].split()) == packages


def test_the_workflows_run_the_commands_of_the_readme_on_every_python():
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]
    steps = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    assert any("make test" in run for run in steps)
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert "make test" in (ROOT / ".ci/run").read_text()


def test_every_week_what_chapters_load_is_computed_anew():
    """The command makes the tables of a tiny chapter in tests/book/test_recompute.py."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/recompute.yml").read_text())
    (when,) = workflow[True]["schedule"]  # YAML reads `on` as true
    assert re.fullmatch(r"\d+ \d+ \* \* \d", when["cron"]), "minute, hour, one day of the week"
    (job,) = workflow["jobs"].values()
    assert job["env"]["AFTERWORD_RECOMPUTE"] == "1"
    assert "make recompute" in [step.get("run") for step in job["steps"]]
    recipe = (ROOT / "Makefile").read_text().split("\nrecompute:")[1].split("\n\n")[0]
    assert "-m book.tools.recompute $(CHAPTERS)" in recipe


def test_the_address_is_set_in_one_place_and_carried_from_there():
    for file in ("README.md", "CITATION.cff"):
        for found in re.findall(r"https://github\.com/[\w.-]+/[\w-]+", (ROOT / file).read_text()):
            assert found == repository(), f"{file} says {found}: make address"


def test_the_data_travel_with_the_package():
    from afterword.text.corpora import CORPORA, FOLDER

    for name in CORPORA:
        assert (FOLDER / f"{name}.jsonl.xz").exists()
    assert sum(f.stat().st_size for f in FOLDER.rglob("*")) < 12e6, "whole book: under 12 MB"
