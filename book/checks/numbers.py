"""Numbers in prose: each is what the notebook computed, or says where it comes from.

A number in a chapter's Markdown, or in the words for a figure, is one of

    matched    a number that a cell printed, drew or has in its code agrees with it as far as it
               is given: with three digits or more anywhere in the notebook, with fewer close by
    recalled   <!-- number 83: above -->, <!-- number 1.48: chapter 01 -->
               and agrees with any cell before, or of that chapter
    cited      <!-- number 0.6, 1.3: cited shannon1951 -->    the source stands in the same cell
    defined    <!-- number 27: a to z and the space -->       a count by construction, a year
"""

import ast
import re
from collections import Counter
from dataclasses import replace

from book.checks.chapter import Chapter, syntax, words_for_figure
from book.checks.numerals import DIGITS, Number, cardinal, find

BEFORE, AFTER = 2, 2  # code cells that are close by
KINDS = ("matched", "recalled", "cited", "defined")
MARK = re.compile(r"<!-- number (.+?): (.+?) -->", re.DOTALL)
CURE = (
    "Print or assert it in a cell close by, or mark it: <!-- number {0}: cited KEY -->, "
    "<!-- number {0}: chapter NN -->, or <!-- number {0}: why it is so by construction -->"
)


def pools(chapter: Chapter):
    """What each cell computed, and a function from a cell and a number to where to look for it."""
    held = {i: values(cell) for i, cell in chapter.code}
    everywhere = set().union(*(values(cell, only_asserted=True) for _, cell in chapter.code))

    def pool(i: int, number: Number) -> set[float]:
        close = [j for j in held if j < i][-BEFORE:] + [j for j in held if j >= i][:AFTER]
        nearby = set().union(*(held[j] for j in close))
        return nearby | everywhere if number.n_digits >= 3 else nearby

    return held, pool


def judge(chapter: Chapter, others=None):
    """Each number of a chapter: its cell, the number, and how it is held; None when it is not.

    ``others`` gives another chapter by its two digits; by default the one beside this.
    """
    held, pool = pools(chapter)
    for i, text, marks in texts(chapter):
        left = marks.uses.copy()
        for number in find(text):
            name = number.text.lower()
            if number.agrees(pool(i, number)):
                yield i, number, "matched"
            elif is_year_cited(number, text):
                yield i, number, "cited"
            elif left[name]:
                left[name] -= 1  # a mark speaks for one number
                before = set().union(*(found for j, found in held.items() if j < i))
                how = marked(number, marks[name], text, before, others or beside(chapter))
                yield i, number, how
            else:
                yield i, number, None


def texts(chapter: Chapter):
    """Prose and words for figures, with the marks that speak for them."""
    last = Marks("")
    for i, cell in enumerate(chapter.cells):
        if cell.cell_type == "code":
            yield i, words_for_figure(cell), last
        else:
            last = Marks(cell.source)
            yield i, cell.source, last


class Marks(dict):
    """Reasons by number; a number that is listed twice may be used twice."""

    def __init__(self, source: str):
        listed = [
            (number.strip().lower(), " ".join(reason.split()))
            for several, reason in MARK.findall(source)
            for number in several.split(", ")
        ]
        super().__init__(listed)
        self.uses = Counter(number for number, _ in listed)


def marked(number: Number, reason: str, text: str, before: set, others) -> str | None:
    """How a mark holds a number, or None when it does not bear out."""
    if cited := re.match(r"cited ([\w-]+)(?:, .*)?$", reason):
        return "cited" if f"references.md#{cited[1]})" in text else None
    if recalled := re.match(r"above$|chapter (\d\d)$", reason):
        if recalled[1]:
            other = others(recalled[1])
            before = set().union(*(values(cell) for _, cell in other.code)) if other else set()
        return "recalled" if number.agrees(before) else None
    if re.match(r"(?i)(cited?|above|chapters?)\b", reason):
        return None  # meant to be looked up, and cannot be
    return "defined" if len(reason.split()) > 1 else None


def beside(chapter: Chapter):
    def other(digits: str) -> Chapter | None:
        found = sorted(chapter.path.parent.glob(f"{digits}_*.ipynb")) if chapter.path else []
        return Chapter.read(found[0]) if found else None

    return other


def is_year_cited(number: Number, text: str) -> bool:
    return bool(re.search(rf"\[[^\]]*\b{number.text}\]\([^)]*references\.md#", text))


def findings(chapter: Chapter, others=None) -> list:
    found = [
        chapter.finding(
            i, f"nothing computed agrees with {number.text!r}", CURE.format(number.text)
        )
        for i, number, how in judge(chapter, others)
        if how is None
    ]
    for i, source in chapter.prose:
        known = {number.text.lower() for number in find(source)}
        figures = chapter.cells[i + 1 :]
        for cell in figures[
            : next((j for j, c in enumerate(figures) if c.cell_type != "code"), None)
        ]:
            known |= {number.text.lower() for number in find(words_for_figure(cell))}
        for several, _ in MARK.findall(source):
            for number in several.split(", "):
                if number.strip().lower() not in known:
                    found.append(chapter.finding(i, f"the mark for {number!r} marks nothing",
                                                 "Take it out."))  # fmt: skip
    return found


def tally(chapter: Chapter) -> Counter:
    """How many numbers are held in which way."""
    return Counter(how for _, _, how in judge(chapter))


def power(chapter: Chapter) -> tuple[float, float]:
    """How much a match is worth: of the matched numbers, moved up or down by one unit of their
    last place, the share that would be noticed; of those measured, and of whole numbers in words
    or below 1,000, which agree by chance more easily.
    """
    _, pool = pools(chapter)
    noticed = {"measured": [], "count": []}
    for i, number, how in judge(chapter):
        if how == "matched":
            is_count = number.parts or number.low == number.high < 1_000
            unit = number.high - number.low or 1
            for off in (-unit, unit):
                moved = replace(number, low=number.low + off, high=number.high + off, parts=())
                kind = "count" if is_count else "measured"
                noticed[kind].append(not moved.agrees(pool(i, number)))
    return tuple(sum(each) / max(len(each), 1) for each in noticed.values())


def values(cell, only_asserted: bool = False) -> set[float]:
    """What a code cell prints, draws less the ticks of axes, and holds in its code.

    Of the code, ``only_asserted`` takes what assertions hold: these numbers were put to the test.
    """
    tree = syntax(cell.source)
    holders = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    nodes = [node for top in (holders if only_asserted else [tree]) for node in ast.walk(top)]
    constants = [node.value for node in nodes if isinstance(node, ast.Constant)]
    held = {abs(float(value)) for value in constants if isinstance(value, int | float)}
    for digits, percent in re.findall(rf"({DIGITS})( ?%)?", " ".join(shown(cell))):
        value, _ = cardinal(digits)
        held |= {value, value / 100} if percent else {value}
    return held


def shown(cell) -> list[str]:
    """The texts that a cell's outputs show."""
    found = []
    for output in cell.outputs:
        data = output.get("data", {})
        found += [output.get("text", ""), data.get("text/plain", "")]
        html = data.get("text/html", "")
        found.append(re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL))
        if "image/svg+xml" in data:
            found += drawn(data["image/svg+xml"])
    return found


def drawn(svg: str) -> list[str]:
    """The texts of a figure: matplotlib leaves each as a comment beside its outlines."""
    svg = re.sub(r'^( *)<g id="[xy]tick_.*?^\1</g>', "", svg, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"<!-- (.*?) -->", svg) + re.findall(r"<text[^>]*>([^<]*)<", svg)
