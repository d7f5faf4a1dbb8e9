"""Run each chapter as a reader in Colab does: make alone, or make alone CHAPTER=01 PYTHONS=3.12.

A notebook runs alone in an empty folder. Its kernel has what Colab has (book/colab.txt) and not
this package: on Python 3.12 in Colab's own versions, on the others in those of constraints.txt.
The chapter's install line runs as it stands, but pip takes everything from a folder of wheels,
where the one made of this working tree stands for the repository. No network is there. The chapter
must come to its end within its time, by the clock or by the kernel's own work, whichever is less,
everything must show, and pip must have changed nothing that Colab has.

Two chapters run at once. On 3.12 each has two threads, as in Colab, which add in another order than
the one thread of `make nbval`: a claim must not hang on the last digit.

Not seen here: a GPU; Colab's page, and whether widgets, live figures and links work on it; those of
Colab's packages that the list leaves out; whether the repository answers at its address; packages
newer than constraints.txt, which pip would bring; a network asked for other than through Python.
"""

import concurrent.futures
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError

from book.checks.chapter import Chapter, Finding, tags
from book.checks.times import over
from book.tools import colab
from book.tools.run_chapters import run

CLAIM = "a claim does not hold"


def run_alone(chapter: Chapter, base: Path, wheels: Path, n_threads: int) -> tuple[str, list]:
    """What one chapter took, in words, and what is wrong with it."""
    notebook = nbformat.from_dict(chapter.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
    stub(notebook, wheels)
    with tempfile.TemporaryDirectory() as folder:
        own = colab.empty_environment(base, Path(folder))
        env = surroundings(Path(folder), wheels, n_threads)
        try:
            took = run(notebook, env=env, kernels=Path(folder, "kernels"))
        except CellExecutionError as error:
            return "failed", shown_wrong(chapter, notebook) or [stopped(chapter, notebook, error)]
        changed = sorted(colab.installed_in(own) & colab.pins(colab.LIST).keys())
    said = f"{took.seconds:.0f} s, {took.cpu_seconds:.0f} s of work, {took.peak_mb:,} MB"
    found = over(chapter, min(took.seconds, took.cpu_seconds), 0)  # a first run converts models
    found += shown_wrong(chapter, notebook)
    if changed:
        wrong = f"its install line brings what Colab has: {', '.join(changed)}"
        found.append(chapter.finding(chapter.code[0][0], wrong, "Take these names out"))
    return said, found


def stub(notebook, wheels: Path) -> None:
    """Let the install line mean the wheel of this working tree where it says the repository."""
    (wheel,) = wheels.glob("afterword-*.whl")
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    address = colab.asked_of_pip(first.source).own.split(" @ ")[1]
    first.source = first.source.replace(address, wheel.as_uri())


def surroundings(home: Path, wheels: Path, n_threads: int) -> dict[str, str]:
    """The kernel's variables: pip without an index, a home without a cache, nothing of ours."""
    ours = r"(HF_|PIP_|UV_|AFTERWORD_|PYTHON|VIRTUAL_ENV|JUPYTER|MPL|XDG_)|.*_PROXY$"
    kept = {key: text for key, text in os.environ.items() if not re.match(ours, key.upper())}
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    return kept | pip | {"HOME": str(home), "OMP_NUM_THREADS": str(n_threads)}


def stopped(chapter: Chapter, notebook, error: CellExecutionError) -> Finding:
    """The last cell that was begun, and what went wrong there."""
    begun = [i for i, cell in enumerate(notebook.cells) if cell.get("execution_count")]
    wrong = f"alone, {error.ename}: {error.evalue or CLAIM}"
    return chapter.finding(begun[-1] if begun else chapter.code[0][0], wrong, cure(chapter))


def refused(version: str, base: Path, wheels: Path) -> list[str]:
    """Whether the package, installed with all that it requires, would take Colab's torch away."""
    if version != colab.VERSION:
        return []
    (wheel,) = wheels.glob("afterword-*.whl")
    touched = sorted(colab.replaced_by(base, wheel) & {"torch", "numpy", "transformers"})
    wrong = [f"pyproject.toml: what it requires would replace Colab's {name}" for name in touched]
    print(*wrong, sep="\n", end="", flush=True)
    return wrong


def shown_wrong(chapter: Chapter, notebook) -> list[Finding]:
    """The errors that stand under cells. Some stop nothing: a result that could not be shown."""
    outputs = [(i, out) for i, cell in enumerate(notebook.cells) for out in cell.get("outputs", [])]
    said = "alone, {ename}: {evalue}"
    return [
        chapter.finding(i, said.format(**out | {"evalue": out.evalue or CLAIM}), cure(chapter))
        for i, out in outputs
        if out.output_type == "error" and not expected(chapter, i)
    ]


def cure(chapter: Chapter) -> str:
    return f"See it: make alone CHAPTER={chapter.name[:2]}"


def expected(chapter: Chapter, i: int) -> bool:
    """Whether the cell is there to fail."""
    return "raises-exception" in tags(chapter.cells[i])


def run_all(version: str, python: str, chapters: list[Chapter]) -> list:
    """Every chapter on one Python; what is wrong."""
    base = colab.make_base(version, python)
    wheels = colab.make_wheels(base, [chapter.code[0][1].source for chapter in chapters])
    n_threads = 2 if version == colab.VERSION else 1
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run_alone, chapter, base, wheels, n_threads) for chapter in chapters]
        wrong = refused(version, base, wheels)
        for chapter, future in zip(chapters, runs, strict=True):
            said, found = future.result()
            print(f"Python {version}, {chapter.name}: {said}", *found, sep="\n  ", flush=True)
            wrong += found
    return wrong


def main(paths: list[str]) -> int:
    """1 if a chapter failed, or if no Python was there to try one on."""
    chapters = [Chapter.read(Path(path)) for path in paths]
    versions = os.environ.get("PYTHONS", "").split() or colab.VERSIONS
    found = {version: colab.find_python(version) for version in versions}
    wrong = [w for v, python in found.items() if python for w in run_all(v, python, chapters)]
    for version in (version for version, python in found.items() if python is None):
        print(f"NOT TRIED on Python {version}: there is none here. Install one, or set PYENV_ROOT.")
    return int(bool(wrong) or not any(found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
