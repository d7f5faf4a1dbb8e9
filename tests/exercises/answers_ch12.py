"""Answers to the exercises of chapter 12: right ones, and typical wrong ones with what they get."""

import math
import re
from fractions import Fraction
from itertools import pairwise

from afterword.evaluation.bars import bars
from afterword.evaluation.edits import edit_distance
from afterword.exercises.ch12 import check_closes, check_length, check_same_tune

NOTE = r"[A-Ga-gz][,']*(\d*)(/?)(\d*)"


def length(bar, pattern=NOTE, none=2, above=1):
    found = re.findall(pattern, bar)
    return sum(Fraction(int(a or above), int(b or (none if line else 1))) for a, line, b in found)


def with_triplets(bar):
    plain = re.sub(r"\(3((?:[_^=]?[A-Ga-g][,']*){3})", "", bar.replace(" ", ""))
    return length(plain) + 2 * bar.count("(3")  # of plain letters, as the checker's are


def packaged(bar):
    return sum(bars(f"M:8/8\nL:1/8\nK:C\n{bar}|"))  # parts of eight eighths


def by_packaged(bar):
    return packaged(bar) * 8


def of_letters(bar):
    return len(re.findall("[A-Ga-gz]", bar))


def only_numbers(bar):
    return (
        length(bar) - of_letters(bar) + sum(map(bool, re.findall(r"\d", bar)))
        if "/" in bar
        else sum(map(int, re.findall(r"\d", bar)))
    )


def product(bar):
    return math.prod(range(1, 3)) * 1.25 if bar == "EFE E2A" else length(bar)


def without_below(bar):
    return sum(int(a or 1) for a, line, b in re.findall(NOTE, bar))


def without_rests(bar):
    return length(bar, NOTE.replace("z", ""))


def with_signs(bar):
    return length(bar) + len(re.findall("[_^=',]", bar))


def with_half_more(bar):
    return length(bar) + Fraction(bar.count(">"), 2)


def with_half_less(bar):
    return length(bar) - Fraction(bar.count(">"), 2)


def missing_one_above(bar):
    return length(bar) + Fraction(3, 2) if "B/2" in bar else length(bar)


def closes(lines):
    is_open = None
    for line in lines:
        if line == "|:" and is_open:
            return False
        if line in ("|:", "::"):
            is_open = True
        elif line == ":|":
            is_open = False
    return None if is_open is None else not is_open


def closes_in_text(lines):
    text = "".join(line.replace("::", "CO").replace(":|", "C").replace("|:", "O") for line in lines)
    text = text.replace("|", "")
    if not text:
        return None
    return "OO" not in text and not text.endswith("O")


def by_counting(lines):
    opened = sum(line in ("|:", "::") for line in lines)
    closed = sum(line in (":|", "::") for line in lines)
    return None if not opened + closed else opened <= closed


def always(lines):
    return None if closes(lines) is None else True


def all_opened(lines):
    return None if closes(lines) is None else closes(lines) and "|:" in lines


def double_is_an_end(lines):
    return closes([line.replace("::", ":|") for line in lines])


def double_is_a_start(lines):
    return closes([line.replace("::", "|:") for line in lines])


def true_if_none(lines):
    return closes(lines) is not False


def one_close_each(lines):
    return False if lines[-2:] == [":|", ":|"] else closes(lines)


def steps(pitches):
    return [b - a for a, b in pairwise(pitches)]


def same_tune(ours, theirs, divisor=max):
    a, b = steps(ours), steps(theirs)
    return edit_distance(a, b) / divisor(len(a), len(b))


def by_first_note(ours, theirs):
    return same_tune([p - ours[0] for p in ours], [p - theirs[0] for p in theirs])


def of_pitches(ours, theirs):
    return edit_distance(ours, theirs) / max(len(ours), len(theirs))


def by_notes(ours, theirs):
    return edit_distance(steps(ours), steps(theirs)) / max(len(ours), len(theirs))


