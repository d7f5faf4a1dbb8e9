"""Say which class a text belongs to: a body that reads, and one linear layer on top.

    model = Classifier(Body(gpt), d_model=576, n_classes=2)                  # a decoder reads
    model = Classifier(encoder, d_model=128, n_classes=2, pool=mean)         # an encoder reads
    batches = labelled_batches(texts, labels, batch_size=16, rng=rng, n_classes=2)
    for step in train(model, batches, optimizer=optimizer, schedule=schedule): ...

Axes   B batch   T positions   D d_model   C n_classes   N texts
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from afterword.finetuning.batches import pad, shuffled

Ids = Sequence[int]


def last(vectors: Float[Tensor, "B T D"], is_real: Bool[Tensor, "B T"]) -> Float[Tensor, "B D"]:
    """The vector at the last real token: in a decoder the only one that has read all.

    >>> last(torch.tensor([[[1.0], [5.0], [9.0]]]), torch.tensor([[True, True, False]])).item()
    5.0
    """
    rows = torch.arange(len(vectors), device=vectors.device)
    return vectors[rows, is_real.sum(dim=1) - 1]


def mean(vectors: Float[Tensor, "B T D"], is_real: Bool[Tensor, "B T"]) -> Float[Tensor, "B D"]:
    """The mean of the vectors at real tokens: for an encoder, where each has read all.

    >>> mean(torch.tensor([[[1.0], [5.0], [9.0]]]), torch.tensor([[True, True, False]])).item()
    3.0
    """
    kept = vectors.masked_fill(~is_real[..., None], 0)
    return kept.sum(dim=1) / is_real.sum(dim=1, keepdim=True)


class Classifier(nn.Module):
    """A body from ids to vectors, one vector chosen or mixed for each text, and a linear head.

    ``body(ids, is_real)`` gives ``[B, T, D]``: an ``Encoder``, or ``Body(gpt)``. Pads
    stand at the end of a row, where ``is_real`` is False; they never change a prediction.

    >>> from afterword.finetuning.reading import Body
    >>> from afterword.model.gpt import GPT
    >>> from afterword.model.presets import small
    >>> model = Classifier(Body(GPT(small(vocab_size=65))), d_model=128, n_classes=3)
    >>> model(torch.zeros(2, 7, dtype=torch.long)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        body: nn.Module,
        *,
        d_model: int,
        n_classes: int,
        pool: Callable[[Tensor, Tensor], Tensor] = last,
    ):
        super().__init__()
        if n_classes < 2:
            raise ValueError(f"n_classes must be at least 2, got {n_classes}")
        self.body, self.pool = body, pool
        self.head = nn.Linear(d_model, n_classes)
        nn.init.normal_(self.head.weight, std=0.02)  # small: begin near equal probabilities
        nn.init.zeros_(self.head.bias)

    def forward(
        self, ids: Int[Tensor, "B T"], is_real: Bool[Tensor, "B T"] | None = None
    ) -> Float[Tensor, "B C"]:
        is_real = torch.ones_like(ids, dtype=torch.bool) if is_real is None else is_real
        check_pads(is_real)
        return self.head(self.pool(self.body(ids, is_real), is_real))


def labelled_batches(
    texts: Sequence[Ids],
    labels: Int[Tensor, "N"] | Sequence[int],
    *,
    batch_size: int,
    rng: torch.Generator,
    n_classes: int,
) -> Iterator[tuple[dict[str, Tensor], Int[Tensor, "B"]]]:
    """Batches without end for ``train``: ``({"ids", "is_real"}, labels)``, each pass in new order.

    A tensor of labels says the device. Labels are 0 to ``n_classes - 1``; others are a
    ``ValueError``.
    """
    labels = torch.as_tensor(labels)
    check_labels(labels, n_texts=len(texts), n_classes=n_classes)
    for numbers in shuffled(len(texts), batch_size=batch_size, rng=rng):
        ids, is_real = pad([texts[i] for i in numbers], device=labels.device)
        yield {"ids": ids, "is_real": is_real}, labels[numbers]


@torch.no_grad()
def predict(
    model: nn.Module, texts: Sequence[Ids], *, batch_size: int = 64
) -> Float[Tensor, "N C"]:
    """The probability of each class for each text, in the order in which they came.

    Nothing is dropped out; the model is left in the mode in which it was.
    """
    if len(texts) == 0 or batch_size < 1:
        raise ValueError(
            f"batches need at least one text and one place, got {len(texts)} texts and "
            f"batch_size {batch_size}"
        )
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    # alike in length, so that few pads are read
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    probs = []
    for start in range(0, len(order), batch_size):
        batch = [texts[i] for i in order[start : start + batch_size]]
        probs.append(model(*pad(batch, device=device)).float().softmax(dim=-1))
    model.train(was_training)
    return torch.cat(probs)[torch.tensor(order, device=device).argsort()]


def check_labels(labels: Tensor, *, n_texts: int, n_classes: int) -> None:
    """Raise ``ValueError`` unless there is a class for each text."""
    if labels.shape != (n_texts,):
        raise ValueError(
            f"{n_texts} texts need {n_texts} labels in one row, got shape {tuple(labels.shape)}"
        )
    wrong = ((labels < 0) | (labels >= n_classes)).nonzero().flatten().tolist()
    if wrong:
        raise ValueError(
            f"label {labels[wrong[0]].item()} of text {wrong[0]} is not a class: n_classes "
            f"{n_classes} allows 0 to {n_classes - 1}; number the classes from 0"
        )


def check_pads(is_real: Bool[Tensor, "B T"]) -> None:
    """Raise ``ValueError`` unless each row begins with a real token and pads come after all."""
    if torch.compiler.is_compiling():
        return  # a compiled graph cannot branch on what a tensor holds
    wrong = ~is_real[:, 0] | (is_real[:, 1:] & ~is_real[:, :-1]).any(dim=1)
    if wrong.any():
        raise ValueError(
            f"row {wrong.nonzero()[0].item()} has a pad before a real token, or nothing else; "
            "pads stand at the end of a row, as `pad` puts them"
        )
