"""What is written with a draft must be distributed as if the target had written it alone."""

from itertools import islice, product

import pytest
import torch
from scipy import stats

from afterword.model.gpt import GPT
from afterword.model.presets import small
from afterword.sampling.filters import temperature, top_k
from afterword.sampling.generate import stream
from afterword.sampling.penalties import frequency
from afterword.sampling.speculative import judge, speculative
from tests.sampling.models import counting, markov

LEAST = 1e-4  # p below this, with the seed fixed: the code is wrong


def written(model, draft, n_tokens, *, rng, prompt=(0,), n_draft=3, **choices):
    settings = dict(n_draft=n_draft, context_length=64, rng=rng, **choices)
    tokens = speculative(model, draft, torch.tensor([list(prompt)]), **settings)
    return tuple(int(token) for token in islice(tokens, n_tokens))


def exact(model, filters, n_tokens, vocab_size):
    """The probability of each text of ``n_tokens`` after a 0."""
    chances = {}
    for text in product(range(vocab_size), repeat=n_tokens):
        chance, ids = 1.0, torch.tensor([[0]])
        for token in text:
            logits = model(ids)[:, -1]
            for change in filters:
                logits = change(logits, ids)
            chance *= logits.softmax(-1)[0, token].item()
            ids = torch.cat([ids, torch.tensor([[token]])], dim=1)
        chances[text] = chance
    return chances


@pytest.mark.slow
@pytest.mark.parametrize("filters", [(), (temperature(0.7), top_k(3)), (frequency(1.5),)])
@pytest.mark.parametrize("n_draft", [1, 3])
def test_texts_are_as_frequent_as_the_target_alone_makes_them(n_draft, filters, rng):
    """All texts of three tokens, so that accepted, corrected and added tokens follow each other."""
    model, draft = markov(4, seed=1), markov(4, seed=2)
    chances = exact(model, filters, 3, 4)
    n, counts = 1200, dict.fromkeys(chances, 0)
    for _ in range(n):
        counts[written(model, draft, 3, rng=rng, n_draft=n_draft, filters=filters)] += 1
    assert sum(counts[text] for text, chance in chances.items() if chance == 0) == 0
    likely = [text for text, chance in chances.items() if chance * n >= 5]
    found = [counts[text] for text in likely] + [n - sum(counts[text] for text in likely)]
    wanted = [n * chances[text] for text in likely]
    wanted.append(n - sum(wanted))
    if wanted[-1] < 5:  # too few for the test: added to the last of the others
        *_, rest = found.pop(), wanted.pop()
        found[-1], wanted[-1] = n - sum(found[:-1]), wanted[-1] + rest
    assert stats.chisquare(found, wanted).pvalue > LEAST


def test_a_guess_is_accepted_as_often_as_the_distributions_overlap(rng):
    """The chance is the sum of min(p, q); 4 deviations of 20,000 tries are 0.014."""
    p, q = torch.tensor([[0.6, 0.3, 0.1]]), torch.tensor([[0.2, 0.3, 0.5]])
    guesses = torch.multinomial(q[0], 20_000, replacement=True, generator=rng)
    accepted = sum(judge(one[None], p.expand(2, 3), q, rng)[0] for one in guesses)
    assert accepted / 20_000 == pytest.approx(0.6, abs=0.014)


def test_a_draft_that_is_the_target_is_always_right(rng):
    rounds = []
    written(markov(5, seed=0), markov(5, seed=0), 40, rng=rng, n_draft=4, rounds=rounds)
    assert rounds == [4] * 8


def test_a_draft_that_is_always_wrong_costs_speed_and_nothing_else(rng):
    backwards, rounds = lambda ids: counting(9)(ids + 3), []
    assert written(counting(9), backwards, 6, rng=rng, rounds=rounds) == (1, 2, 3, 4, 5, 6)
    assert set(rounds) == {0}


def test_the_cache_changes_no_token(rng):
    torch.manual_seed(0)
    sizes = dict(vocab_size=11, d_model=16, n_heads=2)
    model, draft = GPT(small(n_layers=3, **sizes)).eval(), GPT(small(n_layers=1, **sizes)).eval()
    rounds = []

    def text(target, guesser):
        rng = torch.Generator().manual_seed(4)
        return written(target, guesser, 40, rng=rng, prompt=(1, 2, 3), rounds=rounds)

    cached, read_anew = text(model, draft), text(lambda ids: model(ids), lambda ids: draft(ids))
    assert cached == read_anew
    assert 0 < sum(rounds) < 3 * len(rounds)  # some guesses stood and some did not


def test_the_likeliest_tokens_are_those_that_stream_takes(rng):
    torch.manual_seed(1)
    model = GPT(small(vocab_size=11, d_model=16, n_layers=2, n_heads=2)).eval()
    greedy = dict(context_length=64, rng=rng, filters=[top_k(1)])
    wanted = [int(t) for t in stream(model, torch.tensor([[0]]), n_tokens=30, **greedy)]
    found = written(model, markov(11, seed=3), 30, rng=rng, filters=[top_k(1)])
    assert list(found) == wanted


def test_it_ends_when_the_context_is_full(rng):
    """The same number as ``stream`` with beyond="stop": what follows the last place, too."""
    ids, settings = torch.tensor([[0, 1]]), dict(context_length=9, rng=rng)
    model = markov(5, seed=0)
    alone = list(stream(model, ids, beyond="stop", **settings))
    for n_draft in (1, 3, 20):
        found = list(speculative(model, markov(5, seed=1), ids, n_draft=n_draft, **settings))
        assert len(found) == len(alone) == 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(n_draft=0), "n_draft must be at least 1, got 0"),
        (dict(ids=torch.zeros(2, 3).long()), r"continues one prompt .* got ids of shape \(2, 3\)"),
        (dict(ids=torch.zeros(1, 0).long()), r"got ids of shape \(1, 0\)"),
        (dict(ids=torch.zeros(1, 9).long()), "one prompt of 1 to 8 tokens"),
    ],
)
def test_what_cannot_be_continued_is_refused(changes, message, rng):
    settings = dict(ids=torch.tensor([[0]]), n_draft=2, context_length=8, rng=rng) | changes
    with pytest.raises(ValueError, match=message):
        speculative(markov(5, seed=0), markov(5, seed=1), settings.pop("ids"), **settings)
