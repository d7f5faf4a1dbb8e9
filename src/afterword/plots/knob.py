"""A knob to turn: the base of the rotary frequencies, and what it does to scores and waves."""

import matplotlib.pyplot as plt
import numpy as np

from afterword.plots.live import Live, drawn, framed
from afterword.plots.style import COLOURS

N_PLACES = 128  # distances that are drawn
LONGEST = 6  # powers of ten on the lower axis, below its end
STOPS = [round(10 ** (n / 4)) for n in range(2, 25)]  # bases from 3 to a million

# Where things stand in the page's drawing, in its own units.
LEFT, RIGHT = 34, 352
HIGH, LOW = 30, 150  # a score of 1 and of -1
LINE = 222  # the axis of the waves


def score_by_distance(distances, *, base: float, n_pairs: int) -> np.ndarray:
    """The rotary score of a vector with itself, as a share of its score without turning.

        mean over pairs i of cos(distance / base^(i / n_pairs))

    All pairs are taken to be equally long.
    """
    return np.cos(np.outer(distances, base ** -(np.arange(n_pairs) / n_pairs))).mean(axis=1)


def wavelengths(*, base: float, n_pairs: int) -> np.ndarray:
    """How many places each pair takes for one turn."""
    return 2 * np.pi * base ** (np.arange(n_pairs) / n_pairs)


def live_base(*, base: float = 10_000.0, n_pairs: int, context_length: int) -> Live:
    """Turn the base and see the scores over the distance, and the waves beside a length of text.

    ``base``, one of ``STOPS``, is where the knob stands at first and what the still form shows.
    """
    if base not in STOPS:
        nearest = min(STOPS, key=lambda stop: abs(np.log(stop / base)))
        raise ValueError(f"the knob has no stop at base {base:,}; the nearest is {nearest:,}")
    data = dict(
        base=base, stops=STOPS, n_pairs=n_pairs, context_length=context_length, longest=LONGEST
    )
    data |= dict(n_places=N_PLACES, left=LEFT, right=RIGHT, high=HIGH, low=LOW, line=LINE)
    still = f"{_drawing(base, n_pairs, context_length)}\n<p>{sentence(**data)}</p>"
    text = f"Live figure. {sentence(**data)}"
    return Live(
        framed("knob", still=still, data=data), _figure(base, n_pairs, context_length), text
    )


def sentence(*, base: float, n_pairs: int, context_length: int, **_) -> str:
    """What the figure shows, in words; the script says the same."""
    waves = wavelengths(base=base, n_pairs=n_pairs)
    score = score_by_distance([context_length], base=base, n_pairs=n_pairs)[0]
    n_longer = (waves > context_length).sum()
    return (
        f"Base {base:,.0f}: waves of {waves[0]:.1f} to {waves[-1]:,.0f} places, "
        f"{n_longer} of {n_pairs} longer than {context_length}. "
        f"At distance {context_length} the score is {score:.2f}."
    )


def _drawing(base: float, n_pairs: int, context_length: int) -> str:
    """The page's own drawing, in the colours of the text around it."""
    scores = score_by_distance(range(N_PLACES + 1), base=base, n_pairs=n_pairs)
    middle = (HIGH + LOW) / 2
    line = " ".join(
        f"{LEFT + (RIGHT - LEFT) * d / N_PLACES:.2f},{middle - (LOW - HIGH) / 2 * score:.2f}"
        for d, score in enumerate(scores)
    )
    parts = [f'<text x="{LEFT}" y="16" class="title">Score, by distance in places</text>']
    for score in (1, 0, -1):
        y = middle - (LOW - HIGH) / 2 * score
        parts.append(f'<path class="grid" d="M{LEFT},{y:g}H{RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">{score}</text>')
    for d in range(0, N_PLACES + 1, N_PLACES // 4):
        x = LEFT + (RIGHT - LEFT) * d / N_PLACES
        parts.append(f'<text x="{x:g}" y="{LOW + 18}" text-anchor="middle">{d}</text>')
    parts.append(f'<polyline class="scores" points="{line}"/>')
    parts.append(f'<text x="{LEFT}" y="{LINE - 22}" class="title">Places for one turn</text>')
    parts.append(f'<path class="grid" d="M{LEFT},{LINE}H{RIGHT}"/>')
    for power in range(LONGEST + 1):
        label = f"{10**power:,}" if power < 5 else {5: "100k", 6: "1M"}[power]
        parts.append(
            f'<text x="{across(10**power):.2f}" y="{LINE + 22}" text-anchor="middle">{label}</text>'
        )
    limit = across(context_length)
    parts.append(f'<path class="limit" d="M{limit:.2f},{LINE - 14}v28"/>')
    for wave in wavelengths(base=base, n_pairs=n_pairs):
        known = "" if wave > context_length else " known"
        parts.append(f'<circle class="wave{known}" cx="{across(wave):.2f}" cy="{LINE}" r="5"/>')
    box = f'viewBox="0 0 {RIGHT + 14} {LINE + 30}" role="img"'
    label = "Above, the score over the distance; below, the wavelengths of the pairs"
    return "\n".join([f'<svg {box} aria-label="{label}">', *parts, "</svg>"])


def across(n_places: float) -> float:
    """Where a number of places stands on the lower axis, which is logarithmic."""
    return LEFT + (RIGHT - LEFT) * np.log10(n_places) / (LONGEST + 1)


def _figure(base: float, n_pairs: int, context_length: int) -> str:
    """The same drawn by matplotlib, for paper and for where HTML is not shown."""
    figure, (above, below) = plt.subplots(
        2, figsize=(4.8, 3.6), height_ratios=(3, 1), layout="constrained"
    )
    distances = np.arange(N_PLACES + 1)
    scores = score_by_distance(distances, base=base, n_pairs=n_pairs)
    above.plot(distances, scores, color=COLOURS["model"])
    above.set(
        title=f"Base {base:,.0f}", xlabel="distance in places", ylabel="score", ylim=(-1, 1.05)
    )
    waves = wavelengths(base=base, n_pairs=n_pairs)
    below.scatter(waves, np.zeros(n_pairs), color=COLOURS["model"], clip_on=False)
    below.axvline(context_length, color=COLOURS["rival"], linewidth=1)
    below.set(xscale="log", xlim=(1, 10 ** (LONGEST + 1)), yticks=[])
    below.set(xlabel=f"places for one turn; the line stands at {context_length}")
    below.spines["left"].set_visible(False)
    return drawn(figure)
