"""Lines one after another: a stanza whose rhymes are planned, a quatrain of the Tang.

    line = lambda ends: syllables(tokenizer, 10, lexicon, ends=ends)
    write(model, tokenizer, "\\n", constraint=stanza([line(["day"]), line(["may"])]), ...)

Which words or characters rhyme is given, for example by ``forms.readings`` or ``ending_like``.
"""

from collections.abc import Collection, Sequence
from functools import reduce

import torch
from jaxtyping import Bool
from torch import Tensor

from afterword.sampling.automata import DEAD
from afterword.sampling.constraints import Constraint
from afterword.sampling.nets import Part, Ranges, automaton, characters, either, in_turn, repeated

HAN = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x3FFFD)]
NEWLINE = characters([(10, 10)])

State = tuple[int, int]  # which line, and its own state


class Stanza:
    """Constraints that hold one after another, each from where the one before is complete.

    As a ``Constraint`` for writing; a state is a pair. No token may reach over the end of a line:
    with a tokenizer that has such tokens they are not allowed. To join more forms to a line, use
    ``both`` on the line.
    """

    def __init__(self, lines: Sequence[Constraint]):
        if not lines:
            raise ValueError("a stanza of no lines; give at least one constraint")
        for i, line in enumerate(lines):
            if line.vocabulary.tokens != lines[0].vocabulary.tokens:
                raise ValueError("the lines are for different tokenizers; make all for one")
            if (line.automaton.table[line.automaton.is_complete] != DEAD).any():
                raise ValueError(
                    f"line {i + 1} can go on where it is complete, so that its end cannot be told; "
                    "give forms that end with their newline, such as syllables or rhyme"
                )
        self.lines, self.start = list(lines), (0, lines[0].start)
        needed = [int(line.n_needed[line.start]) for line in lines]
        self.n_after = [sum(needed[i + 1 :]) for i in range(len(lines))]  # tokens, at the least

    def __repr__(self) -> str:
        return f"Stanza({len(self.lines)} lines, {len(self.lines[0].vocabulary)} tokens)"

    def n_needed(self, state: State) -> int:
        """The least number of tokens to the end of the stanza."""
        i, place = state
        return 0 if i == len(self.lines) else int(self.lines[i].n_needed[place]) + self.n_after[i]

    def allowed(self, state: State, n_left: int | None = None) -> Bool[Tensor, "V"]:
        """As of ``Constraint``; all the lines still to come are allowed for in ``n_left``."""
        if n_left is not None and self.n_needed(state) > n_left:
            raise ValueError(
                f"to complete the stanza takes {self.n_needed(state)} tokens or more from here, "
                f"and {n_left} are left; allow for more tokens"
            )
        i, place = state
        if i == len(self.lines):
            return torch.zeros(len(self.lines[0].vocabulary), dtype=torch.bool)
        return self.lines[i].allowed(place, None if n_left is None else n_left - self.n_after[i])

    def step(self, state: State, id: int) -> State:
        """The state after one more token; one that is not allowed is a ``ValueError``."""
        i, place = state
        if i == len(self.lines):
            raise ValueError(f"token {id} is not allowed here; the stanza is complete")
        after = self.lines[i].step(place, id)
        if not self.lines[i].is_complete(after):
            return i, after
        return (i + 1, self.lines[i + 1].start) if i + 1 < len(self.lines) else (i + 1, 0)

    def is_complete(self, state: State) -> bool:
        """May the text end here? It is then at its last line's end, and must."""
        return state[0] == len(self.lines)


def stanza(lines: Sequence[Constraint]) -> Stanza:
    """One line after another, each of its own form, its newline included."""
    return Stanza(lines)


def quatrain(tokenizer, n: int, rhymes: Sequence[Collection[str]]) -> Constraint:
    """Four lines of ``n`` Chinese characters; lines 2 and 4 end on characters of one of ``rhymes``.

    Each of ``rhymes`` holds the characters of one group. A character may be in several: the fourth
    line then ends on one of any group that holds the second's end. Nothing is asked of line 1.
    """
    groups = [frozenset(group) for group in rhymes if group]
    if n < 1 or not groups:
        raise ValueError(
            f"lines of {n} characters, {len(groups)} groups of rhymes: give at least 1 of each"
        )
    line = in_turn([repeated(characters(HAN), n, n), NEWLINE])
    before = repeated(characters(HAN), n - 1, n - 1)
    after = either(
        in_turn([end, NEWLINE, line, before, end, NEWLINE])
        for end in (characters(ranges_of(group)) for group in groups)
    )
    return Constraint(automaton(in_turn([line, before, after])), tokenizer)


def places(tokenizer, patterns: Sequence[Sequence[Sequence[Collection[str] | None]]]) -> Constraint:
    """Lines of Chinese characters of which each place may be asked for: one of these, or any.

    A pattern is a list of lines, a line a list of places, a place its characters or None for any.
    The text has one of the ``patterns`` throughout: with the tones of a quatrain, those that begin
    level or those that begin oblique.

        places(tokenizer, [[[None, "山"], [None, "月"]]])  # two lines of two, ending so
    """
    if not patterns or not all(line for pattern in patterns for line in pattern):
        raise ValueError("give at least one pattern, and in each line at least one place")
    any_one = characters(HAN)
    parts = [
        in_turn(in_turn([*(_place(place, any_one) for place in line), NEWLINE]) for line in pattern)
        for pattern in patterns
    ]
    return Constraint(automaton(either(parts)), tokenizer)


def _place(place: Collection[str] | None, any_one: Part) -> Part:
    return any_one if place is None else characters(ranges_of(place))


def ranges_of(found: Collection[str]) -> Ranges:
    """Characters as ranges of their numbers.

    >>> ranges_of("cabx")
    [(97, 99), (120, 120)]
    """

    def add(ranges: Ranges, number: int) -> Ranges:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
        return ranges

    return reduce(add, sorted(map(ord, set(found))), [])
