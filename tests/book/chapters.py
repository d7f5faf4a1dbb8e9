"""The chapters as the tests of the book see them."""

import re
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
KEPT = ("tags", "mystnb", "jupyter", "cellView")  # pyproject.toml: cell_metadata_filter


def name(path: Path) -> str:
    return path.stem


def read(path: Path):
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def essence(notebook) -> list[tuple]:
    """What the two files of a pair must share: kind, text and kept metadata of each cell."""
    return [
        (
            cell.cell_type,
            cell.source.rstrip(),
            {k: cell.metadata[k] for k in KEPT if k in cell.metadata},
        )
        for cell in notebook.cells
    ]


def repository() -> str:
    """The address, from the one place where it is set."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return config["repository"]["url"]


def is_figure(cell) -> bool:
    return any(re.match("image/", kind) for out in cell.outputs for kind in out.get("data", {}))
