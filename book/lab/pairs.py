"""How JupyterLab reads and saves the pairs of chapters: as jupytext does, but for three things.

A script older than its notebook is refused by jupytext, also where both say the same, as they do
after a `git pull` that brought new outputs. Here it opens.

Where they differ, the reader is told what to do, and nothing is read or written.

A save stores what belongs to the chapter: no times of cells, no settings of jupytext.
"""

import os

import jupytext
from jupytext import TextFileContentsManager
from tornado.web import HTTPError

KEPT = ("kernelspec", "language_info")
DIFFER = (
    "{0}.ipynb was changed after {0}.py, and they differ. Both are as they were. In a terminal, "
    "`git diff` shows what was changed. `make sync` keeps the newer, which after `touch {0}.py` "
    "is the script. Then open it again."
)


class Pairs(TextFileContentsManager):
    def get(self, path, content=True, type=None, format=None, require_hash=False):
        if content and type in (None, "notebook"):
            self.let_the_script_be_the_newer(os.path.splitext(path.strip("/"))[0])
        return super().get(
            path, content=content, type=type, format=format, require_hash=require_hash
        )

    def save(self, model, path=""):
        if model["type"] == "notebook":
            tidy(model["content"])
        return super().save(model, path)

    def let_the_script_be_the_newer(self, pair):
        """Of a pair that agrees. jupytext takes the text from the script, whatever its age."""
        script, notebook = (self._get_os_path(f"{pair}.{end}") for end in ("py", "ipynb"))
        if not (os.path.isfile(script) and os.path.isfile(notebook) and self.is_paired(pair)):
            return
        if os.path.getmtime(script) >= os.path.getmtime(notebook):
            return
        if texts(script) != texts(notebook):
            raise HTTPError(409, DIFFER.format(pair))
        os.utime(script)

    def is_paired(self, pair):
        notebook = f"{pair}.ipynb"
        return self.get_config(notebook).default_formats(notebook) is not None


def texts(file):
    """What both files of a pair hold: the kind, text and tags of each cell."""
    cells = jupytext.read(file).cells
    return [(c.cell_type, c.source.rstrip(), c.metadata.get("tags", [])) for c in cells]


def tidy(notebook):
    """Take out what JupyterLab and jupytext add for themselves, so that `git diff` is silent."""
    metadata = notebook["metadata"]
    for key in set(metadata) - set(KEPT):
        del metadata[key]
    if metadata.get("kernelspec", {}).get("name") == "python3":
        metadata["kernelspec"]["display_name"] = "Python 3"
    if "language_info" in metadata:
        metadata["language_info"] = {"name": metadata["language_info"]["name"]}
    for cell in notebook.get("cells", []):  # one of an old version has none
        cell["metadata"].pop("execution", None)
