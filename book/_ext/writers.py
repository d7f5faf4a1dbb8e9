"""Put the models that pages write with beside the pages: _static/writers/NAME/.

A cell that ends in `live_writer("NAME", …)` or `live_verse("NAME", …)` leaves data-model="NAME" in
its output. The scripts are made anew in each build, from the model in the package; where verse is
written, _static/writers/words.js holds the words that it is made of.
"""

import re
from pathlib import Path

from docutils import nodes

VERSE = '<figure class="live verse"'
MARK = re.compile(r'<p class="stays" data-model="([\w-]+)">')


def note_models(app, doctree):
    """Remember which models a page uses, also for a later build that does not read it again."""
    text = "\n".join(raw.astext() for raw in doctree.findall(nodes.raw))
    if found := set(MARK.findall(text)):
        app.env.metadata[app.env.docname]["writers"] = sorted(found)
    if VERSE in text:
        app.env.metadata[app.env.docname]["verse"] = True


def write_models(app, error):
    if error or app.builder.format != "html":
        return
    from afterword.interop.pages import page_model
    from afterword.interop.verse import words_script
    from afterword.interop.writers import load_writer

    used = {name for page in app.env.metadata.values() for name in page.get("writers", [])}
    folder = Path(app.outdir, "_static", "writers")
    for name in sorted(used):
        page_model(name, *load_writer(name)).write(folder / name)
    if any(page.get("verse") for page in app.env.metadata.values()):
        (folder / "words.js").write_text(words_script(), encoding="utf-8")


def setup(app):
    app.connect("doctree-read", note_models)
    app.connect("build-finished", write_models)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
