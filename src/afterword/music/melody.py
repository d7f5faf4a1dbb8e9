"""A tune without its key and its notation, so that two of them can be compared.

The same tune is written in D and in G, in 2/4 with sixteenths and in C| with eighths. What stays
are the steps from note to note, and how much of a bar each note takes.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from jaxtyping import Int

from afterword.evaluation.edits import Neighbours
from afterword.music.tune import Tune

PIECE = 48  # steps: six to eight bars of a reel or a jig
NEAR = 5 / 16  # edits a step: 15 to a piece; see ``families``


def melody(tune: Tune) -> list[tuple[int, Fraction]]:
    """For each note after the first: semitones from the one before, and its share of a bar.

    Tied notes are one, rests are left out. The same in every key, and however it is noted.
    """
    length = tune.bar_length
    heard = [note for note in tune.sounded() if note.pitch is not None]
    return [(note.pitch - before.pitch, note.duration / length) for before, note in pairwise(heard)]


def intervals(tune: Tune) -> Int[np.ndarray, "N"]:
    """Semitones from each note to the next: the melody without its rhythm."""
    return np.array([step for step, _ in melody(tune)], dtype=np.int64)


def families(tunes: Sequence[Tune]) -> list[int]:
    """A number for each tune, the same for variants of one: that of the first of its family.

    Two tunes are of one family if a piece of one, 48 steps on end, is found anywhere in the other
    with at most 15 edits; and so are all who are linked by such pairs. Of the pairs in this book's
    corpus there are about equally many at each distance up to 14, and from 16 on ever more: those
    below were read to be variants of a tune, those from 18 on to be tunes that sound alike. About
    50 ms a tune and piece.
    """
    steps = [intervals(tune).tolist() for tune in tunes]
    neighbours = Neighbours(steps)
    parent = list(range(len(tunes)))
    for i, one in enumerate(steps):
        for piece in _pieces(one):
            near = np.flatnonzero(neighbours.nearest_piece(piece) <= NEAR * len(piece))
            for j in near:
                a, b = sorted((_root(parent, i), _root(parent, int(j))))
                parent[b] = a
    return [_root(parent, i) for i in range(len(tunes))]


def _pieces(steps: list[int]) -> list[list[int]]:
    """End to end; what is left over is passed over, but a short tune is one piece."""
    starts = range(0, max(len(steps) - PIECE, 0) + 1, PIECE)
    return [steps[start : start + PIECE] for start in starts if len(steps) > 0]


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
