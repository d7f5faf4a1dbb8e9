"""Byte-pair encoding, the replaying half: how the merges turn the bytes of a chunk into tokens.

The rule: of all pairs of neighbours, merge the one that was learnt first; repeat until no pair was
learnt. ``apply_merges`` does so without a search at each step, so that a chunk without end does
not take for ever.

Source: Sennrich et al. 2016, arXiv:1508.07909.
"""

from collections.abc import Callable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

from afterword.text.bpe_training import Pair

LONGEST_REMEMBERED = 100  # characters
MAX_REMEMBERED = 100_000  # chunks, about 20 MB of words


def apply_merges(ids: list[int], rank: Mapping[Pair, int], product: Sequence[int]) -> list[int]:
    """Merge the pair of lowest rank wherever it occurs, until no pair has a rank.

    ``rank[pair]`` says when a pair was learnt, ``product[rank[pair]]`` is the id it becomes. It
    takes n log n steps: a heap holds the lowest rank, links step over what is merged.

    Of equal pairs the leftmost goes first. Merges in an order that no training gives, which a file
    may have, are so applied as ``tokenizers`` applies them.

    >>> apply_merges([1, 2, 1, 2, 3], rank={(1, 2): 0, (4, 3): 1}, product=[4, 5])
    [4, 5]
    """
    ids = [*ids, None]  # a ring: None is after the last id, before the first, and where one went
    before, after = list(range(-1, len(ids) - 1)), [*range(1, len(ids)), 0]
    queue = [(rank[pair], place) for place, pair in enumerate(pairwise(ids)) if pair in rank]
    heapify(queue)
    while queue:
        lowest, place = heappop(queue)
        gap = after[place]
        if rank.get((ids[place], ids[gap])) != lowest:
            continue  # an earlier merge took one of the two
        ids[place], ids[gap] = product[lowest], None
        after[place], before[after[gap]] = after[gap], place
        for left in (before[place], place):
            pair = ids[left], ids[after[left]]
            if pair in rank:
                heappush(queue, (rank[pair], left))
    return [id for id in ids if id is not None]


class Memory(dict):
    """The ids of the chunks met so far; forgets them all when it is full."""

    def __init__(self, encode_chunk: Callable[[bytes], list[int]]):
        super().__init__()
        self.encode_chunk = encode_chunk

    def __missing__(self, chunk: str) -> list[int]:
        ids = self.encode_chunk(chunk.encode())
        if len(chunk) <= LONGEST_REMEMBERED:
            if len(self) >= MAX_REMEMBERED:
                self.clear()
            self[chunk] = ids
        return ids
