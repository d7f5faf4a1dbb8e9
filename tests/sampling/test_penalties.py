from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers.generation import logits_process as theirs

from afterword.sampling.penalties import frequency, no_repeat, presence, repetition
from tests.sampling.exact import KINDS, kept, random_logits

V = 6
texts = st.lists(st.integers(0, V - 1), max_size=12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("penalty", [0.8, 1.0, 1.3])
def test_the_repetition_penalty_is_that_of_transformers(kind, penalty, rng):
    logits, ids = random_logits(kind), torch.randint(3000, (6, 200), generator=rng)
    expected = theirs.RepetitionPenaltyLogitsProcessor(penalty)(ids, logits)
    torch.testing.assert_close(repetition(penalty)(logits, ids), expected, rtol=0, atol=0)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_no_repeat_drops_what_transformers_drops(n, rng):
    logits = torch.randn(40, V, generator=rng)
    for length in range(n, 2 * n + 6):
        ids = torch.randint(V - 1, (40, length), generator=rng)
        expected = theirs.NoRepeatNGramLogitsProcessor(n)(ids, logits)
        assert torch.equal(no_repeat(n)(logits, ids), expected)


@given(text=texts, n=st.integers(1, 4))
def test_no_repeat_drops_exactly_what_would_repeat_a_run(text, n):
    logits, ids = torch.zeros(1, V + 1), torch.tensor([text]).long().view(1, -1)
    runs = {tuple(text[i : i + n]) for i in range(len(text) - n + 1)}
    tail = text[len(text) - n + 1 :] if len(text) >= n - 1 else None
    expected = [tail is None or (*tail, token) not in runs for token in range(V + 1)]
    assert kept(no_repeat(n)(logits, ids))[0].tolist() == expected


@given(text=texts, x=st.floats(-2, 2))
def test_presence_counts_once_and_frequency_every_time(text, x):
    logits, ids = torch.arange(V).float()[None], torch.tensor([text]).long().view(1, -1)
    tally = Counter(text)
    once = [i - x * (i in tally) for i in range(V)]
    each = [i - x * tally[i] for i in range(V)]
    torch.testing.assert_close(presence(x)(logits, ids), torch.tensor([once]))
    torch.testing.assert_close(frequency(x)(logits, ids), torch.tensor([each]))


@given(text=texts, n_pads=st.integers(1, 5), n=st.integers(1, 4))
def test_padding_on_the_left_changes_nothing(text, n_pads, n):
    logits, ids = torch.linspace(-1, 1, V + 1)[None], torch.tensor([text]).long().view(1, -1)
    padded = torch.cat([torch.full((1, n_pads), -1), ids], dim=1)
    for filter in (repetition(1.3), presence(0.5), frequency(0.5), no_repeat(n)):
        assert torch.equal(filter(logits, padded), filter(logits, ids))


def test_rows_are_penalised_for_their_own_text_only():
    logits = torch.ones(2, 3)
    result = frequency(1.0)(logits, torch.tensor([[0, 0], [-1, 2]]))
    assert result.tolist() == [[-1, 1, 1], [1, 1, 0]]


def test_repetition_pushes_positive_and_negative_logits_down():
    logits = torch.tensor([[2.0, -2.0, 0.0, 2.0]])
    assert repetition(2.0)(logits, torch.tensor([[0, 1, 2]])).tolist() == [[1, -4, 0, 2]]


@pytest.mark.parametrize("filter", [repetition(1.2), presence(1.0), frequency(1.0), no_repeat(2)])
def test_a_filter_that_looks_back_asks_for_a_text_that_fits(filter):
    logits = torch.zeros(2, 3)
    with pytest.raises(
        ValueError, match=r"looks at the text so far: call it as filter\(logits, ids"
    ):
        filter(logits)
    with pytest.raises(ValueError, match="1 rows of ids, 2 of logits"):
        filter(logits, torch.zeros(1, 4).long())
    for wrong in (3, -2):
        with pytest.raises(ValueError, match=f"no token {wrong}: ids go from 0 to 2"):
            filter(logits, torch.tensor([[0, 1], [1, wrong]]))
    assert torch.equal(filter(logits, torch.zeros(2, 0).long()), logits)


def test_when_every_token_would_repeat_the_row_is_named():
    with pytest.raises(ValueError, match="row 0 has no token left"):
        no_repeat(1)(torch.zeros(1, 2), torch.tensor([[0, 1]]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: repetition(0.0), "must be above 0, got 0.0; 1 does nothing"),
        (lambda: repetition(torch.inf), "must be above 0, got inf"),
        (lambda: presence(torch.nan), "presence penalty must be a finite number, got nan"),
        (lambda: frequency(torch.inf), "frequency penalty must be a finite number, got inf"),
        (lambda: no_repeat(0), "wants at least 1 token, got 0"),
    ],
)
def test_penalties_that_mean_nothing_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
