"""Checkers for the exercises of chapter 12."""

import math
from fractions import Fraction

from afterword.exercises.checking import NotYet, is_unwritten, verdict


def check_length(length) -> None:
    """``length(bar)``: how long a bar of ABC is, counted in plain letters."""
    got = length("EFE E2A")
    if is_unwritten(got, "length"):
        return
    _number(
        got,
        6,
        slips={
            "You counted letters. E2 is one letter and takes two.": 5,
            "You left out what has no number behind it: that is 1.": 2,
            "You multiplied where lengths add up.": 2.5,
        },
        otherwise="Five notes, one of them twice as long: 6.",
    )
    _number(
        length("A3/2B/2 c/ d"),
        3.5,
        slips={
            "You read 3/2 as 3: what stands below the line divides.": 6,
            "A line with nothing below it is /2, so c/ is a half.": 4,
            "Where nothing stands above the line there is a 1: B/2 is a half.": 5,
        },
        otherwise="Three halves, a half, a half and one: 7/2.",
    )
    _number(
        length("^c' z2 _B,2"),
        5,
        slips={
            "A rest, z, sounds nothing and takes its time all the same.": 3,
            "What stands before a note and its octave take no time of their own.": 9,
            "Between a note and its number may stand an octave: B,2 takes two.": 4,
        },
        otherwise="Right for plain notes. Here are 1, a rest of 2 and 2.",
    )
    _number(
        length("A>B c2"),
        4,
        slips={
            "A>B is three halves and one half: what the first gains, the second loses.": 4.5,
            "A>B is three halves and one half, together 2 as without the sign.": 3.5,
        },
        otherwise="Right so far. A pair A>B takes as long as AB, whatever is moved within it.",
    )
    _number(
        length("(3ABc d2"),
        4,
        slips={"Three notes behind (3 take the time of two.": 5},
        otherwise="Right but for triplets. Here are three notes in the time of two, and 2.",
    )
    print("Right: the length of a bar is the sum of what is written behind its letters.")


def check_closes(closes) -> None:
    """``closes(lines)``: is each repeat closed that was opened?"""
    got = closes(["|:", "|", ":|"])
    if got is None and closes(["|:", "|", "||"]) is None:
        is_unwritten(None, "closes")
        return
    for lines, wanted, slip in CASES:
        got = closes(lines)
        if got is not wanted:
            shown = " ".join(lines) or "no lines"
            raise NotYet(f"{slip} (Of {shown}: got {got!r}, wanted {wanted!r}.)")
    print("Right: what is opened is closed, and who repeats nothing is asked nothing.")


CASES = [
    (["|:", "|", ":|"], True, "One opened and one closed is right."),
    (["|:", "|", "||"], False, "What was opened must be closed before the tune ends."),
    (
        ["|", ":|", "|", ":|"],
        True,
        "A repeat that nothing opened goes back to where its part began.",
    ),
    (["|:", "|", "|:", "|", ":|"], False, "It was opened twice and closed once: count as you go."),
    (["|:", "|", "::", "|", ":|"], True, "The sign :: closes what is open, and opens the next."),
    (["|:", "|", "::", "|", "||"], False, "The sign :: opens too, and nothing closed it."),
    (["|", "|", "||"], None, "A tune that repeats nothing gives no ground to tell: None."),
    (["|:", ":|", ":|"], True, "A second :| goes back as well, and opens nothing."),
    (["|", "::", "|", ":|"], True, "A :: that nothing opened goes back, and opens the next."),
]


def check_same_tune(same_tune) -> None:
    """``same_tune(ours, theirs)``: edits a step between two melodies, in any keys."""
    got = same_tune([60, 62, 64, 65, 67], [60, 62, 63, 65, 67])
    if is_unwritten(got, "same_tune"):
        return
    _number(
        got,
        0.5,
        slips={
            "You compared pitches. Compare steps, from each note to the next.": 0.2,
            "That is how many edits. Their share was wanted: divide by the longer list.": 2.0,
            "You divided by the notes. Five notes have four steps.": 0.4,
        },
        otherwise="The steps are 2 2 1 2 and 2 1 2 2: one taken out and one put in, of four.",
    )
    _number(
        same_tune([60, 62, 64, 65], [67, 69, 71, 72]),
        0.0,
        slips={"The same tune, a fifth higher, is the same tune: take steps.": 1.0},
        otherwise="Right in one key. A tune and its copy a fifth higher are at 0.",
    )
    _number(
        same_tune([60, 62, 64], [60, 62, 64, 62, 60]),
        0.5,
        slips={
            "You divided by the shorter of the two.": 1.0,
            "You divided by both together.": 1 / 3,
            "You stopped where the shorter one ends.": 0.0,
        },
        otherwise="Two steps against four: two are put in, of four.",
    )
    _number(
        same_tune([60, 62, 64, 62, 60], [60, 62, 64]),
        0.5,
        slips={"You divided by the second list, which is not always the longer.": 1.0},
        otherwise="Four steps against two: two are taken out, of four.",
    )
    _number(
        same_tune([60, 62, 64], [60, 58, 56]),
        1.0,
        slips={"Up is not down: keep the sign of a step.": 0.0},
        otherwise="One goes up and one down: no step is shared.",
    )
    _number(
        same_tune([60, 67], [60, 55]),
        1.0,
        slips={"A fifth up is not a fourth down: do not fold steps into an octave.": 0.0},
        otherwise="One step, and it is another.",
    )
    print("Right: edits to a step, whatever the key.")


def _number(got, wanted: float, *, slips: dict[str, float], otherwise: str) -> None:
    """As ``verdict``, for a Fraction too; a wanted 0 may be off by rounding."""
    got = float(got) if isinstance(got, Fraction) else got
    if wanted == 0 and isinstance(got, int | float) and math.isclose(got, 0, abs_tol=1e-9):
        return
    verdict(got, wanted, slips=slips, otherwise=otherwise)
