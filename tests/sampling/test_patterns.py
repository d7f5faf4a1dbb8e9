"""Patterns beside Python's own ``re``, and the automata beneath them."""

import re
import sys
from itertools import product as product_of

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterword.sampling.automata import SURROGATES, distinct, product, utf8_ranges
from afterword.sampling.patterns import compiled

ALPHABET = "ab-é\n."
texts = st.text(ALPHABET, max_size=6)
items = st.sampled_from(
    [
        "a",
        "b",
        "é",
        "-",
        r"\.",
        ".",
        r"\n",
        "[ab]",
        "[^a]",
        "[a-é]",
        "[]a.-]",
        r"\w",
        r"[\s-]",
        r"\D",
    ]
)
quantifiers = st.sampled_from(["*", "+", "?", "{2}", "{1,}", "{,2}", "{1,3}", "{0}"])
patterns = st.recursive(
    items,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner | st.just(""), min_size=2, max_size=3).map(lambda x: f"({'|'.join(x)})")
        | st.tuples(inner, quantifiers).map(lambda x: f"(?:{x[0]}){x[1]}")
    ),
    max_leaves=6,
)


@settings(max_examples=60)
@given(pattern=patterns, data=st.data())
def test_a_pattern_means_what_it_means_to_python(pattern, data):
    machine = compiled(pattern)
    matching = data.draw(st.lists(st.from_regex(pattern, fullmatch=True), max_size=3))
    for text in matching + data.draw(st.lists(texts, max_size=12)):
        assert machine.accepts(text) == bool(re.fullmatch(pattern, text)), text


@pytest.mark.parametrize(
    "pattern",
    ["(a*|b)-", "(a*|b*)", "(a|b*-)*", "[]a.-]+", "[^ba]", "[^a-éb]*", "[^-]|a{2}", "(|a|é?)b+"],
)
def test_where_patterns_are_usually_misread_all_short_texts_agree(pattern):
    machine = compiled(pattern)
    for n in range(5):
        for text in map("".join, product_of("ab-é]", repeat=n)):
            assert machine.accepts(text) == bool(re.fullmatch(pattern, text)), text


@pytest.mark.parametrize("kind", ["d", "w", "s", "D", "W", "S", ".", "[^e]", "[α-ω]"])
def test_each_kind_has_the_characters_that_it_has_in_python(kind):
    pattern = rf"\{kind}" if kind.isalpha() else kind
    machine, expected = compiled(pattern), re.compile(pattern)
    numbers = [*range(0x3000), *range(0x3000, sys.maxunicode + 1, 97), sys.maxunicode]
    for character in map(chr, (n for n in numbers if n not in SURROGATES)):
        assert machine.accepts(character) == bool(expected.fullmatch(character)), character


@given(ends=st.lists(st.integers(0, sys.maxunicode), min_size=2, max_size=2).map(sorted))
def test_ranges_of_bytes_are_those_of_the_characters(ends):
    first, last = ends
    pieces = list(utf8_ranges(first, last))
    near = {n + d for n in (*ends, 0x80, 0x800, 0xD800, 0xE000, 0x10000) for d in range(-70, 71)}
    for number in near - set(SURROGATES):
        if 0 <= number <= sys.maxunicode:
            utf8 = chr(number).encode()
            fits = [
                len(piece) == len(utf8)
                and all(low <= byte <= high for byte, (low, high) in zip(utf8, piece, strict=True))
                for piece in pieces
            ]
            assert sum(fits) == (first <= number <= last), "once, or not at all"


@settings(max_examples=20)
@given(first=patterns, second=patterns, words=st.lists(texts, max_size=12))
def test_a_product_accepts_what_both_accept(first, second, words):
    together = product(compiled(first), compiled(second))
    for text in words:
        matches = bool(re.fullmatch(first, text) and re.fullmatch(second, text))
        assert together.accepts(text) == matches


@given(numbers=st.lists(st.integers(-3, 9)))
def test_distinct_numbers_come_once_and_in_order(numbers):
    assert distinct(np.array(numbers, dtype=np.int64)).tolist() == sorted(set(numbers))


def test_named_parts_make_a_small_grammar():
    parts = dict(line="{word}( {word}){1,2}", word="[a-z]+|I")
    machine = compiled(r"({line}\n){2}", parts)
    assert machine.accepts("what I see\nis what\n")
    assert not machine.accepts("what\nis what\n")
    assert not machine.accepts("what I see\n")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a)", r"a \) too many"),
        ("(a", r"a \( without its \)"),
        ("[a", "an end where more must come"),
        ("a\\", "an end where more must come"),
        ("*a", r"the sign \* here; for the character write \\\*"),
        ("a{", r"the sign \{ here"),
        ("^a", r"the sign \^ here"),
        ("a$", r"the sign \$ here"),
        ("a*?", "two quantifiers in a row"),
        ("a{3,2}", "fewer at most than at least"),
        ("(?=a)", r"a group that begins with \(\? but not \(\?:"),
        (r"(a)\1", r"the escape \\1"),
        (r"\bword", r"the escape \\b"),
        ("[z-a]", "a range that does not go from one character to a later one"),
        (r"[\d-z]", "a range that does not go"),
        ("{line}", r"the part \{line\}, which was not given"),
        ("(a{90}){90}", "over 3,000 states"),
    ],
)
def test_what_is_not_understood_is_named_with_its_place(pattern, message, monkeypatch):
    monkeypatch.setattr("afterword.sampling.nets.MOST", 3_000)
    with pytest.raises(ValueError, match=message):
        compiled(pattern)


def test_a_part_inside_itself_and_one_that_nobody_uses_are_refused():
    with pytest.raises(ValueError, match=r"the part \{b\} inside itself: rules cannot recur"):
        compiled("{a}", dict(a="x{b}", b="y{b}?"))
    with pytest.raises(ValueError, match=r"the pattern has no \{b\}; leave that part out"):
        compiled("{a}", dict(a="x", b="y"))
