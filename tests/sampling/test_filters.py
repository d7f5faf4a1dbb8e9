"""Filters beside transformers' logits processors, beside probabilities on paper, and as laws."""

from math import log

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from transformers.generation import logits_process as theirs

from afterword.sampling import filters
from afterword.sampling.filters import (
    ban,
    bias,
    chain,
    epsilon,
    eta,
    min_p,
    temperature,
    top_k,
    top_p,
    typical,
)
from afterword.sampling.generate import draw
from afterword.sampling.penalties import frequency, presence, repetition
from tests.sampling.exact import KINDS, kept, random_logits, sampled_as

inf = torch.inf
PAIRS = {
    "temperature 0.7": (temperature(0.7), theirs.TemperatureLogitsWarper(0.7)),
    "temperature 1.5": (temperature(1.5), theirs.TemperatureLogitsWarper(1.5)),
    "top_k 1": (top_k(1), theirs.TopKLogitsWarper(1)),
    "top_k 40": (top_k(40), theirs.TopKLogitsWarper(40)),
    "top_k over V": (top_k(5000), theirs.TopKLogitsWarper(5000)),
    "top_p 0.1": (top_p(0.1), theirs.TopPLogitsWarper(0.1)),
    "top_p 0.9": (top_p(0.9), theirs.TopPLogitsWarper(0.9)),
    "top_p 0.999": (top_p(0.999), theirs.TopPLogitsWarper(0.999)),
    "min_p 0.05": (min_p(0.05), theirs.MinPLogitsWarper(0.05)),
    "min_p 0.5": (min_p(0.5), theirs.MinPLogitsWarper(0.5)),
    "min_p 1": (min_p(1), theirs.MinPLogitsWarper(1.0)),
    "typical 0.2": (typical(0.2), theirs.TypicalLogitsWarper(0.2)),
    "typical 0.95": (typical(0.95), theirs.TypicalLogitsWarper(0.95)),
    "epsilon 0.0003": (epsilon(0.0003), theirs.EpsilonLogitsWarper(0.0003)),
    "epsilon 0.5": (epsilon(0.5), theirs.EpsilonLogitsWarper(0.5)),
    "eta 0.0003": (eta(0.0003), theirs.EtaLogitsWarper(0.0003)),
    "eta 0.3": (eta(0.3), theirs.EtaLogitsWarper(0.3)),
}
BY_VALUE = {
    "temperature": temperature(0.7),
    "top_k": top_k(3),
    "top_p": top_p(0.6),
    "min_p": min_p(0.3),
    "typical": typical(0.6),
    "epsilon": epsilon(0.2),
    "eta": eta(0.2),
}
BY_TOKEN = {
    "bias": bias({0: 1.5, 2: -1.0}),
    "ban": ban([1, [0, 2]]),
    "repetition": repetition(1.3),
    "presence": presence(0.7),
    "frequency": frequency(0.4),
}
small_rows = st.lists(
    st.lists(st.integers(-3, 3).map(float) | st.floats(-9, 9), min_size=4, max_size=4),
    min_size=1,
    max_size=3,
).map(torch.tensor)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PAIRS)
def test_filters_keep_what_those_of_transformers_keep(name, kind):
    """With ties, theirs keep more under top-k, and under top-p others that are as likely."""
    ours, reference = PAIRS[name]
    logits = random_logits(kind)
    result, expected = ours(logits), reference(torch.zeros(6, 1).long(), logits)
    if kind == "ties" and "top_p" in name:
        result, expected = result.sort().values, expected.sort().values
    if kind == "ties" and "top_k" in name:
        assert (kept(expected) | ~kept(result)).all()
        assert (kept(result).sum(-1) == min(ours_k(name), 3000)).all()
        expected = torch.where(kept(result), expected, -inf)
    assert torch.equal(result, expected)


def ours_k(name: str) -> int:
    return {"top_k 1": 1, "top_k 40": 40, "top_k over V": 5000}[name]


def test_top_k_of_transformers_keeps_every_tie_and_ours_the_first():
    logits = torch.tensor([[2.0, 5.0, 2.0, 2.0]])
    assert kept(theirs.TopKLogitsWarper(2)(None, logits)).tolist() == [[True, True, True, True]]
    assert kept(top_k(2)(logits)).tolist() == [[True, True, False, False]]


@pytest.mark.parametrize("kind", KINDS)
def test_the_usual_chain_keeps_what_theirs_keeps(kind):
    logits = random_logits(kind)
    expected = theirs.TemperatureLogitsWarper(0.8)(None, logits)
    if kind == "ties":
        expected = top_k(50)(expected)
    for reference in (theirs.TopKLogitsWarper(50), theirs.TopPLogitsWarper(0.9)):
        expected = reference(None, expected)
    result = chain(temperature(0.8), top_k(50), top_p(0.9))(logits)
    assert torch.equal(result.sort().values, expected.sort().values)
    assert kind == "ties" or torch.equal(result, expected)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("scale", [0.3, 2.0, 8.0])
