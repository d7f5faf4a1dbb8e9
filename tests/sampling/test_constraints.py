"""Which tokens may come next: beside trying all texts, and in thousands of texts written."""

import re
from functools import lru_cache
from itertools import islice, product
from types import MappingProxyType

import pytest
import torch

from afterword.sampling.constraints import Constraint, both
from afterword.sampling.forms import regex
from afterword.sampling.generate import stream
from afterword.sampling.vocabulary import Vocabulary, token_bytes
from afterword.text.bpe import BPETokenizer
from afterword.text.bytes import ByteTokenizer
from afterword.text.characters import CharTokenizer
from tests.sampling.exact import sampled_as

N_LEFT = 5


class Tokens:
    """A tokenizer of a few tokens, some of which hold half a character, and a marker of the end."""

    special_tokens = MappingProxyType({"<end>": 7})
    tokens = (b"a", b"b", b"ab", b"ba", b"\xc3", b"\xa9", b"a\xc3", b"<end>", b"")
    vocab_size = len(tokens)

    def token_bytes(self, id: int) -> bytes:
        return self.tokens[id]


@lru_cache
def all_texts():
    """Every run of up to N_LEFT tokens, and its bytes."""
    ids = range(Tokens.vocab_size)
    runs = [run for n in range(N_LEFT + 1) for run in product(ids, repeat=n) if not {7, 8} & {*run}]
    return {run: b"".join(Tokens.tokens[id] for id in run) for run in runs}


def matches(pattern: str, text: bytes) -> bool:
    try:
        return bool(re.fullmatch(pattern, text.decode()))
    except UnicodeDecodeError:
        return False


PATTERNS = ["(ab)*", "a+b?é", "[^a]*", "(a|é){2,3}", "aab|ba.*|é", "", "b*(ab)?", ".{3}"]
WITHOUT_C = ["ac|b|a?bc", ".{2}c|ab*", "(a|b)(c|é)|aac"]  # no token has a c


@pytest.mark.parametrize("pattern", [*PATTERNS, *WITHOUT_C])
def test_allowed_is_what_trying_all_texts_finds(pattern):
    """For every beginning and every number of tokens left, against 20,000 texts one by one."""
    constraint = regex(Tokens(), pattern)
    good = [run for run, text in all_texts().items() if matches(pattern, text)]
    beginnings = {run[:n] for run in good for n in range(len(run) + 1)}
    for run in beginnings:
        state = constraint.start
        for id in run:
            state = constraint.step(state, id)
        assert constraint.is_complete(state) == (run in good)
        least = min(len(other) - len(run) for other in good if other[: len(run)] == run)
        for n_left in range(N_LEFT - len(run) + 1):
            if n_left < least:
                with pytest.raises(
                    ValueError, match=f"takes {least} tokens or more from here, and"
                ):
                    constraint.allowed(state, n_left)
                continue
            expected = {
                other[len(run)]
                for other in good
                if other[: len(run)] == run and len(run) < len(other) <= len(run) + n_left
            }
            allowed = constraint.allowed(state, n_left)
            assert set(allowed.nonzero().flatten().tolist()) == expected


@pytest.mark.parametrize("pattern", [*PATTERNS, *WITHOUT_C, ".{3}(ab|é)+"])
def test_nowhere_is_a_dead_end(pattern):
    constraint = regex(Tokens(), pattern)
    waiting, seen = [constraint.start], {constraint.start}
    while waiting:
        state = waiting.pop()
        allowed = constraint.allowed(state)
        assert allowed.any() or constraint.is_complete(state)
        assert torch.equal(allowed, constraint.allowed(state, 99))
        new = {constraint.step(state, id) for id in allowed.nonzero().flatten().tolist()} - seen
        waiting, seen = [*waiting, *new], seen | new


def tokenizers():
    text = "the sea keeps what the sea takes, né? aabb abab " * 3
    return {
        "characters": CharTokenizer.from_text(text + "\n"),
        "bytes": ByteTokenizer(),
        "pairs": BPETokenizer.train(text, 280, special_tokens=["<end>"]),
    }


def table(vocab_size: int):
    """A model that looks at the last token only."""
    rng = torch.Generator().manual_seed(1)
    logits = torch.randn(vocab_size, vocab_size, generator=rng) * 2
    return lambda ids: logits[ids]


def texts_written(constraint, tokenizer, *, n_texts: int, n_tokens: int, rng) -> list[str]:
    tokens = stream(
        table(tokenizer.vocab_size),
        torch.zeros(n_texts, 1).long(),
        context_length=1,
        rng=rng,
        constraint=constraint,
        n_tokens=n_tokens,
    )
    rows = torch.stack(list(tokens), dim=1).tolist()
    return [tokenizer.decode([id for id in row if id >= 0]) for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["characters", "bytes", "pairs"])
@pytest.mark.parametrize("pattern", ["(the|a) .*(sea|né)", "[a-s]{3,9}(, [a-s]+)*", r"(é|\w )+"])
def test_thousands_of_texts_all_match(pattern, name, rng):
    """1,800 texts, 200 a case; with as few tokens left as will do, and with more."""
    tokenizer = tokenizers()[name]
    constraint = regex(tokenizer, pattern)
    least = int(constraint.n_needed[constraint.start])
    for n_tokens in (least, least + 1, 12, 25):
        for text in texts_written(constraint, tokenizer, n_texts=50, n_tokens=n_tokens, rng=rng):
            assert re.fullmatch(pattern, text), text


