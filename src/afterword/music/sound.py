"""A tune to be heard and followed: what sounds when, and the figure that plays it.

The tones are made in the page, by ``plots/player.js``: no sound file, nothing fetched. ``wave``
makes the same tones as numbers.
"""

from fractions import Fraction
from itertools import accumulate

import numpy as np
from jaxtyping import Float

from afterword.music.order import timed
from afterword.music.score import describe, engraved
from afterword.music.tune import Tune
from afterword.plots.live import Live
from afterword.plots.player import player, roll

# seconds a bar, as such tunes are danced
PACES = {"reel": 1.1, "jig": 1.05, "slip jig": 1.5, "hornpipe": 1.5, "strathspey": 2.0}
PACES |= {"waltz": 1.6, "march": 1.3, "air": 2.6, "polka": 1.0, "slide": 1.6, "clog": 1.6}
PACE = 1.4  # of other tunes
PARTIALS = (1.0, 0.42, 0.26, 0.12, 0.07, 0.04)  # how loud the overtones are
ATTACK, RELEASE, DECAY = 0.006, 0.05, 0.9  # seconds


def listen(tune: Tune, *, with_score: bool = True) -> Live:
    """The figure in which a tune is seen and played; a cell may end in it.

    With ``with_score=False`` the tune is drawn as a roll, which is small and needs no package.
    """
    said = describe(tune)
    notes = [[i, pitch, float(at), float(end)] for i, pitch, at, end in timed(tune)]
    if with_score:
        svg = engraved(tune)
    else:
        lengths = [note.duration / tune.bar_length for note in tune.notes]
        starts = map(float, accumulate(lengths, initial=Fraction(0)))
        written = [(note.pitch, at) for note, at in zip(tune.notes, starts, strict=False)]
        svg = roll(written, float(sum(lengths)), said=said)
    pace = PACES.get(tune.rhythm, PACE)
    first = sum(note.duration for note in tune.in_bars()[0]) / tune.bar_length
    pickup = float(first) if first < 1 else 0.0
    return player(svg, notes, title=tune.title, said=said, pace=pace, pickup=pickup)


def wave(tune: Tune, *, rate: int = 22_050, pace: float | None = None) -> Float[np.ndarray, "N"]:
    """The tune as the page plays it, as amplitudes within -1 … 1, ``rate`` a second.

    ``pace`` is in seconds a bar.
    """
    pace = pace or PACES.get(tune.rhythm, PACE)
    notes = timed(tune)
    sound = np.zeros(int((float(notes[-1][3]) * pace + 0.5) * rate))
    for _, pitch, at, end in notes:
        if pitch is not None:
            one = tone(pitch, float(end - at) * pace, rate=rate)
            start = int(float(at) * pace * rate)
            sound[start : start + len(one)] += one[: len(sound) - start]
    return sound


def tone(pitch: int, seconds: float, *, rate: int) -> Float[np.ndarray, "N"]:
    """One plucked tone: a few overtones that rise at once, fade, and are damped at the end."""
    time = np.arange(int((seconds + RELEASE) * rate)) / rate
    turns = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time
    sound = sum(part * np.sin(n * turns) for n, part in enumerate(PARTIALS, start=1))
    loud = np.minimum(time / ATTACK, 1) * np.exp(-np.maximum(time - ATTACK, 0) / DECAY)
    damped = np.clip((seconds + RELEASE - time) / RELEASE, 0, 1)
    return 0.35 * sound / sum(PARTIALS) * loud * damped
