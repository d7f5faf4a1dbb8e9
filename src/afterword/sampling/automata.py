"""Automata over bytes: machines that read a text byte by byte and say whether it will do.

On bytes and not on characters, so that a token may end in the middle of a character.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

DEAD = -1  # no text that begins like this will do
SURROGATES = range(0xD800, 0xE000)  # numbers that are no characters


@dataclass(frozen=True, kw_only=True)
class Automaton:
    """From state ``s``, byte ``b`` leads to state ``table[s, classes[b]]``, or to none: ``DEAD``.

    Bytes that no state tells apart are of one class, which keeps the table small.
    """

    table: Int[np.ndarray, "S C"]
    classes: Int[np.ndarray, "256"]
    is_complete: Bool[np.ndarray, "S"]  # where a text may end
    start: int = 0

    def read(self, state: int, text: bytes) -> int:
        """The state after some bytes."""
        for byte in text:
            state = int(self.table[state, self.classes[byte]])
            if state == DEAD:
                return DEAD
        return state

    def accepts(self, text: str) -> bool:
        """Does the whole text do?"""
        state = self.read(self.start, text.encode())
        return state != DEAD and bool(self.is_complete[state])


def product(a: Automaton, b: Automaton) -> Automaton:
    """The automaton of the texts that both accept; its states are pairs, as far as reached."""
    pairs, classes = np.unique(np.stack([a.classes, b.classes]), axis=1, return_inverse=True)
    classes, n_b = classes.reshape(256), len(b.table)
    to_a, to_b = a.table[:, pairs[0]], b.table[:, pairs[1]]
    states = frontier = np.array([a.start * n_b + b.start])  # sorted throughout
    while len(frontier):
        found = _next_pairs(to_a[frontier // n_b], to_b[frontier % n_b], n_b)
        frontier = distinct(found[found != DEAD])
        near = np.searchsorted(states, frontier).clip(max=len(states) - 1)
        frontier = frontier[states[near] != frontier]
        states = np.sort(np.append(states, frontier))
    nexts = _next_pairs(to_a[states // n_b], to_b[states % n_b], n_b)
    return Automaton(
        table=np.where(nexts == DEAD, DEAD, np.searchsorted(states, nexts)),
        classes=classes,
        is_complete=a.is_complete[states // n_b] & b.is_complete[states % n_b],
        start=int(np.searchsorted(states, a.start * n_b + b.start)),
    )


def _next_pairs(to_a: np.ndarray, to_b: np.ndarray, n_b: int) -> np.ndarray:
    return np.where((to_a == DEAD) | (to_b == DEAD), DEAD, to_a * n_b + to_b)


def distinct(numbers: Int[np.ndarray, "N"]) -> Int[np.ndarray, "M"]:
    """Each number once, in order; where there are millions, far faster than ``np.unique``."""
    numbers = np.sort(numbers)
    return numbers[np.diff(numbers, prepend=numbers[:1] - 1) != 0]


def utf8_ranges(first: int, last: int) -> Iterator[list[tuple[int, int]]]:
    """The UTF-8 of the characters numbered first … last, as sequences of ranges of bytes.

    >>> [[f"{low:02x}-{high:02x}" for low, high in piece] for piece in utf8_ranges(0x61, 0xFF)]
    [['61-7f'], ['c2-c3', '80-bf']]
    """
    cuts = [0x80, 0x800, SURROGATES.start, SURROGATES.stop, 0x10000]  # new lengths; a hole
    for n_bits in (6, 12, 18):  # else later bytes do not run over all of their values
        step = 1 << n_bits
        if first // step != last // step and last >= 0x80:
            cuts += [-(-first // step) * step, (last + 1) // step * step]
    inside = [cut for cut in cuts if first < cut <= last]
    if inside:
        yield from utf8_ranges(first, inside[0] - 1)
        yield from utf8_ranges(inside[0], last)
    elif first <= last and first not in SURROGATES:
        yield list(zip(chr(first).encode(), chr(last).encode(), strict=True))
