"""Byte-pair encoding in its plainest and slowest form, for the fast one to be held against."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from afterword.text.bpe_training import GPT2_RANK, N_BYTES, Pair


def count_pairs(ids: Sequence[int]) -> Counter[Pair]:
    """How often each pair of neighbours occurs.

    >>> count_pairs([1, 2, 1, 2, 3])
    Counter({(1, 2): 2, (2, 1): 1, (2, 3): 1})
    """
    return Counter(pairwise(ids))


def merge(ids: Sequence[int], pair: Pair, new_id: int) -> list[int]:
    """The ids with every occurrence of the pair replaced by one new id, from left to right.

    >>> merge([1, 2, 1, 2, 3], (1, 2), 256)
    [256, 256, 3]
    """
    merged = []
    i = 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


def most_frequent(counts: Mapping[Pair, int]) -> Pair:
    """The pair with the highest count; among equals the smallest, bytes in GPT-2's order.

    >>> most_frequent({(97, 98): 2, (32, 97): 2, (98, 99): 1})
    (97, 98)
    """

    def place(id):
        return GPT2_RANK[id] if id < N_BYTES else id

    return min(counts, key=lambda pair: (-counts[pair], place(pair[0]), place(pair[1])))


def learn_merges_by_recounting(chunks: Mapping[bytes, int], n_merges: int) -> list[Pair]:
    """Learn the merges by counting all pairs anew each time: plain, and slow.

    >>> learn_merges_by_recounting({b"abab": 1}, n_merges=2)
    [(97, 98), (256, 256)]
    """
    words = [(list(chunk), times) for chunk, times in chunks.items()]
    merges = []
    while len(merges) < n_merges:
        counts = Counter()
        for ids, times in words:
            for pair, count in count_pairs(ids).items():
                counts[pair] += count * times
        if not counts:
            break
        pair = most_frequent(counts)
        new_id = N_BYTES + len(merges)
        words = [(merge(ids, pair, new_id), times) for ids, times in words]
        merges.append(pair)
    return merges


def apply_merges_by_searching(
    ids: list[int], rank: Mapping[Pair, int], product: Sequence[int]
) -> list[int]:
    """Merge the pair of lowest rank wherever it occurs, until no pair has a rank.

    ``rank[pair]`` says when a pair was learnt, ``product[rank[pair]]`` is the id it becomes.

    >>> apply_merges_by_searching([1, 2, 1, 2, 3], rank={(1, 2): 0, (4, 3): 1}, product=[4, 5])
    [4, 5]
    """
    while len(ids) > 1:
        first = min(pairwise(ids), key=lambda pair: rank.get(pair, math.inf))
        if first not in rank:
            break
        ids = merge(ids, first, product[rank[first]])
    return ids
