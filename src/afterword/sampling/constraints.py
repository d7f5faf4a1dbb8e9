"""Constraints: which tokens may come next, if the whole text is to have a given form.

    constraint = Constraint(compiled("[a-z]+ing"), tokenizer)
    constraint.allowed(constraint.start, n_left=5)  # of each token: may it come next?

A form is an automaton over bytes; a token is a walk through it. Only tokens are allowed after
which the text can still be completed, so that there is no dead end; with ``n_left``, completed in
time. See ``forms`` for those that are ready.

Axes   V vocab_size
"""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from afterword.sampling.automata import DEAD, Automaton, distinct, product
from afterword.sampling.vocabulary import Vocabulary, token_bytes

AT_ONCE = 2000  # states whose tokens are read in one go: memory


class Constraint:
    """The texts that an automaton accepts, token by token; for the new text, not the prompt.

    A state is a number: ``start``, then ``step(state, id)``. When the text ``is_complete`` it may
    end; when besides nothing is allowed, it must. Not for all tokenizers is every form possible: if
    no text of these tokens has it, that is a ``ValueError``.
    """

    def __init__(self, automaton: Automaton, tokenizer):
        self.automaton, self.tokenizer = automaton, tokenizer
        self.start = int(automaton.start)
        self.vocabulary = Vocabulary(token_bytes(tokenizer))
        self.n_needed = _tokens_needed(automaton, self.vocabulary)
        if self.n_needed[self.start] == DEAD:
            raise ValueError(
                "no text of these tokens has the form asked for; some character of it "
                "may be missing from the tokenizer's alphabet"
            )
        self._nexts = lru_cache(maxsize=128)(self._nexts)

    def __repr__(self) -> str:
        return f"Constraint({len(self.automaton.table)} states, {len(self.vocabulary)} tokens)"

    def allowed(self, state: int, n_left: int | None = None) -> Bool[Tensor, "V"]:
        """Of each token: can a text that goes on with it be completed, with n_left tokens in all?

        Where the text is complete and must end, no token is. If more than ``n_left`` are needed,
        that is a ``ValueError``.
        """
        needed = self.n_needed[state]
        if n_left is not None and needed > n_left:
            raise ValueError(
                f"to complete the form takes {needed} tokens or more from here, and {n_left} are "
                "left; allow for more tokens"
            )
        ids, n_more = self._nexts(state)
        allowed = torch.zeros(len(self.vocabulary), dtype=torch.bool)
        allowed[ids if n_left is None else ids[n_more < n_left]] = True
        return allowed

    def step(self, state: int, id: int) -> int:
        """The state after one more token; one that is not allowed is a ``ValueError``."""
        token = self.vocabulary.tokens[id]
        after = self.automaton.read(state, token) if token else DEAD
        if after == DEAD or self.n_needed[after] == DEAD:
            raise ValueError(
                f"token {id} ({token!r}) is not allowed here; choose one of allowed(state)"
            )
        return after

    def is_complete(self, state: int) -> bool:
        """May the text end here?"""
        return bool(self.automaton.is_complete[state])

    def _nexts(self, state: int) -> tuple[Tensor, Tensor]:
        """The tokens that lead on, and how many each leaves to be said."""
        _, ids, after = self.vocabulary.read_all(self.automaton, np.array([state]))
        n_more = self.n_needed[after]
        leads_on = n_more != DEAD
        return torch.from_numpy(ids[leads_on]), torch.from_numpy(n_more[leads_on])


def both(a: Constraint, b: Constraint) -> Constraint:
    """The texts that have both forms."""
    if a.vocabulary.tokens != b.vocabulary.tokens:
        raise ValueError("the two constraints are for different tokenizers; make both for one")
    return Constraint(product(a.automaton, b.automaton), a.tokenizer)


def _tokens_needed(automaton: Automaton, vocabulary: Vocabulary) -> np.ndarray:
    """Of each state: the least number of tokens to a complete text; ``DEAD`` if there is none."""
    n_states = len(automaton.table)
    is_known = np.zeros(n_states, dtype=bool)
    frontier, edges = np.array([automaton.start]), [np.empty(0, dtype=np.int64)]
    while len(frontier):
        is_known[frontier] = True
        n_seen = len(edges)
        for states in np.array_split(frontier, -(-len(frontier) // AT_ONCE)):
            i, _, after = vocabulary.read_all(automaton, states)
            edges.append(distinct(states[i] * n_states + after))
        found = distinct(np.concatenate(edges[n_seen:]) % n_states)
        frontier = found[~is_known[found]]
    before, after = np.divmod(np.concatenate(edges), n_states)
    needed = np.where(automaton.is_complete, 0, DEAD)
    for n in range(n_states):
        leads = (needed[after] == n) & (needed[before] == DEAD)
        if not leads.any():
            break
        needed[before[leads]] = n + 1
    return needed
