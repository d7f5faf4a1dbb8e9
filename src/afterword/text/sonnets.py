"""The 154 sonnets, cut out of the corpus ``shakespeare``, where they are one text; and poems."""

import re
from dataclasses import replace

from afterword.text.corpora import Document, load

OTHERS = (
    "The Rape of Lucrece",
    "A Lover's Complaint",
    "The Passionate Pilgrim",
    "The Phoenix and the Turtle",
)
INDENT = re.compile("^ +", re.MULTILINE)
NUMBER = re.compile(r"\n+([IVXLC]+)\s*\n+")


def sonnets() -> list[Document]:
    """Each sonnet a document, its title the number; a line of verse a line, none of them blank.

    All have 14 lines but 99, which has 15, and 126, which has 12 and is in couplets. 145 is in
    lines of eight syllables.

    >>> sonnets()[17].title, sonnets()[17].text.split("\\n")[0]
    ('Sonnet 18', "Shall I compare thee to a summer's day?")
    """
    (whole,) = (each for each in load("shakespeare") if each.title == "Sonnets")
    _, *parts = NUMBER.split(whole.text)
    return [
        Document(f"Sonnet {i}", "\n".join(map(str.strip, text.strip().split("\n"))) + "\n")
        for i, text in enumerate(parts[1::2], 1)
    ]


def poems() -> list[Document]:
    """Verse in modern spelling: the sonnets, Shakespeare's other poems, the verse but Milton's.

    Lines stand without their indents.

    >>> len(poems()), poems()[-1].author
    (199, 'W. B. Yeats')
    """
    own = [each for each in load("shakespeare") if each.title in OTHERS]
    others = [*own, *(each for each in load("verse") if each.author != "John Milton")]
    return [*sonnets(), *(replace(each, text=INDENT.sub("", each.text)) for each in others)]
