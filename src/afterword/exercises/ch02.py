"""Checkers for the exercises of chapter 2."""

import math
import weakref
from collections.abc import Mapping

import torch
from torch import Tensor

from afterword.exercises.checking import NotYet, is_unwritten


def compare(got, wanted: Tensor, *, slips: Mapping[str, Tensor], otherwise: str) -> None:
    """As ``verdict`` for one number, for a tensor: right, a known slip, or neither."""
    if not isinstance(got, Tensor):
        raise NotYet(f"A tensor was wanted, and {type(got).__name__} came.")
    if is_close(got, wanted):
        return
    for diagnosis, result in slips.items():
        if is_close(got, result):
            raise NotYet(diagnosis)
    if got.shape != wanted.shape:
        raise NotYet(f"The shape should be {list(wanted.shape)}, and is {list(got.shape)}.")
    if got.numel() > 12:
        both = zip(got.flatten(0, -2), wanted.flatten(0, -2), strict=True)
        got, wanted = next(rows for rows in both if not is_close(*rows))
        otherwise += " A row that differs:"
    got, wanted = (each.double().round(decimals=3).tolist() for each in (got, wanted))
    raise NotYet(f"{otherwise} Got {got}, wanted {wanted}.")


def is_close(got: Tensor, wanted: Tensor) -> bool:
    return got.shape == wanted.shape and torch.allclose(
        got.to(wanted), wanted, rtol=1e-4, atol=1e-6, equal_nan=True
    )


def check_masked(masked_shares) -> None:
    """``masked_shares(scores, allowed)``: softmax over what is allowed, zero elsewhere."""
    scores = torch.tensor([[1.0, 3, 4], [2, 1, 1], [1, 2, 5]]).log()
    allowed = torch.ones(3, 3).tril().bool()
    got = masked_shares(scores.clone(), allowed)
    if is_unwritten(got, "masked_shares"):
        return
    shares = scores.softmax(dim=-1)
    inverted = scores.masked_fill(allowed, -math.inf).softmax(dim=-1)
    hidden = scores.masked_fill(~allowed, -math.inf)
    raised = hidden.exp()
    if isinstance(got, Tensor) and got.shape == (3, 3) and got[:2].isnan().any():
        raise NotYet(
            "Some of it is not a number: 0 times minus infinity is none. Put minus infinity in "
            "place of the hidden scores (masked_fill, torch.where), do not multiply by it."
        )
    compare(
        got,
        torch.tensor([[1, 0, 0], [2 / 3, 1 / 3, 0], [1 / 8, 2 / 8, 5 / 8]]),
        slips={
            "You struck out after the softmax, so the rows no longer add up to 1, and what was "
            "struck out has been seen. Hide the scores first.": shares * allowed,
            "You set the hidden scores to 0. A score of 0 is a score like any other, e to the 0 "
            "is 1, and takes its share; minus infinity takes none.": (scores * allowed).softmax(-1),
            "The mask is turned round: allowed is True where a word may look.": inverted,
            "That is the softmax with nothing hidden.": shares,
            "You took the softmax down the columns. A row is one word that asks, and its shares "
            "add up to 1: dim=-1.": hidden.softmax(dim=0),
            "These are raised scores, not shares yet: divide each row by its sum.": raised,
            "Each number was divided by the sum of another row. Keep the axis that is added up: "
            "sum(dim=-1, keepdim=True).": raised / raised.sum(dim=-1),
        },
        otherwise="Work out the second row on paper: e to its scores is 2, 1 and 1, and the "
        "last of these is hidden.",
    )
    if masked_shares(scores + 200, allowed).isnan().any():
        raise NotYet(
            "Right for small scores, but at 200 e to the score is more than a float can hold. "
            "Subtract the largest score of the row first, or use torch's softmax."
        )
    print("Right: hidden before the softmax, and every row whole.")


