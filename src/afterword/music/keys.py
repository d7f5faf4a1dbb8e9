"""Keys: which notes are sharp or flat, what is home, and how a pitch is spelled.

Notes stand on the line of fifths, … B♭ F C G D A E B F♯ …, with C at 0: a key is a window of
seven neighbours on it, and a mode says which of the seven is home.

Source: abcnotation.com, the ABC music standard 2.1, section 3.1.14.
"""

import re
from dataclasses import dataclass

LETTERS = "FCGDAEB"  # by fifths, from -1
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MODES = {"": 0, "m": -3, "mix": -1, "dor": -2, "phr": -4, "lyd": 1, "loc": -5}  # fifths from major
OTHER_NAMES = {"maj": "", "ion": "", "min": "m", "aeo": "m"}
WORDS = {"": "major", "m": "minor", "mix": "mixolydian", "dor": "dorian", "phr": "phrygian"}
WORDS |= {"lyd": "lydian", "loc": "locrian"}
STEPS = (0, 2, 4, 5, 7, 9, 11)  # of a major scale


@dataclass(frozen=True, slots=True)
class Key:
    """A home note, such as F#, and a mode: one of ``MODES``."""

    tonic: str
    mode: str = ""

    def __post_init__(self):
        if not re.fullmatch("[A-G][#b]?", self.tonic) or self.mode not in MODES:
            raise ValueError(
                f"Key({self.tonic!r}, {self.mode!r}) is none; give one such as Key('F#', 'm')"
            )
        if not -7 <= self.signature <= 7:
            raise ValueError(
                f"{self} would have {abs(self.signature)} sharps or flats, more than there are "
                "notes; name the same key by another note"
            )

    def __str__(self) -> str:
        return self.tonic + self.mode

    @property
    def words(self) -> str:
        """As one says it, such as F sharp minor."""
        name = self.tonic.replace("#", " sharp").replace("b", " flat")
        return f"{name} {WORDS[self.mode]}"

    @property
    def signature(self) -> int:
        """How many sharps are drawn at the clef; below zero, flats."""
        return _fifths(self.tonic) + MODES[self.mode]

    @property
    def home(self) -> int:
        """The pitch class of its tonic: semitones above C, 0 to 11."""
        return _fifths(self.tonic) * 7 % 12

    @property
    def scale(self) -> frozenset[int]:
        """The seven pitch classes that need no sign."""
        major = self.signature * 7
        return frozenset((major + step) % 12 for step in STEPS)

    def sharpened(self, letter: str) -> int:
        """By how many semitones the signature raises a letter: 1, 0 or -1."""
        return (self.signature + 6 - LETTERS.index(letter)) // 7

    def spelled(self, pitch_class: int) -> tuple[str, int]:
        """The letter of a pitch class, and by how much it is raised.

        Without a sign where the key allows; else as close as can be on the line of fifths, in
        favour of sharps, as leading notes are: C and F sharp, but B flat, in the key of D.

        >>> Key("D").spelled(0), Key("D").spelled(8), Key("F").spelled(6)
        (('C', 0), ('G', 1), ('F', 1))
        """
        lowest = self.signature - 3  # and up to eight above the major tonic
        place = lowest + (pitch_class * 7 - lowest) % 12
        if place > 12 or place < -8:  # beyond B♯ or F♭ there are double signs only
            place += 12 if place < 0 else -12
        return LETTERS[(place + 1) % 7], (place + 1) // 7


def read_key(value: str) -> Key:
    """The key that a field K: names: G, Em, A Dorian, Bbmix; HP is the bagpipes' A mixolydian.

    >>> str(read_key("A Dorian")), read_key("F#min").signature, read_key("Bb").words
    ('Ador', 3, 'B flat major')
    """
    if value.strip().lower() == "hp":
        return Key("A", "mix")
    found = re.fullmatch(r"([A-G])\s*([#b]?)\s*([A-Za-z]*)", value.strip())
    mode = found[3].lower()[:3] if found else "?"
    mode = OTHER_NAMES.get(mode, mode)
    if mode not in MODES:
        raise ValueError(f"{value.strip()!r} is no key; give one such as G, Em, Ador or Bbmix")
    return Key(found[1] + found[2], mode)


def key_on(home: int, mode: str = "") -> Key:
    """The key on a pitch class that has the fewest sharps or flats.

    >>> str(key_on(10)), str(key_on(6, "m"))
    ('Bb', 'F#m')
    """
    keys = []
    for name in (letter + sign for letter in LETTERS for sign in ("", "#", "b")):
        if _fifths(name) * 7 % 12 == home % 12 and -7 <= _fifths(name) + MODES[mode] <= 7:
            keys.append(Key(name, mode))
    return min(keys, key=lambda key: abs(key.signature))


def _fifths(name: str) -> int:
    return LETTERS.index(name[0]) - 1 + 7 * (name.count("#") - name[1:].count("b"))
