"""Spelling: each word is in the dictionary, or in book/words.txt, which holds our own.

What stands *between asterisks*, in quotations or in formulas and code may be of any language.
"""

import functools
import re
from pathlib import Path

from spellchecker import SpellChecker

from book.checks.chapter import ROOT, Chapter, Finding, words_for_figure, words_of

OURS = ROOT / "book/words.txt"
FOREIGN = r"\*[^*]+\*|^> (?!Exercise).*$|\[[^\]]*\]\([^)]*references\.md[^)]*\)"


@functools.cache
def dictionary(ours: Path = OURS) -> SpellChecker:
    speller = SpellChecker()
    lines = ours.read_text(encoding="utf-8").splitlines()
    speller.word_frequency.load_words([line for line in lines if line and line[0] != "#"])
    return speller


def unknown(prose: str) -> list[str]:
    prose = re.sub(FOREIGN, " ", prose.replace("**", ""), flags=re.MULTILINE)
    plain = {re.sub(r"['’]s?$", "", word).replace("’", "'") for word in words_of(prose)}
    latin = [word for word in plain if re.fullmatch(r"[a-zA-Zà-ÿ']{2,}", word)]
    return sorted(dictionary().unknown(latin))


def findings(chapter: Chapter) -> list[Finding]:
    cure = "Correct it, or add it to book/words.txt"
    return [
        chapter.finding(i, f"{word!r} is in no dictionary", cure)
        for i, cell in enumerate(chapter.cells)
        for word in unknown(words_for_figure(cell) if cell.cell_type == "code" else cell.source)
    ]
