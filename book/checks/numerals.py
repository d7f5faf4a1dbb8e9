"""Numbers as prose writes them: 1.50, 10,000, 47 million, "eight tenths", "two out of three".

What a reader may expect of such a number is an interval. As far as it is given it must be right:
1.50 is anything that rounds to it, "about 30" anything nearer to 30 than to 20 or 40, "more than
half" anything above; but a bare 30 is 30. "One", ordinals, formulas, code, addresses and the
numbers of chapters and exercises claim nothing.
"""

import re
from dataclasses import dataclass

from book.checks.chapter import CODE

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
CARDINALS = dict(zip(ONES, range(20), strict=True))
CARDINALS |= dict(zip(TENS, range(20, 100, 10), strict=True)) | {"twice": 2, "once": 1}
NO_COUNT = ("zero", "one", "once")  # but in "one of ten", "once in nine tries"
SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "twentieth": 20, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
HEDGES = {
    "about": "about|around|roughly|some|nearly|almost|close to",
    "over": "more than|at least",
    "under": "less than|fewer than|at most",
}


def either(words) -> str:
    return "(?:" + "|".join(words) + ")"


DIGITS = r"(?<![\w.,/-])[-−]?\d+(?:,\d{3})*(?:\.\d+)?(?!\w|[.,]\d)"
WORD = rf"(?:\ba )?\b{either([word for word in [*CARDINALS, *SCALES] if word not in NO_COUNT])}\b"
CARDINAL = rf"(?:{DIGITS}|{WORD})(?: and a half)?(?: {either(SCALES)}\b)*"
BETWEEN = r"(?: (?!and\b|or\b|is\b|are\b|to\b)\w+)?(?: out)? (?:of|in) (?:the )?"
SHARE = rf"(?:{CARDINAL}|\b(?:one|once)\b){BETWEEN}{CARDINAL}|(?<![\w/])\d+/\d+(?![\w/])"
FRACTION = "|".join([
    rf"\b(?:a|one) {either(PARTS)}(?: of (?:a|one) {either(SCALES)}|(?= of\b|[.,;:)]|$))",
    rf"\b{either(ONES[2:10])} {either(PARTS)}s\b",
    r"\bhalf(?= of\b| a\b)",
])  # fmt: skip
HEDGE = "|".join(rf"(?P<{name}>{words})" for name, words in HEDGES.items())
NUMBER = re.compile(
    rf"(?:\b(?:{HEDGE}) )?"
    rf"(?:(?P<share>{SHARE})|(?P<fraction>{FRACTION})|(?P<cardinal>{CARDINAL})(?P<percent> ?%)?)",
    re.IGNORECASE,
)
NO_CLAIM = [
    r"<!--.*?-->",
    CODE,
    r"\[!\[.*?\]\(.*?\)\]\(.*?\)",
    r"\[[^\]]*\]\([^)]*references\.md#[^)]*\)|\]\([^)]*\)",
    r"^# \d+ ·|\*\*Exercise \d+\.\*\* \*[^*]*\*|\*\*Time\*\* [^*]*",
    r"\b[Cc]hapters? \d+(?:(?:, | and | to )\d+)*",
]


@dataclass(frozen=True)
class Number:
    """A number of the text: what was computed should lie from ``low`` to ``high``."""

    text: str
    low: float
    high: float
    n_digits: int = 1
    parts: tuple["Number", ...] = ()  # of a share: "5 of 41" may be 0.12, or 5 and 41

    def agrees(self, values) -> bool:
        alone = any(self.low - 1e-9 <= value <= self.high + 1e-9 for value in values)
        return alone or (bool(self.parts) and all(part.agrees(values) for part in self.parts))


def find(prose: str) -> list[Number]:
    """The numbers of a text in Markdown that claim something, in their order."""
    for pattern in NO_CLAIM:
        prose = re.sub(pattern, " ¤ ", prose, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"[*_]", "", prose)
    return [meaning(match) for match in NUMBER.finditer(prose)]


def meaning(match: re.Match) -> Number:
    hedge = next((name for name in HEDGES if match[name]), None)
    if match["share"]:
        return share(match["share"], hedge)
    if match["fraction"]:
        return fraction(match["fraction"], hedge)
    if match["percent"]:
        value, step = cardinal(match["cardinal"])
        between = interval(value / 100, step / 100, hedge)
        return Number(match["cardinal"] + "%", *between, n_digits=2)
    return bare(match["cardinal"], hedge)


def share(text: str, hedge: str | None) -> Number:
    words = text.split("/") if "/" in text else re.split(BETWEEN, text)
    parts = tuple(bare(word, None) for word in (words[0], words[-1]))
    some, of_all = (cardinal(word)[0] for word in (words[0], words[-1]))
    return Number(text, *interval(some / of_all, 1 / of_all, hedge), parts=parts)


def fraction(text: str, hedge: str | None) -> Number:
    words = text.lower().split()
    part = next(word for word in words if word.removesuffix("s") in PARTS)
    above, below = CARDINALS.get(words[0], 1), PARTS[part.removesuffix("s")]
    scale = SCALES.get(words[-1], 1)  # "a quarter of a million"
    step = scale / below * (1 if hedge else 0.2)
    return Number(text, *interval(scale * above / below, step, hedge))


def bare(text: str, hedge: str | None) -> Number:
    value, step = cardinal(text)
    n_digits = len(re.sub(r"\D", "", text).strip("0"))
    if (step == 1 or step == value >= 100) and hedge is None:  # 30, or "a million"
        return Number(text, value, value, n_digits)
    if step == 1 and value:
        step = 10.0 ** (len(str(int(value))) - len(str(int(value)).rstrip("0")))
    return Number(text, *interval(value, step, hedge), n_digits)


def interval(value: float, step: float, hedge: str | None) -> tuple[float, float]:
    """What may round to a number that is given to one ``step``, or lie about, over or under it."""
    if hedge == "over":
        return value, value + step
    if hedge == "under":
        return value - step, value
    return value - step / 2, value + step / 2


def cardinal(text: str) -> tuple[float, float]:
    """A number and its step: 47 million is given to the million, 1.50 to a hundredth."""
    value, scale, step = 0.0, 1, 1.0
    for word in text.lower().replace("and a half", "half").split():
        if word in SCALES:
            value, scale = value or 1, scale * SCALES[word]
        elif word == "half":
            value, step = value + 0.5, 0.5
        elif word in CARDINALS:
            value = CARDINALS[word]
        elif word != "a":
            value = abs(float(word.replace(",", "").replace("−", "-")))
            step = 10.0 ** -len(word.partition(".")[2])
    return value * scale, step * scale
