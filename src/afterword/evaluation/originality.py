"""How much of a text stands, letter for letter, in another: in what its writer has read.

    index = Index([train_text])
    index.longest(text), index.copied_share(text, 20)

People copy too: hold each number against the same one of a text that was written by a person and
is not in the source.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
from jaxtyping import Int, UInt64

from afterword.evaluation.suffixes import KEY_BITS, bits_for, packed, suffix_array

JOINT, STRANGE = 1, 2  # after each document; what no document holds
STRIDE = 1024  # of the places that are looked up first


def copied_share(text: str, source: str, *, size: int = 20) -> float:
    """Cut ``text`` into pieces of ``size`` letters, end to end; the share found in ``source``.

    What is left over at the end is not looked at. People copy too: hold it against the share of
    a text that was written by a person and is not in ``source``.

    >>> copied_share("to be or not to see", "to be or not to be", size=6)
    0.6666666666666666
    """
    if size < 1:
        raise ValueError(f"a piece has at least 1 letter, got size = {size}")
    pieces = [text[i : i + size] for i in range(0, len(text) - size + 1, size)]
    if not pieces:
        raise ValueError(f"a text of {len(text)} letters has no piece of {size}; give more text")
    return sum(piece in source for piece in pieces) / len(pieces)


@dataclass(frozen=True)
class Span:
    """A piece that two texts share: ``text[start : start + length]`` is, in the source,
    ``documents[document][where : where + length]``."""

    start: int
    length: int
    document: int
    where: int


class Index:
    """Where any piece of a text stands in some documents, found by a suffix array.

    Tokens are the letters of strings, or the words of lists of words. No piece reaches from one
    document into the next. On one core five million letters take 1.3 s and 260 MB once,
    120 MB after; then a text of ten thousand letters takes some hundredths of a second.

    >>> index = Index(["to be or not to be", "that is the question"])
    >>> index.longest("or is the quest over")
    Span(start=2, length=13, document=1, where=4)
    >>> index.copied_share("to be the", 5)  # "to be" and "o be ", of five
    0.4
    """

    def __init__(self, documents: Sequence[Sequence[Hashable]]):
        if isinstance(documents, str):
            raise ValueError("an index is of several documents; for one, write Index([text])")
        kinds = {isinstance(document, str) for document in documents}
        if len(kinds) != 1 or not all(len(document) for document in documents):
            raise ValueError(
                f"{len(documents)} documents: give at least 1, none empty, all of them strings or "
                "all lists of words"
            )
        self._of_letters = kinds.pop()
        tokens = dict.fromkeys(chain.from_iterable(documents))
        self._id_of = {token: id for id, token in enumerate(tokens, start=STRANGE + 1)}
        parts = [part for document in documents for part in (self._ids(document), [JOINT])]
        ids = np.concatenate(parts, dtype=np.int32)
        self._starts = np.cumsum([0, *(len(document) + 1 for document in documents[:-1])])
        self._bits = bits_for(len(tokens) + STRANGE)
        self._keys, self._order = packed(ids, self._bits), suffix_array(ids)

    def lengths(self, text: Sequence[Hashable]) -> Int[np.ndarray, " T"]:
        """For each place of ``text``, how many tokens from there on stand together in the source.

        Where two places reach to the same end, so do all between them, which spares the work in
        long copies: every 1,024th place is looked up first, then those in the middle, and so on.

        >>> Index(["banana"]).lengths("nab").tolist()
        [2, 1, 1]
        """
        keys, n = self._text_keys(text), len(text)
        ends = np.full(n + STRIDE, n)  # that of each place; past the text, its own end
        at, step = np.arange(0, n, STRIDE), STRIDE
        while True:
            ends[at] = at + self._search(keys, at)[0]
            if step == 1:
                return ends[:n] - np.arange(n)
            middle = np.arange(step // 2, n, step)
            left, right = ends[middle - step // 2], ends[middle + step // 2]
            ends[middle] = left
            at, step = middle[left != right], step // 2

    def longest(self, text: Sequence[Hashable]) -> Span:
        """The longest piece of ``text`` that stands in the source; of several, the first.

        If the two share no token, it has length 0.
        """
        lengths = self.lengths(text)
        start = int(lengths.argmax())
        (length,), (place,) = self._search(self._text_keys(text), np.array([start]))
        document = int(np.searchsorted(self._starts, place, side="right")) - 1
        return Span(start, int(length), document, int(place - self._starts[document]))

    def copied_share(self, text: Sequence[Hashable], size: int) -> float:
        """Of all pieces of ``size`` tokens in ``text``, one from each place, the share copied.

        ``copied_share`` above looks only at pieces laid end to end.
        """
        if size < 1 or len(text) < size:
            raise ValueError(
                f"a text of {len(text)} tokens has no piece of {size}; give more text, and a size "
                "of at least 1"
            )
        return float((self.lengths(text)[: len(text) - size + 1] >= size).mean())

    def _ids(self, text: Sequence[Hashable]) -> Int[np.ndarray, " T"]:
        return np.fromiter(map(self._id_of.get, text, repeat(STRANGE)), np.int32, len(text))

    def _text_keys(self, text: Sequence[Hashable]) -> UInt64[np.ndarray, " T_and_1"]:
        if isinstance(text, str) != self._of_letters or not len(text):
            wanted = "a string" if self._of_letters else "a list of words, such as text.split()"
            raise ValueError(
                f"the source is made of {'letters' if self._of_letters else 'words'}: compare "
                f"{wanted}, not empty; got {type(text).__name__} of length {len(text)}"
            )
        return packed(np.append(self._ids(text), STRANGE), self._bits)

    def _search(
        self, keys: UInt64[np.ndarray, " T_and_1"], at: Int[np.ndarray, " n"]
    ) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
        """How long the longest copy is from each place in ``at``, and where in the source.

        All places at once, some tokens deeper each time: what agrees with the text so far is
        a range of ``order``; within it, the next key is looked for.
        """
        length, where = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
        live, depth = np.arange(len(at)), 0
        low, high = np.zeros(len(at), np.int64), np.full(len(at), len(self._order))
        while len(live):
            key = keys[at[live] + depth]
            first = self._bisect(key, low, high, depth)
            last = self._bisect(key + np.uint64(1), first, high, depth)
            for near in (first - 1, first):  # what agrees longest stands next to where it would be
                place = self._order[np.clip(near, low, high - 1)].astype(np.int64)
                reached = depth + self._n_shared(self._keys[place + depth], key)
                is_longer = reached > length[live]
                length[live[is_longer]] = reached[is_longer]
                where[live[is_longer]] = place[is_longer]
            goes_on = first < last
            live, low, high = live[goes_on], first[goes_on], last[goes_on]
            depth += KEY_BITS // self._bits
        return length, where

    def _bisect(self, key, low, high, depth: int) -> Int[np.ndarray, " n"]:
        """The first of ``order[low:high]`` whose key, ``depth`` tokens on, is not below ``key``."""
        last = len(self._order) - 1
        while (is_open := low < high).any():
            middle = (low + high) // 2
            place = np.minimum(self._order[np.minimum(middle, last)].astype(np.int64) + depth, last)
            is_below = self._keys[place] < key
            low = np.where(is_open & is_below, middle + 1, low)
            high = np.where(is_open & ~is_below, middle, high)
        return low

    def _n_shared(self, ours, theirs) -> Int[np.ndarray, " n"]:
        """With how many of the same tokens two keys begin."""
        width = KEY_BITS // self._bits
        shifts = [np.uint64(self._bits * (width - 1 - ahead)) for ahead in range(width)]
        return np.sum([ours >> shift == theirs >> shift for shift in shifts], axis=0)
