"""All that begins anywhere in a text, in alphabetical order: where a piece stands is then a search.

Axes   N places in the text
"""

import numpy as np
from jaxtyping import Int, UInt64

KEY_BITS = 63  # of a key; the sign bit of a 64-bit number stays free


def bits_for(n_kinds: int) -> int:
    """The bits that tell ``n_kinds`` tokens, numbered from 1, and the 0 past the end apart."""
    return n_kinds.bit_length()


def packed(ids: Int[np.ndarray, " N"], bits: int) -> UInt64[np.ndarray, " N"]:
    """For each place, the ``63 // bits`` tokens from there on, as one number; past the end, 0.

    Keys are ordered as the tokens are, so that one comparison stands for several.

    >>> [f"{key >> 58:04b}" for key in packed(np.array([1, 2, 1]), 2).tolist()]  # its first two
    ['0110', '1001', '0100']
    """
    keys, width = np.zeros(len(ids), np.uint64), KEY_BITS // bits
    for ahead in range(min(width, len(ids))):
        shift = np.uint64(bits * (width - 1 - ahead))
        keys[: len(ids) - ahead] |= ids[ahead:].astype(np.uint64) << shift
    return keys


def suffix_array(ids: Int[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    """The places of a text, in the order of what begins there; ids are counted from 0.

    What ends first comes first. The places are sorted by as many tokens as fit a number, then,
    where several are still equal, by twice as many, again and again: the second half of what is
    compared begins at a place whose own rank is known.

    >>> suffix_array(np.array([1, 0, 2, 0, 2, 0])).tolist()  # banana: a, ana, anana, banana, …
    [5, 3, 1, 0, 4, 2]

    Source: Larsson & Sadakane 2007, Faster suffix sorting; Manber & Myers 1990.
    """
    if len(ids) == 0 or ids.min() < 0 or len(ids) >= 2**31:
        raise ValueError(f"a text has 1 to 2³¹ − 1 ids, none below 0; got {len(ids)} of them")
    bits = bits_for(int(ids.max()) + 1)
    if bits > KEY_BITS:
        raise ValueError(f"the largest id is {ids.max()}: number the tokens 0, 1, 2 …")
    keys = packed(ids + 1, bits)
    order = np.argsort(keys).astype(np.int32)
    rank = np.full(len(ids) + 1, -1, np.int32)  # the last: of the place past the end
    places = np.arange(len(ids), dtype=np.int32)  # in `order`, where it is not settled yet
    known = KEY_BITS // bits  # tokens by which it is sorted
    keys = keys[order]
    while True:
        begins = np.append(True, keys[1:] != keys[:-1])  # a group of equals
        rank[order[places]] = places[begins][np.cumsum(begins) - 1]
        alone = begins & np.append(begins[1:], True)
        places = places[~alone]
        if not len(places):
            return order
        members = order[places]
        next_rank = rank[np.minimum(members.astype(np.int64) + known, len(ids))]
        keys = rank[members].astype(np.int64) * (len(ids) + 1) + next_rank + 1
        by = np.argsort(keys)
        order[places], keys = members[by], keys[by]
        known *= 2
