"""Regular expressions, compiled to automata over the bytes of a text.

Syntax and meaning are those of Python's ``re.fullmatch``, as far as this goes: characters, ``.``,
``[classes]``, ``|``, ``*``, ``+``, ``?``, ``{m,n}``, groups, the escapes ``\\d \\w \\s`` (capitals
for the opposite), ``\\n \\t \\r`` and those of punctuation. Anything else is a ``ValueError``.

``{name}`` stands for another expression: enough for a grammar without recursion.
"""

import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from afterword.sampling.automata import Automaton
from afterword.sampling.nets import (
    Part,
    Ranges,
    automaton,
    characters,
    either,
    in_turn,
    repeated,
)

LAST = sys.maxunicode
KINDS = {"d": str.isdecimal, "w": lambda c: c.isalnum() or c == "_", "s": str.isspace}
CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}
QUANTIFIER = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")
NAME = re.compile(r"\{([A-Za-z_]\w*)\}")


def compiled(pattern: str, parts: Mapping[str, str] | None = None) -> Automaton:
    """The automaton of all texts that ``re.fullmatch`` would match.

    >>> compiled("(to|not) be", {}).accepts("to be")
    True
    >>> compiled("{word}( {word})*", {"word": "[a-z]+"}).accepts("or not to be")
    True
    """
    parts = dict(parts or {})
    unused = [name for name in parts if f"{{{name}}}" not in "".join([pattern, *parts.values()])]
    if unused:
        raise ValueError(f"the pattern has no {{{unused[0]}}}; leave that part out, or use it")
    return automaton(Parser(pattern, parts, ()).whole())


class Parser:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str, parts: Mapping[str, str], inside: tuple[str, ...]):
        self.pattern, self.parts, self.inside = pattern, parts, inside
        self.place = 0

    def whole(self) -> Part:
        part = self.choice()
        if self.place < len(self.pattern):
            self.refuse("a ) too many")
        return part

    def choice(self) -> Part:
        choices = [self.sequence()]
        while self.take("|"):
            choices.append(self.sequence())
        return either(choices) if len(choices) > 1 else choices[0]

    def sequence(self) -> Part:
        items = []
        while self.place < len(self.pattern) and self.pattern[self.place] not in "|)":
            items.append(self.quantified(self.item()))
        return in_turn(items)

    def quantified(self, part: Part) -> Part:
        found = self.match(QUANTIFIER)
        if not found:
            return part
        if self.place < len(self.pattern) and self.pattern[self.place] in "*+?":
            self.refuse("two quantifiers in a row")
        least, comma, most = found.groups(default="")
        if found[0] in ("*", "+", "?"):
            return repeated(part, found[0] == "+", 1 if found[0] == "?" else None)
        least, most = int(least or 0), int(most) if most else None if comma else int(least)
        if most is not None and most < least:
            self.refuse("fewer at most than at least")
        return repeated(part, least, most)

    def item(self) -> Part:
        if name := self.match(NAME):
            return self.named(name[1])
        match self.next():
            case "(":
                return self.group()
            case "[":
                return characters(self.kinds())
            case ".":
                return characters(others([(10, 10)]))
            case "\\":
                return characters(self.escape())
            case "*" | "+" | "?" | "{" | "^" | "$" as sign:
                self.refuse(f"the sign {sign} here; for the character write \\{sign}")
            case character:
                return characters([(ord(character), ord(character))])

    def group(self) -> Part:
        if self.take("?") and not self.take(":"):
            self.refuse("a group that begins with (? but not (?:")
        part = self.choice()
        if not self.take(")"):
            self.refuse("a ( without its )")
        return part

    def named(self, name: str) -> Part:
        if name not in self.parts:
            self.refuse(f"the part {{{name}}}, which was not given")
        if name in self.inside:
            self.refuse(f"the part {{{name}}} inside itself: rules cannot recur")
        return Parser(self.parts[name], self.parts, (*self.inside, name)).whole()

    def kinds(self) -> Ranges:
        is_opposite, found = self.take("^"), []
        while not (found and self.take("]")):
            ranges = self.one_kind()
            if self.pattern[self.place : self.place + 1] == "-" and not self.pattern.startswith(
                "-]", self.place
            ):
                self.place += 1
                last = self.one_kind()
                if not is_one(ranges) or not is_one(last) or last < ranges:
                    self.refuse("a range that does not go from one character to a later one")
                ranges = [(ranges[0][0], last[0][0])]
            found += ranges
        return others(found) if is_opposite else found

    def one_kind(self) -> Ranges:
        character = self.next()
        return self.escape() if character == "\\" else [(ord(character), ord(character))]

    def escape(self) -> Ranges:
        sign = self.next()
        if sign.lower() in KINDS:
            return all_of(sign) if sign in KINDS else others(all_of(sign.lower()))
        if sign.isalnum() and sign not in CONTROLS:
            self.refuse(f"the escape \\{sign}")
        number = ord(CONTROLS.get(sign, sign))
        return [(number, number)]

    def match(self, expression: re.Pattern) -> re.Match | None:
        if found := expression.match(self.pattern, self.place):
            self.place = found.end()
        return found

    def take(self, character: str) -> bool:
        is_next = self.pattern.startswith(character, self.place)
        self.place += is_next
        return is_next

    def next(self) -> str:
        if self.place == len(self.pattern):
            self.refuse("an end where more must come")
        self.place += 1
        return self.pattern[self.place - 1]

    def refuse(self, what: str):
        raise ValueError(
            f"the pattern {self.pattern!r} has {what} (at position {self.place}), which is not "
            "understood; see afterword.sampling.patterns for what is"
        )


def is_one(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def others(ranges: Ranges) -> Ranges:
    """All characters but these."""
    found, after = [], 0
    for first, last in sorted(ranges):
        if first > after:
            found.append((after, first - 1))
        after = max(after, last + 1)
    return [*found, (after, LAST)] if after <= LAST else found


@lru_cache
def all_of(kind: str) -> Ranges:
    """The characters that ``\\d``, ``\\w`` or ``\\s`` stands for."""
    return ranges_where(KINDS[kind], LAST)


def ranges_where(holds: Callable[[str], bool], last: int) -> Ranges:
    """The characters up to number ``last`` of which something holds."""
    found = np.array([holds(chr(number)) for number in range(last + 1)])
    edges = np.flatnonzero(np.diff(found, prepend=False, append=False)).tolist()
    return [(first, after - 1) for first, after in zip(edges[::2], edges[1::2], strict=True)]
