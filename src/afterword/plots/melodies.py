"""Melodies as pictures, and how far tunes are from those that were read."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from afterword.plots.openings import HEIGHT, INK, NOTE, WIDTH, opening, say
from afterword.plots.style import COLOURS

MARGIN, LOW, HIGH, THICK = 8, 22, 128, 7.0  # points, of the opening picture


def plot_continued(
    notes: Sequence[tuple[int | None, float, float]], begun: float, words: tuple[str, str]
) -> Axes:
    """A melody as strokes, pitch upwards and bars to the right; from ``begun`` on it is a model's.

    Each note is its pitch (None for a rest), and when it begins and ends, in bars. ``words`` stand
    above the two pieces.
    """
    pitches = [pitch for pitch, _, _ in notes if pitch is not None]
    if not pitches or not 0 < begun < notes[-1][2]:
        raise ValueError(
            f"{len(pitches)} notes, of which those after bar {begun:g} are the model's, leave one "
            "piece empty; give notes before and after it"
        )
    ax, end = opening(), notes[-1][2]
    low, span = min(pitches), max(max(pitches) - min(pitches), 1)
    across = (WIDTH - 2 * MARGIN) / end
    for bar in np.arange(np.ceil(end)):
        ax.plot([MARGIN + bar * across] * 2, [LOW - 12, HIGH + 8], color=INK, alpha=0.2, lw=1)
    for pitch, start, stop in notes:
        if pitch is not None:
            colour = COLOURS["human" if start < begun - 1e-6 else "model"]  # sums of thirds
            y = LOW + (HIGH - LOW) * (pitch - low) / span
            ends = [MARGIN + start * across + 2, MARGIN + stop * across - 2]
            ax.plot(ends, [y, y], color=colour, linewidth=THICK, solid_capstyle="butt")
    for text, at, who in zip(words, (0, begun), ("human", "model"), strict=True):
        say(ax, MARGIN + at * across + 2, HEIGHT - 24, text, NOTE + 2, color=COLOURS[who])
    return ax


def plot_distances(
    distances: Mapping[str, Sequence[float]],
    colours: Mapping[str, str],
    *,
    ax: Axes | None = None,
) -> Axes:
    """One curve for each name: the share of its tunes that are as near as the place, or nearer."""
    if empty := [name for name, values in distances.items() if not len(values)]:
        raise ValueError(f"no distances came for {empty}; give some, or leave the name out")
    ax = ax or plt.subplots(figsize=(4.8, 2.9))[1]
    for row, (name, values) in enumerate(distances.items()):
        shares = np.linspace(0, 1, 61)  # a point for each tune would be a large file
        ax.plot(np.quantile(values, shares), shares, color=colours[name])
        ax.text(0.02, 0.92 - 0.12 * row, name, color=colours[name], transform=ax.transAxes)
    ax.set(ylim=(0, 1.02), ylabel="share of tunes as near")
    return ax


def plot_rules(
    rows: Mapping[str, Mapping[str, tuple[float, float, float]]],
    colours: Mapping[str, str],
    *,
    people: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """For each rule a row, in it a dot with its interval for each who keeps it or breaks it.

    ``people`` says for each rule how often people keep it: a mark across the row.
    """
    ax = ax or plt.subplots(figsize=(5.2, 0.55 * len(rows) + 0.9))[1]
    for i, (rule, verdicts) in enumerate(rows.items()):
        for j, (who, (value, low, high)) in enumerate(verdicts.items()):
            if not low <= value <= high:
                raise ValueError(
                    f"{who}, {rule}: {value} with an interval from {low} to {high}; give (value, "
                    "low, high)"
                )
            y = i + 0.22 * (j - (len(verdicts) - 1) / 2)
            ax.plot([low, high], [y, y], color=colours[who], linewidth=1.6)
            ax.plot(value, y, "o", color=colours[who], markersize=4.5)
        if people:
            ax.plot([people[rule]] * 2, [i - 0.35, i + 0.35], color=COLOURS["human"])
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlim=(-0.02, 1.02), ylim=(len(rows) - 0.5, -0.5), xlabel="share of tunes")
    colours = {who: colours[who] for who in next(iter(rows.values()))}
    colours |= {"people": COLOURS["human"]} if people else {}
    for j, who in enumerate(colours):
        ax.annotate(
            f"{'|' if people and who == 'people' else '●'} {who}",
            (1.06, 1 - 0.12 * j - 0.06),
            xycoords="axes fraction",
            color=colours[who],
            va="top",
        )
    ax.tick_params(axis="y", length=0)
    return ax
