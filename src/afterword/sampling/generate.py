"""Let a model write: draw a token, append it, ask again.

    text = write(model, tokenizer, "To be", n_tokens=99, context_length=128, rng=rng,
                 filters=[top_k(20), temperature(0.8)], stop=["\\n\\n"])

The model is anything from ids to logits. A constraint first takes away what would break it; then
the filters are called in their order, with the logits and the ids so far; from what is left the
token is drawn.

Axes   B batch   T positions   V vocab_size
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from afterword.sampling.reader import NO_TOKEN, Beyond, Model, Reader, check_settings, line_up
from afterword.sampling.rows import Filter

Rng = torch.Generator | Sequence[torch.Generator]  # one for all rows, or one for each


@runtime_checkable
class Constraint(Protocol):
    """What a text must be; see ``sampling.constraints``."""

    start: Any

    def allowed(self, state, n_left: int | None = None) -> Bool[Tensor, "V"]: ...
    def step(self, state, id: int): ...
    def is_complete(self, state) -> bool: ...


def draw(logits: Float[Tensor, "B V"], rng: Rng) -> Int[Tensor, "B"]:
    """One token per row, each with its softmax probability; ``rng`` on the logits' device.

    With a generator for each row, a row is drawn as if it were alone.
    """
    if isinstance(rng, torch.Generator):
        return torch.multinomial(logits.softmax(dim=-1), 1, generator=rng).squeeze(-1)
    if len(rng) != len(logits):
        raise ValueError(f"{len(rng)} generators for {len(logits)} rows; give one, or one for each")
    return torch.cat([draw(row, own) for row, own in zip(logits.split(1), rng, strict=True)])


def stream(
    model: Model,
    ids: Int[Tensor, "B T"] | Sequence[Sequence[int]],
    *,
    context_length: int,
    rng: Rng,
    filters: Sequence[Filter] = (),
    constraint: Constraint | None = None,
    beyond: Beyond = "slide",
    n_tokens: int | None = None,
) -> Iterator[Int[Tensor, "B"]]:
    """Continue each row of ``ids``, one token a step: without end, or for ``n_tokens`` steps.

    ``ids`` may be a list of prompts of unequal length. The model is shown ``context_length``
    tokens at most, and ``beyond`` says what happens then, as ``Reader`` has it. A row whose
    ``constraint`` is finished gets -1 from there on; when all are, the stream ends.
    """
    device = rng.device if isinstance(rng, torch.Generator) else rng[0].device
    ids = ids if isinstance(ids, Tensor) else line_up(ids, device=device)
    check_settings(ids, context_length=context_length, beyond=beyond, n_tokens=n_tokens)
    reader = Reader(model, ids, context_length=context_length, beyond=beyond)
    rows = Progress(constraint, len(ids), n_tokens)
    return (token for token, _ in _steps(reader, rows, filters, rng))


def _steps(reader: Reader, rows: "Progress", filters: Sequence[Filter], rng: Rng):
    """Tokens, and the model's own logits from which they were chosen."""
    is_greedy = bool(filters) and getattr(filters[-1], "is_greedy", False)
    if is_greedy:
        filters = filters[:-1]  # the likeliest is drawn for certain: taken without drawing
    while not (rows.are_finished or reader.is_full):
        with torch.inference_mode():
            logits = reader.logits()
            chosen = rows.constrain(logits)
            for change in filters:
                chosen = change(chosen, reader.ids)
            if is_greedy and (filters or rows.constraint):
                refuse_nothing_left(chosen)
            try:
                token = chosen.argmax(-1) if is_greedy else draw(chosen, rng)
            except RuntimeError:  # of multinomial: not a distribution
                refuse_nothing_left(chosen)
                raise
            token = rows.step(token)
        yield token.clone(), logits
        reader.add(token.clamp(min=0) if rows.constraint else token)


class Progress:
    """How far each row is with its constraint, and how many tokens may still come."""

    def __init__(self, constraint: Constraint | None, n_rows: int, n_left: int | None):
        self.constraint, self.n_left = constraint, n_left
        self.states = [constraint.start if constraint else None] * n_rows
        self.finished = [False] * n_rows
        self._look()

    @property
    def are_finished(self) -> bool:
        return all(self.finished) or self.n_left == 0

    def constrain(self, logits: Float[Tensor, "B V"]) -> Float[Tensor, "B V"]:
        if self.constraint is None:
            return logits
        allowed = torch.stack(self._allowed).to(logits.device)
        return logits.masked_fill(~allowed, -torch.inf)

    def step(self, tokens: Int[Tensor, "B"]) -> Int[Tensor, "B"]:
        if self.n_left is not None:
            self.n_left -= 1
        if self.constraint is None:
            return tokens
        for i, token in enumerate(tokens.tolist()):
            if self.finished[i]:
                tokens[i] = NO_TOKEN
            else:
                self.states[i] = self.constraint.step(self.states[i], token)
        self._look()
        return tokens

    def _look(self) -> None:
        """What may come next in each row; a row where nothing may is finished."""
        if self.constraint is None or self.n_left == 0:
            return
        self._allowed = [self.constraint.allowed(state, self.n_left) for state in self.states]
        for i, allowed in enumerate(self._allowed):
            self.finished[i] = self.finished[i] or not bool(allowed.any())
            if self.finished[i]:
                self._allowed[i] = torch.ones_like(allowed)  # drawn, and thrown away


