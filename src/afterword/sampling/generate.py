"""Let a model write: draw a token, append it, ask again.

Axes   B batch   T positions   V vocab_size
"""

from collections.abc import Callable, Iterator
from itertools import islice

import torch
from jaxtyping import Float, Int
from torch import Tensor


def draw(logits: Float[Tensor, "B V"], rng: torch.Generator) -> Int[Tensor, "B"]:
    """One token per row, each with its softmax probability; ``rng`` on the logits' device."""
    return torch.multinomial(logits.softmax(dim=-1), 1, generator=rng).squeeze(-1)


@torch.no_grad()
def stream(
    model: Callable[[Tensor], Tensor],
    ids: Int[Tensor, "B T"],
    *,
    context_length: int,
    rng: torch.Generator,
) -> Iterator[Int[Tensor, "B"]]:
    """Continue each row of ``ids`` without end, one token a step.

    ``model`` is anything from ids [B, T] to logits [B, T, V]. It is shown the last
    ``context_length`` tokens.
    """
    if ids.shape[-1] == 0:
        raise ValueError("nothing to continue: give a prompt of at least one token")
    while True:
        ids = ids[:, -context_length:]
        token = draw(model(ids)[:, -1], rng)
        yield token
        ids = torch.cat([ids, token.unsqueeze(-1)], dim=-1)


def write(
    model: Callable[[Tensor], Tensor],
    tokenizer,
    prompt: str,
    *,
    n_tokens: int,
    context_length: int,
    rng: torch.Generator,
) -> str:
    """The prompt and what the model writes after it."""
    ids = tokenizer.encode(prompt)
    start = torch.tensor([ids], dtype=torch.long, device=rng.device)
    new = islice(stream(model, start, context_length=context_length, rng=rng), n_tokens)
    return tokenizer.decode(ids + [token.item() for token in new])
