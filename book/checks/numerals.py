"""Numbers as prose writes them: 1.50, 10,000, 47 million, "eight tenths", "two out of three".

What a reader may expect of such a number is an interval. As far as it is given it must be right:
1.50 is anything that rounds to it, "about 30" anything within a tenth of it, "nearly 30" anything
from 20 up, "more than half" anything above; but a bare 30 is 30. "One", ordinals, addresses and
the numbers of chapters, exercises and lists claim nothing, nor do whole numbers in formulas and
code.
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
CARDINALS |= dict(zip(TENS, range(20, 100, 10), strict=True)) | {"twice": 2, "dozen": 12, "once": 1}
NO_COUNT = ("zero", "one", "once")  # but in "one of ten", "once in nine tries"
SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "twentieth": 20, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
HEDGES = {
    "about": "about|around|roughly|some|close to",
    "over": "more than|at least",
    "under": "less than|fewer than|at most|nearly|almost",
}
UNITS = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9}  # 16K tokens, 135M parameters
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def either(words) -> str:
    return "(?:" + "|".join(words) + ")"


DIGITS = (
    r"(?:(?<![\w.,/-])[-−]?|(?<=\d[-/]))\d+(?:,\d{3})*(?:\.\d+)?"
    r"(?:[eE][-+−]?\d+)?[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]*(?: ?[kKMB]\b|[a-zA-Z]{1,2}\b(?<!st)(?<!nd)(?<!rd)(?<!th))?"
    r"(?![\w/]|[.,]\d)"
)
BELOW_100 = rf"(?:{either(TENS)}(?:[- ]{either(ONES[1:10])})?|{either(reversed(ONES))})"
WORD = (
    rf"(?:\ba )?\b(?!{either(NO_COUNT)}\b(?! {either(SCALES)}\b))(?:{BELOW_100}"
    rf"(?: hundred(?: and {BELOW_100})?)?|{either(SCALES)}|twice|dozen)\b"
)
CARDINAL = rf"(?:{DIGITS}|{WORD})(?: and a half)?(?: {either(SCALES)}\b)*"
BETWEEN = r"(?: (?!and\b|or\b|is\b|are\b|to\b)\w+)?(?: out)? (?:of|in) (?:the )?"
SHARE = "|".join([
    rf"(?:{CARDINAL}|\b(?:one|once)\b){BETWEEN}{CARDINAL}",
    r"(?<![\w/.])\d+(?:\.\d+)?/\d+(?:\.\d+)?(?![\w/])",
])  # fmt: skip
FRACTION = "|".join([
    rf"\b(?:a|one) {either(PARTS)}(?: of (?:a|one) {either(SCALES)}|(?= of\b|[.,;:)]|$))",
    rf"\b{either(ONES[2:10])}[ -]{either(PARTS)}s\b",
    r"\bhalf(?= of\b| a\b| as\b)",
])  # fmt: skip
HEDGE = "|".join(rf"(?P<{name}>{words})" for name, words in HEDGES.items())
NUMBER = re.compile(
    rf"(?:\b(?i:{HEDGE}) )?(?:(?P<share>(?i:{SHARE}))|(?P<fraction>(?i:{FRACTION}))|"
    rf"(?P<cardinal>{DIGITS}(?: and a half)?(?: {either(SCALES)}\b)*|(?i:{CARDINAL}))"
    r"(?P<percent> ?%)?)"
)
NO_CLAIM = [
    r"<!--.*?-->|<[a-z/][^>]*>|\[\^[^\]]+\]",
    r"\[!\[.*?\]\(.*?\)\]\(.*?\)",
    r"\[[^\]]*\]\([^)]*references\.md#[^)]*\)|\]\([^)]*\)",
    r"^#+ \d+(?: ·)?|\*\*Exercise \d+\.\*\* \*[^*]*\*|^\s*\d+[.)]\s",
    r"\*\*Time\*\* about [\d.]+ seconds and [\d.]+ GB on two CPU cores",
    r"\b[Cc]hapters? \d+(?:(?:, | and | to )\d+)*|\b[Ss]ections? [\d.]+\d",
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
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        alone = any(self.low - slack <= value <= self.high + slack for value in values)
        return alone or (bool(self.parts) and all(part.agrees(values) for part in self.parts))


def find(prose: str) -> list[Number]:
    """The numbers of a text in Markdown that claim something, in their order."""
    for pattern in NO_CLAIM:
        prose = re.sub(pattern, " ¤ ", prose, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(CODE, decimals, prose, flags=re.DOTALL)
    prose = re.sub(r"\*\*|(?<!\w)[*_]|[*_](?!\w)", "", prose)
    return [meaning(match) for match in NUMBER.finditer(prose)]


def decimals(code: re.Match) -> str:
    """Of code and formulas, which may hold any whole number: what looks measured."""
    return " ¤ " + " ¤ ".join(re.findall(r"(?<![\w.])\d+\.\d+(?![\w.])", code[0])) + " ¤ "


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
    if not of_all:
        return Number(text, 0, 0, parts=parts)
    return Number(text, *interval(some / of_all, 1 / of_all, hedge), parts=parts)


def fraction(text: str, hedge: str | None) -> Number:
    words = text.lower().replace("-", " ").split()
    part = next(word for word in words if word.removesuffix("s") in PARTS)
    above, below = CARDINALS.get(words[0], 1), PARTS[part.removesuffix("s")]
    scale = SCALES.get(words[-1], 1)  # "a quarter of a million"
    step = scale / below * (1 if hedge else 0.2)
    return Number(text, *interval(scale * above / below, step, hedge))


def bare(text: str, hedge: str | None) -> Number:
    value, step = cardinal(text)
    n_digits = len(re.sub(r"\D", "", text).strip("0"))
    if (step in (0, 1) or step == value >= 100) and hedge is None:  # 30, 10⁻⁵, or "a million"
        return Number(text, value, value, n_digits)
    if step == 1 and value:
        step = 10.0 ** (len(str(int(value))) - len(str(int(value)).rstrip("0")))
    if hedge == "about" and value >= 10:
        step = min(step, 0.2 * value)
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
    value, step = 0.0, 1.0
    text = text.lower().replace("-", " ") if text[:1].isalpha() else written(text)
    for word in text.replace("and a half", "half").split():
        if word in SCALES:
            value, step = (value or 1) * SCALES[word], step * SCALES[word]
        elif word == "half":
            value, step = value + 0.5, 0.5
        elif word in CARDINALS:
            value, step = value + CARDINALS[word], 1.0
        elif word not in ("a", "and"):
            value, step = digits(word)
    return value, step


def written(text: str) -> str:
    """Digits with a unit set apart: "10.7M" is 10.7 million."""
    names = {10**3: "thousand", 10**6: "million", 10**9: "billion"}
    match = re.match(r"(.*\d) ?([kKMB])\b(.*)", text)
    return f"{match[1]} {names[UNITS[match[2]]]}{match[3]}" if match else text


def digits(word: str) -> tuple[float, float]:
    """The value and step of 1,234 or 1.50 or 3e-4 or 10⁻⁵, whatever letters follow."""
    match = re.match(r"[-−]?([\d,]+)(\.\d+)?(?:[eE]([-+−]?\d+))?([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]*)", word)
    whole, places, power, raised = match.groups(default="")
    value = float(whole.replace(",", "") + places)
    if raised:
        return value ** int(raised.translate(RAISED)), 0
    ten = 10.0 ** int(power.replace("−", "-") or 0)
    return value * ten, ten * 10.0 ** -max(len(places) - 1, 0)
