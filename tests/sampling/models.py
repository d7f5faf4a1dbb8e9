"""Models whose every probability is known, and small ones of transformers beside ours."""

import torch
import torch.nn.functional as F
import transformers

from afterword.interop.weights import from_hugging_face
from tests.interop.models import SIZES, tiny


def chain_of(table):
    """A model for which the last token alone decides: ``table`` [V, V] holds log-probabilities."""
    return lambda ids: table[ids]


def markov(vocab_size: int, seed: int, *, sharpness: float = 1.5):
    table = torch.randn(vocab_size, vocab_size, generator=torch.Generator().manual_seed(seed))
    return chain_of((sharpness * table).log_softmax(-1))


def counting(n: int):
    """It says the number after the last one, and nothing else."""
    return lambda ids: F.one_hot((ids + 1) % n, n).float() * 1e4


def pair(name: str) -> tuple[transformers.PreTrainedModel, torch.nn.Module]:
    """One of transformers, long enough to write, and ours with its weights."""
    longer = dict(n_positions=64) if name.startswith("gpt2") else {}
    theirs = tiny(name, **longer)
    return theirs, from_hugging_face(theirs).eval()


class Letters:
    """A tokenizer of a to z, and the space and the line's end."""

    alphabet = "abcdefghijklmnopqrstuvwxyz \n"
    vocab_size = len(alphabet)

    def encode(self, text):
        if not set(text) <= set(self.alphabet):
            raise ValueError(f"{(set(text) - set(self.alphabet)).pop()!r} is not in the alphabet")
        return [self.alphabet.index(c) for c in text]

    def decode(self, ids):
        return "".join(self.alphabet[i] for i in ids)


__all__ = ["SIZES", "Letters", "chain_of", "counting", "markov", "pair"]
