"""Checkers for the exercises of chapter 8."""

import math
from collections.abc import Mapping

from afterword.exercises.checking import NotYet, is_unwritten, verdict


def check_clipped(clipped_share) -> None:
    """``clipped_share(words, reference, n)``: the share of runs that the reference has too."""
    words = ["the", "cat", "the", "cat", "on", "the", "mat"]
    reference = ["the", "cat", "sat", "on", "the", "mat"]
    got = clipped_share(words, reference, 1)
    if is_unwritten(got, "clipped_share"):
        return
    _number(
        got,
        5 / 7,
        slips={
            "You let a word count as often as it comes. The reference has *the* only twice and "
            "*cat* once, so the third and the second are not found.": 1.0,
            "You divided by the length of the reference, which is recall. Divide by how many runs "
            "the text has.": 5 / 6,
            "You counted different words only. A word that the reference has twice may be found "
            "twice.": 4 / 7,
            "That is how many are found. Their share was wanted: divide.": 5.0,
        },
        otherwise="Of seven words *the* counts twice, *cat*, *on* and *mat* once: 5/7.",
    )
    _number(
        clipped_share(words, reference, 2),
        3 / 6,
        slips={
            "Right for single words, and for pairs you gave the same: use n.": 5 / 7,
            "The pairs that are found are right, but you divided by the words. Seven words have "
            "six pairs.": 3 / 7,
            "Right for single words. *the cat* stands twice in the text and once in the "
            "reference: clip pairs too.": 4 / 6,
        },
        otherwise="Right for single words. Of the six pairs, *the cat*, *on the* and *the mat* are "
        "found, once each: 3/6.",
    )
    _number(
        clipped_share(["rose"], reference, 2),
        0.0,
        slips={},
        otherwise="Right for long texts. A text of one word has no pair, and its share is 0.",
    )
    print("Right: each run counts no more often than it stands in the reference.")


def check_bits(bits) -> None:
    """``bits(nats, text)``: bits per byte, from the loss of each token."""
    got = bits([math.log(2) * 3, math.log(2) * 5], "née")
    if is_unwritten(got, "bits"):
        return
    _number(
        got,
        2.0,
        slips={
            "You divided by the letters. *née* has three letters and four bytes in UTF-8.": 8 / 3,
            "You divided by the tokens too, or took their mean: that depends on the tokenizer. "
            "Add them up.": 1.0,
            "That is bits per token: divide the sum by the bytes of the text.": 4.0,
            "You divided nats by bytes. A bit is ln 2 nats, so divide by ln 2.": 2 * math.log(2),
            "You multiplied by ln 2. There are more bits than nats: divide.": 2 * math.log(2) ** 2,
            "That is the sum in bits. Divide it by the bytes.": 8.0,
        },
        otherwise="The two tokens cost 3 and 5 bits, and the text has 4 bytes: 2 bits a byte.",
    )
    _number(
        bits([math.log(256)] * 4, "rose"),
        8.0,
        slips={},
        otherwise="Right for two tokens. Four that cost ln 256 each, over four bytes, are 8 bits a "
        "byte.",
    )
    print("Right: all bits of the text over all its bytes, whatever the tokens were.")


