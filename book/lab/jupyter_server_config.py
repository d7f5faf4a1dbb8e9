"""JupyterLab for this book: `make lab` and .binder/Dockerfile put this folder on its path."""

import sys
from pathlib import Path

here = Path(__file__).resolve().parent
root = here.parents[1]
sys.path.insert(0, str(root))

c = get_config()
c.ServerApp.root_dir = str(root)
c.ServerApp.contents_manager_class = "book.lab.pairs.Pairs"
# Outside chapters/, where there is a jupytext.toml, a script is text: it never becomes a notebook.
c.Pairs.notebook_extensions = "ipynb"
c.LabApp.default_url = "/lab/tree/chapters"
c.LabApp.extra_labextensions_path = [str(here / "extensions")]
