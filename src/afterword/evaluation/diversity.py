"""How much texts repeat: themselves, and each other.

Tokens are whatever is counted: the letters of a string, or a list of words. Both measures fall
and rise with the length of a text, so that only texts of equal length should be compared.
"""

from collections.abc import Hashable, Iterable, Sequence


def ngrams(tokens: Sequence[Hashable], n: int) -> list[tuple]:
    """All runs of ``n`` neighbours, in their order; a text shorter than that has none.

    >>> ngrams("rose", 3)
    [('r', 'o', 's'), ('o', 's', 'e')]
    """
    if n < 1:
        raise ValueError(f"an n-gram has at least 1 token, got n = {n}")
    return list(zip(*(tokens[i:] for i in range(n)), strict=False))


def distinct_n(texts: Iterable[Sequence[Hashable]], n: int) -> float:
    """Of the n-grams of all texts together, the share that are different ones.

    1 if no n-gram comes twice, near 0 if all texts say the same.

    >>> distinct_n(["a rose is a rose".split(), "a rose is red".split()], 2)
    0.5714285714285714

    Source: arXiv:1510.03055.
    """
    if isinstance(texts, str):
        raise ValueError("distinct_n compares several texts; for one, write [text]")
    pooled = [ngram for text in texts for ngram in ngrams(text, n)]
    if not pooled:
        raise ValueError(f"no text has {n} tokens; give longer texts or a smaller n")
    return len(set(pooled)) / len(pooled)


def repetition(text: Sequence[Hashable], n: int) -> float:
    """Of the n-grams of one text, the share that stood in it before.

    >>> repetition("a rose is a rose".split(), 2)
    0.25

    Source: arXiv:1908.04319, where it is called seq-rep-n.
    """
    return 1 - distinct_n([text], n)
