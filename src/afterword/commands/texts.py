"""The text of a run, split and encoded."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from afterword.commands.config import TrainConfig, nearest
from afterword.text import corpora
from afterword.text.batches import split_documents
from afterword.text.bpe import BPETokenizer
from afterword.text.bytes import ByteTokenizer
from afterword.text.characters import CharTokenizer
from afterword.text.sonnets import poems
from afterword.text.tokenizer import Tokenizer, as_utf8

MOST_STRANGE = 0.01
SPLIT_SEED = 0  # not the run's: all runs on a text are judged on the same part of it


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What a run trains on and what it is judged on, as ids."""

    tokenizer: Tokenizer
    train: Tensor
    validation: Tensor
    n_bytes: int  # of the validation text in UTF-8
    prompt: str  # how the validation text begins
    fingerprint: str  # of both texts

    def to(self, device: torch.device) -> "Texts":
        ids = {name: getattr(self, name).to(device) for name in ("train", "validation")}
        return Texts(**vars(self) | ids)


def load_texts(config: TrainConfig, tokenizer: Tokenizer | None = None) -> Texts:
    """The texts that the config names, by its tokenizer or that of a model already trained."""
    train, validation = split(config)
    tokenizer = tokenizer or make_tokenizer(config.tokenizer, train + validation)
    train, validation = without_strangers(tokenizer, train, validation)
    return Texts(
        tokenizer=tokenizer,
        train=torch.tensor(tokenizer.encode(train)),
        validation=torch.tensor(tokenizer.encode(validation)),
        n_bytes=len(as_utf8(validation)),
        prompt="".join(validation.lstrip()[:40].partition("\n")[:2]) or validation[:1],
        fingerprint=hashlib.sha256(as_utf8(f"{train}\0{validation}")).hexdigest(),
    )


def split(config: TrainConfig) -> tuple[str, str]:
    """Training and validation text: of several documents, some; of one, its end."""
    documents = [text for source in config.text for text in _read(source)]
    if len(documents) == 1:
        (text,) = documents
        cut = len(text) - round(config.share * len(text))
        return text[:cut], text[cut:]
    rng = torch.Generator().manual_seed(SPLIT_SEED)
    train, validation = split_documents(documents, share=config.share, rng=rng)
    return "\n\n\n".join(train), "\n\n\n".join(validation)


def make_tokenizer(name: str, text: str) -> Tokenizer:
    """The tokenizer of that name, or of that file; characters are all those of the text."""
    if name == "characters":
        return CharTokenizer.from_text(text)
    if name == "bytes":
        return ByteTokenizer()
    if Path(name).is_file():
        return BPETokenizer.load(name)
    raise ValueError(
        f"no tokenizer and no file is called {name!r}; give characters, bytes or the path of a "
        "tokenizer.json"
    )


def without_strangers(tokenizer: Tokenizer, *texts: str) -> list[str]:
    """The texts less the characters that the model was never shown, which are named.

    If they are more than one in a hundred, there is no text left to speak of: a ``ValueError``.
    """
    known = set(getattr(tokenizer, "alphabet", "".join(texts)))
    strangers = Counter(character for text in texts for character in text if character not in known)
    if not strangers:
        return list(texts)
    named = " ".join(repr(character) for character, _ in strangers.most_common(12))
    n, more = strangers.total(), " …" * (len(strangers) > 12)
    said = f"{n} of {sum(map(len, texts))} characters are strange to the model: {named}{more}"
    if n > MOST_STRANGE * sum(map(len, texts)):
        raise ValueError(f"{said}; replace them in the text, or train a model from the beginning")
    print(f"{said}; they are left out")
    gone = str.maketrans("", "", "".join(strangers))
    return [text.translate(gone) for text in texts]


def check_lengths(texts: Texts, *, context_length: int, batch_size: int) -> None:
    """Raise ``ValueError`` unless training fills a batch and validation a window."""
    n_batch = batch_size * context_length
    if len(texts.train) <= n_batch:
        raise ValueError(
            f"a batch of {batch_size} windows of {context_length} tokens needs {n_batch + 1}, the "
            f"training text has {len(texts.train)}; give more text, or a smaller batch_size or "
            "context_length"
        )
    if len(texts.validation) <= context_length:
        raise ValueError(
            f"a window of {context_length} tokens needs {context_length + 1}, the validation text "
            f"has {len(texts.validation)}; give more text, a larger share or a smaller "
            "context_length"
        )


def _read(source: str) -> list[str]:
    if source == "poems":
        return [poem.text for poem in poems()]
    if source in corpora.CORPORA:
        return [document.text for document in corpora.load(source)]
    try:
        return [Path(source).read_text(encoding="utf-8")]
    except OSError:
        raise ValueError(
            f"no corpus and no readable file is called {source!r}; "
            f"{nearest(source, corpora.CORPORA)}"
        ) from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{source} is not UTF-8 ({error}); convert it first") from None
