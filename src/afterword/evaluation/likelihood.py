"""How well a model predicts a text it has not seen.

Axes   B batch   T positions   V vocab_size
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from afterword.text.batches import windows


def cross_entropy(
    logits: Float[Tensor, "*rest V"], targets: Int[Tensor, "*rest"]
) -> Float[Tensor, ""]:
    """The mean surprisal of the targets, ``-log softmax(logits)[target]``: nats per token."""
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten())


@torch.no_grad()
def mean_loss(
    model: Callable[[Tensor], Tensor],
    ids: Int[Tensor, "S"],
    *,
    context_length: int,
    batch_size: int = 64,
) -> float:
    """Cross-entropy over the whole of a text, in nats per token.

    The text is cut into windows end to end, so that the first token of a window is predicted
    from one token and the last from ``context_length``. What does not fill a window at the end
    is a shorter window of its own. Every id but the first is counted once.
    """
    inputs, targets = windows(ids, context_length=context_length)
    total = sum(
        cross_entropy(model(x), y).item() * y.numel()
        for x, y in zip(inputs.split(batch_size), targets.split(batch_size), strict=True)
    )
    rest = ids[targets.numel() :]
    if len(rest) > 1:
        total += cross_entropy(model(rest[None, :-1]), rest[None, 1:]).item() * (len(rest) - 1)
    return total / (len(ids) - 1)


@torch.no_grad()
def strided_loss(
    model: Callable[[Tensor], Tensor],
    ids: Int[Tensor, "S"],
    *,
    context_length: int,
    stride: int,
    batch_size: int = 64,
) -> float:
    """Cross-entropy over the whole of a text, each token seen with context; nats per token.

    Windows overlap: each begins ``stride`` tokens after the one before, and only what that one
    did not predict counts. So every id but the first is counted once, from at least
    ``context_length - stride + 1`` ids where so many stand before it. A stride of
    ``context_length`` is ``mean_loss``; half of it costs twice the time.

    The loop that transformers' users know counts the target as part of its window: it gives the
    same with ``max_length = context_length + 1``.
    """
    if not 1 <= stride <= context_length:
        raise ValueError(
            f"a stride of {stride} with context_length {context_length} would leave tokens out "
            "or stand still; give one from 1 to context_length"
        )
    windows(ids, context_length=context_length)  # refuses a text that is too short
    inputs = ids[:-1].unfold(0, context_length, stride)
    targets = ids[1:].unfold(0, context_length, stride).clone()
    targets[1:, :-stride] = -100  # the window before has predicted these
    batches = list(zip(inputs.split(batch_size), targets.split(batch_size), strict=True))
    n_left = len(ids) - 1 - context_length - (len(inputs) - 1) * stride
    if n_left:
        rest = ids[None, len(inputs) * stride :]
        last = rest[:, 1:].clone()
        last[:, :-n_left] = -100
        batches.append((rest[:, :-1], last))
    nats = 0.0
    for x, y in batches:
        nats += F.cross_entropy(model(x).flatten(0, -2), y.flatten(), reduction="sum").item()
    return nats / (len(ids) - 1)


def perplexity(nats_per_token: float) -> float:
    """As many equally likely tokens would leave the model as unsure: ``e^loss``.

    >>> round(perplexity(math.log(6)), 6)  # a fair die
    6.0
    """
    return math.exp(nats_per_token)


def bits_per_byte(nats_per_token: float, *, n_tokens: int, n_bytes: int) -> float:
    """A loss that tokenizers share: bits for the whole text, over its length in UTF-8 bytes.

    >>> round(bits_per_byte(math.log(256), n_tokens=100, n_bytes=100), 6)
    8.0
    """
    if n_tokens < 1 or n_bytes < 1:
        raise ValueError(f"a text has tokens and bytes; got {n_tokens} tokens, {n_bytes} bytes")
    return nats_per_token * n_tokens / math.log(2) / n_bytes