def check_alpha(alpha) -> None:
    """``alpha(ours, theirs)``: nominal alpha of two raters who rated everything."""
    got = alpha([1, 1, 2, 2, 2], [1, 2, 2, 2, 2])
    if is_unwritten(got, "alpha"):
        return
    _number(
        got,
        1 - (1 / 5) / (42 / 90),
        slips={
            "That is the share on which they agree. What chance alone would give is not taken "
            "off.": 4 / 5,
            "That is the share on which they differ; alpha is one less its ratio to chance.": 1 / 5,
            "By chance you let a rating be dealt to itself: of 10 × 10 pairs. There are 10 × 9.": 1
            - (1 / 5) / (42 / 100),
            "You counted each unlike pair once, and all pairs twice: 21 of 90. Count both alike.": 1
            - (1 / 5) / (21 / 90),
            "By chance you compared the first rater with the second only. That is Cohen's kappa; "
            "alpha deals all ten ratings out anew.": 1 - (1 / 5) / (11 / 25),
            "That is how much they differ beside chance. Alpha is one less it.": (1 / 5)
            / (42 / 90),
        },
        otherwise="They differ on 1 of 5. Of the ten ratings three are 1 and seven are 2, so of "
        "90 ordered pairs 42 differ: 1 − (1/5)/(42/90).",
    )
    _number(
        alpha(["a", "b", "c"], ["b", "c", "a"]),
        1 - 1 / (24 / 30),
        slips={
            "Where people differ more than chance would make them, alpha is below zero. Let it "
            "be.": 0.0,
        },
        otherwise="Right where they mostly agree. Here they differ on all three, and of 30 pairs "
        "24 differ: 1 − 1/(24/30) = −0.25.",
    )
    _number(
        alpha([1, 2, 3, 4], [1, 2, 3, 4]),
        1.0,
        slips={},
        otherwise="Right so far. Who agrees on everything has an alpha of 1.",
    )
    print("Right: one less what differs, beside what would differ by chance.")


def check_chance(chance_of) -> None:
    """``chance_of(ours, theirs, coins)``: the p of a paired test by swapped sides."""
    ours, theirs = [3.0, 3.0, 4.0], [1.0, 4.0, 1.0]  # differences 2, -1, 3
    coins = [[1, 1, 1], [1, 1, 1], [-1, -1, -1], [-1, -1, -1], [1, -1, 1], [-1, 1, -1]]
    coins += [[-1, 1, 1], [1, -1, -1], [1, 1, -1]]  # sums 4, 4, -4, -4, 6, -6, 0, 0, -2
    got = chance_of(ours, theirs, coins)
    if is_unwritten(got, "chance_of"):
        return
    _number(
        got,
        7 / 10,
        slips={
            "You left out the 1 above and below: the pairing that was found is one of those that "
            "chance makes.": 6 / 9,
            "You counted only what favours ours. Swapped the other way it would have surprised you "
            "as well: compare without the sign.": 4 / 10,
            "You counted only what is larger. As large counts too.": 3 / 10,
            "That is how often chance makes as little. Count what is as large or larger.": 8 / 10,
            "You added 1 above only.": 7 / 9,
            "You added 1 below only.": 6 / 10,
        },
        otherwise="The differences 2, −1, 3 add up to 4. With the rows of coins the sums are 4, 4, "
        "−4, −4, 6, −6, 0, 0, −2, of which six are as far from 0: (1 + 6) / (1 + 9).",
    )
    _number(
        chance_of(theirs, ours, coins),
        7 / 10,
        slips={
            "Right if ours is the larger. If theirs is, the difference is negative: compare its "
            "size.": 1.0,
        },
        otherwise="Right one way. With the two sides exchanged it is the same.",
    )
    _number(
        chance_of([1.0, 1.0], [1.0, 1.0], [[1, -1], [1, 1]]),
        1.0,
        slips={},
        otherwise="Right so far. Where the two sides are alike, chance always makes as much: 1.",
    )
    print("Right: how often chance, which does not know whose is whose, makes as much of a gap.")


def _number(got, wanted: float, *, slips: Mapping[str, float], otherwise: str) -> None:
    """As ``verdict``, but a wanted 0 may be off by rounding, and no slip may equal it."""
    slips = {why: x for why, x in slips.items() if not math.isclose(x, wanted, rel_tol=1e-4)}
    if wanted == 0 and isinstance(got, int | float) and abs(got) < 1e-9:
        return
    if isinstance(got, bool):
        raise NotYet(f"A number was wanted, and a truth came: {got!r}.")
    verdict(got, wanted, slips=slips, otherwise=otherwise)
