"""One tokenizer, trained once on real text, for every test that wants to read with it."""

import pytest

from afterword.text import corpora
from afterword.text.bpe import BPETokenizer

N_MERGES = 4096


@pytest.fixture(scope="session")
def shakespeare() -> str:
    return corpora.text("shakespeare")


@pytest.fixture(scope="session")
def trained(shakespeare) -> BPETokenizer:
    """A million characters of Shakespeare, 4,096 merges, one special token."""
    text = shakespeare[:1_000_000]
    return BPETokenizer.train(text, 256 + N_MERGES + 1, special_tokens=["<|endoftext|>"])
