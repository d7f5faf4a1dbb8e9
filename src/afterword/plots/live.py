"""Figures that answer: they work in the page itself, and have a still form everywhere else.

The still form is plain HTML, complete without the script, so that it is also what GitHub, a
printer and a reader without scripts get. The script stands beside this file and is written into
the page, so that nothing is fetched.
"""

import hashlib
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from afterword.plots.tables import plot_table

SCRIPTS = Path(__file__).parent
FRAME = """<figure class="live {name}" data-live="{key}" style="margin: 0">
<style>
{style}
</style>
<div class="still">
{still}
</div>
<script>
(() => {{
const data = {data};
{script}
for (const figure of document.querySelectorAll('[data-live="{key}"]:not([data-on])')) {{
  figure.dataset.on = "";
  {name}(figure, data);
}}
}})();
</script>
</figure>"""


@dataclass(frozen=True)
class Live:
    """What a cell may end in: a page that answers, a drawing, and a sentence."""

    html: str
    svg: str
    text: str

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self.html, "image/svg+xml": self.svg, "text/plain": self.text}


def framed(name: str, *, still: str, data: dict, shared: Sequence[str] = ()) -> str:
    """The HTML of a live figure: its still form, ``name.css`` and ``name.js``, and the data.

    The script holds a function ``name(figure, data)``, called once with the figure's element; those
    of the ``shared`` names come before it.
    """
    files = {kind: (SCRIPTS / f"{name}.{kind}").read_text("utf8") for kind in ("css", "js")}
    numbers = json.dumps(data, ensure_ascii=False, sort_keys=True).replace("</", "<\\/")
    files["js"] = (
        "".join((SCRIPTS / f"{each}.js").read_text("utf8") for each in shared) + files["js"]
    )
    key = hashlib.sha256((still + numbers + "".join(files.values())).encode()).hexdigest()[:12]
    style, script = (files[kind].strip() for kind in ("css", "js"))
    return FRAME.format(name=name, key=key, style=style, still=still, data=numbers, script=script)


def drawn(figure: Figure) -> str:
    """A figure as SVG, the same each time; the figure is closed."""
    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "afterword"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return file.getvalue()


def live_attention(
    shares, rows: Sequence[str], columns: Sequence[str], *, heads: Sequence[str]
) -> Live:
    """Choose a word of ``rows`` and see, head by head, at which of ``columns`` it looks.

    ``shares`` has shape [len(heads), len(rows), len(columns)], each row of it from 0 to 1.
    """
    shares = np.asarray(shares, dtype=float)
    if shares.shape != (len(heads), len(rows), len(columns)):
        raise ValueError(
            f"{len(heads)} heads, {len(rows)} rows and {len(columns)} columns need shares of shape "
            f"({len(heads)}, {len(rows)}, {len(columns)}), got {shares.shape}"
        )
    data = dict(rows=list(rows), columns=list(columns), heads=list(heads))
    data["shares"] = [[[round(x, 2) for x in row] for row in head] for head in shares.tolist()]
    still = "\n".join(map(_table, heads, shares, [rows] * len(heads), [columns] * len(heads)))
    size = (0.55 * len(columns) + 1.5, len(heads) * (0.4 * len(rows) + 0.9))
    figure, axes = plt.subplots(len(heads), figsize=size, squeeze=False, layout="constrained")
    for ax, name, head in zip(axes.flat, heads, shares, strict=True):
        plot_table(head, rows, columns, ax).set_title(name)
    text = f"Live figure: whom each of {len(rows)} words looks at, in {len(heads)} heads"
    return Live(framed("attention", still=still, data=data), drawn(figure), text)


def _table(head: str, shares: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> str:
    """One head as an HTML table, a little darker where it looks more."""
    said = [html.escape(word) for word in columns]
    lines = ["<table>", f"<caption>{html.escape(head)}</caption>"]
    top = "".join(f'<th scope="col">{word}</th>' for word in said)
    lines.append(f"<tr><td></td>{top}</tr>")
    for word, row in zip(rows, shares, strict=True):
        cells = "".join(
            f'<td style="background: rgba(0, 104, 168, {0.35 * x:.2f})">{x:.2f}</td>' for x in row
        )
        lines.append(f'<tr><th scope="row">{html.escape(word)}</th>{cells}</tr>')
    return "\n".join([*lines, "</table>"])
