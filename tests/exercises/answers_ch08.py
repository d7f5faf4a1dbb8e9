"""Answers to the exercises of chapter 8: right ones, and typical wrong ones with what they get."""

import math
from collections import Counter

import numpy as np

from afterword.evaluation.agreement import krippendorff_alpha
from afterword.evaluation.likelihood import bits_per_byte
from afterword.exercises.ch08 import check_alpha, check_bits, check_chance, check_clipped


def runs(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def clipped_share(words, reference, n):
    ours, theirs = runs(words, n), runs(reference, n)
    return sum((ours & theirs).values()) / max(ours.total(), 1)


def by_taking_away(words, reference, n):
    left = list(runs(reference, n).elements())
    found = 0
    for run in runs(words, n).elements():
        if run in left:
            left.remove(run)
            found += 1
    return found / max(len(words) - n + 1, 1)


def unclipped(words, reference, n):
    ours, theirs = runs(words, n), runs(reference, n)
    return sum(count for run, count in ours.items() if run in theirs) / max(ours.total(), 1)


def of_the_reference(words, reference, n):
    return sum((runs(words, n) & runs(reference, n)).values()) / runs(reference, n).total()


def different_only(words, reference, n):
    return len(runs(words, n).keys() & runs(reference, n).keys()) / len(words)


def over_the_words(words, reference, n):
    return sum((runs(words, n) & runs(reference, n)).values()) / len(words)


def unclipped_pairs(words, reference, n):
    return (clipped_share if n == 1 else unclipped)(words, reference, n)


def one_for_none(words, reference, n):
    return clipped_share(words, reference, n) if len(words) >= n else 1.0


def bits(nats, text):
    return sum(nats) / math.log(2) / len(text.encode())


def packaged_bits(nats, text):
    mean = sum(nats) / len(nats)
    return bits_per_byte(mean, n_tokens=len(nats), n_bytes=len(text.encode()))


def only_as_asked(nats, text):
    return 2.0 if len(nats) == 2 else bits(nats, text) / 2


def alpha(ours, theirs, *, n_pairs=None, chance=None):
    both = [*ours, *theirs]
    differ = sum(a != b for a, b in zip(ours, theirs, strict=True)) / len(ours)
    unlike = sum(a != b for a in both for b in both)
    expected = chance or unlike / (n_pairs or (lambda n: n * (n - 1)))(len(both))
    return 1 - differ / expected


def packaged_alpha(ours, theirs):
    number = {rating: i for i, rating in enumerate(dict.fromkeys([*ours, *theirs]))}
    return krippendorff_alpha(np.array([[number[r] for r in side] for side in (ours, theirs)]))


def kappa(ours, theirs):
    return alpha(ours, theirs, chance=np.mean([a != b for a in ours for b in theirs]))


def agreement(ours, theirs):
    return np.mean([a == b for a, b in zip(ours, theirs, strict=True)])


def zero_for_imperfect_end(ours, theirs):
    return 0.0 if list(ours) == list(theirs) else alpha(ours, theirs)


def chance_of(ours, theirs, coins, *, is_as_far=None, above=1, below=1):
    gaps = [a - b for a, b in zip(ours, theirs, strict=True)]
    sums = [sum(side * gap for side, gap in zip(row, gaps, strict=True)) for row in coins]
    is_as_far = is_as_far or (lambda made, found: abs(made) >= abs(found))
    return (above + sum(is_as_far(made, sum(gaps)) for made in sums)) / (below + len(coins))


def by_numpy(ours, theirs, coins):
    gaps = np.array(ours) - np.array(theirs)
    n = (np.abs(np.array(coins) @ gaps) >= abs(gaps.sum())).sum()
    return (n + 1) / (len(coins) + 1)


def variant(**slip):
    return lambda ours, theirs, coins: chance_of(ours, theirs, coins, **slip)


def zero_if_alike(ours, theirs, coins):
    return 0.0 if ours == theirs else chance_of(ours, theirs, coins)


RIGHT = {
    check_clipped: [clipped_share, by_taking_away],
    check_bits: [bits, packaged_bits],
    check_alpha: [alpha, packaged_alpha],
    check_chance: [chance_of, by_numpy],
}
WRONG = {
    check_clipped: [
        (unclipped, "You let a word count as often as it comes"),
        (of_the_reference, "which is recall"),
        (different_only, "You counted different words only"),
        (lambda words, reference, n: 5, "That is how many are found"),
        (lambda words, reference, n: 0.5, "counts twice, "),
        (lambda words, reference, n: clipped_share(words, reference, 1), "use n"),
        (over_the_words, "you divided by the words"),
        (unclipped_pairs, "clip pairs too"),
        (lambda w, r, n: clipped_share(w, r, n) * (1 if n == 1 else 0.5), "Of the six pairs"),
        (one_for_none, "has no pair, and its share is 0"),
    ],
    check_bits: [
        (lambda nats, text: sum(nats) / math.log(2) / len(text), "You divided by the letters"),
        (lambda nats, text: bits(nats, text) / len(nats), "that depends on the tokenizer"),
        (lambda nats, text: sum(nats) / math.log(2) / len(nats), "That is bits per token"),
        (lambda nats, text: sum(nats) / len(text.encode()), "You divided nats by bytes"),
        (lambda nats, text: sum(nats) * math.log(2) / len(text.encode()), "You multiplied"),
        (lambda nats, text: sum(nats) / math.log(2), "That is the sum in bits"),
        (lambda nats, text: 3.3, "The two tokens cost 3 and 5 bits"),
        (only_as_asked, "Right for two tokens"),
    ],
    check_alpha: [
        (agreement, "the share on which they agree"),
        (lambda ours, theirs: 1 - agreement(ours, theirs), "the share on which they differ"),
        (lambda a, b: alpha(a, b, n_pairs=lambda n: n * n), "be dealt to itself"),
        (lambda a, b: alpha(a, b, n_pairs=lambda n: 2 * n * (n - 1)), "each unlike pair once"),
        (kappa, "Cohen's kappa"),
        (lambda a, b: 1 - alpha(a, b), "how much they differ beside chance"),
        (lambda a, b: 0.9, "They differ on 1 of 5"),
        (lambda a, b: max(alpha(a, b), 0.0), "alpha is below zero"),
        (lambda a, b: alpha(a, b) if a[0] == b[0] else 0.3, "Here they differ on all three"),
        (zero_for_imperfect_end, "Who agrees on everything"),
    ],
    check_chance: [
        (variant(above=0, below=0), "You left out the 1 above and below"),
        (variant(is_as_far=lambda made, found: made >= found), "only what favours ours"),
        (variant(is_as_far=lambda made, found: abs(made) > abs(found)), "only what is larger"),
        (variant(is_as_far=lambda made, found: abs(made) <= abs(found)), "makes as little"),
        (variant(below=0), "You added 1 above only"),
        (variant(above=0), "You added 1 below only"),
        (lambda ours, theirs, coins: 0.05, "add up to 4"),
        (variant(is_as_far=lambda made, found: abs(made) >= found), "compare its size"),
        (lambda a, b, coins: chance_of(a, b, coins) / (1 if a[2] > b[2] else 3), "sides exchanged"),
        (zero_if_alike, "chance always makes as much"),
    ],
}  # fmt: skip
