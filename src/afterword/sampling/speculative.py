"""Speculative decoding: a cheap model guesses ahead, the target checks all guesses in one pass.

    accept a guess x with probability min(1, p(x) / q(x)), p the target's, q the draft's
    else draw from what p has more of than q:  max(0, p - q), divided by its sum

What is written is then distributed as if the target had drawn every token itself:
q(x) · min(1, p(x) / q(x)) = min(p(x), q(x)), and the second draw adds exactly what p(x) lacks.

Axes   T positions   V vocab_size
"""

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from afterword.sampling.generate import refuse_nothing_left
from afterword.sampling.reader import Model
from afterword.sampling.rows import Filter


def speculative(
    model: Model,
    draft: Model,
    ids: Int[Tensor, "B T"],
    *,
    n_draft: int,
    context_length: int,
    rng: torch.Generator,
    filters: Sequence[Filter] = (),
    rounds: list[int] | None = None,
) -> Iterator[Int[Tensor, "1"]]:
    """Continue one text, as ``stream`` would, until ``context_length`` tokens are in view.

    ``draft`` guesses ``n_draft`` tokens a round; both are filtered alike. It may see less of the
    text: its own ``context_length``, if it has one. ``rounds`` is given how many guesses of each
    round were accepted.

    Source: arXiv:2211.17192, arXiv:2302.01318.
    """
    if n_draft < 1:
        raise ValueError(f"n_draft must be at least 1, got {n_draft}; to guess nothing, use stream")
    if not 0 < ids.shape[-1] <= context_length or ids.shape[0] != 1:
        raise ValueError(
            f"speculative continues one prompt of 1 to {context_length} tokens, got ids of shape "
            f"{tuple(ids.shape)}"
        )
    target, guesser = Ahead(model, context_length), Ahead(draft, context_length)
    return _rounds(target, guesser, ids, n_draft, filters, rng, [] if rounds is None else rounds)


def _rounds(target, guesser, ids, n_draft, filters, rng, rounds):
    while ids.shape[1] <= target.context_length:
        n_ahead = min(n_draft, target.context_length - ids.shape[1])
        with torch.inference_mode():
            guessed, q = guess(guesser, ids, n_ahead, filters, rng)
            p = target.probs(guessed, n_ahead + 1, filters)
            n_accepted, last = judge(guessed[0, ids.shape[1] :], p, torch.cat([p[:0], *q]), rng)
        rounds.append(n_accepted)
        new = torch.cat([guessed[0, ids.shape[1] :][:n_accepted], last]).clone()
        ids = torch.cat([ids, new[None]], dim=1)
        yield from new.split(1)


def guess(
    guesser: "Ahead", ids: Int[Tensor, "1 T"], n_ahead: int, filters, rng
) -> tuple[Int[Tensor, "1 N"], list[Tensor]]:
    """The text with ``n_ahead`` tokens more, and the probabilities each was drawn with."""
    drawn_from = []
    for _ in range(n_ahead):
        probs = guesser.probs(ids, 1, filters)
        ids = torch.cat([ids, torch.multinomial(probs, 1, generator=rng)], dim=1)
        drawn_from.append(probs)
    return ids, drawn_from


def judge(
    guesses: Int[Tensor, "A"],
    p: Float[Tensor, "N V"],
    q: Float[Tensor, "A V"],
    rng: torch.Generator,
) -> tuple[int, Int[Tensor, "1"]]:
    """How many of the guesses stand, and the token that the target puts after them.

    ``p`` has one row more than there are guesses: what comes when all are right.
    """
    for i, token in enumerate(guesses.tolist()):
        chance = torch.rand(1, generator=rng, device=p.device)
        if chance * q[i, token] >= p[i, token]:  # rejected
            lacking = (p[i] - q[i]).clamp(min=0)
            return i, torch.multinomial(lacking, 1, generator=rng)
    return len(guesses), torch.multinomial(p[-1], 1, generator=rng)


class Ahead:
    """A model that is asked about the end of a text, which may since have been taken back."""

    def __init__(self, model: Model, context_length: int):
        self.model, self.context_length = model, context_length
        self.cache = model.new_cache() if hasattr(model, "new_cache") else None
        self.n_seen = getattr(model, "context_length", context_length)

    def probs(self, ids: Int[Tensor, "1 T"], n_last: int, filters) -> Float[Tensor, "N V"]:
        """Of what follows each of the last ``n_last`` tokens."""
        logits = self._read(ids, n_last)[0, -n_last:]
        for change in filters:  # each position with the text before it
            ends = range(ids.shape[1] - n_last + 1, ids.shape[1] + 1)
            rows = zip(logits.split(1), ends, strict=True)
            logits = torch.cat([change(row, ids[:, :end]) for row, end in rows])
        if filters:
            refuse_nothing_left(logits)
        return logits.float().softmax(dim=-1)

    def _read(self, ids: Int[Tensor, "1 T"], n_last: int) -> Float[Tensor, "1 N V"]:
        if self.cache is None:
            return self.model(ids[:, -(self.n_seen + n_last - 1) :])
        if self.cache.length:  # at least those asked about are read again
            self.cache.crop(min(self.cache.length, ids.shape[1] - n_last))
        return self.model(ids[:, self.cache.length :], self.cache)
