"""n-gram models: the next token guessed from how often it followed the last few.

They are called as every model of the book is, ids in and logits out, so they go through the
same sampling and the same evaluation as a Transformer.

Axes   B batch   T positions   V vocab_size   N distinct n-grams
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Table:
    """The n-grams of one length: which there are, and how often each was seen.

    An n-gram is its context, an n-gram one shorter, followed by a token. ``keys`` holds
    ``context · vocab_size + token`` in rising order, where ``context`` is a row of the table
    before; the empty context is row 0.
    """

    keys: Int[Tensor, "N"]
    counts: Int[Tensor, "N"]
    shorter: Int[Tensor, "N"]  # the n-gram without its first token: a row of the table before


def count_ngrams(ids: Int[Tensor, "T"], *, order: int, vocab_size: int) -> list[Table]:
    """Count the n-grams of 1 to ``order`` tokens; entry ``n - 1`` holds those of length n."""
    if order < 1:
        raise ValueError(f"order must be at least 1 (a unigram model), got {order}")
    if len(ids) < order:
        raise ValueError(f"{len(ids)} tokens hold no {order}-gram; give more text or lower order")
    if ids.min() < 0 or ids.max() >= vocab_size:
        raise ValueError(
            f"ids run from {ids.min()} to {ids.max()}, but vocab_size {vocab_size} allows "
            f"0 to {vocab_size - 1}; was the text encoded by another tokenizer?"
        )
    tables = []
    rows = torch.zeros(len(ids) + 1, dtype=torch.long, device=ids.device)  # the empty n-gram
    for n in range(1, order + 1):
        keys = rows[:-1] * vocab_size + ids[n - 1 :]  # one n-gram ends at each position
        rows_before = rows[1:]
        keys, rows, counts = keys.unique(return_inverse=True, return_counts=True)
        shorter = torch.empty_like(keys).scatter_(0, rows, rows_before)
        tables.append(Table(keys, counts, shorter))
    return tables


class NGramModel(nn.Module):
    """What every smoothing shares: to find contexts, and to mix what each length says.

    A subclass defines ``mix(shorter, n, context, token)``: the probability of ``token`` after a
    context of ``n - 1`` tokens, given that after one token less.
    """

    def __init__(self, ids: Int[Tensor, "T"], *, order: int, vocab_size: int):
        super().__init__()
        self.order, self.vocab_size = order, vocab_size
        self.context_length = max(1, order - 1)  # no earlier token can matter
        self.tables = count_ngrams(ids, order=order, vocab_size=vocab_size)

    def forward(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        """The log-probability of every token at every position: logits that need no softmax."""
        every_token = torch.arange(self.vocab_size, device=ids.device)
        contexts = [rows.unsqueeze(-1) for rows in self._contexts(ids)]  # [B, T, 1] each
        return self._probs(contexts, every_token).log().float()

    def surprisal(self, ids: Int[Tensor, "T"]) -> Float[Tensor, "T-1"]:
        """Minus the log-probability, in nats, of each token but the first, given those before.

        The same numbers as by ``forward``, without working out the other tokens'.
        """
        contexts = [rows[0, :-1] for rows in self._contexts(ids.unsqueeze(0))]
        return -self._probs(contexts, ids[1:]).log()

    def mix(self, shorter: Tensor, n: int, context: Tensor, token: Tensor) -> Tensor:
        raise NotImplementedError

    def _probs(self, contexts: list[Tensor], token: Tensor) -> Tensor:
        probs = torch.full((), 1 / self.vocab_size, dtype=torch.double, device=token.device)
        for n, context in enumerate(contexts, start=1):
            probs = self.mix(probs, n, context, token)
        return probs

    def _contexts(self, ids: Tensor) -> list[Tensor]:
        """For n = 0 … order - 1: the row of the n-gram that ends at each position, or -1."""
        rows = [torch.zeros_like(ids)]
        for n in range(1, self.order):
            before = rows[-1].roll(1, dims=-1)
            before[..., 0] = 0 if n == 1 else -1  # nothing comes before the first token
            rows.append(self._find(n, before, ids))
        return rows

    def _find(self, n: int, context: Tensor, token: Tensor) -> Tensor:
        """The row of the n-gram ``context`` + ``token``, or -1 if it was never seen."""
        keys = self.tables[n - 1].keys
        wanted = context * self.vocab_size + token
        row = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
        return row.where(keys[row] == wanted, -1)  # after context -1, wanted is below every key

    def _sum_by_context(self, n: int, values: Tensor) -> Tensor:
        """Add up a value per n-gram over all n-grams with the same context."""
        n_contexts = 1 if n == 1 else len(self.tables[n - 2].keys)
        total = torch.zeros(n_contexts, dtype=values.dtype, device=values.device)
        return total.index_add_(0, self.tables[n - 1].keys // self.vocab_size, values)

    def _apply(self, fn, recurse: bool = True):
        """Follow ``.to(device)``, which asks each module to move what it holds."""
        self.tables = [Table(fn(t.keys), fn(t.counts), fn(t.shorter)) for t in self.tables]
        return super()._apply(fn, recurse)


class AddK(NGramModel):
    """Every continuation counted ``k`` times more than it was seen.

        p(w | h) = (c(h w) + k) / (c(h) + k V)

    ``k = 0`` is maximum likelihood: what was never seen is impossible. A context never seen
    gets ``1 / V`` for each token. Only the longest context is used.
    """

    def __init__(self, ids, *, order: int, vocab_size: int, k: float = 1.0):
        if k < 0:
            raise ValueError(f"k is added to a count and must be 0 or more, got {k}")
        super().__init__(ids, order=order, vocab_size=vocab_size)
        self.k = k
        self.register_buffer("totals", self._sum_by_context(order, self.tables[-1].counts))

    def mix(self, shorter, n, context, token):
        if n < self.order:
            return shorter
        row = self._find(n, context, token)
        count = self.tables[-1].counts[row.clamp(min=0)] * (row >= 0)
        total = self.totals[context.clamp(min=0)] * (context >= 0)
        probs = (count + self.k) / (total + self.k * self.vocab_size).double()
        return torch.where(total + self.k > 0, probs, 1 / self.vocab_size)


class KneserNey(NGramModel):
    """Take a discount off every count, and share it out as a context one token shorter would.

        p(w | h) = (c(h w) - D) / c(h)  +  freed(h) / c(h) · p(w | h without its first token)

    where ``freed(h)`` is all that was taken off after ``h``, and a context never seen leaves the
    guess to the shorter one. For all lengths but the longest, ``c`` is not how often an n-gram
    was seen but after how many distinct tokens: *Francisco* is frequent, yet only after *San*.
    Below the unigram stands the uniform ``1 / V``, so nothing is impossible. Each length has
    three discounts, for counts of one, of two, and of more, estimated from how many n-grams were
    counted once, twice, three and four times.

    Source: Kneser and Ney 1995; in the interpolated, modified form of Chen and Goodman 1999.
    """

    def __init__(self, ids, *, order: int, vocab_size: int):
        super().__init__(ids, order=order, vocab_size=vocab_size)
        for n in range(1, order + 1):
            counts = self._contexts_seen(n) if n < order else self.tables[n - 1].counts
            taken = discounts(counts)[counts.clamp(max=3)]  # never more than the count itself
            self.register_buffer(f"kept_{n}", counts - taken)
            self.register_buffer(f"freed_{n}", self._sum_by_context(n, taken))
            self.register_buffer(f"totals_{n}", self._sum_by_context(n, counts))

    def mix(self, shorter, n, context, token):
        row, seen = self._find(n, context, token), context.clamp(min=0)
        kept = getattr(self, f"kept_{n}")[row.clamp(min=0)] * (row >= 0)
        freed = getattr(self, f"freed_{n}")[seen]
        total = getattr(self, f"totals_{n}")[seen] * (context >= 0)
        return torch.where(total > 0, (kept + freed * shorter) / total, shorter)

    def _contexts_seen(self, n: int) -> Tensor:
        """For each n-gram, the number of distinct tokens it was seen after."""
        return self.tables[n].shorter.bincount(minlength=len(self.tables[n - 1].keys))


def discounts(counts: Int[Tensor, "N"]) -> Float[Tensor, "4"]:
    """What to take off a count of 0, 1, 2, and 3 or more, in double precision.

        D_r = r - (r + 1) · n1 / (n1 + 2 n2) · n_{r+1} / n_r

    with ``n_r`` the number of n-grams counted ``r`` times. In a text too short for the estimate,
    where one of the ``n_r`` in it is 0, it is 0.75 instead.

    Source: Chen and Goodman 1999, eq. 26.
    """
    n = counts.clamp(max=5).bincount(minlength=6).tolist()
    taken = [0.0, 0.75, 0.75, 0.75]
    if n[1] and n[2]:
        shrink = n[1] / (n[1] + 2 * n[2])
        for r in (1, 2, 3):
            if n[r] and n[r + 1]:
                taken[r] = min(max(r - (r + 1) * shrink * n[r + 1] / n[r], 0.0), r)
    return torch.tensor(taken, dtype=torch.double, device=counts.device)


def floors(
    train: Int[Tensor, "T"], validation: Int[Tensor, "S"], *, vocab_size: int
) -> dict[str, float]:
    """Losses that any trained model should beat, in nats per token of ``validation``.

    Each rung knows a little more: nothing, how frequent tokens are, the token before, the four
    tokens before. Learning curves of later chapters are drawn against them.
    """
    models = {
        "unigram": AddK(train, order=1, vocab_size=vocab_size),
        "bigram": AddK(train, order=2, vocab_size=vocab_size),
        "5-gram Kneser–Ney": KneserNey(train, order=5, vocab_size=vocab_size),
    }
    losses = {name: model.surprisal(validation).mean().item() for name, model in models.items()}
    return {"uniform": math.log(vocab_size)} | losses
