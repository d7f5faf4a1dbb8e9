"""Candidates held against every word of a lexicon, one by one, and lines that they make."""

import math

import pytest
import torch

from afterword.forms.candidates import AT_END, INSIDE, candidates, likeliest, mark, seen
from afterword.forms.companion import METRES, PLAIN, SCHEMES, Companion, demand_of, form_of
from afterword.forms.fitting import Demand, fitting
from afterword.forms.lexicon import Lexicon, load_lexicon
from afterword.forms.verse import Form, check
from afterword.interop.writers import load_writer
from afterword.text.characters import CharTokenizer

POET, LETTERS = load_writer("poet")
LEXICON = load_lexicon()


def probability(text, word, signs):
    """Of a word and then one of some marks, the whole text read anew, with no cache."""
    ids = LETTERS.encode(seen(text) + word)
    with torch.no_grad():
        logs = POET(torch.tensor([ids]))[0].double().log_softmax(-1)
    n = len(ids) - len(word)
    p = sum(logs[n - 1 + i, ids[n + i]].item() for i in range(len(word)))
    return sum(math.exp(p + logs[-1, LETTERS.encode(sign)[0]].item()) for sign in signs)


def by_brute_force(text, fits):
    found = [
        (probability(text, word, AT_END if is_end else INSIDE), word, is_end)
        for word, fit in fits.items()
        for is_end in (True, False)
        if (fit.ends if is_end else fit.goes_on)
    ]
    return sorted(found, reverse=True)


CASES = [
    ("The sea keeps what it takes, and gives no sign,\nAnd all the ", Demand(), 12),
    ("My day\nis gone and I am far ", Demand(n_feet=4, rhyme="day"), 24),
    ("The world\nOf all that is, and was, and might have ", Demand(rhyme="love"), 9),
    ("A word " * 30, Demand(n_feet=62, foot=""), 5),  # more text than is seen
]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "demand", "n"), CASES, ids=lambda x: str(x)[-30:])
def test_the_candidates_are_the_likeliest_of_all_words_that_fit(text, demand, n):
    """Of every sixtieth word that fits, to keep the brute force short; that is a lexicon too."""
    fits = fitting(text.split("\n")[-1], demand, LEXICON)
    some = dict(sorted(fits.items())[::60])
    wanted = by_brute_force(text, some)[:n]
    found = likeliest(POET, LETTERS, text, some, n=n)
    assert [(each.word, each.ends) for each in found] == [(word, end) for _, word, end in wanted]
    assert [each.prob for each in found] == pytest.approx(
        [p for p, *_ in wanted], rel=1e-4, abs=1e-9
    )


def test_when_fewer_words_fit_all_are_found_however_unlikely():
    text, demand = "To see the sea\nAnd all the ships that ever sailed the ", Demand(rhyme="month")
    with pytest.raises(ValueError, match="no word of the lexicon rhymes with 'month'"):
        candidates(POET, LETTERS, text, demand)
    fits = fitting("And all the ships that ever sailed the night of ", Demand(rhyme="sea"), LEXICON)
    few = dict(list(fits.items())[:7])
    found = likeliest(POET, LETTERS, text, few, n=50)
    assert {each.word for each in found} == set(few)


def test_a_word_that_begins_a_line_has_a_capital_and_is_counted_as_such():
    found = candidates(POET, LETTERS, "The sea\n", Demand(), n=20)
    assert all(each.word.lstrip("'")[0].isupper() for each in found)
    assert found[0].prob == pytest.approx(probability("The sea\n", found[0].word, INSIDE), rel=1e-4)


def test_before_the_end_of_a_line_the_marks_of_the_end_count():
    text = "The sea\nAnd all the ships that ever sailed the "  # nine syllables
    found = candidates(POET, LETTERS, text, Demand(), n=40)
    ends = next(each for each in found if each.ends)
    assert ends.prob == pytest.approx(probability(text, ends.word, AT_END), rel=1e-4)


def test_twelve_are_given_unless_so_many_are_asked_for_and_a_line_of_spaces_is_a_new_one():
    found = candidates(POET, LETTERS, "The sea\n  ", Demand(n_feet=1))
    assert len(found) == 12
    assert all(each.word.lstrip("'")[0].isupper() for each in found)
    assert len(candidates(POET, LETTERS, "The sea\n", Demand(n_feet=1), n=3)) == 3


def test_curly_marks_are_read_as_plain_ones():
    assert seen("‘a’ “b” c–d—e") == "\n'a' \"b\" c-d-e"
    line = "\nAnd the sea’s "
    assert (
        candidates(POET, LETTERS, line, Demand())[:3]
        == candidates(POET, LETTERS, line.replace("’", "'"), Demand())[:3]
    )


@pytest.mark.slow
@pytest.mark.parametrize(("metre", "scheme"), [("ballad", "abba"), ("eight syllables", "aabb")])
def test_a_verse_that_is_finished_keeps_its_form(metre, scheme):
    """Told by ``forms.verse.check``, which knows nothing of how it was made."""
    companion = Companion(model=POET, tokenizer=LETTERS, temperature=3.0)
    form = form_of(metre, scheme)
    text = companion.finish("I see the day\n", form, rng=torch.Generator().manual_seed(0))
    lines = text.split("\n")[:-1]
    assert lines[0] == "I see the day"
    assert lines[3][-1] in ".?!"
    verdict = check(text, form, sound=LEXICON)
    assert verdict.n_lines
    for i, (syllables, is_metre, is_rhyme) in enumerate(verdict.by_line[1:], 1):
        assert syllables is True, verdict.reasons
        assert is_metre is not False, verdict.reasons
        assert is_rhyme is not False or not demand_of(form, lines[:i], LEXICON).rhyme