def test_in_float32_top_p_differs_from_theirs_by_rounding_only(scale, p, rng):
    """50,257 probabilities summed up in float32 are off by some 1e-5; so is the edge."""
    logits = torch.randn(2, 50257, generator=rng) * scale
    ours, reference = (
        kept(f) for f in (top_p(p)(logits), theirs.TopPLogitsWarper(p)(None, logits))
    )
    disputed = logits.double().softmax(-1) * (ours ^ reference)
    assert disputed.sum(-1).max() < 1e-4


def test_probabilities_on_paper_say_what_each_filter_keeps():
    """A half, a quarter, an eighth, two sixteenths; entropy 1.875 bits, so a quarter is typical."""
    logits = torch.tensor([[0.5, 0.25, 0.125, 0.0625, 0.0625]]).log()

    def left(filter):
        return kept(filter(logits))[0].nonzero().flatten().tolist()

    assert left(top_p(0.5)) == [0]
    assert left(top_p(0.51)) == [0, 1]
    assert left(top_p(0.9)) == [0, 1, 2, 3], "of two equals the first"
    assert left(min_p(0.24)) == [0, 1, 2]
    assert left(min_p(1.0)) == [0]
    assert left(typical(0.25)) == [1], "2 bits are nearest to 1.875; the likeliest is dropped"
    assert left(typical(0.3)) == [0, 1], "1 bit is next"
    assert left(epsilon(0.1)) == [0, 1, 2]
    assert left(epsilon(0.9)) == [0], "the likeliest stays"
    eta_limit = 0.1**0.5 * torch.exp(torch.tensor(-1.875 * log(2))).item()
    assert 0.0625 < eta_limit < 0.1
    assert left(eta(0.1)) == [0, 1, 2]
    assert left(eta(0.03)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", [*BY_VALUE, *BY_TOKEN])
def test_what_is_drawn_has_the_exact_probabilities(name, rng):
    """Chi-square over 20,000 draws, with probabilities worked out without any filter."""
    logits = torch.tensor([[1.0, 0.5, 0.2, -0.4, -1.0]])
    ids = torch.tensor([[2, 3, 3, 0]])
    p = logits.double().softmax(-1)[0]
    expected = {
        "temperature": p ** (1 / 0.7),
        "top_k": p * torch.tensor([1, 1, 1, 0, 0]),
        "top_p": p * torch.tensor([1, 1, 0, 0, 0]),  # .40 + .24 reach .6
        "min_p": p * torch.tensor([1, 1, 1, 0, 0]),  # .099 < .3 × .40
        "typical": p * torch.tensor([1, 1, 1, 0, 0]),  # .25 + .18 + .41, in this order
        "epsilon": p * torch.tensor([1, 1, 0, 0, 0]),  # .18 < .2
        "eta": p * torch.tensor([1, 1, 1, 0, 0]),  # .2**.5 · exp(-1.42) = .108
        "bias": p * torch.tensor([1.5, 0, -1, 0, 0]).exp(),
        "ban": p * torch.tensor([1, 0, 0, 1, 1]),
        "repetition": torch.tensor([1 / 1.3, 0.5, 0.2 / 1.3, -0.4 * 1.3, -1]).exp(),
        "presence": p * torch.tensor([-0.7, 0, -0.7, -0.7, 0]).exp(),
        "frequency": p * torch.tensor([-0.4, 0, -0.4, -0.8, 0]).exp(),
    }[name]
    filtered = (BY_VALUE | BY_TOKEN)[name](logits, ids)
    assert sampled_as(expected / expected.sum(), draw(filtered.expand(20_000, 5), rng)) > 1e-4


@given(logits=small_rows, p=st.floats(0.01, 1), k=st.integers(1, 6))
def test_no_row_is_emptied_and_the_likeliest_stays(logits, p, k):
    least = min(p, 0.99)
    for filter in (top_k(k), top_p(p), min_p(p), epsilon(least), eta(least), temperature(p)):
        result = filter(logits)
        assert torch.equal(
            result.gather(1, logits.argmax(-1, keepdim=True)), result.amax(-1, keepdim=True)
        )
    assert kept(typical(p)(logits)).any(-1).all()


@given(logits=small_rows, p=st.floats(0.01, 1), k=st.integers(1, 6))
def test_what_is_kept_is_as_likely_as_anything_dropped(logits, p, k):
    for filter in (top_k(k), top_p(p), min_p(p), epsilon(min(p, 0.99)), eta(min(p, 0.99))):
        staying = kept(filter(logits))
        lowest = logits.masked_fill(~staying, inf).amin(-1)
        assert (logits.masked_fill(staying, -inf).amax(-1) <= lowest).all()


@given(logits=small_rows, p=st.floats(0.01, 0.99), k=st.integers(1, 6))
def test_some_filters_change_nothing_the_second_time(logits, p, k):
    for filter in (top_k(k), min_p(p), epsilon(p), ban([1]), bias({0: -inf})):
        once = filter(logits)
        assert torch.equal(filter(once), once)


def test_top_p_twice_keeps_less():
    once = top_p(0.7)(torch.tensor([[0.5, 0.3, 0.2]]).log())
    assert kept(once).tolist() == [[True, True, False]]
    assert kept(top_p(0.6)(once)).tolist() == [[True, False, False]], "5 of 8 are over 0.6"
    assert kept(top_p(0.7)(once)).tolist() == [[True, True, False]]


@settings(max_examples=30)
@given(logits=small_rows, p=st.floats(0.01, 1), k=st.integers(1, 6), t=st.floats(0.05, 20))
def test_a_chain_is_its_filters_one_after_the_other(logits, p, k, t):
    parts = [temperature(t), top_k(k), top_p(p), top_k(3), repetition(1.2), top_k(2), min_p(p)]
    ids = torch.zeros(len(logits), 1).long()
    expected = logits
    for n, part in enumerate(parts, start=1):
        expected = part(expected, ids)
        assert torch.equal(chain(*parts[:n])(logits, ids), expected)
    nested = chain(chain(*parts[:2]), chain(*parts[2:5]), *parts[5:])
    assert torch.equal(nested(logits, ids), expected)


def test_after_top_k_a_chain_hands_on_only_the_k_kept():
    widths = []

    def spy(logits, ids=None):
        widths.append(logits.shape[-1])
        return logits

    logits = torch.arange(100.0)[None]
    chain(top_k(7), spy)(logits)
    spy.is_by_value = True
    assert chain(top_k(7), spy)(logits).shape == (1, 100)
    chain(chain(top_k(7)), spy)(logits)
    assert widths == [100, 7, 7], "what asks for tokens is given all of them"


def test_order_matters():
    """Heat first lets a third token in; cut first, and the same two share the draw."""
    logits = torch.tensor([[0.6, 0.3, 0.1]]).log()
    assert kept(chain(temperature(4.0), top_p(0.8))(logits)).sum() == 3
    assert kept(chain(top_p(0.8), temperature(4.0))(logits)).sum() == 2


@given(logits=small_rows)
def test_a_low_temperature_is_greedy_and_a_high_one_flat(logits):
    top, second = logits.topk(2).values.unbind(-1)
    assume((top - second > 0.01).all())
    assert (temperature(1e-4)(logits).softmax(-1).amax(-1) > 0.999).all()
    flat = temperature(1e6)(logits).softmax(-1)
    torch.testing.assert_close(flat, torch.full_like(flat, 1 / 4), rtol=1e-4, atol=0)


@pytest.mark.parametrize("name", [*BY_VALUE, *BY_TOKEN])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_types_stay_and_the_logits_given_are_left_alone(name, dtype, rng):
    logits = (torch.randn(2, 600, generator=rng) * 3).to(dtype)
    before, ids = logits.clone(), torch.tensor([[-1, 5, 0], [7, 7, 0]])
    result = (BY_VALUE | BY_TOKEN)[name](logits, ids)
    assert result.dtype == dtype
    assert torch.equal(logits, before)
    if name in ("top_p", "min_p", "typical", "epsilon", "eta"):  # decided in float32
        assert torch.equal(kept(result), kept(BY_VALUE[name](logits.float())))


@pytest.mark.parametrize("name", BY_VALUE)
def test_a_vocabulary_of_one_and_rows_with_one_token_left_keep_it(name):
    assert kept(BY_VALUE[name](torch.tensor([[-4.0], [3.0]]))).all()
    last = torch.tensor([[-inf, -7.0, -inf, -inf]])
    assert kept(BY_VALUE[name](last)).tolist() == [[False, True, False, False]]


def test_long_flat_rows_are_sorted_whole_and_peaked_ones_are_not(rng, monkeypatch):
    logits = torch.randn(2, 5000, generator=rng, dtype=torch.float64)
    logits[0] *= 6
    asked, descending = [], filters.descending

    def counting(numbers, k):
        asked.append((len(numbers), k))
        return descending(numbers, k)

    monkeypatch.setattr(filters, "descending", counting)
    result = top_p(0.9)(logits)
    assert asked == [(2, filters.PREFIX), (1, 5000)]
    assert torch.equal(result, theirs.TopPLogitsWarper(0.9)(None, logits))


def test_bias_adds_and_can_ban():
    logits = torch.zeros(2, 4)
    assert bias({1: 2.0, 3: -inf})(logits).tolist() == [[0, 2, 0, -inf]] * 2
    assert torch.equal(bias({})(logits), logits)


def test_a_banned_sequence_loses_its_last_token_where_the_rest_was_just_said(rng):
    logits, ids = (
        torch.randn(3, 6, generator=rng),
        torch.tensor([[0, 4, 5], [5, 4, 4], [-1, -1, 5]]),
    )
    words = [[1], [4, 5, 2], [4, 3], [0, 3], [4, 4, 4, 0]]
    result = ban(words)(logits, ids)
    expected = theirs.NoBadWordsLogitsProcessor(words)(ids, logits)
    assert torch.equal(result, expected)
    assert kept(result).tolist() == [
        [True, False, False, True, True, True],
        [True, False, True, False, True, True],
        [True, False, True, True, True, True],
    ]
    assert torch.equal(ban([1])(logits), ban([[1]])(logits)), "single tokens ask for no text"
    assert torch.equal(ban([])(logits), logits)
    assert kept(ban([[4, 4, 2]])(logits[:1], torch.tensor([[4]]))).all(), "4 was said only once"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: temperature(0), r"above 0, got 0; for the likeliest, top_k\(1\)"),
        (lambda: temperature(-1.0), "above 0, got -1.0"),
        (lambda: temperature(inf), "above 0, got inf"),
        (lambda: temperature(torch.nan), "above 0, got nan"),
        (lambda: top_k(0), "at least 1, got 0"),
        (lambda: top_p(0.0), "top_p must be above 0 and at most 1, got 0.0"),
        (lambda: top_p(1.1), "top_p must be above 0 and at most 1, got 1.1"),
        (lambda: min_p(0.0), "min_p must be above 0 and at most 1, got 0.0"),
        (lambda: typical(torch.nan), "typical must be above 0 and at most 1, got nan"),
        (lambda: epsilon(0.0), "epsilon must lie between 0 and 1, got 0.0"),
        (lambda: eta(1.0), "eta must lie between 0 and 1, got 1.0"),
        (lambda: bias({3: inf}), "the bias of token 3 is inf; give a number"),
        (lambda: ban([[2], []]), "a sequence to be banned is empty"),
    ],
)
def test_settings_that_mean_nothing_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", [*BY_VALUE, *BY_TOKEN])
def test_rows_from_which_nothing_can_be_drawn_are_named(name):
    filter, ids = (BY_VALUE | BY_TOKEN)[name], torch.zeros(2, 1).long()
    for wrong, message in (
        ([-inf] * 4, "row 1 has no token left, all are -inf"),
        ([0.0, torch.nan, 1.0, 2.0], "the logits of row 1 hold nan"),
        ([0.0, inf, 1.0, 2.0], "the logits of row 1 hold inf"),
    ):
        with pytest.raises(ValueError, match=message):
            filter(torch.tensor([[0.0] * 4, wrong]), ids)
        with pytest.raises(ValueError, match=message):
            chain(top_k(2), filter)(torch.tensor([[0.0] * 4, wrong]), ids)


