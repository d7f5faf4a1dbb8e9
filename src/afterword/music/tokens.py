"""A tokenizer that knows notes, for tunes in the normal form of ``writing``.

A pitch is a token (^c'), a length behind it another (3/2), and none stands for the length 1, as
seven notes in ten have. So a vocabulary of a few hundred, fixed once, writes every tune; with one
token for pitch and length together, the tunes of this book need 397, of which 50 occur once.
A field of the header is one token (K:Em and its line end): a control code.
"""

import re

from afterword.music.keys import MODES, Key
from afterword.text.tokenizer import Ids, checked_ids


def _listed(text: str) -> list[str]:
    return re.findall(r"\S+", text)


RHYTHMS = _listed("air barndance clog fling gavotte hornpipe jig march mazurka minuet polka reel")
RHYTHMS += ["slide", "slip jig", "long dance", "strathspey", "walkaround", "waltz"]
METRES = _listed("C C| 2/2 3/2 2/4 3/4 4/4 5/4 6/4 3/8 5/8 6/8 7/8 9/8 12/8")
UNITS = _listed("1/4 1/8 1/16 1/32")
TONICS = _listed("C G D A E B F# F Bb Eb Ab Db C# G# D#")
LENGTHS = _listed("2 3 4 5 6 7 8 9 10 12 16 /2 3/2 5/2 7/2 9/2 /4 3/4 5/4 7/4 /8 3/8 5/8 7/8")
LENGTHS += _listed("/16 3/16")
TUPLETS = _listed("(3 (5 (7 (9 (3:2:2 (3:2:4 (3:2:5 (3:2:6 (5:2:5 (7:2:7 (9:2:9")
LINES = _listed("| || |: :| :: [1 [2 [3 [4")
MOST = 5  # sharps or flats
HEADER = re.compile(r"[RMLK]:.*\n")
SIGN = re.compile(r"[_^=]?[A-Ga-g][,']*|z|\(\d(?::\d+:\d+)?|\[\d|\|\||\|:|:\||::|\||[\d/]+|-|\n")


def vocabulary() -> list[str]:
    """The text of each token, in the order of their ids."""
    keys = [Key(tonic, mode) for mode in MODES for tonic in TONICS if _is_plain(tonic, mode)]
    fields = [f"R:{rhythm}\n" for rhythm in RHYTHMS] + [f"M:{metre}\n" for metre in METRES]
    fields += [f"L:{unit}\n" for unit in UNITS] + [f"K:{key}\n" for key in keys]
    names = [f"{low}," for low in "CDEFGAB"] + list("CDEFGABcdefgab")
    names += [f"{high}'" for high in "cdefgab"]
    pitches = [sign + name for name in names for sign in ("", "^", "_", "=")]
    return ["\n", *fields, *LINES, *TUPLETS, "-", *LENGTHS, "z", *pitches]


def _is_plain(tonic: str, mode: str) -> bool:
    try:
        return abs(Key(tonic, mode).signature) <= MOST
    except ValueError:  # more than seven
        return False


class NoteTokenizer:
    """Pitches, lengths, lines and fields as tokens; the same vocabulary always.

    >>> tokenizer = NoteTokenizer()
    >>> ids = tokenizer.encode("M:6/8\\nL:1/8\\nK:G\\nG3/2A/2^c'-|:\\n")
    >>> [tokenizer.tokens[id] for id in ids]
    ['M:6/8\\n', 'L:1/8\\n', 'K:G\\n', 'G', '3/2', 'A', '/2', "^c'", '-', '|:', '\\n']
    >>> tokenizer.n_notes(ids)
    3
    """

    def __init__(self):
        self.tokens = vocabulary()
        self.vocab_size = len(self.tokens)
        self._ids = {token: id for id, token in enumerate(self.tokens)}
        self._is_note = [re.match("[_^=]?[A-Ga-g]|z", token) is not None for token in self.tokens]

    def encode(self, text: str) -> list[int]:
        """The ids of a text in the normal form, or of a beginning of one.

        What no token stands for is a ``ValueError``; ``writing.normal`` brings other ABC into it.
        """
        ids, at = [], 0
        while at < len(text):
            found = self._field(text, at) or SIGN.match(text, at)
            if not found or found[0] not in self._ids:
                came = found[0] if found else text[at : at + 8]
                raise ValueError(
                    f"no token for {came!r} (at position {at}); bring the text into the normal "
                    "form by afterword.music.writing.normal, in a key, metre and lengths that "
                    "NoteTokenizer().tokens has"
                )
            ids.append(self._ids[found[0]])
            at = found.end()
        return ids

    def _field(self, text: str, at: int) -> re.Match | None:
        return HEADER.match(text, at) if at == 0 or text[at - 1] == "\n" else None

    def decode(self, ids: Ids) -> str:
        """The text: for every text that encodes, ``decode(encode(text)) == text``."""
        return "".join(self.tokens[id] for id in checked_ids(ids, self.vocab_size))

    def n_notes(self, ids: Ids) -> int:
        """How many of the ids begin a note or a rest."""
        return sum(self._is_note[id] for id in checked_ids(ids, self.vocab_size))
