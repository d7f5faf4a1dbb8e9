"""A tokenizer that somebody else trained, run by the ``tokenizers`` library."""

from collections.abc import Mapping
from pathlib import Path

from tokenizers import Tokenizer as Engine
from tokenizers import decoders

from afterword.text.tokenizer import Ids, as_utf8, checked_ids
from afterword.text.tokenizer_json import CHARACTERS, to_bytes


class PretrainedTokenizer:
    """Any ``tokenizer.json``, with the three names that all tokenizers of this book have.

    ``special_tokens`` holds the id of each marker, ``settings`` what ``tokenizer_config.json``
    says (a chat template among them). For byte-level BPE as in GPT-2, which this package can do
    itself, there is ``BPETokenizer.load``.
    """

    def __init__(self, engine: Engine, settings: Mapping[str, object] | None = None):
        self.engine, self.settings = engine, dict(settings or {})
        engine.no_truncation()
        engine.no_padding()
        added = engine.get_added_tokens_decoder()
        self.special_tokens = {added[id].content: id for id in sorted(added) if added[id].special}
        self.vocab_size = max(engine.get_vocab(with_added_tokens=True).values()) + 1
        self._no_token = bytes_without_token(engine)

    @classmethod
    def load(cls, path: str | Path) -> "PretrainedTokenizer":
        """Read a ``tokenizer.json``; a file that ``tokenizers`` cannot read is a ``ValueError``."""
        try:
            return cls(Engine.from_file(str(path)))
        except Exception as error:  # the library raises nothing narrower
            raise ValueError(
                f"{path} cannot be used: {error}; give the tokenizer.json of a Hugging Face model"
            ) from error

    def save(self, path: str | Path) -> None:
        """Write the ``tokenizer.json``."""
        Path(path).write_text(self.engine.to_str(pretty=True), encoding="utf-8")

    def __repr__(self) -> str:
        return f"PretrainedTokenizer(vocab_size={self.vocab_size})"

    def encode(self, text: str, *, allow_special: bool = False) -> list[int]:
        """The ids of a text, with no marker added before or after it.

        A special token spelled out in the text is text like any other, unless ``allow_special``.
        A byte that the vocabulary cannot write is a ``ValueError``.
        """
        lost = self._no_token & set(as_utf8(text))
        if lost:
            raise ValueError(
                f"the text has the byte {min(lost)}, for which this vocabulary has no token; "
                "remove such characters (they are control characters, or very rare)"
            )
        self.engine.encode_special_tokens = not allow_special
        return self.engine.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Ids) -> str:
        """The text of some ids, special tokens spelled out, with � for half a character."""
        return self.engine.decode(checked_ids(ids, self.vocab_size), skip_special_tokens=False)

    def token_bytes(self, id: int) -> bytes:
        """The bytes of one token of a byte-level vocabulary; none for an id without a token."""
        (id,) = checked_ids([id], self.vocab_size)
        if not is_byte_level(self.engine):
            raise ValueError(
                "the bytes of a token are only known for byte-level BPE, as in GPT-2; this "
                "vocabulary is of another kind, and writes a token as its neighbours ask"
            )
        added = self.engine.get_added_tokens_decoder()
        if id in added:
            return added[id].content.encode()
        return to_bytes(self.engine.id_to_token(id) or "")


def bytes_without_token(engine: Engine) -> set[int]:
    """What a byte-level vocabulary would leave out without a word; others have ways of their own.

    SmolLM2's lacks six control characters, and bytes that no text has.
    """
    if not is_byte_level(engine):
        return set()
    return {byte for byte, token in CHARACTERS.items() if engine.token_to_id(token) is None}


def is_byte_level(engine: Engine) -> bool:
    """Does it write each byte as a character of its own, as GPT-2 did?"""
    return isinstance(engine.decoder, decoders.ByteLevel)
