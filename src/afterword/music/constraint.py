"""A constraint on what a model writes: the bars of its tune add up.

    constraint = FullBars(tokenizer, "R:jig\\nM:6/8\\nL:1/8\\nK:G\\n")
    write(model, tokenizer, prompt, constraint=constraint, ...)

It reads the normal form of ``writing`` character by character, so that any tokenizer will do. A
blank line ends the tune, and what is written.

Axes   V vocab_size
"""

import re
from fractions import Fraction
from functools import lru_cache

import torch
from jaxtyping import Bool
from torch import Tensor

from afterword.music.barlines import NEVER, SIGNS, WRITTEN, Place, rules_of
from afterword.sampling.vocabulary import token_bytes

NOTE = re.compile(r"([_^=]?)([A-Ga-gz]?)([,']?)([\d/]*)(-?)")
ALPHABET = set("ABCDEFGabcdefgz_^=,'0123456789/-(:|[\n")
OTHERS = [sign for sign in SIGNS if sign[0] != "z"]
BEGINNINGS = {sign[:n] for sign in OTHERS for n in range(1, len(sign) + 1)}
LENGTHS_BEGUN = {written[:n] for written in WRITTEN for n in range(len(written) + 1)}
State = tuple[str, Place]  # of a sign, what has been written so far; and where it will stand


class FullBars:
    """Tunes whose bars are full, as ``evaluation.bars.full_bars`` counts; after a given prompt.

    The prompt holds the fields M: and L: at least, and may hold a beginning of the tune. One that
    already has a bar that no tune could have is a ``ValueError``. As ``sampling.constraints`` has
    it: a state is ``start``, then ``step(state, id)``.
    """

    def __init__(self, tokenizer, prompt: str):
        metre, unit = (re.search(rf"(?m)^{field}:(.*)\n", prompt) for field in "ML")
        if not metre or not unit:
            raise ValueError(
                f"the prompt {prompt!r} must name a metre and a length, such as M:6/8 and L:1/8, "
                "each on a line of its own"
            )
        self.tokens = [one.decode() if one else "" for one in map(_plain, token_bytes(tokenizer))]
        self._alike: dict[str, list[int]] = {}  # tokens that differ in their pitches only
        for id, token in enumerate(self.tokens):
            if token and not set(token) - ALPHABET:
                self._alike.setdefault(_without_pitch(token), []).append(id)
        self._sayable = lru_cache(maxsize=None)(self._sayable)
        written = tuple(one for one in WRITTEN if self._sayable(one))
        if not all(map(self._sayable, ("C", "|", "||", "\n"))):
            raise ValueError(
                "no tune can be written with these tokens: a note C, lines | and ||, or the line "
                "end is missing; take a tokenizer that was made for tunes"
            )
        self.rules = rules_of(metre[1].strip(), Fraction(unit[1].strip()), written)
        body = re.sub(r"(?m)^[A-Z]:.*\n", "", prompt)
        self.start = self._read(("", Place()), body)
        if self.start is None or self.n_needed(self.start) >= NEVER:
            raise ValueError(
                f"the beginning {body!r} has a bar that is not full, or is not in the normal form; "
                "mend it, or bring it there by afterword.music.writing.normal"
            )
        self._nexts: dict[State, tuple[Tensor, Tensor]] = {}

    def __repr__(self) -> str:
        return f"FullBars({len(self.tokens)} tokens)"

    def allowed(self, state: State, n_left: int | None = None) -> Bool[Tensor, "V"]:
        """Of each token: can the tune be completed after it, with ``n_left`` tokens in all?

        Reckoned as if each character took a token of its own.
        """
        needed = self.n_needed(state)
        if n_left is not None and needed > n_left:
            raise ValueError(
                f"to complete the tune takes up to {needed} tokens from here, and {n_left} are "
                "left; allow for more tokens"
            )
        if state not in self._nexts:
            self._nexts[state] = self._all_after(state)
        ids, n_more = self._nexts[state]
        allowed = torch.zeros(len(self.tokens), dtype=torch.bool)
        allowed[ids if n_left is None else ids[n_more < n_left]] = True
        return allowed

    def step(self, state: State, id: int) -> State:
        """The state after one more token; one that is not allowed is a ``ValueError``."""
        after = self._read(state, self.tokens[id]) if self.tokens[id] else None
        if after is None or self.n_needed(after) >= NEVER:
            raise ValueError(
                f"token {id} ({self.tokens[id]!r}) is not allowed here; choose one of "
                "allowed(state)"
            )
        return after

    def is_complete(self, state: State) -> bool:
        """May the tune end here?"""
        place = self._place(state)
        return place is not None and (place.is_complete or place.last == "end")

    def n_needed(self, state: State) -> int:
        """How many more characters complete the tune, at most; ``NEVER`` if none can."""
        begun, place = state
        if self.is_complete(state):
            return 0
        if not begun:
            return self.rules.n_needed(place)
        least = NEVER
        for sign, rest in _completions(begun):
            after = self.rules.after(place, sign) if self._sayable(rest) else None
            if after is not None:
                least = min(least, len(rest) + self.rules.n_needed(after))
        return least

    def _sayable(self, text: str) -> bool:
        """Do some tokens, one after the other, make this text? One pitch will do for all."""
        return not text or any(
            text.startswith(token) and self._sayable(text[len(token) :]) for token in self._alike
        )

    def _all_after(self, state: State) -> tuple[Tensor, Tensor]:
        """The tokens that lead on, and how many characters each leaves to be said."""
        found = []
        for token, ids in self._alike.items():
            after = self._read(state, token)
            needed = NEVER if after is None else self.n_needed(after)
            if needed < NEVER:
                found += [(id, needed) for id in ids]
        ids = torch.tensor(found, dtype=torch.int64).reshape(-1, 2)
        return ids[:, 0], ids[:, 1]

    def _read(self, state: State, text: str) -> State | None:
        for character in text:
            begun, place = state
            if _is_begun(begun + character):
                state = (_plainly(begun + character), place)
                continue
            place = self._place(state)
            if place is None or not _is_begun(character):
                return None
            state = (_plainly(character), place)
        return state

    def _place(self, state: State) -> Place | None:
        """Where one is when the sign that was begun is taken to be whole."""
        begun, place = state
        if not begun:
            return place
        if begun in OTHERS:
            return self.rules.after(place, begun)
        note = NOTE.fullmatch(begun)
        is_whole = note and note[2] and note[4] in WRITTEN
        return self.rules.after(place, f"z{note[4]}") if is_whole else None


