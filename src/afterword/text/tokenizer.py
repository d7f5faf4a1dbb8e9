"""What every tokenizer does: turn a text into ids, and ids back into a text.

    ids = tokenizer.encode("To be")
    text = tokenizer.decode(ids)

Three of them follow, each built on the one before: characters, bytes, pairs of bytes.
"""

from collections.abc import Iterable
from typing import Protocol, SupportsIndex, runtime_checkable

Ids = Iterable[SupportsIndex]  # ints, or a tensor or array of one axis


@runtime_checkable
class Tokenizer(Protocol):
    """Anything with these three can feed a model: ids are the numbers 0 to vocab_size - 1."""

    vocab_size: int

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""
        ...

    def decode(self, ids: Ids) -> str:
        """The text of some ids."""
        ...


def as_utf8(text: str) -> bytes:
    """The bytes of a text in UTF-8; a lone surrogate, which has none, is a ``ValueError``.

    >>> as_utf8("né")
    b'n\\xc3\\xa9'
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the text has {text[error.start]!r} at position {error.start}: half of a surrogate "
            "pair, which is no character and has no bytes in UTF-8; read the file with its right "
            "encoding, or clean the text with text.encode(errors='replace').decode()"
        ) from error


def checked_ids(ids: Ids, vocab_size: int) -> list[int]:
    """The ids as a list of ints; one that no token has is a ``ValueError``.

    >>> checked_ids(range(3), vocab_size=5)
    [0, 1, 2]
    """
    if getattr(ids, "ndim", 1) != 1:
        raise ValueError(f"ids of shape {tuple(ids.shape)} are not one row; decode row by row")
    ids = ids.tolist() if hasattr(ids, "tolist") else list(ids)
    if ids and not (min(ids) >= 0 and max(ids) < vocab_size):
        place, wrong = next((i, n) for i, n in enumerate(ids) if not 0 <= n < vocab_size)
        raise ValueError(
            f"id {wrong} at position {place} is not a token: ids go from 0 to {vocab_size - 1}; "
            "decode with the tokenizer that made the ids"
        )
    return ids