def check_heads(head_scores) -> None:
    """``head_scores(q, k, n_heads)``: scaled scores of each head, of shape [H, T, S]."""
    rng = torch.Generator().manual_seed(0)
    q, k, n_heads, d_head = *(torch.randn(n, 6, generator=rng) for n in (4, 4)), 2, 3

    def scores(q, k):
        return q @ k.mT / math.sqrt(d_head)

    def cut(x):
        return x.unflatten(-1, (n_heads, d_head)).transpose(0, 1)

    got = head_scores(q.clone(), k.clone(), n_heads)
    if is_unwritten(got, "head_scores"):
        return
    wanted = scores(cut(q), cut(k))
    by_sequence = [x.reshape(n_heads, -1, 6) for x in (q, k)]
    folded = [x.reshape(n_heads, -1, d_head) for x in (q, k)]
    strided = [x.unflatten(-1, (d_head, n_heads)).permute(2, 0, 1) for x in (q, k)]
    plain = wanted * math.sqrt(d_head)
    if isinstance(got, Tensor) and got.shape == (d_head, 4, 4):
        raise NotYet(
            f"You made {d_head} heads of {n_heads} numbers each: n_heads is how many parts, not "
            "how wide."
        )
    compare(
        got,
        wanted,
        slips={
            "The scores are not scaled. Divide by the root of the width of a head.": plain,
            "You divided by the root of d_model. What is added up are the products within one "
            "head, so it is the width of a head that counts.": plain / math.sqrt(6),
            "You divided by the width of a head. It is the root of the width: the spread of a "
            "sum grows as the root.": plain / d_head,
            "You divided by the root of the number of heads. It is the root of the width of one "
            "head.": plain / math.sqrt(n_heads),
            "These are shares already. Scores were wanted, before the softmax.": wanted.softmax(
                dim=-1
            ),
            "You cut the sequence: each of your heads sees only a part of the words. Cut the "
            "width, and let every head keep every row.": (
                by_sequence[0] @ by_sequence[1].mT / math.sqrt(6)
            ),
            "The scale is that of a head, and the cut is not: each of your heads sees only a part "
            "of the words. Cut the width, and let every head keep every row.": scores(*by_sequence),
            "You folded the whole array at once, so a head holds numbers of one word beside "
            "those of another. First fold the last axis only, then move the axis of "
            "heads to the front.": scores(*folded),
            "Your heads take every second number. Head 1 has the first d_head numbers of each "
            "word: fold the last axis into (n_heads, d_head), in this order.": scores(*strided),
            "The words that ask should be the rows: q times k transposed.": wanted.mT,
            "You left the axis of heads behind that of the words, so each word's heads asked each "
            "other. Move it to the front before the product.": scores(
                *(x.unflatten(-1, (n_heads, d_head)) for x in (q, k))
            ),
        },
        otherwise="Take one number: the score of head 1, word 1 and word 1 is the sum of the first "
        "3 products of the two rows, over the root of 3.",
    )
    print("Right: the width is cut, and every head sees every word.")


def check_stream(stream_attention) -> None:
    """``stream_attention(pairs)``: attention of one query, in one pass over (score, value)."""
    got = stream_attention(pairs([0.0, math.log(3)], [[4.0, 0.0], [0.0, 8.0]], []))
    if is_unwritten(got, "stream_attention"):
        return
    compare(
        got,
        torch.tensor([1.0, 6.0]),
        slips={
            "That is the sum before the division. Keep the sum of the raised scores as well, and "
            "divide at the end.": torch.tensor([4.0, 24.0]),
            "You divided by the number of pairs. Divide by the sum of the raised "
            "scores.": torch.tensor([2.0, 12.0]),
            "That is the sum before the division, with the largest score subtracted. Divide by the "
            "sum of the raised scores.": torch.tensor([4 / 3, 8.0]),
            "When a larger score comes, you start to subtract it, but what was added up before is "
            "still measured from the old largest. Multiply both sums by e to (old largest - new "
            "largest) first.": torch.tensor([2.0, 4.0]),
            "You corrected the sum of weights and not the sum of weighted values. Both are "
            "measured from the old largest.": torch.tensor([3.0, 6.0]),
            "You never stored the new largest score, so at every step all that came before is "
            "multiplied by e to minus infinity.": torch.tensor([0.0, 8.0]),
        },
        otherwise="With scores 0 and ln 3 the shares are a quarter and three quarters.",
    )
    for shift, name in ((1000.0, "1000"), (-1000.0, "-1000")):
        scores = [shift, shift + math.log(3), shift + math.log(4)]
        try:
            result = stream_attention(pairs(scores, [[8.0], [8.0], [16.0]], []))
        except (OverflowError, ZeroDivisionError):
            result = torch.tensor([math.nan])
        if not torch.isfinite(result).all():
            raise NotYet(
                f"Right for small scores, but with scores near {name} the result is not a number. "
                "Subtract the largest score so far; before the first pair it is minus infinity."
            )
        compare(result, torch.tensor([12.0]), slips={}, otherwise=f"Scores near {name}:")
    alive = []
    stream_attention(pairs([0.0] * 50, [[1.0]] * 50, alive))
    if max(alive) > 5:
        raise NotYet(
            f"The result is right, but you kept {max(alive)} values at once. Two sums and the "
            "largest score so far are all that is needed: add a pair and forget it."
        )
    print("Right: one pass, two sums, and the largest score so far.")


class Once:
    """What comes once; who asks again after the end is told so."""

    def __init__(self, items):
        self.items, self.over = items, False

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return next(self.items)
        except StopIteration:
            if self.over:
                raise NotYet(
                    "You went through the pairs twice. They come once: after the first pass "
                    "nothing is left. Keep the largest score so far, and correct the sums when it "
                    "changes."
                ) from None
            self.over = True
            raise


def pairs(scores: list[float], values: list[list[float]], alive: list[int]) -> Once:
    """Scores and values one after another; ``alive`` notes how many values are still held."""
    return Once(one_by_one(scores, values, alive))


def one_by_one(scores, values, alive):
    made = []
    for score, value in zip(scores, values, strict=True):
        value = torch.tensor(value)
        made.append(weakref.ref(value))
        alive.append(sum(ref() is not None for ref in made))
        yield score, value
