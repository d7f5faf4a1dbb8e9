"""How much of a text stands, letter for letter, in another: in what its writer has read."""


def copied_share(text: str, source: str, *, size: int = 20) -> float:
    """Cut ``text`` into pieces of ``size`` letters, end to end; the share found in ``source``.

    What is left over at the end is not looked at. People copy too: hold it against the share of
    a text that was written by a person and is not in ``source``.

    >>> copied_share("to be or not to see", "to be or not to be", size=6)
    0.6666666666666666
    """
    if size < 1:
        raise ValueError(f"a piece has at least 1 letter, got size = {size}")
    pieces = [text[i : i + size] for i in range(0, len(text) - size + 1, size)]
    if not pieces:
        raise ValueError(f"a text of {len(text)} letters has no piece of {size}; give more text")
    return sum(piece in source for piece in pieces) / len(pieces)
