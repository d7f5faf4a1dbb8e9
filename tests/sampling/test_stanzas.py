"""Stanzas beside trying all texts, and in texts written token by token."""

import re
from functools import lru_cache
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.forms.quatrain import check, rhyme_sets, tone_patterns
from afterword.sampling.constraints import both
from afterword.sampling.forms import lipogram, regex, rhyme, syllables
from afterword.sampling.stanzas import Stanza, places, quatrain, ranges_of, stanza
from afterword.text.characters import CharTokenizer
from tests.sampling.test_constraints import Tokens, texts_written, tokenizers

HAN = "山間還東中月流樓"
CHINESE = CharTokenizer(HAN + "a\n")
LEXICON = {"rose": 1, "never": 2, "day": 1, "may": 1, "banana": 3, "away": 2}
LETTERS = CharTokenizer("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ,.;:!?\n")


class Signs(Tokens):
    """Five tokens, one of which reaches over the end of a line."""

    special_tokens = {}  # noqa: RUF012
    tokens = (b"a", b"b", b"\n", b"b\n", b"\na")
    vocab_size = len(tokens)


def allowed_by_trial(texts, done: tuple, n_left: int | None) -> set[int]:
    """The next tokens of all good texts that begin so and end in time."""
    most = n_left if n_left is not None else max(map(len, texts))
    return {
        t[len(done)] for t in texts if t[: len(done)] == done and 0 < len(t) - len(done) <= most
    }


@pytest.mark.parametrize(
    "patterns", [["a\n", "b\n"], ["a+\n", "(a|b){2}\n"], ["(ab?)*\n", "b*\n"], ["(a|b)\n"] * 2]
)
def test_what_a_stanza_allows_is_what_trying_all_texts_finds(patterns):
    """All runs of up to six tokens, of which no token reaches over the end of a line."""
    tokenizer, n_most = Signs(), 6
    lines = [regex(tokenizer, pattern) for pattern in patterns]
    runs = (run for n in range(n_most + 1) for run in product(range(5), repeat=n))
    whole = re.compile("".join(f"(?:{pattern})" for pattern in patterns))
    texts = [
        run
        for run in runs
        if 4 not in run and whole.fullmatch(b"".join(tokenizer.tokens[i] for i in run).decode())
    ]
    found = stanza(lines)
    for done in {text[:n] for text in texts for n in range(len(text) + 1)}:
        state = found.start
        for id in done:
            state = found.step(state, id)
        assert found.is_complete(state) == (done in texts)
        least = min(len(t) - len(done) for t in texts if t[: len(done)] == done)
        assert found.n_needed(state) == least
        for n_left in range(least, n_most - len(done) + 1):
            allowed = set(found.allowed(state, n_left).nonzero().flatten().tolist())
            assert allowed == allowed_by_trial(texts, done, n_left)
        if least:
            with pytest.raises(ValueError, match=f"takes {least} tokens or more from here, and"):
                found.allowed(state, least - 1)


def test_a_line_ends_on_a_word_chosen_before():
    """``ends`` is what ``rhyme`` and ``both`` give, in one pass: the two allow the same."""
    one = syllables(LETTERS, 3, LEXICON, ends=["day", "may"])
    two = both(syllables(LETTERS, 3, LEXICON), rhyme(LETTERS, "say", ["day", "may"]))
    waiting, seen = [(one.start, two.start)], set()
    while waiting:
        a, b = waiting.pop()
        allowed = one.allowed(a)
        assert torch.equal(allowed, two.allowed(b))
        assert one.is_complete(a) == two.is_complete(b)
        assert one.n_needed[a] == two.n_needed[b]
        new = {(one.step(a, i), two.step(b, i)) for i in allowed.nonzero().flatten().tolist()}
        waiting, seen = [*waiting, *(new - seen)], seen | new
    for line, is_one in {
        "never day\n": True,
        "Never, May!\n": True,
        "day rose never\n": False,
        "banana\n": False,
        "day day rose\n": False,
        "rose away\n": False,
    }.items():
        assert one.automaton.accepts(line) is is_one, line


def test_without_ends_a_line_may_end_on_any_word():
    free, all_words = (syllables(LETTERS, 3, LEXICON, ends=ends) for ends in (None, LEXICON))
    assert (free.automaton.table == all_words.automaton.table).all()
    assert free.automaton.accepts("Banana.\n")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["characters", "pairs", "bytes"])
