"""Answers to the exercises of chapter 1: right ones, and typical wrong ones with what they get."""

import math
from itertools import pairwise

import torch

from afterword.exercises.ch01 import check_bits_per_byte, check_encode, check_perplexity


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def perplexity(probs):
    return math.exp(mean(-math.log(p) for p in probs))


def replace(ids, pair, new_id, *, once=False):
    out, i, done = [], 0, False
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair and not (once and done):
            out, i, done = [*out, new_id], i + 2, True
        else:
            out, i = [*out, ids[i]], i + 1
    return out


def encode(ids, merges, *, once=False, rounds=99):
    for _ in range(rounds):
        pairs = [pair for pair in pairwise(ids) if pair in merges]
        if not pairs:
            break
        pair = min(pairs, key=merges.get)
        ids = replace(ids, pair, merges[pair], once=once)
        if once and rounds == 1:
            break
    return ids


def from_the_left(ids, merges):
    while True:
        pairs = [pair for pair in pairwise(ids) if pair in merges]
        if not pairs:
            return ids
        ids = replace(ids, pairs[0], merges[pairs[0]])


def last_learnt_first(ids, merges):
    while pairs := [pair for pair in pairwise(ids) if pair in merges]:
        pair = max(pairs, key=merges.get)
        ids = replace(ids, pair, merges[pair])
    return ids


def until_it_breaks(ids, merges):
    while (pair := min(pairwise(ids), key=lambda p: merges.get(p, 999))) in merges:
        ids = replace(ids, pair, merges[pair])
    return ids


def each_merge_once(ids, merges):
    for pair, new_id in merges.items():
        ids = replace(ids, pair, new_id, once=True)
    return ids


def n_bits(probs):
    return sum(-math.log2(p) for p in probs)


RIGHT = {
    check_perplexity: [
        perplexity,
        lambda probs: 2 ** mean(-math.log2(p) for p in probs),
        lambda probs: torch.tensor(probs).log().mean().neg().exp(),
    ],
    check_encode: [encode],
    check_bits_per_byte: [lambda probs, text: n_bits(probs) / len(text.encode())],
}
WRONG = {
    check_perplexity: [
        (lambda probs: mean(1 / p for p in probs), "You averaged 1/p"),
        (lambda probs: 1 / mean(probs), "You averaged p"),
        (lambda probs: 1 / math.prod(probs), "1 over the probability of the whole text"),
        (lambda probs: mean(-math.log2(p) for p in probs), "mean surprisal in bits"),
        (lambda probs: mean(-math.log(p) for p in probs), "mean surprisal in nats"),
        (
            lambda probs: 2 ** mean(-math.log(p) for p in probs),
            "natural logarithm and raised 2",
        ),
        (lambda probs: math.exp(mean(-math.log2(p) for p in probs)), "base 2 and raised e"),
        (lambda probs: math.exp(mean(math.log(p) for p in probs)), "The sign is turned"),
        (lambda probs: 4.0, "ten throws of a fair die must give 6"),
        (lambda probs: 17.0, "work it out on paper"),
        (lambda probs: perplexity([min(probs), max(probs)]), "least and the greatest"),
        (lambda probs: "four", "A number was wanted, and str came"),
    ],
    check_encode: [
        (from_the_left, "you merged a b before b c"),
        (last_learnt_first, "you merged a b before b c"),
        (until_it_breaks, "A chunk may be one token"),
        (lambda ids, merges: encode(ids, merges, rounds=1), "You stopped after one merge"),
        (each_merge_once, "b c stands twice"),
        (lambda ids, merges: list(ids), r"should become \[97, 258\]"),
        (lambda ids, merges: encode(ids, merges) or [0], "A chunk of no bytes has no tokens"),
    ],
    check_bits_per_byte: [
        (lambda probs, text: n_bits(probs) / len(text), "number of characters"),
        (lambda probs, text: n_bits(probs) / len(probs), "number of tokens, which"),
        (lambda probs, text: n_bits(probs), "That is the cost of the whole text"),
        (lambda probs, text: n_bits(probs) * math.log(2) / len(text.encode()), "nats per byte"),
        (lambda probs, text: len(text.encode()) / n_bits(probs), "bytes per bit"),
        (lambda probs, text: n_bits(probs) / len(text.encode("utf-16")), "bytes of UTF-16"),
        (lambda probs, text: -n_bits(probs) / len(text.encode()), "The sign is turned"),
        (lambda probs, text: 0.0, "Take it in two steps"),
    ],
}
