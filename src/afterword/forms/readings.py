"""What Chinese characters rhymed with in the Tang, and what each means in a word of English.

    groups("山"), tones("中"), gloss("月")

A rhyme group is named by its first character. There are 106, joined from the 206 rhymes of the
Guangyun as in the Pingshui tables: those that poets took as one. Of these, 30 are of the level
tone; the rest, of the three tones called oblique. Many characters have several readings, and it
is not known here which a poem means: a check says yes if one of them fits.
"""

from functools import lru_cache

from afterword.text.corpora import load

LEVEL, OBLIQUE = "level", "oblique"
NONE = frozenset()


def groups(character: str) -> frozenset[str]:
    """The rhyme groups of a character's readings; none if it is not in the table.

    >>> sorted(groups("中")), groups("x")
    (['東', '送'], frozenset())
    """
    return _table()[0].get(character, NONE)


def level_groups() -> frozenset[str]:
    """The 30 rhyme groups of the level tone, in which a regulated poem rhymes."""
    return _table()[1]


def tones(character: str) -> frozenset[str]:
    """ "level", "oblique", or both; none if the character is not in the table.

    >>> sorted(tones("中")), sorted(tones("山")), sorted(tones("月"))
    (['level', 'oblique'], ['level'], ['oblique'])
    """
    return frozenset(LEVEL if group in level_groups() else OBLIQUE for group in groups(character))


def rhyming_with(character: str) -> frozenset[str]:
    """All characters that share a rhyme group with one, itself left out.

    >>> "間" in rhyming_with("山"), "月" in rhyming_with("山")
    (True, False)
    """
    table = _table()[0]
    ours = groups(character)
    return frozenset(c for c, theirs in table.items() if not ours.isdisjoint(theirs)) - {character}


def gloss(character: str) -> str | None:
    """A word or two of English for a character of the quatrains; None if Unihan has none.

    >>> gloss("月"), gloss("江"), gloss("x")
    ('moon', 'large river', None)
    """
    return _glosses().get(character)


@lru_cache
def _table() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    found, level = {}, set()
    for each in load("rhymes"):
        name = each.title[0]
        if each.title.endswith("(level)"):
            level.add(name)
        for character in each.text:
            found.setdefault(character, set()).add(name)
    return {c: frozenset(names) for c, names in found.items()}, frozenset(level)


@lru_cache
def _glosses() -> dict[str, str]:
    return {character: each.title for each in load("glosses") for character in each.text}
