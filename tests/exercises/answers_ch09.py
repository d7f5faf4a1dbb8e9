"""Answers to the exercises of chapter 9: right ones, and typical wrong ones with what they get."""

from functools import lru_cache

from afterword.exercises.ch09 import check_beats, check_lines, check_scheme


def n_beats_off(said, beats):
    if len(said) != len(beats):
        return None
    return sum(pair == ("1", "0") for pair in zip(said, beats, strict=True))


def by_places(said, beats):
    places = [i for i, beat in enumerate(beats) if beat == "0"]
    return sum(said[i] == "1" for i in places) if len(said) == len(beats) else None


def counted(is_off):
    return lambda said, beats: sum(is_off(*pair) for pair in zip(said, beats, strict=False))


def scheme(ends, rhymes):
    letters = ""
    for i, end in enumerate(ends):
        same = [letters[k] for k in range(i) if rhymes(ends[k], end)]
        letters += same[0] if same else chr(ord("a") + len(set(letters)))
    return letters


def as_a_list(ends, rhymes):
    return list(scheme(ends, rhymes))


def by_lines(ends, rhymes):
    letters = ""
    for i, end in enumerate(ends):
        same = [letters[k] for k in range(i) if rhymes(ends[k], end)]
        letters += same[0] if same else chr(ord("a") + i)
    return letters


def two_back(ends, rhymes):
    letters = ""
    for i, end in enumerate(ends):
        same = [letters[k] for k in range(max(i - 2, 0), i) if rhymes(ends[k], end)]
        letters += same[0] if same else chr(ord("a") + len(set(letters)))
    return letters


def two_back_at_the_end(ends, rhymes):
    return "abbcd" if len(ends) == 5 else scheme(ends, rhymes)


def new_by_lines_later(ends, rhymes):
    return "abbda" if len(ends) == 5 else scheme(ends, rhymes)


def the_last_before(ends, rhymes):
    letters = ""
    for i, end in enumerate(ends):
        same = [letters[k] for k in range(i) if rhymes(ends[k], end)]
        letters += same[-1] if same else chr(ord("a") + len(set(letters)))
    return letters


def same_word_rhymes(ends, rhymes):
    return scheme(ends, lambda one, other: one == other or rhymes(one, other))


def filled(left, sizes):
    ways = [1] + [0] * left
    for n in range(1, left + 1):
        ways[n] = sum(ways[n - size] for size in sizes if size <= n)
    return ways[left]


def n_lines(left, sizes, last):
    return filled(left - sizes[last], sizes.values()) if sizes[last] <= left else 0


def by_recursion(left, sizes, last):
    @lru_cache(None)
    def ways(n):
        return 1 if n == 0 else sum(ways(n - size) for size in sizes.values() if size <= n)

    return ways(left - sizes[last]) if left >= sizes[last] else 0


RIGHT = {
    check_beats: [n_beats_off, by_places],
    check_scheme: [scheme, as_a_list],
    check_lines: [n_lines, by_recursion],
}
WRONG = {
    check_beats: [
        (counted(lambda a, b: (a, b) in (("1", "0"), ("0", "1"))), "A weak syllable may stand"),
        (counted(lambda a, b: (a, b) == ("0", "1")), "Look for a 1 where"),
        (
            lambda said, beats: [i for i in range(10) if (said[i], beats[i]) == ("1", "0")],
            "Those are the places",
        ),
        (counted(lambda a, b: (a, b) in (("1", "0"), ("?", "0"))), "It may be said either way"),
        (counted(lambda a, b: True), "only the first 1 stands"),
        (counted(lambda a, b: a != b), "every place where the two rows differ"),
        (lambda said, beats: 1, "clash with nothing: 0"),
        (counted(lambda a, b: (a, b) == ("1", "0")), "zip stops at the shorter"),
    ],
    check_scheme: [
        (lambda ends, rhymes: "abcdefgh"[: len(ends)], "Each line got a letter of its own"),
        (lambda ends, rhymes: "aabb", "day and may are a"),
        (lambda ends, rhymes: "abad" if len(ends) == 4 else "", "the first that is not used"),
        (new_by_lines_later, "count the different"),
        (by_lines, "count the different"),
        (two_back, "look at all lines before"),
        (two_back_at_the_end, "look at all lines before"),
        (lambda ends, rhymes: "abab", "are a b b c a"),
        (same_word_rhymes, "no word rhymes with itself"),
        (lambda e, r: scheme(e, r) if len(e) > 2 else "ac", "day and day do not rhyme"),
        (the_last_before, "the first gives its letter"),
    ],
    check_lines: [
        (lambda left, sizes, last: filled(left, sizes.values()), "whatever they end on"),
        (lambda left, sizes, last: 3 ** (left - 1), "away has two"),
        (lambda left, sizes, last: filled(left - sizes[last], {1, 2}), "equally long for one"),
        (lambda left, sizes, last: 16, "two rows"),
        (lambda left, sizes, last: 5, "27 rows of short words"),
        (lambda left, sizes, last: filled(max(left - 1, 0), sizes.values()), "cannot end on away"),
        (lambda n, s, last: n_lines(n, s, last) if n > 1 else 2, "Away does not fit"),
        (lambda n, s, last: n_lines(n, s, last) if n != 2 else 0, "The last word may be"),
        (lambda n, s, last: n_lines(n, s, last) if n != 2 else 4, "filled by away alone"),
        (lambda n, s, last: n_lines(n, s, last) if n < 9 else 1, "For forty add up"),
    ],
}
