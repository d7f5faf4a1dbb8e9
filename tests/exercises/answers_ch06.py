"""Answers to the exercises of chapter 6: right ones, and typical wrong ones with what they get."""

from itertools import accumulate

import torch

from afterword.exercises.ch06 import (
    check_nucleus,
    check_penalty,
    check_speculation,
    check_stop,
)
from afterword.sampling.filters import top_p
from afterword.sampling.penalties import repetition


def ordered(p):
    return sorted(range(len(p)), key=lambda i: -p[i])


def nucleus(p, mass):
    order = ordered(p)
    before = [0, *accumulate(p[i] for i in order)]
    return [i for i, total in zip(order, before, strict=False) if total < mass]


def packaged_nucleus(p, mass):
    kept = top_p(mass)(torch.tensor([p]).log()).isfinite()[0]
    return [i for i in ordered(p) if kept[i]]


def in_the_lists_order(p, mass):
    before = [0, *accumulate(p)]
    return [i for i, total in enumerate(before[:-1]) if total < mass]


def crossing_too_far(p, mass):
    order = ordered(p)
    before = [0, *accumulate(p[i] for i in order)]
    return [i for i, total in zip(order, before, strict=False) if total <= mass]


def without_the_crossing_one(p, mass):
    order = ordered(p)
    after = list(accumulate(p[i] for i in order))
    kept = [i for i, total in zip(order, after, strict=True) if total <= mass]
    return kept or order[:1]


def perhaps_none(p, mass):
    return nucleus(p, mass) if p[ordered(p)[0]] < mass else []


def only_three(p, mass):
    return nucleus(p, mass)[:3]


def penalised(logits, said, penalty):
    return [
        x if i not in said else x * penalty if x < 0 else x / penalty for i, x in enumerate(logits)
    ]


def packaged_penalty(logits, said, penalty):
    said = torch.tensor([said], dtype=torch.long)
    return repetition(penalty)(torch.tensor([logits]), said)[0]


def changed(change, when=lambda i, said: i in said):
    """A wrong penalty: what it does to a logit, and to which."""

    def answer(logits, said, penalty):
        return [change(x, penalty) if when(i, said) else x for i, x in enumerate(logits)]

    return answer


def lowered(x, penalty):
    return x * penalty if x < 0 else x / penalty


def counted(logits, said, penalty):
    for i in said:
        logits = [lowered(x, penalty) if i == j else x for j, x in enumerate(logits)]
    return logits


def first_anyway(logits, said, penalty):
    return penalised(logits, said or [0], penalty)


def only_by_two(logits, said, penalty):
    return penalised(logits, said, 2.0)


def until(pieces, stop):
    text = ""
    for piece in pieces:
        text += piece
        if stop in text:
            return text[: text.index(stop)]
    return text


def letter_by_letter(pieces, stop):
    text = ""
    for piece in pieces:
        for letter in piece:
            text += letter
            if text.endswith(stop):
                return text[: -len(stop)]
    return text


def with_the_stop(pieces, stop):
    text = until(pieces, stop)
    return text + stop


def looks_at_the_end_only(pieces, stop):
    text = "".join(pieces)
    return text[: -len(stop)] if text.endswith(stop) else text


def each_piece_alone(pieces, stop):
    text = ""
    for piece in pieces:
        if stop in piece:
            return text + piece[: piece.index(stop)]
        text += piece
    return text


def drops_the_last_piece(pieces, stop):
    text = ""
    for piece in pieces:
        if stop in text + piece:
            kept = piece[: piece.index(stop)] if stop in piece else ""
            return text + kept
        text += piece
    return text


def whole_pieces_only(pieces, stop):
    text = ""
    for piece in pieces:
        if stop in text + piece and "and" in text:
            return text
        text += piece
        if stop in text:
            return text[: text.index(stop)]
    return text


def last_stop(pieces, stop):
    text = "".join(pieces)
    return text[: text.rindex(stop)] if stop in text else text


def nothing_without(pieces, stop):
    text = "".join(pieces)
    return text[: text.index(stop)] if stop in text else ""


def by_find(pieces, stop):
    text = "".join(pieces)
    return text[: text.find(stop)]


