"""How many insertions, deletions and replacements turn one sequence into another; and the nearest.

    neighbours = Neighbours(sequences)
    neighbours.nearest(sequence)  # which of them, and how far

Sequences are of anything that can be a key of a dict: letters, words, steps of a melody. A column
of the table of distances is kept in the bits of whole numbers.

Source: Myers 1999, A fast bit-vector algorithm for approximate string matching; Hyyrö 2003, the
note on bit-parallel approximate string matching and edit distances.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Int, UInt64

WORD = 64  # bits
ONE = np.uint64(1)


def edit_distance(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """The least number of insertions, deletions and replacements from ``a`` to ``b``.

    >>> edit_distance("kitten", "sitting")
    3
    """
    if not a or not b:
        return len(a) + len(b)
    where, all_bits = {}, (1 << len(a)) - 1
    for i, letter in enumerate(a):
        where[letter] = where.get(letter, 0) | 1 << i
    up, down, distance, last = all_bits, 0, len(a), 1 << len(a) - 1  # differences down a column
    for letter in b:
        same = where.get(letter, 0)
        across = (((same & up) + up) ^ up) | same
        rises, falls = down | ~(across | up), up & across
        distance += bool(rises & last) - bool(falls & last)
        rises, falls = rises << 1 | 1, falls << 1
        same |= down
        up, down = (falls | ~(same | rises)) & all_bits, rises & same & all_bits
    return distance


def edit_share(a: Sequence[Hashable], b: Sequence[Hashable]) -> float:
    """The edit distance as a share of the longer sequence: 0 if they are equal, at most 1.

    >>> edit_share("abcd", "abed")
    0.25
    """
    if not a and not b:
        raise ValueError("two empty sequences have no distance as a share; give at least one item")
    return edit_distance(a, b) / max(len(a), len(b))


class Neighbours:
    """Sequences to which the distances of another are found, all at once.

    >>> neighbours = Neighbours(["GABc", "dBGB", "GABd"])
    >>> neighbours.nearest("GAGd"), neighbours.distances("GAGd"), neighbours.nearest_piece("BG")
    ((2, 0.25), array([2, 3, 1]), array([1, 0, 1]))
    """

    def __init__(self, sequences: Sequence[Sequence[Hashable]]):
        if not len(sequences):
            raise ValueError("there is no sequence to be near to; give at least one")
        self._lengths = np.array([len(sequence) for sequence in sequences])
        self._order = np.argsort(-self._lengths, kind="stable")  # those still read come first
        self._n_read = [int((self._lengths > i).sum()) for i in range(self._lengths.max())]
        self._numbers: dict[Hashable, int] = {}
        self._columns = np.zeros((len(self._n_read), len(sequences)), dtype=np.int64)
        for row, i in enumerate(self._order):
            found = [self._numbers.setdefault(x, len(self._numbers)) for x in sequences[i]]
            self._columns[: len(found), row] = found

    def nearest(self, sequence: Sequence[Hashable]) -> tuple[int, float]:
        """The number of the nearest by ``edit_share``, the first of several, and that share."""
        shares = self.distances(sequence) / np.maximum(self._lengths, max(len(sequence), 1))
        return int(shares.argmin()), float(shares.min())

    def distances(self, sequence: Sequence[Hashable]) -> Int[np.ndarray, "N"]:
        """The edit distance of a sequence to each."""
        return self._read(sequence, from_anywhere=False)[0]

    def nearest_piece(self, piece: Sequence[Hashable]) -> Int[np.ndarray, "N"]:
        """Of each sequence: the least edit distance of the piece to any stretch of it."""
        return self._read(piece, from_anywhere=True)[1]

    def _read(self, piece: Sequence[Hashable], *, from_anywhere: bool):
        """The distances of the piece to the whole of each, and the least to what ends somewhere."""
        distance = np.full(len(self._order), len(piece))
        least, where = distance.copy(), self._where(piece)
        up = np.full((len(where), len(distance)), ~np.uint64(0))
        down = np.zeros_like(up)
        last = np.uint64((len(piece) - 1) % WORD)
        for column, k in zip(self._columns, self._n_read, strict=True):  # the first k are read on
            rises = np.full(k, 0 if from_anywhere else 1, dtype=np.uint64)
            falls = np.zeros(k, dtype=np.uint64)
            for word, same in enumerate(where):
                at = last if word == len(where) - 1 else np.uint64(WORD - 1)
                vertical = up[word, :k], down[word, :k]
                rises, falls = _step(same[column[:k]], *vertical, (rises, falls), at)
            if len(where):
                distance[:k] += rises.astype(np.int64) - falls.astype(np.int64)
            elif not from_anywhere:
                distance[:k] += 1
            np.minimum(least[:k], distance[:k], out=least[:k])
        back = np.argsort(self._order)
        return distance[back], least[back]

    def _where(self, piece: Sequence[Hashable]) -> UInt64[np.ndarray, "W V"]:
        """For each word of the piece, and each item: the bits at which it stands there."""
        n_words = -(-len(piece) // WORD)
        bits = np.zeros((n_words, len(self._numbers)), dtype=np.uint64)
        for i, item in enumerate(piece):
            if item in self._numbers:
                bits[i // WORD, self._numbers[item]] |= np.uint64(1 << i % WORD)
        return bits


def _step(same, up, down, entering, at):
    """One column of one word, in place; what comes in from the word above goes out below.

    ``up`` and ``down`` say where the distance grows or shrinks down the column, ``entering``
    where it does so along the row above; returned is the same of the row ``at``.
    """
    rises_in, falls_in = entering
    vertical = same | down
    same = same | falls_in
    across = (((same & up) + up) ^ up) | same
    rises, falls = down | ~(across | up), up & across
    leaving = (rises >> at) & ONE, (falls >> at) & ONE
    rises, falls = rises << ONE | rises_in, falls << ONE | falls_in
    up[:], down[:] = falls | ~(vertical | rises), rises & vertical
    return leaving
