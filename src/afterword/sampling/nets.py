"""From pieces of a pattern to an automaton: first a net that may be in many states at once.

    part = in_turn([literal("to be"), repeated(literal(" or not"), 0, None)])
    automaton(part).accepts("to be or not")

Source: Thompson 1968, Regular expression search algorithm, Communications of the ACM 11(6).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import reduce

import numpy as np

from afterword.sampling.automata import DEAD, Automaton, utf8_ranges

Ranges = list[tuple[int, int]]  # numbers of characters, first and last
MOST = 100_000  # states; more is refused


class Net:
    """States with edges for bytes, and free ones; a text may be on many states at once."""

    def __init__(self):
        self.edges, self.free = [], []

    def add(self) -> int:
        self.edges.append([])
        self.free.append([])
        return len(self.edges) - 1

    def reach(self, states: Iterable[int]) -> frozenset[int]:
        """These states, and those that free edges lead to."""
        found, waiting = set(states), list(states)
        while waiting:
            new = [state for state in self.free[waiting.pop()] if state not in found]
            found.update(new)
            waiting += new
        return frozenset(found)


Part = Callable[[Net, int], int]  # from a state, to which it never returns, to its own end


def characters(ranges: Ranges) -> Part:
    """Any one character of these."""
    pieces = [piece for first, last in ranges for piece in utf8_ranges(first, last)]

    def add(net: Net, start: int) -> int:
        end = net.add()
        for piece in pieces:
            states = [start, *(net.add() for _ in piece[1:]), end]
            for state, after, (low, high) in zip(states, states[1:], piece, strict=False):
                net.edges[state].append((low, high, after))
        return end

    return add


def in_turn(parts: Iterable[Part]) -> Part:
    """One after the other."""
    parts = list(parts)
    return lambda net, start: reduce(lambda state, part: part(net, state), parts, start)


def either(parts: Iterable[Part]) -> Part:
    """One of them."""
    parts = list(parts)

    def add(net: Net, start: int) -> int:
        end = net.add()
        for part in parts:
            net.free[part(net, start)].append(end)
        return end

    return add


def repeated(part: Part, least: int, most: int | None) -> Part:
    """``least`` times to ``most`` times; None is without end."""

    def add(net: Net, start: int) -> int:
        for _ in range(least):
            start = part(net, start)
        end = net.add()
        net.free[start].append(end)
        if most is None:
            net.free[part(net, end)].append(end)
        for _ in range(least, most or 0):
            start = part(net, start)
            net.free[start].append(end)
        return end

    return add


def literal(text: str) -> Part:
    """This text and no other."""
    return in_turn(characters([(ord(c), ord(c))]) for c in text)


def automaton(part: Part) -> Automaton:
    """The automaton that is in one state at a time: its states are sets of the net's."""
    net = Net()
    start = net.add()
    end = part(net, start)
    cuts = {edge for edges in net.edges for low, high, _ in edges for edge in (low, high + 1)}
    classes = np.searchsorted(sorted(cuts), np.arange(256), side="right")
    order, rows = [net.reach([start])], []
    places = {order[0]: 0}
    for states in order:  # which grows on the way
        reached = defaultdict(list)
        for low, high, after in (edge for state in states for edge in net.edges[state]):
            for kind in range(classes[low], classes[high] + 1):
                reached[kind].append(after)
        row = np.full(classes.max() + 1, DEAD)
        for kind, after in reached.items():
            found = net.reach(after)
            row[kind] = places.setdefault(found, len(order))
            order += [found] if row[kind] == len(order) else []
        rows.append(row)
        if len(order) > MOST:
            raise ValueError(f"the pattern needs over {MOST:,} states; make it simpler")
    is_complete = np.array([end in states for states in order])
    return Automaton(table=np.stack(rows), classes=classes, is_complete=is_complete)