def test_what_is_written_is_the_stanza_that_was_planned(name, rng):
    """300 couplets: each line of four syllables, the first ending on day and the last on may."""
    tokenizer = {**tokenizers(), "characters": LETTERS}[name]
    lines = [syllables(tokenizer, 4, LEXICON, ends=[word]) for word in ("day", "may")]
    found = stanza([lines[0], both(lines[1], lipogram(tokenizer, "b"))])
    for n_tokens in (found.n_needed(found.start), 60):
        texts = texts_written(found, tokenizer, n_texts=50, n_tokens=n_tokens, rng=rng)
        for text in texts:
            first, second = text.removesuffix("\n").split("\n")
            for line, end in ((first, "day"), (second, "may")):
                words = re.findall("[a-z]+", line.lower())
                assert sum(LEXICON[word] for word in words) == 4
                assert words[-1] == end
            assert "b" not in second.lower()


GROUPS = [{"山", "間", "還"}, {"東", "中"}, {"還", "流"}]


@lru_cache
def small_quatrain():
    return quatrain(CHINESE, 2, GROUPS)


def is_good(text: str) -> bool:
    lines = text.removesuffix("\n").split("\n")
    ends = {lines[i][-1] for i in (1, 3)} if len(lines) == 4 and all(lines) else {"x"}
    return (
        text.endswith("\n")
        and [len(line) for line in lines] == [2] * 4
        and set("".join(lines)) <= set(HAN)
        and any(ends <= group for group in GROUPS)
    )


@given(st.lists(st.text("山還東", min_size=1, max_size=3), min_size=3, max_size=5))
def test_a_quatrain_accepts_just_what_has_four_lines_and_a_rhyme(lines):
    text = "".join(line + "\n" for line in lines)
    assert small_quatrain().automaton.accepts(text) == is_good(text)


@given(st.data())
def test_nothing_can_be_written_that_is_no_quatrain(data):
    found = small_quatrain()
    state, text = found.start, ""
    while not found.is_complete(state):
        ids = found.allowed(state, 12 - len(text)).nonzero().flatten().tolist()
        id = data.draw(st.sampled_from(ids))
        state, text = found.step(state, id), text + CHINESE.decode([id])
    assert is_good(text)
    assert not found.allowed(state).any()


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 7])
def test_a_quatrain_held_to_tones_passes_the_check_of_the_tang(n, rng):
    """Over two letters a character: the form from the table of rhymes, judged by its checker."""
    rhymes, patterns = rhyme_sets(HAN), tone_patterns(n, HAN)
    found = both(quatrain(CHINESE, n, rhymes), places(CHINESE, patterns))
    n_tokens = 4 * n + 4
    for text in texts_written(found, CHINESE, n_texts=200, n_tokens=n_tokens, rng=rng):
        verdict = check(text)
        assert verdict.is_quatrain
        assert verdict.level_rhyme
        assert verdict.tonal_pattern


def test_places_are_asked_for_one_by_one():
    automaton = places(CHINESE, [[[None, "山月"], ["東", None]], [["流"]]]).automaton
    for text in ("中山\n東東\n", "樓月\n東流\n", "流\n"):
        assert automaton.accepts(text), text
    for text in ("中東\n東東\n", "中山\n流東\n", "中山\n", "中山\n東東", "a山\n東東\n", "中\n"):
        assert not automaton.accepts(text), text


@given(st.text("abcdxyz山間月", min_size=1))
def test_ranges_hold_the_characters_and_no_others(text):
    found = {chr(c) for first, last in ranges_of(text) for c in range(first, last + 1)}
    assert found == set(text)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: stanza([]), "a stanza of no lines; give at least one constraint"),
        (
            lambda: stanza([regex(LETTERS, "a\n"), regex(CHINESE, "a\n")]),
            "the lines are for different tokenizers",
        ),
        (
            lambda: stanza([lipogram(LETTERS, "e")]),
            "line 1 can go on where it is complete.*end with their newline",
        ),
        (lambda: quatrain(CHINESE, 0, GROUPS), "lines of 0 characters, 3 groups of rhymes"),
        (lambda: quatrain(CHINESE, 5, [""]), "lines of 5 characters, 0 groups of rhymes: give"),
        (lambda: quatrain(LETTERS, 5, GROUPS), "no text of these tokens has the form"),
        (lambda: places(CHINESE, []), "give at least one pattern, and in each line at least one"),
        (lambda: places(CHINESE, [[[]]]), "give at least one pattern, and in each line"),
        (
            lambda: syllables(LETTERS, 3, LEXICON, ends=["lily"]),
            "none of the 1 words to end on is in the lexicon of 6; give some that are",
        ),
        (
            lambda: stanza([regex(LETTERS, "a\n")]).step((1, 0), 0),
            "token 0 is not allowed here; the stanza is complete",
        ),
    ],
)
def test_what_no_text_can_have_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_stanza_says_how_large_it_is():
    found = stanza([regex(LETTERS, "a\n")] * 2)
    assert isinstance(found, Stanza)
    assert repr(found) == f"Stanza(2 lines, {LETTERS.vocab_size} tokens)"
