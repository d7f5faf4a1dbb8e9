"""The words that may come next in a line of verse, each with its probability.

    found = candidates(model, tokenizer, "The sea\\nThe ", Demand(n_feet=5, rhyme="day"))
    found[0].word, found[0].prob, found[0].ends

The probability of a word is the product over its letters, each given the ``N_SEEN`` characters
before the word and the letters before it, times that of one of the marks that may follow it where
it stands: within a line a space, comma, semicolon or colon, at the end of one the line break or a
mark of ``AT_END``. A word that may do either is there twice. Of the words that fit (``fitting``)
the likeliest are found exactly: a word is never likelier than its beginning, so that beginnings
less likely than the last word of the list need not be followed.
"""

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from afterword.forms.fitting import Demand, Fit, fitting
from afterword.forms.lexicon import Lexicon, load_lexicon

N_SEEN = 96  # characters before a word that the model sees
PLAIN = str.maketrans("’‘“”–—", "''\"\"--")
FLOORS = (1e-2, 1e-3, 1e-4, 1e-5, 0.0)  # of probability, in the search
INSIDE, AT_END, LAST = " ,;:", "\n,.;:?!", ".?!"  # what may stand after a word


@dataclass(frozen=True)
class Candidate:
    """A word as it is written here, its probability, and whether the line ends with it."""

    word: str
    prob: float
    ends: bool


@dataclass
class Node:
    """A beginning of words: the letters that may follow, and the word that it is already."""

    children: dict[str, "Node"] = field(default_factory=dict)
    word: str = ""


def candidates(
    model, tokenizer, text: str, demand: Demand, *, lexicon: Lexicon | None = None, n: int = 12
) -> list[Candidate]:
    """The ``n`` likeliest words that may come after a text, the likeliest first.

    The line that is being written is the last one of the text; it ends in a space, or is empty: a
    word that begins a line has a capital. ``model`` gives logits of characters and has a cache.
    What ``fitting`` refuses is a ``ValueError``, so is a text that ends within a word.

    >>> from afterword.interop.writers import load_writer
    >>> found = candidates(*load_writer("poet"), "The sea\\nAnd ", Demand(n_feet=4, rhyme="sea"))
    >>> found[0].word, found[0].ends
    ('the', False)
    """
    line = line_of(text)
    fits = fitting(line, demand, lexicon or load_lexicon())
    return likeliest(model, tokenizer, text, _cased(fits, is_first=not line.strip()), n=n)


def likeliest(model, tokenizer, text: str, fits: Mapping[str, Fit], *, n: int) -> list[Candidate]:
    """The ``n`` likeliest of given words after a text, each with what it may do there.

    Only beginnings likelier than ``floor`` are followed; if that leaves fewer than ``n`` words, the
    floor is lowered. So the first steps are small and the result is exact.
    """
    ids = torch.tensor(tokenizer.encode(seen(text)))[None]
    root = tree(fits)
    with torch.no_grad():
        cache = model.new_cache()
        logs = log_probs(model(ids, cache), tokenizer)
        for floor in FLOORS:
            search = Search(model, tokenizer, fits, floor)
            found = search.run(root, logs, copy.deepcopy(cache))
            if len(found) >= n and found[n - 1].prob >= floor:
                break
    return found[:n]


def log_probs(logits: Float[Tensor, "B T V"], tokenizer) -> list[dict[str, float]]:
    """The logarithm of each character's probability, for each row."""
    rows = logits[:, -1].double().log_softmax(-1).tolist()
    return [dict(zip(tokenizer.alphabet, row, strict=True)) for row in rows]


@dataclass
class Search:
    """Goes through a tree of words, all beginnings of one length at once."""

    model: Any
    tokenizer: Any
    fits: Mapping[str, Fit]
    floor: float

    def run(self, root: "Node", logs: list[dict[str, float]], cache) -> list[Candidate]:
        """The words found, the likeliest first."""
        level, found = [(0.0, root)], []
        while level:
            for (p, node), log in zip(level, logs, strict=True):
                found += self.words(p, node, log)
            nexts = [
                (row, p + log[letter], child, letter)
                for row, ((p, node), log) in enumerate(zip(level, logs, strict=True))
                for letter, child in node.children.items()
                if math.exp(p + log[letter]) >= self.floor
            ]
            level = [(p, node) for _, p, node, _ in nexts]
            if level:
                cache.select(torch.tensor([row for row, *_ in nexts]))
                new = torch.tensor([self.tokenizer.encode(letter) for *_, letter in nexts])
                logs = log_probs(self.model(new, cache), self.tokenizer)
        return sorted(found, key=lambda each: (-each.prob, each.word, each.ends))

    def words(self, p: float, node: "Node", log: dict[str, float]) -> Iterator[Candidate]:
        """The word that a beginning is already: as the line's last, and as one within it."""
        fit = self.fits.get(node.word)
        for signs, is_end in ((AT_END, True), (INSIDE, False)) if fit else ():
            if fit.ends if is_end else fit.goes_on:
                yield Candidate(node.word, sum(math.exp(p + log[sign]) for sign in signs), is_end)


def tree(words) -> Node:
    """Words by their letters."""
    root = Node()
    for word in words:
        node = root
        for letter in word:
            node = node.children.setdefault(letter, Node())
        node.word = word
    return root


def seen(text: str) -> str:
    """What the model sees of a text: its end, curly marks as plain ones, a line break before it.

    >>> seen("sea’s ")
    "\\nsea's "
    """
    return ("\n" + text.translate(PLAIN))[-N_SEEN:]


def line_of(text: str) -> str:
    """The line that is being written; one that ends within a word is a ``ValueError``."""
    line = text.rsplit("\n", 1)[-1]
    if line and not line.endswith(" "):
        raise ValueError(f"the line ends within a word, {line[-12:]!r}; put a space after it")
    return line


def _cased(fits: dict[str, Fit], *, is_first: bool) -> dict[str, Fit]:
    return {capitalised(word): fit for word, fit in fits.items()} if is_first else fits


def capitalised(word: str) -> str:
    """The word with its first letter large, after an apostrophe too.

    >>> capitalised("'tis")
    "'Tis"
    """
    start = len(word) - len(word.lstrip("'"))
    return word[:start] + word[start : start + 1].upper() + word[start + 1 :]


def mark(model, tokenizer, text: str, choices: str) -> str:
    """Which of some marks the model thinks likeliest after a text."""
    ids = torch.tensor(tokenizer.encode(seen(text)))[None]
    with torch.no_grad():
        logits = model(ids)[0, -1]
    return max(choices, key=lambda sign: logits[tokenizer.encode(sign)[0]].item())
