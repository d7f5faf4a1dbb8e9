"""A cell in which the reader writes verse with a model: alive in the book's page, still elsewhere.

    live_verse("poet", first="The sea keeps what it takes, and gives no sign,")

The still form shows a verse that the model finished and the candidates for one of its words, all
worked out by ``forms.companion``; the page does the same in JavaScript (``plots/words.js``).
"""

import json
import re

import torch

from afterword.evaluation.sounds import BEFORE_STRESS, WEAK
from afterword.forms import lexicon, speech
from afterword.forms.companion import METRES, SCHEMES, Companion, demand_of, form_of
from afterword.interop.pages import page_model
from afterword.interop.writers import SHIPPED, load_writer
from afterword.plots.live import SCRIPTS, Live
from afterword.plots.verse import Choice, verse_form
from afterword.text.characters import CharTokenizer


def live_verse(
    name: str, *, first: str, metre: str = "pentameter", scheme: str = "abab", seed: int = 0
) -> Live:
    """Let the reader of a page write four lines with one of the package's models.

    ``first`` is the line that stands there at first; ``metre`` is one of ``METRES``, ``scheme`` one
    of ``SCHEMES``. The still form draws the other lines by ``seed``. A model that the package does
    not hold, or that does not read characters, is a ``ValueError``.
    """
    if not re.fullmatch(r"[\w-]+", name) or not (SHIPPED / name).is_dir():
        known = ", ".join(sorted(one.name for one in SHIPPED.iterdir()))
        raise ValueError(f"pages hold only the models of the package, not {name!r}: {known}")
    if not first.strip() or "\n" in first:
        raise ValueError(f"the first line is {first!r}; give one line with a word in it")
    form = form_of(metre, scheme)
    model, tokenizer = load_writer(name)
    if not isinstance(tokenizer, CharTokenizer):
        raise ValueError(f"{name} does not read characters; give a model that does")
    companion = Companion(model=model, tokenizer=tokenizer)
    text = first.strip() + "\n"
    whole = companion.finish(text, form, rng=torch.Generator().manual_seed(seed))
    lines, i = whole.split("\n"), rhyming_line(scheme)
    before = "\n".join([*lines[:i], lines[i][: lines[i].rindex(" ") + 1]])  # but the last word
    demand = demand_of(form, lines[:i], companion.lexicon)
    found = companion.candidates(before, demand)
    data = dict(model=name, first=first.strip(), metre=metre, scheme=scheme)
    data |= dict(metres={each: _asked(each) for each in METRES}, schemes=list(SCHEMES))
    n_bytes = page_model(name, model, tokenizer).n_bytes + len(words_script().encode())
    choices = [Choice(each.word, each.prob, each.ends) for each in found]
    return verse_form(whole, before, choices, n_bytes=n_bytes, data=data)


def rhyming_line(scheme: str) -> int:
    """The first line, from 0, that is to rhyme with one before it; where none is, the second.

    >>> rhyming_line("abab"), rhyming_line("aabb"), rhyming_line("free")
    (2, 1, 1)
    """
    return next((i for i in range(4) if scheme[i] in scheme[:i]), 1) if scheme != "free" else 1


def words_script() -> str:
    """What a page needs beside the model: words.js of ``plots``, the lexicon and the rules."""
    rules = dict(endings=speech.ENDINGS, weak=sorted(WEAK), vowel=speech.VOWEL.pattern)
    rules |= dict(before_stress=BEFORE_STRESS.pattern, elided=speech.ELIDED.pattern)
    rules |= dict(joined=speech.JOINED.pattern, silent_ed=speech.SILENT_ED.pattern)
    words = json.loads(lexicon.FILE.read_text("utf8"))
    data = json.dumps(dict(lexicon=words, rules=rules), ensure_ascii=False)
    return f"{(SCRIPTS / 'words.js').read_text('utf8')}\nafterword.sounds = {data};\n"


def _asked(metre: str) -> dict:
    """A metre as the page has it: the feet of each line in turn, and the foot."""
    given = form_of(metre, "free")
    size = len(given.foot or "x")
    return dict(feet=[n // size for n in given.syllables], foot=given.foot)
