"""Byte-pair encoding, whole: a tokenizer whose tokens are bytes and frequent runs of bytes.

    tokenizer = BPETokenizer.train(text, vocab_size=4096)
    ids = tokenizer.encode("To be, or not to be")

``bpe_training`` learns the merges, ``bpe_encoding`` replays them, ``tokenizer_json`` keeps them.

Source: Sennrich et al. 2016, arXiv:1508.07909; on bytes, Radford et al. 2019 (GPT-2).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import regex

from afterword.text import tokenizer_json
from afterword.text.bpe_encoding import Memory, apply_merges
from afterword.text.bpe_training import CHUNK, N_BYTES, Pair, count_chunks, learn_merges
from afterword.text.tokenizer import Ids, as_utf8, checked_ids


class BPETokenizer:
    """Tokens of one byte or more, and the merges that build the longer ones.

    ``tokens[id]`` are the bytes of a token, ``merges`` the pairs of ids in the order in which
    they apply, ``special_tokens`` the id of each marker such as ``"<|endoftext|>"``. Any numbering
    will do, so GPT-2's own can be loaded. ``train`` keeps the bytes at 0 to 255, gives merge
    number k the id 256 + k, and puts special tokens last.

    >>> tokenizer = BPETokenizer.train("to be or not to be", vocab_size=260)
    >>> [tokenizer.token_bytes(id) for id in tokenizer.encode("to be")]
    [b'to', b' be']
    """

    def __init__(
        self,
        tokens: Sequence[bytes],
        merges: Sequence[Pair],
        special_tokens: Mapping[str, int] | None = None,
    ):
        self.tokens, self.merges = list(tokens), list(merges)
        self.special_tokens = dict(special_tokens or {})
        self.vocab_size = len(self.tokens)
        check_tokens(self.tokens, self.merges, self.special_tokens)
        special = set(self.special_tokens.values())
        ids = {token: id for id, token in enumerate(self.tokens) if id not in special}
        self._id_of_ordinary = ids
        self._id_of_byte = [ids[bytes([byte])] for byte in range(N_BYTES)]
        self._rank = {pair: rank for rank, pair in enumerate(self.merges)}
        self._product = [ids[self.tokens[left] + self.tokens[right]] for left, right in merges]
        self._ids_of_chunk = Memory(self._encode_chunk)

    @classmethod
    def from_merges(
        cls, merges: Sequence[Pair], special_tokens: Sequence[str] = ()
    ) -> "BPETokenizer":
        """The tokenizer whose ids are the bytes, the merges in their order, the special tokens.

        >>> BPETokenizer.from_merges([(110, 111), (256, 116)]).token_bytes(257)
        b'not'
        """
        check_special_tokens(special_tokens)
        tokens = [bytes([byte]) for byte in range(N_BYTES)]
        for left, right in merges:
            if not 0 <= min(left, right) <= max(left, right) < len(tokens):
                raise ValueError(
                    f"the merge of ids {left} and {right} comes when only 0 to {len(tokens) - 1} "
                    "exist; give the merges in the order in which they were learnt"
                )
            tokens.append(tokens[left] + tokens[right])
        special_ids = {token: len(tokens) + i for i, token in enumerate(special_tokens)}
        tokens += [as_utf8(token) for token in special_ids]
        return cls(tokens, merges, special_ids)

    @classmethod
    def train(
        cls, texts: str | Iterable[str], vocab_size: int, *, special_tokens: Sequence[str] = ()
    ) -> "BPETokenizer":
        """Learn ``vocab_size - 256 - len(special_tokens)`` merges from one text or several.

        A text with fewer pairs to merge than that is a ``ValueError``, never a smaller vocabulary.
        No merge reaches from one text into the next.
        """
        check_special_tokens(special_tokens)
        n_merges = vocab_size - N_BYTES - len(special_tokens)
        if n_merges < 0:
            raise ValueError(
                f"vocab_size must be at least {N_BYTES + len(special_tokens)} ({N_BYTES} bytes and "
                f"{len(special_tokens)} special tokens), got {vocab_size}"
            )
        chunks = count_chunks([texts] if isinstance(texts, str) else texts)
        if not chunks:
            raise ValueError("the text to learn from is empty; give it some text")
        merges = learn_merges(chunks, n_merges)
        if len(merges) < n_merges:
            raise ValueError(
                f"the text has only {len(merges)} pairs to merge, so vocab_size can be at most "
                f"{vocab_size - n_merges + len(merges)}, got {vocab_size}; ask for less, or learn "
                "from more text"
            )
        return cls.from_merges(merges, special_tokens)

    @classmethod
    def load(cls, path: str | Path) -> "BPETokenizer":
        """Read a ``tokenizer.json`` of GPT-2's kind; another is a ``ValueError`` that says why."""
        try:
            return cls(*tokenizer_json.read(Path(path)))
        except ValueError as error:
            raise ValueError(f"{path} cannot be used: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write the ``tokenizer.json`` that ``tokenizers`` and ``transformers`` read.

        The file is whole or not there: it is written under another name and then renamed.
        """
        tokenizer_json.write(Path(path), self.tokens, self.merges, self.special_tokens)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BPETokenizer) and all(
            getattr(self, name) == getattr(other, name)
            for name in ("tokens", "merges", "special_tokens")
        )

    def __repr__(self) -> str:
        return f"BPETokenizer(vocab_size={self.vocab_size}, {len(self.merges)} merges)"

    def encode(self, text: str, *, allow_special: bool = False) -> list[int]:
        """The ids of a text.

        A special token spelled out in the text is bytes like any other, so that no text can
        forge one; ``allow_special=True`` turns it into its id.

        The cuts are GPT-2's, by the ``regex`` module's table of Unicode. Where it knows letters
        that the table in ``tokenizers`` does not (those new in the latest versions of Unicode),
        the two may cut differently; the text comes back the same from both.
        """
        as_utf8(text)  # refuses lone surrogates
        if not (allow_special and self.special_tokens):
            return self._encode_ordinary(text)
        longest_first = sorted(self.special_tokens, key=len, reverse=True)
        parts = regex.split(f"({'|'.join(map(regex.escape, longest_first))})", text)
        ids = []
        for part in parts:
            special = part in self.special_tokens
            ids += [self.special_tokens[part]] if special else self._encode_ordinary(part)
        return ids

    def _encode_ordinary(self, text: str) -> list[int]:
        return [id for chunk in CHUNK.findall(text) for id in self._ids_of_chunk[chunk]]

    def _encode_chunk(self, chunk: bytes) -> list[int]:
        return apply_merges([self._id_of_byte[byte] for byte in chunk], self._rank, self._product)

    def decode(self, ids: Ids) -> str:
        """The text of some ids, with � where their bytes are not (yet) a whole character."""
        return self.decode_bytes(ids).decode(errors="replace")

    def decode_bytes(self, ids: Ids) -> bytes:
        """The bytes of some ids, joined; a special token gives the bytes of its spelling."""
        return b"".join([self.tokens[id] for id in checked_ids(ids, self.vocab_size)])

    def token_bytes(self, id: int) -> bytes:
        """The bytes of one token, which need not be whole characters."""
        return self.decode_bytes([id])

    def mergeable_ranks(self) -> dict[bytes, int]:
        """Bytes and ids of all ordinary tokens, as ``tiktoken.Encoding`` wants them.

        There the id says when a token is merged, and any two neighbours that spell it will do. That
        gives the same ids if the ids rise with the merges and each token's bytes encode to that
        token. All learnt merges are so; those of a file may not be, which is a ``ValueError``.
        """
        ids = self._id_of_ordinary
        for token, id in ids.items():
            if self._encode_chunk(token) != [id]:
                raise ValueError(
                    f"these ids cannot be ranks: the merges do not make token {id} of its bytes "
                    f"{token!r}; use the merges themselves, or train a tokenizer"
                )
        if any(first >= second for first, second in pairwise(self._product)):
            raise ValueError(
                "these ids cannot be ranks: they do not rise with the merges; number the tokens "
                "so, as BPETokenizer.train does"
            )
        return dict(ids)


def check_special_tokens(special_tokens: Sequence[str]) -> None:
    """Refuse markers that are empty, given twice, or one string where a list was meant."""
    if isinstance(special_tokens, str):
        raise ValueError(f"special_tokens is the string {special_tokens!r}; give a list of strings")
    for token in special_tokens:
        if not token:
            raise ValueError("a special token is empty; give it a spelling such as '<|endoftext|>'")
        if list(special_tokens).count(token) > 1:
            raise ValueError(f"the special token {token!r} is given twice; give it once")


def check_tokens(
    tokens: Sequence[bytes], merges: Sequence[Pair], special_tokens: Mapping[str, int]
) -> None:
    """Refuse tokens that could not encode every text, or could be mistaken for one another."""
    for token, id in special_tokens.items():
        if not (0 <= id < len(tokens) and tokens[id] == as_utf8(token)):
            raise ValueError(
                f"the special token {token!r} is not tokens[{id}]; give the id that it has there"
            )
    ids = {}
    for id, token in enumerate(tokens):
        if ids.setdefault(token, id) != id:
            raise ValueError(
                f"the tokens {ids[token]} and {id} are both {token!r}; give each its own bytes (a "
                "special token needs a spelling that is no token of the text)"
            )
    ordinary = ids.keys() - {tokens[id] for id in special_tokens.values()}
    missing = [byte for byte in range(N_BYTES) if bytes([byte]) not in ordinary]
    if missing:
        raise ValueError(
            f"{len(missing)} of the 256 single bytes have no token, the first is {missing[0]}; "
            "a byte-level vocabulary has them all"
        )
    for left, right in merges:
        in_range = 0 <= min(left, right) <= max(left, right) < len(tokens)
        if not in_range or tokens[left] + tokens[right] not in ordinary:
            raise ValueError(
                f"the merge of ids {left} and {right} makes no token of the vocabulary; add the "
                "token, or leave the merge out"
            )