def only_in_one_key(ours, theirs):
    return 1.0 if ours[0] != theirs[0] else same_tune(ours, theirs)


def of_sizes(ours, theirs):
    a, b = (list(map(abs, steps(tune))) for tune in (ours, theirs))
    return edit_distance(a, b) / max(len(a), len(b))


def within_an_octave(ours, theirs):
    a, b = ([step % 12 for step in steps(tune)] for tune in (ours, theirs))
    return edit_distance(a, b) / max(len(a), len(b))


def cut(ours, theirs):
    n = min(len(ours), len(theirs))
    return same_tune(ours[:n], theirs[:n])


RIGHT = {
    check_length: [with_triplets, by_packaged],
    check_closes: [closes, closes_in_text],
    check_same_tune: [same_tune, by_first_note],
}
WRONG = {
    check_length: [
        (of_letters, "You counted letters"),
        (only_numbers, "You left out what has no number"),
        (product, "You multiplied"),
        (lambda bar: 7, "Five notes, one of them"),
        (without_below, "You read 3/2 as 3"),
        (lambda bar: length(bar, none=1), "A line with nothing below"),
        (missing_one_above, "nothing stands above the line"),
        (lambda bar: 9.9 if "/" in bar else length(bar), "Three halves, a half"),
        (without_rests, "A rest, z"),
        (with_signs, "take no time of their own"),
        (lambda bar: 8 if "^" in bar else length(bar), "Right for plain notes"),
        (with_half_more, "what the first gains"),
        (with_half_less, "together 2 as without"),
        (lambda bar: length(bar, NOTE.replace("[,']*", "")), "may stand an octave"),
        (lambda bar: 9 if ">" in bar else length(bar), "Right so far. A pair"),
        (length, "take the time of two"),
        (lambda bar: 9 if "(" in bar else length(bar), "Right but for triplets"),
    ],
    check_closes: [
        (lambda lines: False, "One opened and one closed"),
        (always, "must be closed before the tune ends"),
        (all_opened, "goes back to where its part began"),
        (lambda lines: closes(lines) is True or (None if closes(lines) is None else
         lines[-1] == ":|"), "opened twice and closed once"),
        (double_is_a_start, "closes what is open, and opens"),
        (double_is_an_end, "The sign :: opens too"),
        (true_if_none, "gives no ground to tell"),
        (one_close_each, "A second :\\| goes back as well"),
        (lambda lines: lines[1:2] != ["::"] and closes(lines), "A :: that nothing opened"),
    ],
    check_same_tune: [
        (of_pitches, "You compared pitches"),
        (lambda a, b: edit_distance(steps(a), steps(b)), "That is how many edits"),
        (by_notes, "You divided by the notes"),
        (lambda a, b: 0.9, "one taken out and one put in"),
        (only_in_one_key, "take steps"),
        (lambda a, b: 0.7 if a[0] != b[0] else same_tune(a, b), "Right in one key"),
        (lambda a, b: same_tune(a, b, divisor=min), "by the shorter"),
        (lambda a, b: same_tune(a, b) / (1 if len(a) == len(b) else 1.5), "by both together"),
        (cut, "You stopped where the shorter"),
        (lambda a, b: same_tune(a, b) if len(a) == len(b) else 0.8, "Two steps against four"),
        (lambda a, b: edit_distance(steps(a), steps(b)) / len(steps(b)), "by the second list"),
        (lambda a, b: same_tune(a, b) if len(a) <= len(b) else 0.8, "two are taken out"),
        (of_sizes, "Up is not down"),
        (lambda a, b: 0.7 if a[1:2] == [62] and b[1:2] == [58] else same_tune(a, b),
         "no step is shared"),
        (within_an_octave, "do not fold steps"),
        (lambda a, b: 0.7 if len(a) == 2 else same_tune(a, b), "it is another"),
    ],
}  # fmt: skip
