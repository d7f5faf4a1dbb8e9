"""Checkers for the exercises of chapter 9."""

from afterword.exercises.checking import NotYet, compare, is_unwritten

FOOT = "0101010101"


def check_beats(n_beats_off) -> None:
    """``n_beats_off(said, beats)``: how many stressed syllables stand where there is no beat."""
    got = n_beats_off("10010?00?0", FOOT)
    if is_unwritten(got, "n_beats_off"):
        return
    compare(
        got,
        1,
        slips={
            "You counted the beats that carry no stress too. A weak syllable may stand on a beat; "
            "only a stress off the beat is a clash.": 4,
            "You counted those that carry no stress. Look for a 1 where the metre has a 0.": 3,
            "Those are the places. How many are they?": [0],
            "You counted a ? as a clash. It may be said either way.": 2,
            "You counted every place where the two rows differ. Only a 1 in said over a 0 in beats "
            "is a clash.": 6,
        },
        otherwise="In 10010?00?0 only the first 1 stands where the metre has a 0: one.",
    )
    compare(
        n_beats_off("??????????", FOOT),
        0,
        slips={},
        otherwise="Right for long words. Ten words of one syllable clash with nothing: 0.",
    )
    if (got := n_beats_off("01010101", FOOT)) is not None:
        raise NotYet(
            "Right for lines of ten. A line of eight syllables is no line of this metre: None was "
            f"wanted. (Got {got!r}; zip stops at the shorter.)"
        )
    print("Right: a stress off the beat is a clash, and nothing else is.")


def check_scheme(scheme) -> None:
    """``scheme(ends, rhymes)``: a letter for each line, by the lines before it."""

    def rhymes(one: str, other: str) -> bool:
        return one != other and one[-2:] == other[-2:]

    got = scheme(["day", "tree", "may", "knee"], rhymes)
    if is_unwritten(got, "scheme"):
        return
    compare(
        "".join(got) if isinstance(got, list) else got,
        "abab",
        slips={
            "Each line got a letter of its own. A line that rhymes with one before it gets the "
            "letter of that one.": "abcd",
            "You counted lines, not letters: the next new letter is the first that is not used.": (
                "abad"
            ),
        },
        otherwise="day and may are a, tree and knee are b: abab.",
    )
    compare(
        _joined(scheme(["day", "tree", "knee", "sun", "way"], rhymes)),
        "abbca",
        slips={
            "Right for abab. After a, b and b the next new letter is c: count the different "
            "letters, not the lines.": "abbda",
            "Right for abab. The fifth line rhymes with the first: look at all lines before, not "
            "only at those nearby.": "abbcd",
        },
        otherwise="Right for abab. day, tree, knee, sun, way are a b b c a.",
    )
    compare(
        _joined(scheme(["day", "day"], rhymes)),
        "ab",
        slips={
            "Right for different words. Ask rhymes, and nothing else: it says that no word rhymes "
            "with itself.": "aa"
        },
        otherwise="Right for different words. day and day do not rhyme: ab.",
    )
    compare(
        _joined(scheme(["day", "day", "may"], rhymes)),
        "aba",
        slips={
            "Right so far. may rhymes with both lines before it: the first gives its letter.": "abb"
        },
        otherwise="Right so far. day, day, may are a b a.",
    )
    print("Right: each line has the letter of the first line with which it rhymes.")


def check_lines(n_lines) -> None:
    """``n_lines(left, sizes, last)``: the rows of words that fill a line and end on a word."""
    sizes = {"the": 1, "sea": 1, "away": 2, "day": 1}
    got = n_lines(4, sizes, "day")
    if is_unwritten(got, "n_lines"):
        return
    compare(
        got,
        33,
        slips={
            "You counted all rows of four syllables, whatever they end on.": 109,
            "You counted rows of words of one syllable only; away has two.": 27,
            "You took words that are equally long for one word. There are three words of one "
            "syllable.": 3,
            "You took the order for nothing: the sea and sea the are two rows.": 16,
        },
        otherwise="Before day there are three syllables: 27 rows of short words, and six with away "
        "in them. That is 33.",
    )
    compare(
        n_lines(1, sizes, "away"),
        0,
        slips={"A line of one syllable cannot end on away, which has two: 0.": 1},
        otherwise="Right for four syllables. Away does not fit into one syllable: 0.",
    )
    compare(
        n_lines(2, sizes, "away"),
        1,
        slips={"The last word may be the whole line: away fills two syllables, in one way.": 0},
        otherwise="Right for four syllables. Two are filled by away alone: 1.",
    )
    compare(
        n_lines(40, sizes, "day"),
        _ways(39, list(sizes.values())),
        slips={},
        otherwise="Right for four syllables. For forty add up, from one syllable to the next: what "
        "can be filled in n is what can be filled in n less a word, for each word.",
    )
    print("Right: so many lines, and from each place it is known which of them are left.")


def _joined(found) -> str:
    return "".join(found) if isinstance(found, list) else found


def _ways(n: int, sizes: list[int]) -> int:
    found = [1]
    for left in range(1, n + 1):
        found.append(sum(found[left - size] for size in sizes if size <= left))
    return found[n]
