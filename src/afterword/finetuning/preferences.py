"""Learn from pairs which of two answers is preferred, without a model of the preference.

    model = WithReference(writer, copy.deepcopy(writer))
    batches = pair_batches(pairs, batch_size=16, rng=rng)
    for step in train(model, batches, optimizer=adamw(writer, lr=1e-5), schedule=schedule,
                      loss_function=dpo_loss(0.1)):
        ...

Source: arXiv:2305.18290.

Axes   B pairs of a batch   T positions   V vocab_size
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from afterword.finetuning.batches import pad, shuffled
from afterword.training.loop import IGNORED

Ids = Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A prompt and two answers to it, the better and the worse, all as ids.

    An answer should end with the token that ends it, so that where to stop is learnt too.

    >>> pair = Pair(prompt=[1], chosen=[2, 3], rejected=[4])
    """

    prompt: Ids
    chosen: Ids
    rejected: Ids

    def __post_init__(self):
        for name in ("prompt", "chosen", "rejected"):
            if len(getattr(self, name)) == 0:
                raise ValueError(
                    f"the {name} ids are empty; give at least one token (a prompt may be the "
                    "token that begins a text, an answer the one that ends it)"
                )
        if list(self.chosen) == list(self.rejected):
            raise ValueError(
                "chosen and rejected are the same ids, so there is nothing to prefer; leave the "
                "pair out"
            )


def pair_batches(
    pairs: Sequence[Pair],
    *,
    batch_size: int,
    rng: torch.Generator,
    device: torch.device | str = "cpu",
) -> Iterator[tuple[dict[str, Int[Tensor, "2*B T"]], Int[Tensor, "2*B T"]]]:
    """Batches without end for ``train``: ``({"ids"}, targets)``, each pass in a new order.

    The first half of the rows are the chosen answers after their prompts, the second half the
    rejected ones in the same order. Targets are -100 outside the answers. ``batch_size`` counts
    pairs.
    """
    for numbers in shuffled(len(pairs), batch_size=batch_size, rng=rng):
        batch = [pairs[i] for i in numbers]
        answers = [pair.chosen for pair in batch] + [pair.rejected for pair in batch]
        prompts = [list(pair.prompt) for pair in batch] * 2
        rows = list(zip(prompts, answers, strict=True))
        ids, _ = pad([[*prompt, *answer][:-1] for prompt, answer in rows], device=device)
        targets, _ = pad(
            [[IGNORED] * (len(prompt) - 1) + [*answer] for prompt, answer in rows],
            pad_id=IGNORED,
            device=device,
        )
        yield {"ids": ids}, targets


class WithReference(nn.Module):
    """A model that learns, and beside it a frozen one that says where it came from.

    Called with ids it gives the logits of both, the model's first. The reference is frozen in
    place and never drops anything; ``copy.deepcopy(model)`` makes one. With LoRA, copy before it
    is added. The two may share weights that are frozen; a reference that shares some which the
    model trains is a ``ValueError``.
    """

    def __init__(self, model: nn.Module, reference: nn.Module):
        super().__init__()
        trained = {id(p) for p in model.parameters() if p.requires_grad}
        if any(id(p) in trained for p in reference.parameters()):
            raise ValueError(
                "the reference shares weights with the model, and would change with it; give a "
                "copy: WithReference(model, copy.deepcopy(model))"
            )
        self.model = model
        self.reference = reference.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> "WithReference":
        """Put the model into training mode; the reference stays as it is."""
        super().train(mode)
        self.reference.eval()
        return self

    def forward(self, ids: Int[Tensor, "B2 T"]) -> Float[Tensor, "2 B2 T V"]:
        with torch.no_grad():
            reference = self.reference(ids)
        return torch.stack([self.model(ids), reference])


def answer_logprobs(
    logits: Float[Tensor, "*rest T V"], targets: Int[Tensor, "... T"]
) -> Float[Tensor, "*rest"]:
    """The log-probability of each row's whole answer, in nats: summed over targets not -100."""
    targets = targets.expand(logits.shape[:-1])
    surprisal = F.cross_entropy(
        logits.flatten(0, -2).float(), targets.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return -surprisal.view(targets.shape).sum(-1)


def rewards(
    logits: Float[Tensor, "2 B2 T V"], targets: Int[Tensor, "B2 T"], *, beta: float
) -> Float[Tensor, "2 B"]:
    """The rewards that the model implies, of the chosen answers and of the rejected ones.

        reward = β (log p(answer | prompt) - log p_reference(answer | prompt))

    The model is the best one for these rewards if to drift from the reference costs β for each
    nat of KL divergence.
    """
    model, reference = answer_logprobs(logits, targets)  # [2B] each
    return beta * (model - reference).view(2, -1)


def margins(
    logits: Float[Tensor, "2 B2 T V"], targets: Int[Tensor, "B2 T"], *, beta: float
) -> Float[Tensor, "B"]:
    """How far the chosen answer's reward is above the rejected one's; below 0: ranked wrong."""
    chosen, rejected = rewards(logits, targets, beta=beta)
    return chosen - rejected


def dpo_loss(beta: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss of direct preference optimization, for ``train(…, loss_function=dpo_loss(0.1))``.

        -log sigmoid(margin), the mean over pairs

    It is ln 2 as long as the model is its reference. A small β lets the model drift far. With
    ``n_accumulate`` above 1, ``train`` weighs each batch by its tokens, not by its pairs.

    Source: arXiv:2305.18290, equation 7.
    """
    if not 0 < beta < torch.inf:
        raise ValueError(f"beta must be a number above 0, got {beta}; 0.1 is usual")

    def loss(logits: Float[Tensor, "2 B2 T V"], targets: Int[Tensor, "B2 T"]) -> Tensor:
        return -F.logsigmoid(margins(logits, targets, beta=beta)).mean()

    return loss