def reads_all(pieces, stop):
    return until(iter(list(pieces)), stop)


def say(p, q, guess, u, v, *, ratio=None, lacking=None, divided=True):
    chance = p[guess] / q[guess] if ratio is None else ratio(p[guess], q[guess])
    if u < chance:
        return guess
    rest = [(lacking or (lambda a, b: max(a - b, 0)))(a, b) for a, b in zip(p, q, strict=True)]
    whole = sum(rest) if divided else 1
    for token, total in enumerate(accumulate(rest)):
        if total / whole > v:
            return token
    return None


def by_torch(p, q, guess, u, v):
    p, q = torch.tensor(p), torch.tensor(q)
    if u * q[guess] < p[guess]:
        return guess
    rest = (p - q).clamp(min=0)
    return int(torch.searchsorted(rest.cumsum(0) / rest.sum(), torch.tensor(v), right=True))


def variant(**slip):
    return lambda *arguments: say(*arguments, **slip)


def lacks_most(p, q, guess, u, v):
    return say(p, q, guess, u, 0.0)


RIGHT = {
    check_nucleus: [nucleus, packaged_nucleus],
    check_penalty: [penalised, packaged_penalty],
    check_stop: [until, letter_by_letter],
    check_speculation: [say, by_torch],
}
WRONG = {
    check_nucleus: [
        (lambda p, mass: [p[i] for i in nucleus(p, mass)], "Those are the probabilities"),
        (in_the_lists_order, "You added up in the order of the list"),
        (crossing_too_far, "yours takes one more"),
        (lambda p, mass: nucleus(p, mass)[::-1], "the likeliest is place 1"),
        (lambda p, mass: [0], "0.5 is place 1, 0.25 is place 2"),
        (without_the_crossing_one, "The one that crosses the edge is missing"),
        (lambda p, mass: nucleus(p, 0.75 if mass == 0.75 else 1), "Right for 0.75. For 0.6"),
        (perhaps_none, "you keep nothing"),
        (lambda p, mass: nucleus(p, max(mass, 0.6)), "For 0.25 the likeliest alone"),
        (only_three, "With a mass of 1 all four stay"),
    ],
    check_penalty: [
        (changed(lambda x, by: x / by), "You divided the negative logit too"),
        (changed(lambda x, by: x / by if x < 0 else x * by), "You multiplied where you should"),
        (changed(lambda x, by: x * by), "You multiplied both"),
        (counted, "Token 0 was said twice"),
        (changed(lowered, lambda i, said: True), "the logits of all tokens"),
        (changed(lowered, lambda i, said: i not in said), "You changed what was not said"),
        (changed(lambda x, by: x - by), "That is the presence penalty"),
        (lambda logits, said, penalty: logits, "Tokens 0 and 1 were said"),
        (first_anyway, "When nothing was, nothing changes"),
        (only_by_two, "Right for a penalty of 2"),
    ],
    check_stop: [
        (with_the_stop, "The stop string itself is still there"),
        (looks_at_the_end_only, "What follows the stop string is still there"),
        (lambda pieces, stop: "to", "The text is 'to be', then the stop string"),
        (each_piece_alone, "You looked into each piece alone"),
        (drops_the_last_piece, "ends with the first half of the stop string"),
        (whole_pieces_only, "The letters before the stop string belong"),
        (last_stop, "You cut at the last stop string"),
        (nothing_without, "Without a stop string you return nothing"),
        (by_find, "str.find says"),
        (reads_all, "you read pieces after the stop string had come"),
    ],
    check_speculation: [
        (variant(ratio=lambda a, b: b / a), "is your ratio"),
        (lambda p, q, guess, u, v: 3, "which no u exceeds"),
        (variant(ratio=lambda a, b: float(a > b)), "accept only what p finds likelier"),
        (variant(ratio=lambda a, b: 1.0), "You let it stand"),
        (variant(lacking=lambda a, b: a), "You threw v among all of p"),
        (variant(lacking=lambda a, b: abs(a - b)), "Where p has less than q"),
        (variant(divided=False), "Divide by the sum"),
        (lacks_most, "You took the token that lacks most"),
    ],
}  # fmt: skip
