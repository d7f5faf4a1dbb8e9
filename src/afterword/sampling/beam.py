"""Beam search: keep the few likeliest beginnings, and see what becomes of each.

Axes   B beams   M beams of one group   T positions   V vocab_size
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from afterword.sampling.reader import Model

NEVER = -1e9  # the log-probability of what must not be chosen


@dataclass(frozen=True, kw_only=True)
class Beam:
    """One of the texts found, without the prompt."""

    ids: list[int]  # with ``end_id``, if it ended so
    logprob: float  # of all of them together, in nats
    score: float  # logprob / length^length_power, by which they are ranked


@torch.inference_mode()
def beam(
    model: Model,
    ids: Sequence[int],
    *,
    n_beams: int,
    n_tokens: int,
    length_power: float = 1.0,
    n_groups: int = 1,
    diversity: float = 0.0,
    end_id: int | None = None,
) -> list[Beam]:
    """The ``n_beams`` best continuations found, best first, of ``n_tokens`` or up to ``end_id``.

    A ``length_power`` above 0 favours long texts; 0 compares plain log-probabilities. With
    ``n_groups`` the beams search in groups, one after the other at each step, and a token costs a
    group ``diversity`` nats for each beam of an earlier group that has just taken it. The whole
    text is in view. It need not find the likeliest text: what begins badly is dropped.

    Source: arXiv:1610.02424 for the groups; it ends as ``transformers`` does by default.
    """
    check_beams(ids, n_beams=n_beams, n_tokens=n_tokens, n_groups=n_groups, diversity=diversity)
    size = n_beams // n_groups
    groups = [Group(size, end_id, length_power) for _ in range(n_groups)]
    reader = Branches(model, ids, n_beams)
    for n_left in reversed(range(n_tokens)):
        logprobs = reader.logits().float().log_softmax(dim=-1).unflatten(0, (n_groups, size))
        cost = torch.zeros_like(logprobs[0, 0])  # [V]
        parents, tokens = [], []
        for g, group in enumerate(groups):
            origins, new = group.grow(logprobs[g], cost, is_last=n_left == 0)
            cost += diversity * torch.tensor(new).long().bincount(minlength=len(cost)).to(cost)
            parents += [g * size + origin for origin in origins]
            tokens += new
        if n_left == 0 or all(group.is_done for group in groups):
            break
        reader.add(parents, tokens)
    return sorted((one for group in groups for one in group.ended), key=lambda one: -one.score)


class Group:
    """Beams that compete with one another: those that go on, best first, and those that ended."""

    def __init__(self, size: int, end_id: int | None, length_power: float):
        self.size, self.end_id, self.length_power = size, end_id, length_power
        self.texts, self.ended, self.is_done = [[] for _ in range(size)], [], False
        self.totals = torch.full((size, 1), NEVER)  # at first all are the same: one speaks
        self.totals[0] = 0.0

    def grow(
        self, logprobs: Float[Tensor, "M V"], cost: Float[Tensor, "V"], *, is_last: bool
    ) -> tuple[list[int], list[int]]:
        """Each text of the next step: which of the last ones it goes on from, and its token.

        Of twice as many candidates as beams, those that end are kept aside if they are among the
        best, and there are enough others to go on with.
        """
        n_texts, vocab_size = logprobs.shape
        if self.is_done:
            return list(range(n_texts)), [0] * n_texts
        totals = self.totals.to(logprobs.device) + logprobs
        best = (totals - cost).flatten().topk(min(2 * self.size, totals.numel())).indices
        origins, tokens = (best // vocab_size).tolist(), (best % vocab_size).tolist()
        going = []
        for rank, (origin, token) in enumerate(zip(origins, tokens, strict=True)):
            if not (is_last or token == self.end_id):
                going.append(rank)
            elif rank < self.size:
                self.end(self.texts[origin] + [token], totals[origin, token].item())
        going = going[: self.size]
        origins, tokens = [origins[i] for i in going], [tokens[i] for i in going]
        if not is_last:
            self.texts = [self.texts[i] + [token] for i, token in zip(origins, tokens, strict=True)]
            self.totals = totals.flatten()[best[going]][:, None]
            self.is_done = not self.could_improve()
        return origins, tokens

    def end(self, ids: list[int], logprob: float) -> None:
        if logprob > NEVER / 2:
            score = logprob / len(ids) ** self.length_power
            self.ended.append(Beam(ids=ids, logprob=logprob, score=score))
            self.ended = sorted(self.ended, key=lambda one: -one.score)[: self.size]

    def could_improve(self) -> bool:
        """Whether the best that goes on would, as long as it is now, rank among those ended."""
        if len(self.ended) < self.size:
            return True
        best = self.totals[0].item() / len(self.texts[0]) ** self.length_power
        return best > self.ended[-1].score


class Branches:
    """One text for each beam, which may at each step go on from any of the others."""

    def __init__(self, model: Model, ids: Sequence[int], n_beams: int):
        weights = next(model.parameters(), None) if hasattr(model, "parameters") else None
        device = None if weights is None else weights.device
        self.model, self.n_beams = model, n_beams
        self.cache = model.new_cache() if hasattr(model, "new_cache") else None
        self.ids = self.unread = torch.tensor([list(ids)], device=device)

    def logits(self) -> Float[Tensor, "B V"]:
        read = self.model(self.ids) if self.cache is None else self.model(self.unread, self.cache)
        return read[:, -1].expand(self.n_beams, -1)

    def add(self, parents: list[int], tokens: list[int]) -> None:
        """Row i becomes row ``parents[i]`` with one token more."""
        rows = torch.tensor(parents, device=self.ids.device) % len(self.ids)
        self.unread = torch.tensor(tokens, device=self.ids.device)[:, None]
        self.ids = torch.cat([self.ids[rows], self.unread], dim=1)
        if self.cache is not None:
            self.cache.select(rows)


def check_beams(
    ids: Sequence[int], *, n_beams: int, n_tokens: int, n_groups: int, diversity: float
) -> None:
    """Raise ``ValueError`` for what cannot be searched."""
    if not len(ids):
        raise ValueError("nothing to continue: give a prompt of at least one token")
    for name, value in dict(n_beams=n_beams, n_tokens=n_tokens, n_groups=n_groups).items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if n_beams % n_groups:
        raise ValueError(
            f"{n_beams} beams cannot be shared evenly by {n_groups} groups; take an n_groups that "
            "divides n_beams"
        )
    if diversity < 0:
        raise ValueError(f"diversity is a cost and cannot be negative, got {diversity}")
