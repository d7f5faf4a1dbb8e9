"""How much texts repeat: themselves, and each other.

Tokens are whatever is counted: the letters of a string, or a list of words. All measures fall
or rise with the length of a text, so that only texts of equal length should be compared.
"""

import gzip
from collections import Counter
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


def self_bleu(texts: Sequence[str]) -> float:
    """The mean BLEU of each text with all others as its references: 100 if all say the same.

    Grows with the number of texts, since more of them hold more n-grams; compare equally many.

    >>> round(self_bleu(["a rose is a rose", "a rose is red", "the sea is deep"]), 2)
    38.4

    Source: arXiv:1802.01886.
    """
    import sacrebleu

    if isinstance(texts, str) or len(texts) < 2:
        raise ValueError(f"self_bleu compares each text with the others; got {texts!r}, give two")
    bleu = sacrebleu.BLEU(effective_order=True)  # texts of under four words have a score too
    words = [bleu.tokenizer(text.rstrip()).split() for text in texts]
    counts = [Counter(ngram for n in (1, 2, 3, 4) for ngram in ngrams(text, n)) for text in words]
    two_most = _two_most(counts)
    scores = []
    for i, own in enumerate(counts):
        correct, total = [0] * 4, [0] * 4
        for ngram, count in own.items():
            most, second = two_most[ngram]
            elsewhere = second if count == most else most
            correct[len(ngram) - 1] += min(count, elsewhere)
            total[len(ngram) - 1] += count
        length, others = len(words[i]), sorted(map(len, words[:i] + words[i + 1 :]))
        nearest = min(others, key=lambda other: abs(other - length))
        scores.append(bleu.compute_bleu(correct, total, length, nearest, "exp", None, True).score)
    return sum(scores) / len(scores)


def _two_most(counts: Iterable[Counter]) -> dict[tuple, tuple[int, int]]:
    """Of each n-gram, how often it stands in the text with most of it, and in the next one."""
    found: dict[tuple, tuple[int, int]] = {}
    for counter in counts:
        for ngram, count in counter.items():
            most, second = found.get(ngram, (0, 0))
            found[ngram] = (count, most) if count > most else (most, max(second, count))
    return found


def compression_ratio(text: str) -> float:
    """UTF-8 bytes before gzip over bytes after it: the more a text repeats, the higher.

    >>> compression_ratio("the sea keeps what the sea takes. " * 30) > 10
    True

    Source: arXiv:2403.00553.
    """
    if not text:
        raise ValueError("an empty text has no compression ratio; give some text")
    data = text.encode()
    return len(data) / len(gzip.compress(data, mtime=0))
