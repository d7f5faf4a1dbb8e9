"""Make the built book whole: a reader with no network misses nothing.

* MathJax comes out of the package sphinx-mathjax-offline: the one script and its
  fonts, 1.7 of the package's 24 MB.
* Thebe, which runs cells on a far server, is left out. Every page would ask for it.
* A picture on another site (a badge) becomes its own description.
"""

import importlib.util
import shutil
from pathlib import Path

from docutils import nodes

FONTS = "output/chtml/fonts/woff-v2"


def copy_mathjax(app, error):
    if error or app.builder.format != "html":
        return
    package = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent
    source, target = package / "static" / "mathjax", Path(app.outdir, "_static", "mathjax")
    shutil.copytree(source / FONTS, target / FONTS, dirs_exist_ok=True)
    shutil.copy(source / "tex-chtml.js", target)


def drop_thebe(app, pagename, templatename, context, doctree):
    for key in ("script_files", "css_files"):
        context[key] = [asset for asset in context.get(key, []) if not is_thebe(asset)]


def is_thebe(asset):
    text = f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', '')}"
    return "thebe" in text.lower()


def describe_far_pictures(app, doctree):
    for image in list(doctree.findall(nodes.image)):
        if image["uri"].startswith(("http:", "https:", "//")):
            image.replace_self(nodes.Text(image.get("alt") or "a picture on another site"))


def setup(app):
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("doctree-read", describe_far_pictures)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