def test_the_same_seed_writes_the_same_line_and_another_another():
    companion = Companion(model=POET, tokenizer=LETTERS)

    def line(seed):
        rng = torch.Generator().manual_seed(seed)
        return companion.finish_line("The sea\nAnd ", Demand(n_feet=2), rng=rng)

    assert line(0) == line(0)
    assert len({line(seed) for seed in range(4)}) > 1


def test_at_a_low_temperature_the_likeliest_words_are_drawn_and_at_a_high_one_others():
    demand, start = Demand(n_feet=2), "The sea\nAnd "

    def line(temperature, seed=0):
        companion = Companion(model=POET, tokenizer=LETTERS, temperature=temperature)
        rng = torch.Generator().manual_seed(seed)
        return companion.finish_line(start, demand, rng=rng)

    companion, greedy = Companion(model=POET, tokenizer=LETTERS), start
    while not greedy.endswith("\n"):
        best = companion.candidates(greedy, demand, n=1)[0]
        greedy = companion.with_mark(greedy + best.word, AT_END if best.ends else INSIDE)
    assert line(0.01) == greedy
    assert any(line(5.0, seed) != greedy for seed in range(2))


def test_a_companion_offers_words_of_its_own_lexicon_only():
    few = Lexicon(LEXICON.entries[word] for word in ("sea", "the", "day"))
    companion = Companion(model=POET, tokenizer=LETTERS, lexicon=few)
    found = companion.candidates("And ", Demand(n_feet=2))
    assert {each.word for each in found} == {"sea", "the", "day"}


def test_a_verse_that_has_its_lines_already_is_left_alone():
    companion, form = Companion(model=POET, tokenizer=LETTERS), form_of("ballad", "free")
    for n in (4, 5):
        assert companion.finish("The sea\n" * n, form, rng=torch.Generator()) == "The sea\n" * n


def test_the_mark_is_the_likeliest_of_those_that_may_stand():
    text = "The sea keeps what it takes"
    with torch.no_grad():
        probs = POET(torch.tensor([LETTERS.encode(seen(text))]))[0, -1].softmax(-1)
    wanted = max(AT_END, key=lambda sign: probs[LETTERS.encode(sign)[0]])
    assert mark(POET, LETTERS, text, AT_END) == wanted


def test_a_form_says_what_is_asked_of_the_next_line():
    form = form_of("ballad", "abab")
    lines = ["The sea", "I went away,", "it is for me"]
    asked = [demand_of(form, lines[:i], LEXICON) for i in range(4)]
    assert [(each.n_feet, each.rhyme) for each in asked] == [
        (4, ""),
        (3, ""),
        (4, "sea"),
        (3, "away"),
    ]
    assert demand_of(form, [*lines, "a day"], LEXICON).rhyme == ""  # a new stanza
    assert demand_of(form, [*lines, "a day", "the sun", "a night"], LEXICON).rhyme == "sun"
    assert demand_of(form, ["a month", "x"], LEXICON).rhyme == ""  # which nothing rhymes with
    threes = Form(name="threes", rhymes="aaab", syllables=(8,), foot="01")
    assert demand_of(threes, ["the sea", "a day"], LEXICON).rhyme == "day"  # the nearest before
    assert demand_of(form_of("eight syllables", "free"), lines, LEXICON) == Demand(
        n_feet=8, foot="", licences=PLAIN
    )


def test_what_is_offered_at_the_end_of_a_line_ends_on_its_last_foot():
    demand = demand_of(form_of("pentameter", "free"), [], LEXICON)
    fits = fitting("And all the world is far away ", demand, LEXICON)  # eight syllables
    ends = {word for word, fit in fits.items() if fit.ends}
    assert {"above", "abroad"} <= ends
    assert not {"according", "affection", "acquainted"} & ends


def test_what_cannot_be_written_on_is_said():
    with pytest.raises(ValueError, match="ends within a word, 'the se'; put a space"):
        candidates(POET, LETTERS, "the se", Demand())
    with pytest.raises(
        ValueError, match="no metre 'waltz' or no scheme 'abab'; metres: pentameter"
    ):
        form_of("waltz", "abab")
    with pytest.raises(ValueError, match="schemes: abab, aabb"):
        form_of("pentameter", "abc")
    with pytest.raises(ValueError, match="the alphabet has no 'é'"):
        candidates(POET, LETTERS, "né\n", Demand())
    companion = Companion(model=POET, tokenizer=LETTERS)
    endless = form_of("ballad", "abab").__class__(name="endless", syllables=(8,), foot="01")
    with pytest.raises(ValueError, match="endless has no number of lines"):
        companion.finish("", endless, rng=torch.Generator())


def test_every_metre_and_scheme_goes_together():
    assert all(form_of(metre, scheme).n_lines == 4 for metre in METRES for scheme in SCHEMES)


def test_a_tokenizer_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="the alphabet has no"):
        candidates(POET, CharTokenizer("abc"), "a ", Demand())
