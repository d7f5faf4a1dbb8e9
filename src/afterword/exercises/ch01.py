"""Checkers for the exercises of chapter 1."""

import math

from afterword.exercises.checking import NotYet, is_unwritten, verdict


def check_perplexity(perplexity_of) -> None:
    """``perplexity_of(probs)``: the perplexity of a text, from the probability of each letter."""
    probs = [0.5, 0.125]
    got = perplexity_of(list(probs))
    if is_unwritten(got, "perplexity_of"):
        return
    verdict(
        got,
        4.0,
        slips={
            "You averaged 1/p. Perplexity averages the surprisals, -log p, and undoes the "
            "logarithm at the end: one letter of probability 0 must make it infinite.": 5.0,
            "You averaged p. The mean of 0.5 and 0.125 says little of how unsure the model was: "
            "average -log p, then undo the logarithm.": 1 / 0.3125,
            "That is 1 over the probability of the whole text. Perplexity is per letter: divide "
            "the summed surprisal by the number of letters before you undo the logarithm.": 16.0,
            "That is the mean surprisal in bits. Perplexity is 2 to that power.": 2.0,
            "That is the mean surprisal in nats. Perplexity is e to that power.": math.log(4),
            "You took the natural logarithm and raised 2. Undo a logarithm with its own base.": 2
            ** math.log(4),
            "You took the logarithm to base 2 and raised e. Undo a logarithm with its own "
            "base.": math.exp(2),
            "The sign is turned: surprisal is minus the logarithm, so that perplexity is at "
            "least 1.": 0.25,
        },
        otherwise="For the probabilities 0.5 and 0.125, work it out on paper: the surprisals "
        "are 1 and 3 bits, 2 on average.",
    )
    verdict(
        perplexity_of([1 / 6] * 10),
        6.0,
        slips={},
        otherwise="Right for two letters, but ten throws of a fair die must give 6.",
    )
    verdict(
        perplexity_of([0.5, 0.5, 0.125]),
        2 ** (5 / 3),
        slips={
            "The mean of the least and the greatest surprisal is the mean only of two. Add them "
            "all up and divide by how many there are.": 4.0
        },
        otherwise="Right for two letters; for 0.5, 0.5 and 0.125 the surprisals are 1, 1, 3 bits.",
    )
    print("Right: perplexity is 2 to the mean surprisal in bits, whatever the base.")


def check_encode(encode_chunk) -> None:
    """``encode_chunk(ids, merges)``: merges applied in the order in which they were learnt."""
    merges = {(98, 99): 256, (97, 98): 257, (256, 100): 258}  # b c, then a b, then bc d
    try:
        got = {t: encode_chunk(list(t.encode()), dict(merges)) for t in ("abcd", "bcbcd", "a", "")}
    except ValueError as error:
        if "empty" not in str(error):
            raise
        raise NotYet(
            "A chunk may be one token, or become one: then there is no pair in it to look for. "
            f"({error})"
        ) from error
    if is_unwritten(got["abcd"], "encode_chunk"):
        return
    got = {chunk: list(ids) for chunk, ids in got.items()}
    if got["abcd"] == [257, 99, 100]:
        raise NotYet(
            "In abcd you merged a b before b c. But b c was learnt first: its new id, 256, is the "
            "smaller one. At each round, ask which pair in the chunk was learnt earliest."
        )
    if got["abcd"] == [97, 256, 100]:
        raise NotYet(
            "You stopped after one merge: in abcd, b c has become 256, and 256 d is a merge too. "
            "Go on until no pair of the chunk is among the merges."
        )
    if got["abcd"] != [97, 258]:
        raise NotYet(f"abcd should become [97, 258] (a, then bcd), and became {got['abcd']}.")
    if got["bcbcd"] == [256, 98, 99, 100]:
        raise NotYet("In bcbcd, b c stands twice. A merge takes every place where its pair is.")
    if got["bcbcd"] != [256, 258]:
        raise NotYet(f"bcbcd should become [256, 258] (bc, bcd), and became {got['bcbcd']}.")
    if got[""] != []:
        raise NotYet(f"A chunk of no bytes has no tokens, and yours gave {got['']}.")
    print("Right: the earliest merge first, everywhere it fits, until none is left.")


def check_bits_per_byte(bits_per_byte_of) -> None:
    """``bits_per_byte_of(probs, text)`` on a text that is not all ASCII."""
    probs = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16, 1 / 4]  # 1 + 2 + 3 + 4 + 4 + 2 = 16 bits
    text = "rosé 玫瑰"  # 7 characters, 12 bytes
    got = bits_per_byte_of(list(probs), text)
    if is_unwritten(got, "bits_per_byte_of"):
        return
    verdict(
        got,
        16 / 12,
        slips={
            "You divided by the number of characters. rosé 玫瑰 has 7 characters and 12 bytes: "
            "é takes two and each Chinese character three.": 16 / 7,
            "You divided by the number of tokens, which is what the unit was to be free of.": 16
            / 6,
            "That is the cost of the whole text in bits. Divide it by the bytes of the text.": 16,
            "These are nats per byte. A bit is ln 2 nats: divide by 0.693, or take the logarithm "
            "to base 2.": 16 * math.log(2) / 12,
            "That is bytes per bit; turn the fraction over.": 12 / 16,
            "You counted the bytes of UTF-16, which puts two before the text. UTF-8 is what "
            "text.encode() gives.": 16 / 16,
            "The sign is turned: surprisal is minus the logarithm.": -16 / 12,
        },
        otherwise="Take it in two steps. The cost of the whole text is the sum of the surprisals, "
        "here 1 + 2 + 3 + 4 + 4 + 2 bits. Then divide by the bytes.",
    )
    print("Right: bits for the whole text, over its bytes in UTF-8.")