@dataclass(frozen=True, kw_only=True)
class Written:
    """One text that a model wrote, without its prompt."""

    text: str  # up to the stop string
    ids: list[int]  # all that were drawn, those of the stop string too
    logprobs: list[float]  # of each id, in nats, by the model itself before any filter
    why: str  # it ended: "length", "stop", "finished" (the constraint), "full", "interrupted"


def write(
    model: Model,
    tokenizer,
    prompt: str,
    *,
    n_tokens: int,
    context_length: int,
    rng: torch.Generator,
    **choices,
) -> str:
    """The prompt and what the model writes after it; ``choices`` as in ``write_all``."""
    settings = dict(n_tokens=n_tokens, context_length=context_length) | choices
    (written,) = write_all(model, tokenizer, [prompt], rng=[rng], **settings)
    return prompt + written.text


def write_all(
    model: Model,
    tokenizer,
    prompts: Sequence[str],
    *,
    n_tokens: int,
    context_length: int,
    rng: Sequence[torch.Generator],
    filters: Sequence[Filter] = (),
    constraint: Constraint | None = None,
    stop: Sequence[str] = (),
    beyond: Beyond = "slide",
) -> list[Written]:
    """Continue each prompt by at most ``n_tokens``, each with its own generator.

    A text ends before the first of the ``stop`` strings, wherever the tokens were cut. Row i is
    what prompt i alone would have got (but for ``jump``, which all rows do together). An
    interruption (Ctrl-C, or the stop button) ends all, and returns what there is.
    """
    prompt_ids = [tokenizer.encode(prompt) for prompt in prompts]
    ids = line_up(prompt_ids, device=rng[0].device)
    check_stops(stop, tokenizer)
    check_settings(ids, context_length=context_length, beyond=beyond, n_tokens=n_tokens)
    reader = Reader(model, ids, context_length=context_length, beyond=beyond)
    rows = Progress(constraint, len(prompts), n_tokens)
    drafts = [Draft(tokenizer, ids, stop) for ids in prompt_ids]
    why = "interrupted"
    try:
        for tokens, logits in _steps(reader, rows, filters, rng):
            logprobs = logits.float().log_softmax(-1).gather(-1, tokens.clamp(min=0)[:, None])
            for draft, *new in zip(drafts, tokens.tolist(), logprobs[:, 0].tolist(), strict=True):
                draft.add(*new)
            if all(draft.why for draft in drafts):
                break
        why = "full" if reader.is_full else "length"
        for draft, is_finished in zip(drafts, rows.finished, strict=True):
            draft.why = draft.why or ("finished" if is_finished else "")
    except KeyboardInterrupt:
        pass
    return [draft.written(why) for draft in drafts]


class Draft:
    """A text as it grows."""

    def __init__(self, tokenizer, prompt: Sequence[int], stop: Sequence[str]):
        self.tokenizer, self.prompt, self.stop = tokenizer, list(prompt), stop
        self.n_bytes = max((len(one.encode()) for one in stop), default=0)
        self.ids, self.logprobs, self.why = [], [], ""

    def add(self, id: int, logprob: float) -> None:
        if self.why or id == NO_TOKEN:
            return
        self.ids.append(id)
        self.logprobs.append(logprob)
        # a token has at least one byte, so that a stop string that just ended began in these
        tail = self.tokenizer.decode(self.ids[-self.n_bytes :]) if self.stop else ""
        if any(one in tail for one in self.stop):
            self.why = "stop"

    def written(self, why: str) -> Written:
        whole = self.tokenizer.decode(self.prompt + self.ids)
        text = whole[len(self.tokenizer.decode(self.prompt)) :]
        ends = [text.find(one) for one in self.stop if one in text]
        text = text[: min(ends, default=None)]
        return Written(text=text, ids=self.ids, logprobs=self.logprobs, why=self.why or why)


def check_stops(stop: Sequence[str], tokenizer) -> None:
    """Raise ``ValueError`` for a stop string that can never occur, or always does."""
    if isinstance(stop, str):
        raise ValueError(f"stop is a list of strings, got {stop!r}; write stop=[{stop!r}]")
    for one in stop:
        if not one:
            raise ValueError("an empty stop string ends every text before it begins; leave it out")
        try:
            tokenizer.encode(one)
        except ValueError as error:
            raise ValueError(f"the stop string {one!r} can never occur: {error}") from error


def refuse_nothing_left(logits: Float[Tensor, "B V"]) -> None:
    """Raise ``ValueError`` if a row has no token that could be drawn."""
    if not torch.isfinite(logits).any(dim=-1).all():
        raise ValueError(
            "no token is left to draw: what the constraint allows, the filters took away, or all "
            "tokens are banned; ban fewer"
        )
