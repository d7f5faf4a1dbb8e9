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
    print("Right: perplexity is 2 to the mean surprisal in bits, whatever the base.")


def check_encode(encode_chunk) -> None:
    """``encode_chunk(ids, merges)``: merges applied in the order in which they were learnt."""
    merges = {(98, 99): 256, (97, 98): 257, (256, 100): 258}  # b c, then a b, then bc d
    answers = {
        text: encode_chunk(list(text.encode()), dict(merges)) for text in ("abcd", "bcbcd", "")
    }
    if is_unwritten(answers["abcd"], "encode_chunk"):
        return
    got = {text: list(ids) for text, ids in answers.items()}
    if got["abcd"] == [257, 99, 100]:
        raise NotYet(
            "You merged from the left: in abcd you took a b before b c. But b c was learnt "
            "first. Ask, at each round, which pair in the chunk was learnt earliest."
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
    """``bits_per_byte_of(nats_per_token, n_tokens, text)`` on a text that is not all ASCII."""
    nats, n_tokens, text = 2.0, 9, "rosé 玫瑰"  # 7 characters, 12 bytes
    got = bits_per_byte_of(nats, n_tokens, text)
    if is_unwritten(got, "bits_per_byte_of"):
        return
    bits = nats * n_tokens / math.log(2)
    verdict(
        got,
        bits / 12,
        slips={
            "You divided by the number of characters. rosé 玫瑰 has 7 characters and 12 bytes: "
            "é takes two and each Chinese character three.": bits / 7,
            "You divided by the number of tokens, which is what the unit was to be free of.": bits
            / n_tokens,
            "These are nats per byte. A bit is ln 2 nats: divide by 0.693.": bits
            * math.log(2)
            / 12,
            "You multiplied by ln 2. There are more bits than nats: divide.": nats
            * n_tokens
            * math.log(2)
            / 12,
            "The loss is per token: multiply by the number of tokens to have the whole "
            "text's.": nats / math.log(2) / 12,
        },
        otherwise="Take it in three steps: nats for the whole text, bits for the whole text, "
        "bits per byte.",
    )
    print("Right: bits for the whole text, over its bytes in UTF-8.")
