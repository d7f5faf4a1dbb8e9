"""Verse written with somebody: lines finished word by word, in a metre and a rhyme scheme.

companion = Companion(model=model, tokenizer=tokenizer)
companion.finish("The sea keeps what it takes,\\n", form_of("ballad", "abab"), rng=rng)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from afterword.forms.candidates import AT_END, INSIDE, LAST, Candidate, candidates, mark
from afterword.forms.fitting import Demand, rhymes_of
from afterword.forms.lexicon import Lexicon, load_lexicon
from afterword.forms.scansion import Licences
from afterword.forms.speech import spoken
from afterword.forms.verse import Form

METRES = {
    "pentameter": dict(syllables=(10,), foot="01"),
    "tetrameter": dict(syllables=(8,), foot="01"),
    "ballad": dict(syllables=(8, 6), foot="01"),
    "anapaests": dict(syllables=(12,), foot="001"),
    "ten syllables": dict(syllables=(10,)),
    "eight syllables": dict(syllables=(8,)),
}
SCHEMES = ("abab", "aabb", "abba", "free")
PLAIN = Licences(n_extra=0)  # what is offered ends on the last foot; the reader may go past it
N_DRAWN = 24  # words among which one is drawn


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A model that writes with somebody, and how it draws."""

    model: Any
    tokenizer: Any
    lexicon: Lexicon = field(default_factory=load_lexicon)
    temperature: float = 0.7

    def candidates(self, text: str, demand: Demand, *, n: int = 12) -> list[Candidate]:
        """As the function of that name."""
        given = dict(lexicon=self.lexicon, n=n)
        return candidates(self.model, self.tokenizer, text, demand, **given)

    def with_mark(self, text: str, choices: str) -> str:
        """A text that ends in a word, with the likeliest mark, and the space or line break."""
        sign = mark(self.model, self.tokenizer, text, choices).strip()
        return text + sign + (" " if choices == INSIDE else "\n")

    def finish_line(self, text: str, demand: Demand, *, rng: torch.Generator, end=AT_END) -> str:
        """The text with its last line finished, line break included, by one of the marks ``end``.

        Each word is drawn among the ``N_DRAWN`` likeliest that fit, by its probability to the power
        of one over ``temperature``; the mark after it is the likeliest. Of a word that may end the
        line, it is the end.
        """
        while True:
            found = self.candidates(text, demand, n=N_DRAWN)
            logs = torch.tensor([each.prob for each in found], dtype=torch.float64).log()
            i = torch.multinomial((logs / self.temperature).softmax(0), 1, generator=rng)
            drawn = found[int(i)]
            text = self.with_mark(text + drawn.word, end if drawn.ends else INSIDE)
            if drawn.ends:
                return text

    def finish(self, text: str, form: Form, *, rng: torch.Generator) -> str:
        """The text with lines added until it has those of the form; what is there is kept."""
        if form.n_lines is None:
            raise ValueError(f"{form.name} has no number of lines; give a form with n_lines")
        while (n := text.count("\n")) < form.n_lines:
            demand = demand_of(form, text.split("\n")[:-1], self.lexicon)
            end = LAST if n == form.n_lines - 1 else AT_END
            text = self.finish_line(text, demand, rng=rng, end=end)
        return text


def demand_of(form: Form, lines: Sequence[str], lexicon: Lexicon) -> Demand:
    """What a form asks of the line after given ones; of a word without rhymes, none is asked."""
    i = len(lines) % form.stanza
    before = lines[len(lines) - i :]
    letter = form.rhymes[i : i + 1]
    partners = [line for j, line in enumerate(before) if letter and form.rhymes[j] == letter]
    try:
        ends = spoken(partners[-1])[-1] if partners and rhymes_of(partners[-1], lexicon) else ""
    except ValueError:
        ends = ""
    size = form.syllables[i % len(form.syllables)]
    return Demand(n_feet=size // len(form.foot or "x"), foot=form.foot, rhyme=ends, licences=PLAIN)


def form_of(metre: str, scheme: str) -> Form:
    """Four lines of a metre and a rhyme scheme by name.

    >>> form_of("ballad", "abab").syllables, form_of("ten syllables", "free").foot
    ((8, 6), '')
    """
    if metre not in METRES or scheme not in SCHEMES:
        raise ValueError(
            f"no metre {metre!r} or no scheme {scheme!r}; metres: {', '.join(METRES)}; schemes: "
            f"{', '.join(SCHEMES)}"
        )
    rhymes = "" if scheme == "free" else scheme
    return Form(name=f"{metre}, {scheme}", n_lines=4, rhymes=rhymes, **METRES[metre])
