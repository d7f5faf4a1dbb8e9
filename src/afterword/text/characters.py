"""The simplest tokenizer: a token is a character."""

from afterword.text.tokenizer import Ids, as_utf8, checked_ids


class CharTokenizer:
    """One id for each character of an alphabet, in sorted order.

    >>> tokenizer = CharTokenizer("neo")
    >>> tokenizer.encode("one"), tokenizer.decode([1, 2, 0])
    ([2, 1, 0], 'noe')
    """

    def __init__(self, alphabet: str):
        if not alphabet:
            raise ValueError("the alphabet is empty; give it the characters to be encoded")
        as_utf8(alphabet)  # refuses lone surrogates
        self.alphabet = "".join(sorted(set(alphabet)))
        if len(self.alphabet) < len(alphabet):
            twice = next(c for i, c in enumerate(alphabet) if c in alphabet[:i])
            raise ValueError(
                f"the alphabet has {twice!r} twice; to take the characters of a text, "
                "use CharTokenizer.from_text"
            )
        self.vocab_size = len(self.alphabet)
        self._ids = {character: id for id, character in enumerate(self.alphabet)}

    @classmethod
    def from_text(cls, text: str) -> "CharTokenizer":
        """The tokenizer whose alphabet is every character that occurs in the text.

        >>> CharTokenizer.from_text("to be or not to be").alphabet
        ' benort'
        """
        if not text:
            raise ValueError("the text is empty, so it has no characters; give it some text")
        return cls("".join(set(text)))

    def encode(self, text: str) -> list[int]:
        """The id of each character; one outside the alphabet is a ``ValueError``."""
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            stranger = error.args[0]
            raise ValueError(
                f"the alphabet has no {stranger!r} (at position {text.index(stranger)}); build the "
                "tokenizer from a text that has it, replace it, or use the ByteTokenizer, which "
                "takes any text"
            ) from error

    def decode(self, ids: Ids) -> str:
        """The character of each id, joined: for every text, ``decode(encode(text)) == text``."""
        return "".join(self.alphabet[id] for id in checked_ids(ids, self.vocab_size))
