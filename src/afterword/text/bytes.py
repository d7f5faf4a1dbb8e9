"""A tokenizer for every text there is: a token is a byte."""

from afterword.text.tokenizer import Ids, as_utf8, checked_ids


class ByteTokenizer:
    """The UTF-8 bytes of a text are its ids, 0 to 255: nothing is unknown, nothing is learnt.

    >>> tokenizer = ByteTokenizer()
    >>> tokenizer.encode("né")
    [110, 195, 169]

    Source: Yergeau 2003, UTF-8, RFC 3629.
    """

    vocab_size = 256

    def encode(self, text: str) -> list[int]:
        """One id for each byte, so one to four for each character."""
        return list(as_utf8(text))

    def decode(self, ids: Ids) -> str:
        """The text of the bytes, with � where they are not (yet) a whole character.

        >>> ByteTokenizer().decode([110, 195])
        'n�'
        """
        return self.decode_bytes(ids).decode(errors="replace")

    def decode_bytes(self, ids: Ids) -> bytes:
        """The bytes themselves, from which nothing is lost.

        >>> ByteTokenizer().decode_bytes([110, 195])
        b'n\\xc3'
        """
        return bytes(checked_ids(ids, self.vocab_size))
