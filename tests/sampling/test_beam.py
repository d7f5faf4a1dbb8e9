from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.model.gpt import GPT
from afterword.model.presets import small
from afterword.sampling.beam import beam
from tests.interop.models import CONFIGS, random_ids
from tests.sampling.models import markov, pair


def logprob_of(model, prompt, ids) -> float:
    logprobs = model(torch.tensor([[*prompt, *ids]]))[0].log_softmax(-1)
    places = range(len(prompt) - 1, len(prompt) + len(ids) - 1)
    return sum(logprobs[place, id].item() for place, id in zip(places, ids, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize(
    ("n_beams", "length_power", "end_id"), [(3, 1.0, None), (5, 0.0, 7), (2, -0.5, 7), (4, 1.0, 7)]
)
def test_the_beams_are_those_of_hugging_face(name, n_beams, length_power, end_id):
    """Tokens and scores; ends at a marker are met, since its 23 tokens are about as likely."""
    theirs, ours = pair(name)
    prompt = random_ids(1, 4)
    found = theirs.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=7,
        num_beams=n_beams,
        num_return_sequences=n_beams,
        length_penalty=length_power,
        eos_token_id=end_id,
        pad_token_id=0,
        do_sample=False,
        output_scores=True,
        return_dict_in_generate=True,
    )
    settings = dict(n_beams=n_beams, n_tokens=7, length_power=length_power, end_id=end_id)
    beams = beam(ours, prompt[0].tolist(), **settings)
    assert len(beams) == n_beams
    for one, ids, score in zip(beams, found.sequences, found.sequences_scores, strict=True):
        assert one.ids == ids[4 : 4 + len(one.ids)].tolist()
        assert one.score == pytest.approx(score.item(), abs=1e-4)
        assert one.logprob == pytest.approx(logprob_of(ours, prompt[0].tolist(), one.ids), abs=1e-3)


def test_as_many_beams_as_there_are_texts_find_the_likeliest():
    """Four tokens, three steps, 64 texts: nothing is dropped, so the order is that of all texts."""
    model = markov(4, seed=1)
    every = {ids: logprob_of(model, [0], ids) for ids in product(range(4), repeat=3)}
    wanted = sorted(every, key=lambda ids: -every[ids])
    assert [tuple(one.ids) for one in beam(model, [0], n_beams=64, n_tokens=3)] == wanted


@given(st.integers(0, 99), st.integers(2, 6))
def test_with_more_beams_the_best_text_is_never_less_likely_than_the_greedy_one(seed, n_beams):
    """Of two steps this holds: the greedy first token is always among the beams."""
    model = markov(6, seed=seed)
    (greedy,) = beam(model, [0], n_beams=1, n_tokens=2)
    assert beam(model, [0], n_beams=n_beams, n_tokens=2)[0].logprob >= greedy.logprob - 1e-6


def test_one_beam_is_greedy():
    model = markov(9, seed=2)
    (found,) = beam(model, [3], n_beams=1, n_tokens=6)
    ids = [3]
    for _ in range(6):
        ids.append(model(torch.tensor([ids]))[0, -1].argmax().item())
    assert found.ids == ids[1:]


def test_the_cache_changes_no_beam():
    torch.manual_seed(0)
    model = GPT(small(vocab_size=11, d_model=16, n_layers=2, n_heads=2)).eval()
    settings = dict(n_beams=4, n_tokens=8, n_groups=2, diversity=0.5, end_id=3)
    cached, read_anew = (beam(one, [1, 2], **settings) for one in (model, lambda ids: model(ids)))
    assert [one.ids for one in cached] == [one.ids for one in read_anew]


def test_groups_without_a_cost_repeat_one_another_and_with_a_high_one_share_no_first_token():
    model = markov(8, seed=4)
    settings = dict(n_beams=4, n_tokens=5, n_groups=4)
    alike = beam(model, [0], **settings)
    assert len({tuple(one.ids) for one in alike}) == 1
    apart = beam(model, [0], diversity=100.0, **settings)
    for place in range(5):
        assert len({one.ids[place] for one in apart}) == 4


def test_a_groups_cost_counts_the_beams_before_it_and_not_its_own():
    """The first group searches as if it were alone."""
    model = markov(8, seed=5)
    alone = beam(model, [0], n_beams=2, n_tokens=4)
    both = beam(model, [0], n_beams=4, n_groups=2, n_tokens=4, diversity=3.0)
    assert {tuple(one.ids) for one in alone} <= {tuple(one.ids) for one in both}


def test_the_search_ends_when_what_goes_on_is_worse_than_what_ended():
    probs, calls = torch.tensor([0.05, 0.9, 0.05]), []

    def model(ids):
        calls.append(ids)
        return probs.log().expand(*ids.shape, 3)

    (found,) = beam(model, [0], n_beams=1, n_tokens=50, end_id=1)
    assert (found.ids, len(calls)) == ([1], 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(ids=[]), "give a prompt of at least one token"),
        (dict(n_beams=0), "n_beams must be at least 1, got 0"),
        (dict(n_tokens=0), "n_tokens must be at least 1, got 0"),
        (dict(n_groups=3), "4 beams cannot be shared evenly by 3 groups"),
        (dict(diversity=-1.0), "diversity is a cost and cannot be negative"),
    ],
)
def test_what_cannot_be_searched_is_refused(changes, message):
    settings = dict(ids=[0], n_beams=4, n_tokens=3) | changes
    with pytest.raises(ValueError, match=message):
        beam(markov(5, seed=0), settings.pop("ids"), **settings)