def test_what_is_allowed_is_drawn_as_if_the_rest_had_no_probability(rng):
    """Chi-square at the first and the second token: the model's probabilities, renormalised."""
    tokenizer, n = CharTokenizer("abcd"), 6_000
    model, constraint = table(4), regex(CharTokenizer("abcd"), "(a|b|dc)[bcd]?a")
    drawn = stream(
        model,
        torch.zeros(n, 1).long(),
        context_length=1,
        rng=rng,
        constraint=constraint,
        n_tokens=3,
    )
    first, second = islice(drawn, 2)
    allowed = torch.tensor([1.0, 1, 0, 1])
    probs = model(torch.tensor(0)).softmax(-1) * allowed
    assert sampled_as(probs / probs.sum(), first) > 1e-4
    for id, then in {0: [1.0, 1, 1, 1], 1: [1, 1, 1, 1], 3: [0, 0, 1, 0]}.items():
        probs = model(torch.tensor(id)).softmax(-1) * torch.tensor(then)
        assert sampled_as(probs / probs.sum(), second[first == id]) > 1e-4
    assert tokenizer.vocab_size == 4


def test_a_text_that_must_end_there_allows_nothing_more():
    constraint = regex(CharTokenizer("ab"), "ab")
    state = constraint.step(constraint.step(constraint.start, 0), 1)
    assert constraint.is_complete(state)
    assert not constraint.allowed(state).any()
    assert not constraint.allowed(state, 0).any()


def test_both_allows_what_each_allows():
    tokenizer = CharTokenizer("abc")
    together = both(regex(tokenizer, "[ab]*"), regex(tokenizer, ".{2}|c"))
    assert together.allowed(together.start).tolist() == [True, True, False]
    assert together.n_needed[together.start] == 2
    with pytest.raises(ValueError, match="for different tokenizers"):
        both(together, regex(CharTokenizer("ab"), "a"))


@pytest.mark.parametrize(("pattern", "alphabet"), [("abc", "ab"), ("aé", "ae"), ("[^ab]", "ab")])
def test_a_form_that_no_text_of_these_tokens_has_is_refused(pattern, alphabet):
    with pytest.raises(ValueError, match="no text of these tokens has the form asked for"):
        regex(CharTokenizer(alphabet), pattern)


def test_two_forms_that_exclude_each_other_are_refused():
    tokenizer = ByteTokenizer()
    with pytest.raises(ValueError, match="no text of these tokens has the form asked for"):
        both(regex(tokenizer, "a+"), regex(tokenizer, "b+"))


def test_a_step_that_is_not_allowed_is_refused():
    constraint = regex(Tokens(), "ab|a.b")
    for id in (1, 3, 7, 8):
        with pytest.raises(ValueError, match=rf"token {id} .* is not allowed here"):
            constraint.step(constraint.start, id)
    assert constraint.allowed(constraint.start).nonzero().flatten().tolist() == [0, 2, 6]
    without_c = regex(CharTokenizer("ab"), "ac|b")
    assert without_c.allowed(without_c.start).tolist() == [False, True], "an a cannot be completed"
    assert without_c.allowed(without_c.start, 9).tolist() == [False, True]
    with pytest.raises(ValueError, match="is not allowed here"):
        without_c.step(without_c.start, 0)


def test_a_tree_of_tokens_leads_where_reading_them_one_by_one_leads():
    tokenizer = tokenizers()["pairs"]
    constraint = regex(tokenizer, "(the|a) .*(sea|né)")
    machine, tokens = constraint.automaton, token_bytes(tokenizer)
    states = torch.arange(len(machine.table)).numpy()
    i, ids, after = constraint.vocabulary.read_all(machine, states)
    found = set(zip(i.tolist(), ids.tolist(), after.tolist(), strict=True))
    assert len(found) == len(i)
    expected = {
        (s, id, machine.read(s, token))
        for s in range(len(machine.table))
        for id, token in enumerate(tokens)
        if token
    }
    assert found == {step for step in expected if step[2] >= 0}


def test_bytes_are_asked_of_any_tokenizer_that_can_tell():
    assert token_bytes(CharTokenizer("aé")) == [b"a", "é".encode()]
    assert token_bytes(ByteTokenizer())[195:197] == [b"\xc3", b"\xc4"]
    pairs = tokenizers()["pairs"]
    assert token_bytes(pairs)[:-1] == pairs.tokens[:-1]
    assert token_bytes(pairs)[-1] is None, "a text cannot hold a marker"
    assert len(Vocabulary([b"a", None])) == 2


def test_a_token_whose_text_depends_on_its_neighbours_is_refused():
    class Words:
        vocab_size = 2

        def decode(self, ids):
            return " ".join("ab"[id] for id in ids)

    with pytest.raises(ValueError, match=r"alone it decodes to 'a', two of it to 'a a'; give"):
        token_bytes(Words())


def test_a_constraint_says_how_large_it_is():
    assert repr(regex(CharTokenizer("ab"), "ab")) == "Constraint(3 states, 2 tokens)"
    assert isinstance(regex(CharTokenizer("ab"), "ab"), Constraint)
