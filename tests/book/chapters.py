"""What the tests of the book share: the pair of a chapter, a cell as shown, and the address."""

import yaml

from book._ext.portable import FORM_TITLE
from book.checks.chapter import ROOT

KEPT = ("tags", "mystnb", "jupyter", "cellView")  # chapters/jupytext.toml: cell_metadata_filter


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


def shown(source: str) -> str:
    """A code cell as the page shows it: the line that Colab reads as a title heads the fold."""
    return FORM_TITLE.sub("", source).rstrip("\n")
