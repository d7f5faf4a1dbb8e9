"""Answers to the exercises of chapter 2: right ones, and typical wrong ones with what they get."""

import math

import torch

from afterword.exercises.ch02 import check_heads, check_masked, check_stream


def masked(scores, allowed):
    return scores.masked_fill(~allowed, -math.inf).softmax(dim=-1)


def by_dividing(scores, allowed):
    shares = scores.softmax(dim=-1) * allowed
    return shares / shares.sum(dim=-1, keepdim=True)


def raised_by_hand(scores, allowed):
    raised = scores.exp() * allowed
    return raised / raised.sum(dim=-1, keepdim=True)


def without_keepdim(scores, allowed):
    raised = scores.exp() * allowed
    return raised / raised.sum(dim=-1)


def cut(x, n_heads):
    return x.unflatten(-1, (n_heads, -1)).transpose(0, 1)


def heads(q, k, n_heads, *, cut=cut, scale=lambda d: math.sqrt(d)):
    q, k = cut(q, n_heads), cut(k, n_heads)
    return q @ k.mT / scale(q.shape[-1])


def one_by_one(q, k, n_heads):
    d = q.shape[1] // n_heads
    parts = [slice(h * d, (h + 1) * d) for h in range(n_heads)]
    return torch.stack([q[:, part] @ k[:, part].T / d**0.5 for part in parts])


def stream(pairs, *, first=-math.inf, rescale=True, divide=True):
    largest, weight, mixed = first, 0.0, 0.0
    for score, value in pairs:
        above = max(largest, score)
        old = math.exp(largest - above) if rescale else 1.0
        new = math.exp(score - above)
        weight, mixed, largest = weight * old + new, mixed * old + new * value, above
    return mixed / weight if divide else mixed


def all_at_once(pairs):
    scores, values = zip(*pairs, strict=True)
    return torch.tensor(scores).softmax(dim=0) @ torch.stack(values)


def twice(pairs):
    largest = max(score for score, _ in pairs)
    weight, mixed = 0.0, 0.0
    for score, value in pairs:
        weight, mixed = weight + math.exp(score - largest), mixed + math.exp(score) * value
    return mixed / weight


def half_corrected(pairs):
    largest, weight, mixed = -math.inf, 0.0, 0.0
    for score, value in pairs:
        above = max(largest, score)
        new = math.exp(score - above)
        weight = weight * math.exp(largest - above) + new
        mixed, largest = mixed + new * value, above
    return mixed / weight


def never_stored(pairs):
    largest, weight, mixed = -math.inf, 0.0, 0.0
    for score, value in pairs:
        above = max(largest, score)
        old, new = math.exp(largest - above), math.exp(score - above)
        weight, mixed = weight * old + new, mixed * old + new * value
    return mixed / weight


def without_largest(pairs, *, divide_by=None):
    weight, mixed, n = 0.0, 0.0, 0
    for score, value in pairs:
        n += 1
        weight, mixed = weight + math.exp(score), mixed + math.exp(score) * value
    return mixed / {None: weight, "n": n, "nothing": 1}[divide_by]


RIGHT = {
    check_masked: [masked, by_dividing],
    check_heads: [heads, one_by_one],
    check_stream: [stream],
}
WRONG = {
    check_masked: [
        (lambda scores, allowed: scores.softmax(-1) * allowed, "struck out after the softmax"),
        (lambda scores, allowed: (scores * allowed).softmax(-1), "set the hidden scores to 0"),
        (
            lambda scores, allowed: scores.masked_fill(allowed, -math.inf).softmax(-1),
            "turned round",
        ),
        (lambda scores, allowed: scores.softmax(-1), "nothing hidden"),
        (
            lambda scores, allowed: scores.masked_fill(~allowed, -math.inf).softmax(0),
            "down the columns",
        ),
        (lambda scores, allowed: scores.exp() * allowed, "not shares yet"),
        (without_keepdim, "sum of another row"),
        (
            lambda scores, allowed: (scores + ~allowed * -math.inf).softmax(-1),
            "0 times minus infinity",
        ),
        (raised_by_hand, "more than a float can hold"),
        (lambda scores, allowed: scores, "Work out the second row"),
        (lambda scores, allowed: scores[0], "The shape should be"),
        (lambda scores, allowed: scores.tolist(), "A tensor was wanted"),
    ],
    check_heads: [
        (lambda q, k, n: heads(q, k, n, scale=lambda d: 1), "not scaled"),
        (lambda q, k, n: heads(q, k, n, scale=lambda d: math.sqrt(6)), "root of d_model"),
        (lambda q, k, n: heads(q, k, n, scale=lambda d: d), "divided by the width of a head"),
        (lambda q, k, n: heads(q, k, n, cut=lambda x, n: x.reshape(n, -1, 6)), "cut the sequence"),
        (
            lambda q, k, n: heads(
                q, k, n, cut=lambda x, n: x.reshape(n, -1, 6), scale=lambda d: math.sqrt(3)
            ),
            "The scale is that of a head",
        ),
        (
            lambda q, k, n: heads(q, k, n, cut=lambda x, n: x.reshape(n, -1, 3)),
            "folded the whole array",
        ),
        (
            lambda q, k, n: heads(
                q, k, n, cut=lambda x, n: x.unflatten(-1, (-1, n)).permute(2, 0, 1)
            ),
            "every second number",
        ),
        (lambda q, k, n: heads(k, q, n), "should be the rows"),
        (
            lambda q, k, n: heads(q, k, n, cut=lambda x, n: x.unflatten(-1, (n, -1))),
            "behind that of the words",
        ),
        (lambda q, k, n: heads(q, k, n, scale=lambda d: math.sqrt(n)), "number of heads"),
        (lambda q, k, n: heads(q, k, n).softmax(-1), "These are shares already"),
        (
            lambda q, k, n: heads(q, k, n, cut=lambda x, n: torch.stack(x.split(n, dim=-1))),
            "how many parts, not how wide",
        ),
        (lambda q, k, n: heads(q, k, n) + 1, "Take one number"),
        (lambda q, k, n: heads(q, k, n)[0], "The shape should be"),
    ],
    check_stream: [
        (lambda pairs: without_largest(pairs, divide_by="nothing"), "before the division. Keep"),
        (lambda pairs: without_largest(pairs, divide_by="n"), "number of pairs"),
        (lambda pairs: stream(pairs, divide=False), "with the largest score subtracted"),
        (lambda pairs: stream(pairs, rescale=False), "Multiply both sums"),
        (half_corrected, "not the sum of weighted values"),
        (never_stored, "never stored"),
        (twice, "through the pairs twice"),
        (without_largest, "near 1000 the result is not a number"),
        (lambda pairs: stream(pairs, first=0.0), "near -1000 the result is not a number"),
        (all_at_once, "you kept 50 values at once"),
        (lambda pairs: sum(value for _, value in pairs), "a quarter and three quarters"),
    ],
}
