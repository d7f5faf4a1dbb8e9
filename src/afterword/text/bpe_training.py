"""Byte-pair encoding, the learning half: which pairs of neighbours are worth a token of their own.

Start from bytes. Count every pair of neighbours. Give the most frequent pair a new id, replace
it everywhere, and count again. Chapter 1 says just this in ten lines; ``learn_merges`` learns the
same merges by changing only the counts that a merge touches.

A text is first cut into chunks (about: words with the space before them), and no pair reaches
over a cut. A chunk that occurs a thousand times is then handled once, with weight a thousand.

Source: Sennrich et al. 2016, arXiv:1508.07909; on bytes, and the pattern of the chunks, Radford et
al. 2019, "Language Models are Unsupervised Multitask Learners" (GPT-2).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

import regex

from afterword.text.tokenizer import as_utf8

Pair = tuple[int, int]
N_BYTES = 256  # ids 0 to 255 are the bytes; merge number k makes the id 256 + k

# GPT-2 numbers the bytes that print before those that do not.
PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
GPT2_ORDER = bytes(PRINTABLE + [byte for byte in range(N_BYTES) if byte not in PRINTABLE])
GPT2_RANK = bytes(GPT2_ORDER.index(byte) for byte in range(N_BYTES))

CHUNK = regex.compile(
    r"'(?:[sdmt]|ll|ve|re)"  # the tail of a contraction: 's 'd 'm 't 'll 've 're
    r"| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"  # letters, digits or signs, with one space before
    r"|\s+(?!\S)|\s+"  # white space, but its last space belongs to the word that follows
)


def count_chunks(texts: Iterable[str]) -> dict[bytes, int]:
    """The distinct chunks of some texts, as bytes, and how often each occurs.

    >>> count_chunks(["to be or not to be"])
    {b'to': 1, b' be': 2, b' or': 1, b' not': 1, b' to': 1}
    """
    counts = Counter()
    for text in texts:
        as_utf8(text)  # a lone surrogate is reported by its place in the text, not in a chunk
        counts.update(CHUNK.findall(text))
    return {chunk.encode(): count for chunk, count in counts.items()}


def learn_merges(chunks: Mapping[bytes, int], n_merges: int) -> list[Pair]:
    """Learn merges from counts that are kept up to date: a merge costs only its own places.

    Of equally frequent pairs the smallest goes first, bytes in GPT-2's order. Stops early when no
    pair is left, that is when every chunk has become one token.

    >>> learn_merges({b"abab": 1}, n_merges=2)
    [(97, 98), (256, 256)]
    """
    line = Line(chunks)
    # Most frequent first, then the smallest pair. A count in the queue may be out of date, but
    # only too high: then the pair goes back into the queue with the count it has now.
    queue = [(-count, pair) for pair, count in line.counts.items()]
    heapify(queue)
    merges = []
    while queue and len(merges) < n_merges:
        count, pair = heappop(queue)
        if -count == line.counts[pair]:
            created = line.merge(pair, N_BYTES + len(merges))
            merges.append(pair)
        else:
            created = {pair}
        for pair in created:
            if line.counts[pair]:
                heappush(queue, (-line.counts[pair], pair))
    return [tuple(GPT2_ORDER[id] if id < N_BYTES else id for id in pair) for pair in merges]


class Line:
    """All chunks on one long line, with the count and the places of every pair.

    A place is an index into ``ids``; the pair at a place is what stands there and what stands
    next. A merge writes the new id on the left place, empties the right one, and lets ``before``
    and ``after`` step over it. Bytes are numbered in GPT-2's order in here, so that tuples
    compare as ties are to be broken.
    """

    WALL = -1  # between chunks
    EMPTY = -2  # the right half of a merged pair

    def __init__(self, chunks: Mapping[bytes, int]):
        self.ids, self.times = [self.WALL], [0]
        for chunk, times in chunks.items():
            self.ids += [*chunk.translate(GPT2_RANK), self.WALL]
            self.times += [times] * (len(chunk) + 1)  # how often the chunk occurs in the texts
        self.before = list(range(-1, len(self.ids) - 1))
        self.after = list(range(1, len(self.ids) + 1))
        self.counts: dict[Pair, int] = defaultdict(int)
        self.places: dict[Pair, list[int]] = defaultdict(list)
        for place in range(len(self.ids) - 1):
            self.add(place)

    def add(self, place: int) -> Pair | None:
        """Count the pair at a place, and note the place; None where a chunk begins or ends."""
        pair = self.ids[place], self.ids[self.after[place]]
        if self.WALL in pair:
            return None
        self.counts[pair] += self.times[place]
        self.places[pair].append(place)
        return pair

    def remove(self, place: int) -> None:
        """Count the pair at a place no more. Its note stays: ``merge`` sees that it is old."""
        # At a wall this counts a pair below zero that nobody asks for; a check would cost more.
        self.counts[self.ids[place], self.ids[self.after[place]]] -= self.times[place]

    def merge(self, pair: Pair, new_id: int) -> set[Pair]:
        """Replace the pair everywhere, from left to right, and return the pairs this created."""
        created = set()
        for place in self.places.pop(pair):
            gap = self.after[place]
            if (self.ids[place], self.ids[gap]) != pair:
                continue  # an earlier merge took one of the two
            previous, following = self.before[place], self.after[gap]
            self.remove(previous)
            self.remove(gap)
            self.ids[place], self.ids[gap] = new_id, self.EMPTY
            self.after[place], self.before[following] = following, place
            created |= {self.add(previous), self.add(place)}
        return created - {None}
