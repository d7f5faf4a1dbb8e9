"""Checkers for the exercises of chapter 3."""

import math

import torch
from torch import Tensor

from afterword.exercises.checking import NotYet, is_unwritten, verdict
from afterword.model.positions import Rotary


def check_turn(places_for_a_turn) -> None:
    """``places_for_a_turn(pair, d_head, base)``: the wavelength of a rotary pair."""
    got = places_for_a_turn(2, 16, 10_000)
    if is_unwritten(got, "places_for_a_turn"):
        return
    turn = 2 * math.pi
    verdict(
        got,
        turn * 10,
        slips={
            "That is how many places one radian takes. A full turn has 2π of them.": 10,
            "That is the angle of one place. How many such steps make a full turn, 2π?": 1 / 10,
            "The frequency is upside down: a later pair turns more slowly, so it needs more "
            "places, 2π times base to the power, not divided by it.": turn / 10,
            "You divided the pair by d_head. There are d_head / 2 pairs, and the exponent is the "
            "pair over that.": turn * 10**0.5,
            "You have the exponent 2 · pair over the number of pairs; it is pair over the number "
            "of pairs, or 2 · pair over d_head.": turn * 100,
            "You counted degrees. Angles here are in radians, and a turn is 2π.": 3600,
        },
        otherwise="For pair 2 of a head of 16 and base 10,000, work it out on paper: the exponent "
        "is 2/8, so the pair moves by 1/10 radian a place, and a turn is 2π.",
    )
    verdict(
        places_for_a_turn(3, 64, 500),
        turn * 500 ** (3 / 32),
        slips={
            "You have 10,000 written in; use base.": turn * 10_000 ** (3 / 32),
            "You have eight pairs written in; there are d_head / 2.": turn * 500 ** (3 / 8),
        },
        otherwise="Right for pair 2 of a head of 16; but try pair 3 of a head of 64, base 500: "
        "the exponent is 3/32.",
    )
    print("Right: 2π places for the first pair, and longer by the same factor with each one.")


def check_score(score) -> None:
    """``score(q, k, distance)``: the rotary score, turning one of the two."""
    q, k = [3.0, 0.0], [1.0, 2.0]
    got = score(list(q), list(k), 1)
    if is_unwritten(got, "score"):
        return
    cos, sin = math.cos(1), math.sin(1)
    verdict(
        got,
        3 * cos + 6 * sin,
        slips={
            "Turned the wrong way. If you turn the query, turn it by the distance; if the key, "
            "by minus the distance.": 3 * cos - 6 * sin,
            "That is the score at distance 0. If you turn both by the same angle, nothing "
            "changes: turn one.": 3.0,
            "You turned each by the distance, in opposite directions: that is a distance of 2.": 3
            * math.cos(2)
            + 6 * math.sin(2),
            "You turned by degrees; the angle is one radian a place.": 3 * math.cos(math.radians(1))
            + 6 * math.sin(math.radians(1)),
            "You swapped sine and cosine. A turn takes (a, b) to (a cos − b sin, b cos + a sin).": 3
            * sin
            + 6 * cos,
            "You divided by √2; here the plain product is wanted.": (3 * cos + 6 * sin)
            / math.sqrt(2),
            "You turned by a quarter turn a place; here it is one radian.": 6.0,
        },
        otherwise="For q = (3, 0), k = (1, 2) and distance 1, on paper: turned by one radian, q "
        "is (3 cos 1, 3 sin 1), and its product with k is 3 cos 1 + 6 sin 1.",
    )
    q, k = [0.5, -1.0], [2.0, 1.5]
    rotary, places = Rotary(), torch.tensor([3, 8])
    pair = rotary.turn(torch.tensor([q, k])[None, None], places)[0, 0]
    verdict(
        score(list(q), list(k), -5),
        (pair[0] @ pair[1]).item(),
        slips={},
        otherwise="Right at distance 1. But for q = (0.5, −1) at place 3 and k = (2, 1.5) at "
        "place 8, distance −5, it is not what rotary gives. Is a turn the same for all vectors, "
        "and does it go backwards for a negative distance?",
    )
    print("Right: one turn by the distance does what two turns by the places do.")


def check_halves(to_halves) -> None:
    """``to_halves(weight, n_heads)``: rows in the order that pairs halves of a head."""
    rows = torch.arange(16)
    weight = rows[:, None] + torch.tensor([0.0, 0.25, 0.5])  # [2 heads × 8, 3]
    got = to_halves(weight.clone(), 2)
    if is_unwritten(got, "to_halves"):
        return
    if not isinstance(got, Tensor) or got.shape != weight.shape:
        shape = tuple(got.shape) if isinstance(got, Tensor) else type(got).__name__
        raise NotYet(f"A matrix of shape (16, 3) was wanted, like the one that came; got {shape}.")
    head = torch.tensor([0, 2, 4, 6, 1, 3, 5, 7])
    back = head.argsort()
    slips = {
        "Nothing has moved. Rows 0 and 1 of a head are a pair; where must they stand for `rotate` "
        "to take them as one?": rows,
        "That is the way back, from halves to neighbours: it puts row 4 beside row 0. Rows 0 and "
        "1 are the pair here.": torch.cat([back, back + 8]),
        "You took all rows as one head. Pairs never leave their head: reorder the rows of each "
        "head by themselves.": torch.cat([rows[0::2], rows[1::2]]),
        "The second of each pair stands first, so the pairs turn the wrong way round. First the "
        "even rows, then the odd ones.": torch.cat([head.roll(4), head.roll(4) + 8]),
    }
    order = got[:, 0]
    for diagnosis, slip in slips.items():
        if torch.equal(order, slip.to(order)):
            raise NotYet(diagnosis)
    wanted = torch.cat([head, head + 8])
    if not torch.equal(got, weight[wanted]):
        raise NotYet(
            "Of two heads of 8 rows, the first should come out in the order "
            f"{head.tolist()}; yours is {[round(x) for x in order[:8].tolist()]}. Whole rows move, "
            "and nothing in them changes."
        )
    print("Right: the even rows of each head, then the odd ones; the scores stay what they were.")
