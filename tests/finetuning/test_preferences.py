"""Preferences: the loss by hand and at its limits, the pairs, and the model that stays."""

import copy
import math
from itertools import islice, repeat

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from afterword.finetuning.lora import add_lora, take_off
from afterword.finetuning.preferences import (
    Pair,
    WithReference,
    answer_logprobs,
    dpo_loss,
    margins,
    pair_batches,
    rewards,
)
from afterword.model.block import DropoutBlock
from afterword.model.gpt import GPT
from afterword.model.presets import small
from afterword.training.loop import train
from afterword.training.optimizers import adamw
from afterword.training.schedules import Constant

TINY = dict(vocab_size=11, d_model=16, n_layers=2, n_heads=2, context_length=16)
PAIRS = [
    Pair(prompt=[1, 2], chosen=[3, 4, 0], rejected=[5, 0]),
    Pair(prompt=[6], chosen=[7, 0], rejected=[8, 9, 10, 0]),
    Pair(prompt=[2, 2, 2], chosen=[1], rejected=[2]),
]
ids = st.lists(st.integers(0, 10), min_size=1, max_size=4)
# prompt, chosen, and an end of the rejected that none of the chosen has; made pairs in the tests
several = st.lists(
    st.tuples(ids, ids.filter(lambda one: one[-1] < 5), ids.filter(lambda one: one[-1] > 5)),
    min_size=1,
    max_size=3,
)
few = settings(max_examples=15)


def as_pairs(some):
    return [Pair(prompt=p, chosen=c, rejected=[*c[:-1], *end]) for p, c, end in some]


def tiny(seed=0, **changes):
    torch.manual_seed(seed)
    gpt = GPT(small(**TINY | changes))
    for weight in gpt.parameters():  # far from uniform, so that a slip would show
        weight.data += torch.randn_like(weight) / 5
    return gpt


def batch(some, batch_size=None):
    rng = torch.Generator().manual_seed(0)
    inputs, targets = next(pair_batches(some, batch_size=batch_size or len(some), rng=rng))
    return inputs["ids"], targets


def answers(ids, targets):
    """Prompt and answer of each row of a batch, read off what counts."""
    result = []
    for row, aims in zip(ids.tolist(), targets.tolist(), strict=True):
        counted = [i for i, aim in enumerate(aims) if aim != -100]
        result.append((row[: counted[0] + 1], [aims[i] for i in counted]))
    return result


def as_rows(some):
    chosen = [([*pair.prompt], [*pair.chosen]) for pair in some]
    return chosen + [([*pair.prompt], [*pair.rejected]) for pair in some]


@settings(max_examples=30)
@given(several)
def test_a_batch_holds_the_chosen_then_the_rejected_and_only_answers_count(some):
    some = as_pairs(some)
    ids, targets = batch(some)
    found = answers(ids, targets)
    n = len(some)
    assert sorted(found[:n]) == sorted(as_rows(some)[:n])
    assert sorted(found[n:]) == sorted(as_rows(some)[n:])
    assert [prompt for prompt, _ in found[:n]] == [prompt for prompt, _ in found[n:]]
    for row, aims, (prompt, answer) in zip(ids, targets, found, strict=True):
        assert (row[: len(prompt) + len(answer) - 1]).tolist() == [*prompt, *answer][:-1]
        assert (aims != -100).sum() == len(answer)


def test_every_pass_shows_each_pair_once():
    rng = torch.Generator().manual_seed(0)
    seen = []
    for inputs, targets in islice(pair_batches(PAIRS, batch_size=1, rng=rng), 6):
        seen.append(answers(inputs["ids"], targets))
    once = sorted([as_rows(PAIRS)[i], as_rows(PAIRS)[i + 3]] for i in range(3))
    assert sorted(seen[:3]) == sorted(seen[3:]) == once


def logprob(gpt, prompt, answer):
    """Token by token, one text at a time."""
    total, said = 0.0, list(prompt)
    for id in answer:
        total += gpt(torch.tensor([said]))[0, -1].log_softmax(-1)[id]
        said.append(id)
    return total


