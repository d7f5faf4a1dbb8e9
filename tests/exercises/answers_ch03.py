"""Answers to the exercises of chapter 3: right ones, and typical wrong ones with what they get."""

import math

import torch

from afterword.exercises.ch03 import check_halves, check_score, check_turn


def turn(pair, angle):
    a, b = pair
    return a * math.cos(angle) - b * math.sin(angle), b * math.cos(angle) + a * math.sin(angle)


def dot(q, k):
    return q[0] * k[0] + q[1] * k[1]


def flipped(pair, angle):
    a, b = pair
    return a * math.sin(angle) - b * math.cos(angle), b * math.sin(angle) + a * math.cos(angle)


def per_head(weight, n_heads, order):
    return torch.cat([head[order] for head in weight.chunk(n_heads)])


EVEN_THEN_ODD = [0, 2, 4, 6, 1, 3, 5, 7]
RIGHT = {
    check_turn: [
        lambda pair, d_head, base: 2 * math.pi * base ** (2 * pair / d_head),
        lambda pair, d_head, base: torch.tensor(2 * math.pi) * base ** (pair / (d_head / 2)),
    ],
    check_score: [
        lambda q, k, distance: dot(turn(q, distance), k),
        lambda q, k, distance: dot(q, turn(k, -distance)),
    ],
    check_halves: [
        lambda weight, n_heads: per_head(weight, n_heads, EVEN_THEN_ODD),
        lambda weight, n_heads: (
            weight.view(n_heads, -1, 2, weight.shape[1]).transpose(1, 2).reshape(weight.shape)
        ),
    ],
}
WRONG = {
    check_turn: [
        (lambda pair, d_head, base: base ** (2 * pair / d_head), "one radian takes"),
        (lambda pair, d_head, base: base ** (-2 * pair / d_head), "angle of one place"),
        (lambda pair, d_head, base: 2 * math.pi / base ** (2 * pair / d_head), "upside down"),
        (lambda pair, d_head, base: 2 * math.pi * base ** (pair / d_head), "divided the pair by"),
        (lambda pair, d_head, base: 2 * math.pi * base ** (4 * pair / d_head), "the exponent 2"),
        (lambda pair, d_head, base: 360 * base ** (2 * pair / d_head), "counted degrees"),
        (lambda pair, d_head, base: 2 * math.pi * 10_000 ** (2 * pair / d_head), "10,000 written"),
        (lambda pair, d_head, base: 2 * math.pi * base ** (pair / 8), "eight pairs written in"),
        (lambda pair, d_head, base: 20 * math.pi, "try pair 3 of a head of 64"),
        (lambda pair, d_head, base: 7.0, "work it out on paper"),
    ],
    check_score: [
        (lambda q, k, distance: dot(turn(q, -distance), k), "the wrong way"),
        (lambda q, k, distance: dot(turn(q, distance), turn(k, distance)), "at distance 0"),
        (lambda q, k, distance: dot(q, k), "at distance 0"),
        (lambda q, k, distance: dot(turn(q, distance), turn(k, -distance)), "distance of 2"),
        (lambda q, k, distance: dot(turn(q, math.radians(distance)), k), "by degrees"),
        (lambda q, k, distance: dot(flipped(q, distance), k), "swapped sine and cosine"),
        (lambda q, k, distance: dot(turn(q, distance), k) / math.sqrt(2), "divided by √2"),
        (lambda q, k, distance: dot(turn(q, distance * math.pi / 2), k), "a quarter turn a place"),
        (lambda q, k, distance: dot(turn(q, abs(distance)), k), "Right at distance 1"),
        (lambda q, k, distance: 1.0, "on paper"),
    ],
    check_halves: [
        (lambda weight, n_heads: weight, "Nothing has moved"),
        (
            lambda weight, n_heads: per_head(weight, n_heads, [0, 4, 1, 5, 2, 6, 3, 7]),
            "the way back",
        ),
        (lambda weight, n_heads: torch.cat([weight[0::2], weight[1::2]]), "all rows as one head"),
        (
            lambda weight, n_heads: per_head(weight, n_heads, [1, 3, 5, 7, 0, 2, 4, 6]),
            "second of each pair stands first",
        ),
        (lambda weight, n_heads: weight.T, r"got \(3, 16\)"),
        (lambda weight, n_heads: weight.flip(0), "should come out in the order"),
    ],
}