@pytest.mark.parametrize("filter", [ban([0, 1, 2]), bias({0: -inf, 1: -inf, 2: -inf})])
def test_to_ban_every_token_is_an_error(filter):
    with pytest.raises(
        ValueError, match="row 0 has no token left, all are -inf; ban or drop fewer"
    ):
        filter(torch.zeros(1, 3))


def test_a_temperature_that_overflows_says_so():
    with pytest.raises(
        ValueError, match=r"1e-05 is too small for logits up to 30 in torch.float16"
    ):
        temperature(1e-5)(torch.tensor([[30.0, 1.0]]).half())


def test_tokens_outside_the_vocabulary_are_refused():
    for filter in (bias({5: 1.0}), ban([5]), ban([[5, 0]]), ban([-1])):
        with pytest.raises(ValueError, match=r"no token (5|-1): ids go from 0 to 2"):
            filter(torch.zeros(1, 3), torch.zeros(1, 4).long())


def test_gradients_pass_through_what_is_kept():
    logits = torch.tensor([[3.0, 1.0, 2.0]], requires_grad=True)
    for filter in (top_k(2), top_p(0.8), min_p(0.2), chain(top_k(2), top_p(0.99))):
        (gradient,) = torch.autograd.grad(filter(logits)[0, [0, 2]].sum(), logits)
        assert gradient.tolist() == [[1, 0, 1]]