def test_loss_rewards_and_gradients_are_those_of_the_paper():
    """Loss as in equation 7; gradient as below it: σ(-margin) of how the margin changes."""
    gpt, reference, beta = tiny().double(), tiny(seed=1).double(), 0.3
    model = WithReference(gpt, reference)
    ids, targets = batch(PAIRS)
    total, gradient = 0.0, 0.0
    for pair in PAIRS:
        gained = [
            logprob(gpt, pair.prompt, answer) - logprob(reference, pair.prompt, answer).item()
            for answer in (pair.chosen, pair.rejected)
        ]
        margin = beta * (gained[0] - gained[1])
        (slope,) = torch.autograd.grad(margin, gpt.embedding.weight)
        total += math.log1p(math.exp(-margin.item())) / 3
        gradient = gradient - slope / (1 + math.exp(margin.item())) / 3
    loss = dpo_loss(beta)(model(ids), targets)
    loss.backward()
    # logits in fp64, their log-probabilities in fp32: sums of 20 nats, to six digits
    assert loss.item() == pytest.approx(total, abs=1e-5)
    torch.testing.assert_close(gpt.embedding.weight.grad, gradient, rtol=0, atol=1e-6)


def test_at_the_start_the_loss_is_ln_2_and_no_answer_has_a_reward():
    gpt = tiny()
    model = WithReference(gpt, copy.deepcopy(gpt))
    ids, targets = batch(PAIRS)
    logits = model(ids)
    assert (rewards(logits, targets, beta=0.1) == 0).all()
    loss = dpo_loss(0.1)(logits, targets)
    assert loss.item() == torch.tensor(math.log(2), dtype=torch.float32).item()


@few
@given(several, st.floats(0.01, 5))
def test_to_swap_chosen_and_rejected_turns_every_margin_round(some, beta):
    model, some = WithReference(tiny(), tiny(seed=1)), as_pairs(some)
    swapped = [Pair(prompt=p.prompt, chosen=p.rejected, rejected=p.chosen) for p in some]
    found, turned = (margins(model(ids), t, beta=beta) for ids, t in (batch(some), batch(swapped)))
    # fp32, sums of up to some 30 nats times beta
    torch.testing.assert_close(found, -turned, rtol=1e-4, atol=2e-5 * beta)


@few
@given(several)
def test_a_pair_has_the_margin_that_it_has_alone(some):
    """Whatever stands beside it in the batch, and however many pads."""
    model, some = WithReference(tiny(), tiny(seed=1)).double(), as_pairs(some)
    ids, targets = batch(some)
    together = margins(model(ids), targets, beta=1.0)
    rng = torch.Generator().manual_seed(0)
    order = torch.randperm(len(some), generator=rng).tolist()
    for margin, i in zip(together, order, strict=True):
        alone, aims = batch([some[i]])
        (expected,) = margins(model(alone), aims, beta=1.0)
        assert margin.item() == pytest.approx(expected.item(), abs=2e-5)  # log-softmax in fp32


def test_a_margin_is_beta_times_as_large_and_the_difference_of_the_rewards():
    model = WithReference(tiny(), tiny(seed=1))
    ids, targets = batch(PAIRS)
    logits = model(ids)
    chosen, rejected = rewards(logits, targets, beta=0.5)
    assert torch.equal(margins(logits, targets, beta=0.5), chosen - rejected)
    doubled = margins(logits, targets, beta=1.0)
    torch.testing.assert_close(doubled, 2 * (chosen - rejected))


def test_a_row_without_an_answer_has_probability_one():
    logits = torch.randn(2, 3, 5)
    targets = torch.tensor([[-100, 2, -100], [-100, -100, -100]])
    expected = [logits[0, 1].log_softmax(-1)[2].item(), 0.0]
    assert answer_logprobs(logits, targets).tolist() == pytest.approx(expected, abs=1e-6)


