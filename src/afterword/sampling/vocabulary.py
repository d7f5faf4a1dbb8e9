"""The bytes of every token, as a tree, so that an automaton can read all tokens at once."""

from collections.abc import Sequence

import numpy as np

from afterword.sampling.automata import DEAD, Automaton


class Vocabulary:
    """Tokens as a tree of bytes: a node for each beginning of a token, level by level.

    ``tokens`` are the bytes of each id; None, or no bytes, for an id that a text cannot hold,
    such as a marker of its end.
    """

    def __init__(self, tokens: Sequence[bytes | None]):
        self.tokens = list(tokens)
        nodes = {token[:n] for token in self.tokens if token for n in range(1, len(token) + 1)}
        nodes = [b"", *sorted(nodes, key=lambda node: (len(node), node))]
        place = {node: i for i, node in enumerate(nodes)}
        parents = np.array([place[node[:-1]] for node in nodes[1:]], dtype=np.int64)
        self.byte = np.array([0, *(node[-1] for node in nodes[1:])])
        self.n_children = np.bincount(parents, minlength=len(nodes))
        self.first_child = 1 + self.n_children.cumsum() - self.n_children
        ends = np.array([place[token] if token else 0 for token in self.tokens])
        self.ids = np.argsort(ends, kind="stable")[(ends == 0).sum() :]  # node by node
        self.n_ids = np.bincount(ends, minlength=len(nodes))
        self.n_ids[0] = 0
        self.first_id = self.n_ids.cumsum() - self.n_ids

    def __len__(self) -> int:
        return len(self.tokens)

    def read_all(
        self, automaton: Automaton, states: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every token from each state: ``(i, id, after)`` where token id leads from states[i] on.

        The tree and the automaton are walked together, and what the automaton will not read is
        dropped with all that begins so.
        """
        found, i = [], np.arange(len(states))
        nodes = np.zeros(len(states), dtype=np.int64)
        while len(i):
            parent, nodes = _all_from(self.first_child[nodes], self.n_children[nodes])
            after = automaton.table[states[parent], automaton.classes[self.byte[nodes]]]
            alive = after != DEAD
            i, nodes, states = i[parent[alive]], nodes[alive], after[alive]
            at, places = _all_from(self.first_id[nodes], self.n_ids[nodes])
            found.append((i[at], self.ids[places], states[at]))
        return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def _all_from(first: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each i the numbers first[i], first[i] + 1, … of which there are n[i]: ``(i, number)``."""
    i = np.repeat(np.arange(len(n)), n)
    return i, np.arange(n.sum()) + np.repeat(first - n.cumsum() + n, n)


def token_bytes(tokenizer) -> list[bytes | None]:
    """The bytes of each token of any tokenizer that can tell; None for its special tokens.

    Asked in turn are ``token_bytes(id)``, ``decode_bytes([id])``, ``decode([id])``. The last
    will do only if what a token decodes to does not depend on its neighbours.
    """
    special = set((getattr(tokenizer, "special_tokens", None) or {}).values())
    if hasattr(tokenizer, "token_bytes"):
        one = tokenizer.token_bytes
    elif hasattr(tokenizer, "decode_bytes"):
        one = lambda id: tokenizer.decode_bytes([id])  # noqa: E731
    else:
        one = lambda id: _as_bytes(tokenizer, id)  # noqa: E731
    return [None if id in special else one(id) for id in range(tokenizer.vocab_size)]


def _as_bytes(tokenizer, id: int) -> bytes:
    text = tokenizer.decode([id])
    if tokenizer.decode([id, id]) != text + text or "\ufffd" in text:
        raise ValueError(
            f"the bytes of token {id} are not known: alone it decodes to {text!r}, two of it to "
            f"{tokenizer.decode([id, id])!r}; give the tokenizer a method token_bytes(id)"
        )
    return text.encode()
