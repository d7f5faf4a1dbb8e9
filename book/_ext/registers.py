"""Tables that nobody types.

```{corpora}     the texts in the package, from its own registry
```{times}       seconds and memory of each chapter, from book/times.csv
```{seats}       what a shared server needs for a group, from the same
"""

import csv
import math
import textwrap
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

TIMES = Path(__file__).parents[1] / "times.csv"


class Corpora(SphinxDirective):
    """One row a text: what it is, where it is from, what it may be used for, which bytes it is."""

    def run(self):
        from afterword.text.corpora import CORPORA

        heads = ["Name", "Text", "From", "Licence", "Size", "SHA-256"]
        return [table("corpora", heads, [corpus_row(corpus) for corpus in CORPORA.values()])]


class Times(SphinxDirective):
    """One row a chapter and device."""

    def run(self):
        self.env.note_dependency(str(TIMES))
        rows = list(csv.DictReader(TIMES.open(encoding="utf8"))) if TIMES.exists() else []
        if not rows:
            return [nodes.paragraph("", "No chapter has been timed yet.")]
        heads = ["Chapter", "Device", "Time", "Memory", "With", "Day"]
        return [table("times", heads, [time_row(row) for row in rows])]


class Seats(SphinxDirective):
    """What one person needs on a shared server, and what ten do."""

    def run(self):
        self.env.note_dependency(str(TIMES))
        rows = list(csv.DictReader(TIMES.open(encoding="utf8"))) if TIMES.exists() else []
        rows = [row for row in rows if row["device"] == "cpu"]
        if not rows:
            return [nodes.paragraph("", "No chapter has been timed yet.")]
        return [nodes.paragraph("", "", nodes.Text(seats(rows)))]


def seats(rows):
    largest = max(rows, key=lambda row: float(row["peak_mb"]))
    seconds = [float(row["seconds"]) for row in rows]
    peak = float(largest["peak_mb"])
    allow = math.ceil(peak / 1024 + 0.5)  # JupyterLab itself, and what a person leaves open
    return (
        f"Chapter {int(largest['chapter'][:2])} holds most in memory: {peak:,.0f} MB. "
        f"So allow {allow} GB and one core for each person, {10 * allow} GB and ten cores for ten "
        f"who run a chapter at once. On two cores of its own a chapter took from "
        f"{min(seconds):.0f} to {max(seconds):.0f} seconds."
    )


def corpus_row(corpus):
    several = f"{corpus.n_documents:,} documents, " if corpus.n_documents > 1 else ""
    return [
        [nodes.literal("", corpus.name)],
        [nodes.emphasis("", corpus.title), nodes.Text(f", {corpus.author}")],
        [nodes.Text(corpus.source)],
        [nodes.Text(corpus.licence)],
        [nodes.Text(f"{several}{corpus.n_characters:,} characters, {corpus.n_bytes:,} bytes")],
        [nodes.literal("", " ".join(textwrap.wrap(corpus.sha256, 8)), classes=["checksum"])],
    ]


def time_row(row):
    cells = [
        f"{row['cores']} CPU cores" if row["device"] == "cpu" else row["device"],
        f"{float(row['seconds']):.0f} s",
        f"{float(row['peak_mb']):,.0f} MB",
        f"Python {row['python']}, PyTorch {row['torch'].split('+')[0]}",
        row["date"],
    ]
    return [[nodes.literal("", Path(row["chapter"]).stem)], *([nodes.Text(cell)] for cell in cells)]


def table(name, heads, rows):
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in heads), cols=len(heads))
    group += nodes.thead("", line([[nodes.Text(head)] for head in heads]))
    group += nodes.tbody("", *map(line, rows))
    return nodes.table("", group, classes=[name])


def line(cells):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def setup(app):
    app.add_directive("corpora", Corpora)
    app.add_directive("times", Times)
    app.add_directive("seats", Seats)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