def _without_pitch(token: str) -> str:
    return re.sub("[a-g]", "c", re.sub("[A-G]", "C", token))


def _is_begun(text: str) -> bool:
    """Does some sign begin like this?"""
    if text in BEGINNINGS:
        return True
    note = NOTE.fullmatch(text)
    if not note or not text:
        return False
    accidental, letter, octave, written, tie = note.groups()
    if not letter:
        return bool(accidental) and not (octave or written or tie)
    if letter == "z" and (accidental or octave or tie):
        return False
    octaves = {"": True, ",": letter.isupper(), "'": letter.islower()}
    return octaves[octave] and written in (WRITTEN if tie else LENGTHS_BEGUN)


def _plainly(begun: str) -> str:
    """The same, less what does not matter to bars, so that there are few states."""
    note = NOTE.fullmatch(begun)
    if begun in BEGINNINGS or not note or not note[2]:
        return "^" if note and note[1] else begun
    letter = "z" if note[2] == "z" else "C" if note[2].isupper() else "c"
    return letter + note[3] + note[4] + note[5]


def _completions(begun: str) -> list[tuple[str, str]]:
    """The signs that begin so, and what they still lack; of notes one for each length."""
    if begun in BEGINNINGS:
        return [(sign, sign[len(begun) :]) for sign in OTHERS if sign.startswith(begun)]
    note = NOTE.fullmatch(begun)
    if note[5]:  # behind a tie no length can follow
        return [(f"z{note[4]}", "")]
    name = "" if note[2] else "C"  # what an accidental lacks
    lengths = [written for written in WRITTEN if written.startswith(note[4])]
    return [(f"z{written}", name + written[len(note[4]) :]) for written in lengths]


def _plain(token: bytes | None) -> bytes | None:
    return token if token and token.isascii() else None
