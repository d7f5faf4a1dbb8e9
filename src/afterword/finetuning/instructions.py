"""Teach a model to answer: conversations as ids, loss on the answers, several to a row.

    example = encode_chat(messages, tokenizer, template=CHATML)
    batches = packed_batches(examples, context_length=128, batch_size=8, rng=rng)
    for step in train(Apart(gpt), batches, optimizer=optimizer, schedule=schedule): ...

A conversation is a list of messages such as ``{"role": "user", "content": "Why?"}``.

Axes   B batch   T context_length   N rows
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from afterword.finetuning.batches import shuffled
from afterword.finetuning.templates import ANSWERS, Message, Template, WithMarkers, complete
from afterword.text.tokenizer import Tokenizer
from afterword.training.loop import IGNORED

Inputs = dict[str, Int[Tensor, "B T"]]
NO_TEXT = -1


@dataclass(frozen=True, kw_only=True)
class Example:
    """A text as ids, and which of them are to be learnt.

    The first id is learnt by nobody, since nothing comes before it.
    """

    ids: Sequence[int]
    is_answer: Sequence[bool]

    def __post_init__(self):
        if len(self.ids) != len(self.is_answer):
            raise ValueError(
                f"{len(self.ids)} ids need as many is_answer, got {len(self.is_answer)}"
            )
        if not any(self.is_answer[1:]):
            raise ValueError(
                f"none of {len(self.ids)} ids is an answer that something comes before, so there "
                "is nothing to learn; leave the example out, or mark its answer"
            )

    @property
    def targets(self) -> list[int]:
        """What each id but the last should predict: the next one, or -100 before what is no answer.

        >>> Example(ids=[5, 6, 7, 8], is_answer=[False, False, True, True]).targets
        [-100, 7, 8]
        """
        pairs = zip(self.ids[1:], self.is_answer[1:], strict=True)
        return [id if counts else IGNORED for id, counts in pairs]


def encode_chat(
    messages: Sequence[Message], tokenizer: Tokenizer, *, template: Template
) -> Example:
    """A conversation as ids; the assistant's words and what ends them are the answers.

    What the template writes becomes special tokens where the tokenizer has them; a content never
    does. A conversation without an answer is a ``ValueError``, and so is a content that would
    spell a marker, or that the tokenizer would join with the marker beside it.

    >>> from afterword.finetuning.templates import PLAIN
    >>> from afterword.text.characters import CharTokenizer
    >>> letters = CharTokenizer.from_text("{}\\n aehint")
    >>> chat = [dict(role="user", content="hat"), dict(role="assistant", content="a tin")]
    >>> example = encode_chat(chat, letters, template=PLAIN)
    >>> letters.decode(example.ids)
    '{hat}\\na tin\\n\\n'
    >>> letters.decode([id for id, is_ours in zip(example.ids, example.is_answer) if is_ours])
    'a tin\\n\\n'
    """
    ids, is_answer, text = [], [], ""
    for message in complete(messages, template):
        role, content = message["role"], message["content"]
        if role == ANSWERS and not content:
            raise ValueError(f"an answer of {role} is empty; leave it out, or say something")
        before = WithMarkers(tokenizer).encode(template.begin[role])
        after = tokenizer.encode(content) + WithMarkers(tokenizer).encode(template.end[role])
        ids += before + after
        is_answer += [False] * len(before) + [role == ANSWERS] * len(after)
        text += template.begin[role] + content + template.end[role]
        check_joints(ids, text, tokenizer, what=f"{content!r} of {role}")
    if True not in is_answer:
        raise ValueError(
            f"a conversation of {len(messages)} messages without one of {ANSWERS} teaches no "
            "answer; add it, or ask with to_prompt"
        )
    return Example(ids=ids, is_answer=is_answer)


def check_joints(ids: Sequence[int], text: str, tokenizer: Tokenizer, *, what: str) -> None:
    """Raise ``ValueError`` unless the whole text is encoded as its parts were."""
    if WithMarkers(tokenizer).encode(text) != ids:
        raise ValueError(
            f"the tokenizer joins the content {what} with the marker before or after it, so that "
            "the model would meet other tokens than it learnt; strip the content, or use a "
            "template whose markers are special tokens"
        )


def pack_examples(
    examples: Sequence[Example], *, context_length: int, device: torch.device | str = "cpu"
) -> tuple[Inputs, Int[Tensor, "N T"]]:
    """Whole examples end to end in rows of ``context_length``: ``({"ids", "texts"}, targets)``.

    ``texts`` numbers the examples of a row, so that ``Apart`` lets none see another; -1 is where
    nothing stands. No example is cut, and none predicts the next: one of n ids is n - 1 inputs
    and their n - 1 targets. The longest go first, each into the first row with room, which
    takes at most 11/9 of the fewest rows possible, and one more.

    An example that no row could hold is a ``ValueError``.

    Source: Dósa 2007, The tight bound of first fit decreasing bin-packing algorithm is
    FFD(I) ≤ 11/9 OPT(I) + 6/9.
    """
    if not examples or context_length < 1:
        raise ValueError(
            f"rows need at least one example and one place, got {len(examples)} examples and "
            f"context_length {context_length}"
        )
    rows: list[list[Example]] = []
    room: list[int] = []
    for i in sorted(range(len(examples)), key=lambda i: -len(examples[i].ids)):
        size = len(examples[i].ids) - 1
        if size > context_length:
            raise ValueError(
                f"example {i} has {size + 1} ids, but a context_length of {context_length} holds "
                f"{context_length + 1}; shorten it, leave it out, or take a longer context"
            )
        row = next((r for r, left in enumerate(room) if left >= size), len(rows))
        if row == len(rows):
            rows.append([])
            room.append(context_length)
        rows[row].append(examples[i])
        room[row] -= size
    return _tensors(rows, context_length, device)


def _tensors(rows, context_length: int, device) -> tuple[Inputs, Tensor]:
    shape = (len(rows), context_length)
    ids = torch.zeros(shape, dtype=torch.long)
    texts, targets = torch.full_like(ids, NO_TEXT), torch.full_like(ids, IGNORED)
    for row, examples in enumerate(rows):
        start = 0
        for number, example in enumerate(examples):
            place = slice(start, start := start + len(example.ids) - 1)
            ids[row, place] = torch.tensor(example.ids[:-1])
            texts[row, place] = number
            targets[row, place] = torch.tensor(example.targets)
    return {"ids": ids.to(device), "texts": texts.to(device)}, targets.to(device)


def packed_batches(
    examples: Sequence[Example],
    *,
    context_length: int,
    batch_size: int,
    rng: torch.Generator,
    device: torch.device | str = "cpu",
) -> Iterator[tuple[Inputs, Int[Tensor, "B T"]]]:
    """Batches of packed rows without end, for ``train``; each pass over the rows in a new order."""
    inputs, targets = pack_examples(examples, context_length=context_length, device=device)
    for numbers in shuffled(len(targets), batch_size=batch_size, rng=rng):
        yield {name: rows[numbers] for name, rows in inputs.items()}, targets[numbers]
