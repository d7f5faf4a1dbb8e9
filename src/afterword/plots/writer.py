"""A model in the page: type a beginning, move the settings, see what comes next and let it write.

The still form is the table of the likeliest tokens. The model comes when the reader asks for it,
from scripts that stand beside the book's pages (``interop.pages``); the forms are put together in
``interop.live``.
"""

import html
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from afterword.plots.live import Live, drawn, framed
from afterword.plots.style import COLOURS

N_ROWS = 10
ENDS = (0.25, 0.5, 1.0)  # where the axis of the bars may end
NAMES = {" ": "space", "\n": "line end"}
# what can be set: its name in the page, least, most, step, and the value that changes nothing
SETTINGS = {
    "temperature": ("Temperature", 0.1, 2.0, 0.05, None),
    "top_k": ("Top-k", 1, None, 1, "all"),
    "top_p": ("Top-p", 0.05, 1.0, 0.05, "all"),
    "min_p": ("Min-p", 0.0, 0.5, 0.01, "off"),
    "repetition": ("Repetition penalty", 1.0, 2.0, 0.05, "off"),
}
STAYS = (
    "In the book’s own pages, online or on a disk, this table is alive: "
    "the model loads into the page and writes there."
)


def writer_form(
    model: str,
    *,
    n_bytes: int,
    prompt: str,
    tokens: Sequence[str],
    probs: tuple[np.ndarray, np.ndarray],
    settings: Mapping[str, float | None],
) -> Live:
    """The form for the model that pages call ``model``, of ``n_bytes``.

    ``probs`` are those of ``tokens`` after the prompt: the model's own, and after the settings,
    with 0 for what is dropped.
    """
    if not len(tokens) == len(probs[0]) == len(probs[1]):
        raise ValueError(
            f"{len(tokens)} tokens need as many probabilities, got {len(probs[0])} and "
            f"{len(probs[1])}"
        )
    data = dict(model=model, prompt=prompt, size=f"{n_bytes / 1e6:.1f} MB", names=NAMES)
    data |= dict(settings=dict(settings))
    data["controls"] = [[name, *control] for name, control in SETTINGS.items()]
    said = sentence(tokens, *probs)
    still = f"{bars(prompt, tokens, *probs)}\n<p>{html.escape(said)}</p>"
    page = f'{still}\n<p class="stays" data-model="{html.escape(model)}">{STAYS}</p>'
    text = f"Live figure: the model writes on from “{end_of(prompt)}”. {said}"
    return Live(
        framed("writer", still=page, data=data, shared=["fetching"]),
        _figure(prompt, tokens, *probs),
        text,
    )


def named(token: str) -> str:
    """A token as the table calls it."""
    return NAMES.get(token, token)


def end_of(text: str) -> str:
    """The last of a text, on one line."""
    return ("…" if len(text) > 24 else "") + text[-24:].replace("\n", " ")


def percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def likeliest(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The ids that the table shows: the likeliest before or after; of equals the lowest first."""
    return np.argsort(-np.maximum(before, after), kind="stable")[:N_ROWS]


def sentence(tokens: Sequence[str], before: np.ndarray, after: np.ndarray) -> str:
    """What the table shows, in words; the script says the same."""
    best = int(np.argmax(after))
    return (
        f"{np.count_nonzero(after)} of {len(tokens)} tokens are kept. The likeliest is "
        f"“{named(tokens[best])}”: {percent(before[best])} by the model, "
        f"{percent(after[best])} after the settings."
    )


def bars(prompt: str, tokens: Sequence[str], before: np.ndarray, after: np.ndarray) -> str:
    """The likeliest tokens as a table of bars: light before the settings, dark after them."""
    ids = likeliest(before, after)
    full = next((end for end in ENDS if max(before.max(), after.max()) <= end), 1.0)
    rows = [
        f"<caption>What comes after “<q>{html.escape(end_of(prompt))}</q>”</caption>",
        '<tr><th scope="col">Next</th><th scope="col" class="bars">0'
        f'<span class="end">{100 * full:g}%</span></th>'
        '<th scope="col"><span class="light"></span>Model</th>'
        '<th scope="col"><span class="dark"></span>After</th></tr>',
    ]
    for id in ids:
        share, kept = float(before[id]), float(after[id])
        out = "" if kept else ' class="out"'
        rows.append(
            f'<tr{out}><th scope="row">{html.escape(named(tokens[id]))}</th>'
            f'<td class="bars"><span class="light" style="width: {100 * share / full:.1f}%"></span>'
            f'<span class="dark" style="width: {100 * kept / full:.1f}%"></span></td>'
            f"<td>{percent(share)}</td><td>{percent(kept) if kept else 'out'}</td></tr>"
        )
    return "\n".join(['<table class="next">', *rows, "</table>"])


def _figure(prompt: str, tokens: Sequence[str], before: np.ndarray, after: np.ndarray) -> str:
    """The same drawn by matplotlib, for paper and for where HTML is not shown."""
    ids = likeliest(before, after)
    places = np.arange(len(ids))
    figure, ax = plt.subplots(figsize=(4.8, 0.28 * len(ids) + 0.9), layout="constrained")
    ax.barh(places, before[ids], height=0.8, color=COLOURS["floor"], alpha=0.4)
    ax.barh(places, after[ids], height=0.4, color=COLOURS["model"])
    ax.set_yticks(places, [named(tokens[id]).replace("$", r"\$") for id in ids])
    ax.invert_yaxis()
    ax.set(title=f"After “{end_of(prompt)}”".replace("$", r"\$"))
    ax.set(xlabel="probability; light: the model’s, dark: after the settings")
    return drawn(figure)
