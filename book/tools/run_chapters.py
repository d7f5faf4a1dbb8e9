"""Execute chapters and store what they print and draw: make run, or make run CHAPTER=01.

Each chapter runs in a process of its own, in an empty folder: a chapter may need the installed
package, and nothing beside itself. Its seconds and peak memory go to book/times.csv. A chapter
that fails leaves its files as they were.
"""

import csv
import datetime
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import torch
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from traitlets import default

from book.checks.times import code_hash

ROOT = Path(__file__).resolve().parents[2]
TIMES = ROOT / "book/times.csv"
FRONT = ROOT / "book/_static"
TOOK = """
import resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
peak = used.ru_maxrss  # bytes on macOS, else KiB
print(peak // (1024**2 if sys.platform == "darwin" else 1024), used.ru_utime + used.ru_stime)
"""


class Took(NamedTuple):
    """Of one run: seconds by the clock, the most MB held, seconds of work by the processors."""

    seconds: float
    peak_mb: int
    cpu_seconds: float


def run(
    notebook,
    *,
    timeout: int | None = 1800,
    env: dict | None = None,
    kernels: Path | None = None,
) -> Took:
    """Execute a notebook alone in an empty folder.

    ``kernels`` holds the kernel "alone" of another Python. What is kept holds no widget
    (``AFTERWORD_STILL``: interop.live), unless ``env`` says otherwise.
    """
    env = (os.environ | {"AFTERWORD_STILL": "1"}) if env is None else dict(env)
    env["OMP_WAIT_POLICY"] = "PASSIVE"  # waiting threads leave the cores to others
    notebook.cells.append(nbformat.v4.new_code_cell(TOOK))  # taken out again below
    start = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as empty:
            NotebookClient(
                notebook,
                timeout=timeout,
                kernel_name="alone" if kernels else "python3",
                kernel_manager_class=manager(kernels) if kernels else AsyncKernelManager,
                record_timing=False,
                store_widget_state=False,
                coalesce_streams=True,
                resources={"metadata": {"path": empty}},
            ).execute(env=env)
    finally:
        last = notebook.cells.pop()
    peak_mb, cpu_seconds = last.outputs[0].text.split()
    return Took(time.perf_counter() - start, int(peak_mb), float(cpu_seconds))


def manager(kernels: Path) -> type[AsyncKernelManager]:
    """What starts the kernels of one folder."""

    class Manager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _of_this_folder(self):
            return KernelSpecManager(kernel_dirs=[str(kernels)])

    return Manager


def execute(path: Path) -> dict:
    """Run one notebook, write it back, and say what it took."""
    notebook = nbformat.read(path, as_version=4)
    took = run(notebook)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    replace(path, nbformat.writes(notebook) + "\n")
    path.with_suffix(".py").touch()  # JupyterLab refuses a script older than its notebook
    for name, content in front(notebook, path.stem):
        replace(FRONT / name, content)
    return {
        "chapter": path.stem,
        "code": code_hash(notebook.cells),
        "seconds": round(unhurried(took)),
        "peak_mb": took.peak_mb,
    }


def unhurried(took: Took) -> float:
    """The clock's seconds, or the processors' where others made the chapter wait for them."""
    return took.seconds if torch.cuda.is_available() else min(took.seconds, took.cpu_seconds)


def front(notebook, chapter: str):
    """What pages show outside the chapter: file name, content.

    A cell tagged ``front:NAME`` is for the front page and README; the figure of the one tagged
    ``opening`` stands under the chapter's title, and on its card.
    """
    for cell in notebook.cells:
        for tag in cell.metadata.get("tags", []):
            if tag == "opening":
                yield f"openings/{chapter}.svg", figure(cell)
            elif tag.startswith("front:"):
                name, last = tag.removeprefix("front:"), cell.outputs[-1]
                if "text" in last:
                    yield f"{name}.txt", last.text.rstrip() + "\n"
                else:
                    yield f"{name}.svg", figure(cell)


def figure(cell) -> str:
    """The last SVG that a cell has drawn."""
    drawn = [
        out.data["image/svg+xml"] for out in cell.outputs if "image/svg+xml" in out.get("data", {})
    ]
    if not drawn:
        raise ValueError(
            f"the cell tagged {cell.metadata.tags} drew no SVG; end it with plt.show(), after "
            "use_style() in the chapter's first cell"
        )
    return drawn[-1]


def replace(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(exist_ok=True)  # the first picture of its kind
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(content, encoding="utf-8")
    os.replace(partial, path)


def record(row: dict) -> None:
    """Put one chapter's row into the table, in the place of the last one on the same device."""
    cuda = torch.cuda.is_available()
    row |= {
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "date": datetime.date.today().isoformat(),
    }
    rows = {}
    if TIMES.exists():
        with TIMES.open(newline="") as file:
            rows = {(old["chapter"], old["device"]): old for old in csv.DictReader(file)}
    rows[row["chapter"], row["device"]] = row
    lines = [list(row)] + [[rows[key].get(head, "") for head in row] for key in sorted(rows)]
    replace(TIMES, "".join(",".join(map(str, line)) + "\n" for line in lines))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        took = execute(Path(name).resolve())
        print(f"{took['chapter']}: {took['seconds']} s, {took['peak_mb']} MB at most")
        record(took)