def test_the_loop_learns_the_preference_and_leaves_the_reference_alone():
    gpt = tiny()
    reference = copy.deepcopy(gpt)
    model, before = WithReference(gpt, reference), copy.deepcopy(reference.state_dict())
    rng = torch.Generator().manual_seed(0)
    steps = train(
        model,
        pair_batches(PAIRS, batch_size=3, rng=rng),
        optimizer=adamw(model, lr=1e-2, weight_decay=0.0),
        schedule=Constant(n_steps=20),
        loss_function=dpo_loss(0.5),
    )
    losses = [step.loss for step in steps]
    assert losses[0] == pytest.approx(math.log(2), abs=1e-7)
    assert losses[-1] < 0.05
    ids, targets = batch(PAIRS)
    assert (margins(model(ids), targets, beta=0.5) > 0).all()
    assert all(torch.equal(weight, before[name]) for name, weight in reference.state_dict().items())
    assert all(weight.grad is None for weight in reference.parameters())


def test_the_reference_is_moved_with_the_model_but_does_not_learn_and_drops_nothing():
    gpt = tiny(block=DropoutBlock, dropout=0.5)
    model = WithReference(gpt, copy.deepcopy(gpt))
    assert {id(p) for p in model.parameters() if p.requires_grad} == set(map(id, gpt.parameters()))
    model.train()
    ids = batch(PAIRS)[0]
    first, second = model(ids), model(ids)
    assert not torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert not model.eval().model.training
    assert model.double().reference.embedding.weight.dtype == torch.float64


def test_with_lora_the_reference_is_the_model_without_its_adapter():
    gpt = tiny()
    model = WithReference(gpt, copy.deepcopy(gpt))
    add_lora(gpt, rank=2, alpha=4)
    optimizer = torch.optim.SGD([p for p in gpt.parameters() if p.requires_grad], lr=0.5)
    ids, targets = batch(PAIRS)
    losses = []
    for _ in range(4):
        losses.append(dpo_loss(0.5)(model(ids), targets))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[0].item() == pytest.approx(math.log(2), abs=1e-7)
    assert losses[-1] < losses[0]
    reference = model(ids)[1]
    take_off(gpt)
    assert torch.equal(gpt(ids), reference)


def test_a_reference_may_be_the_same_weights_as_long_as_they_are_frozen():
    gpt = tiny()
    shared = copy.deepcopy(gpt, {id(weight): weight for weight in gpt.parameters()})
    assert shared.embedding.weight is gpt.embedding.weight
    add_lora(gpt, rank=2, alpha=4)
    ids, targets = batch(PAIRS)
    loss = dpo_loss(0.5)(WithReference(gpt, shared)(ids), targets)
    assert loss.item() == pytest.approx(math.log(2), abs=1e-7)


def test_batches_in_one_step_are_weighed_by_their_tokens():
    """As the docstring says: not the mean over pairs, unless the answers are equally long."""
    gpt = tiny()
    model, loss = WithReference(gpt, tiny(seed=1)), dpo_loss(0.5)
    parts = [({"ids": ids}, targets) for ids, targets in (batch(PAIRS[:1]), batch(PAIRS[1:2]))]
    expected = sum(
        loss(model(**x), y).item() * n / 11 for (x, y), n in zip(parts, [5, 6], strict=True)
    )
    (step,) = train(
        model,
        (part for part in parts),
        optimizer=adamw(model, lr=1e-9),
        schedule=Constant(n_steps=1),
        n_accumulate=2,
        loss_function=loss,
    )
    assert step.loss == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pair(prompt=[], chosen=[1], rejected=[2]), "the prompt ids are empty"),
        (lambda: Pair(prompt=[1], chosen=[], rejected=[2]), "the chosen ids are empty"),
        (lambda: Pair(prompt=[1], chosen=[1], rejected=[]), "the rejected ids are empty"),
        (lambda: Pair(prompt=[1], chosen=[1, 2], rejected=(1, 2)), "nothing to prefer; leave the"),
        (lambda: dpo_loss(0.0), "beta must be a number above 0, got 0.0; 0.1 is usual"),
        (lambda: dpo_loss(-1.0), "above 0, got -1.0"),
        (lambda: dpo_loss(math.inf), "above 0, got inf"),
        (lambda: batch([]), "got 0 examples"),
        (lambda: batch(PAIRS, batch_size=-1), "batch_size -1"),
        (lambda: WithReference(*repeat(tiny(), 2)), "the reference shares weights with the model"),
    ],
)
def test_what_cannot_be_preferred_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
