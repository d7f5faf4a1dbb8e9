"""The loop against the plain one, its limits, and what stops it."""

import math
from itertools import islice, repeat

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from afterword.evaluation.likelihood import mean_loss
from afterword.model.count import training_bytes
from afterword.model.encoder import MaskedLM
from afterword.model.gpt import GPT
from afterword.model.presets import gpt2, llama, small
from afterword.model.recurrent import RecurrentConfig, RecurrentLM
from afterword.text.batches import random_batches
from afterword.training.loop import Diverged, next_token_loss, train
from afterword.training.machines import OneDevice
from afterword.training.optimizers import adamw, muon
from afterword.training.schedules import Constant, Cosine, Linear

TINY = dict(vocab_size=11, d_model=16, n_layers=2, n_heads=2, context_length=8)


def tiny(seed=0, **changes):
    torch.manual_seed(seed)
    return GPT(small(**TINY | changes))


def batches(seed=0, batch_size=4):
    ids = torch.randint(11, (400,), generator=torch.Generator().manual_seed(9))
    rng = torch.Generator().manual_seed(seed)
    return random_batches(ids, context_length=8, batch_size=batch_size, rng=rng)


def losses(model, data, **settings):
    settings = dict(optimizer=adamw(model, lr=1e-2), schedule=Constant(n_steps=5)) | settings
    return [step.loss for step in train(model, data, **settings)]


def same_weights(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_inputs_by_name_reach_the_model_and_a_complaint_about_them_shows_the_first():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.gpt = tiny()

        def forward(self, ids, texts):
            return self.gpt(ids) + 0 * texts[..., None]

    def named(data):
        return (({"ids": ids, "texts": torch.zeros_like(ids)}, targets) for ids, targets in data)

    assert losses(Named(), named(batches())) == losses(tiny(), batches())
    broken = Named()
    broken.gpt.norm.weight.data[0] = math.nan
    ids, _ = next(batches())
    first = ", ".join(map(str, ids.flatten()[:8].tolist()))
    with pytest.raises(Diverged, match=rf"shape \(4, 8\) that begins {first}, …"):
        losses(broken, named(batches()))


def test_it_is_the_loop_one_would_write():
    ours, plain = tiny(), tiny()
    schedule = Cosine(n_steps=6, n_warmup=2)
    done = train(ours, batches(), optimizer=adamw(ours, lr=1e-2), schedule=schedule, max_norm=0.5)
    optimizer = adamw(plain, lr=1e-2)
    for index, (step, (inputs, targets)) in enumerate(zip(done, batches(), strict=False)):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * schedule(index)
        loss = F.cross_entropy(plain(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
        optimizer.step()
        assert (step.number, step.loss) == (index + 1, loss.item())
        assert step.gradient_norm == norm.item()
        assert (step.factor, step.n_tokens) == (schedule(index), 32)
    assert step.number == 6
    assert same_weights(ours, plain)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 99))
def test_several_batches_in_one_step_are_one_large_batch(sizes, seed):
    rng = torch.Generator().manual_seed(seed)
    ids = torch.randint(11, (sum(sizes), 9), generator=rng)
    targets = ids[:, 1:].clone()
    targets[torch.rand(targets.shape, generator=rng) < 0.3] = -100
    targets[0, 0] = 1
    whole = [(ids[:, :-1], targets)]
    parts = list(zip(ids[:, :-1].split(sizes), targets.split(sizes), strict=True))
    if any((part != -100).sum() == 0 for _, part in parts):
        return  # a part without a target: tested below
    once, often = tiny().double(), tiny().double()
    one_step = dict(schedule=Constant(n_steps=1))
    (a,) = losses(once, whole, optimizer=torch.optim.SGD(once.parameters(), lr=1.0), **one_step)
    sgd = torch.optim.SGD(often.parameters(), lr=1.0)
    (b,) = losses(often, parts, optimizer=sgd, n_accumulate=len(parts), **one_step)
    assert a == pytest.approx(b, abs=1e-6)
    for p, q in zip(once.parameters(), often.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=1e-6)  # the loss is in fp32


LSTM = dict(vocab_size=11, d_model=16, n_layers=1)
MODULES = {
    "table": lambda: nn.Embedding(11, 11),
    "LSTM": lambda: RecurrentLM(RecurrentConfig(cell=nn.LSTM, **LSTM)),
    "GPT-2": lambda: GPT(gpt2(**TINY)),
    "Llama": lambda: GPT(llama(**TINY, d_ff=32)),
    "dropping": lambda: GPT(small(**TINY, dropout=0.01)),
    "encoder": lambda: MaskedLM(gpt2(**TINY)),
}


@pytest.mark.parametrize("name", MODULES)
def test_anything_from_ids_to_logits_begins_at_chance_and_learns_one_batch(name):
    torch.manual_seed(0)
    model = MODULES[name]()
    if name == "table":
        nn.init.zeros_(model.weight)
    ids = torch.tensor([[0, 3, 1, 4, 2, 5, 10, 9, 6], [8, 0, 3, 1, 4, 2, 5, 10, 9]])
    optimizer = adamw(model, lr=1e-2 if name != "table" else 1.0, weight_decay=0.0)
    done = losses(
        model,
        repeat((ids[:, :-1], ids[:, 1:])),
        optimizer=optimizer,
        schedule=Linear(n_steps=200),
    )
    # 0.05: the first weights are small, not zero; the recurrent layer's are torch's, larger
    assert done[0] == pytest.approx(math.log(11), abs=0.15 if name == "LSTM" else 0.05)
    assert done[-1] < 0.01


def test_gradients_are_those_of_finite_differences():
    model = tiny(d_model=8, n_layers=1, vocab_size=5).double()
    for p in model.parameters():
        p.data.normal_(std=0.5)
    ids = torch.tensor([[0, 3, 1, 4], [2, 2, 0, 1]])
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()
    rng = torch.Generator().manual_seed(0)
    for p in model.parameters():
        direction = torch.randn(p.shape, generator=rng, dtype=p.dtype)
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                p += sign * 1e-6 * direction
                out = model(ids[:, :-1]).flatten(0, 1)
                values.append(F.cross_entropy(out, ids[:, 1:].flatten()).item())
                p -= sign * 1e-6 * direction
        slope = (values[0] - values[1]) / 2e-6
        assert slope == pytest.approx((p.grad * direction).sum().item(), abs=1e-7, rel=1e-6)


@pytest.mark.parametrize("config", [gpt2(**TINY), small(**TINY)])
def test_a_step_holds_the_bytes_that_the_formula_says(config):
    torch.manual_seed(0)
    model = GPT(config)
    optimizer = adamw(model, lr=1e-2)
    kept = []
    optimizer.register_step_pre_hook(lambda *_: kept.extend(p.grad for p in model.parameters()))
    losses(model, batches(), optimizer=optimizer, schedule=Constant(n_steps=1))
    moments = [t for state in optimizer.state.values() for t in state.values() if t.ndim]
    held = {"weights": list(model.parameters()), "gradients": kept, "AdamW": moments}
    found = {name: sum(t.nbytes for t in tensors) for name, tensors in held.items()}
    expected = training_bytes(config)
    assert found == expected


def test_a_target_of_minus_100_does_not_count():
    logits, targets = torch.randn(2, 3, 5), torch.tensor([[1, -100, 2], [-100, -100, 4]])
    kept = targets != -100
    expected = F.cross_entropy(logits[kept], targets[kept])
    torch.testing.assert_close(next_token_loss(logits, targets), expected)


def test_who_stops_looking_stops_the_run_and_no_batch_is_drawn_too_many():
    model, data = tiny(), batches()
    steps = train(model, data, optimizer=adamw(model, lr=0.01), schedule=Constant(n_steps=50))
    assert [step.number for step in islice(steps, 3)] == [1, 2, 3]
    fourth = list(islice(batches(), 4))[3]
    assert torch.equal(next(data)[0], fourth[0])


def test_a_run_in_two_parts_is_the_run_in_one():
    whole, parted = tiny(), tiny()
    schedule = Linear(n_steps=6)
    once = losses(whole, batches(), schedule=schedule)
    data, optimizer = batches(), adamw(parted, lr=1e-2)
    first = train(parted, data, optimizer=optimizer, schedule=schedule)
    twice = [step.loss for step in islice(first, 2)]
    twice += losses(parted, data, optimizer=optimizer, schedule=schedule, start=2)
    assert once == twice
    assert same_weights(whole, parted)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_the_run_before_the_update(bad):
    model, untouched = tiny(), tiny()

    def broken(logits, targets):
        return next_token_loss(logits, targets) * bad

    with pytest.raises(Diverged, match=r"the loss is (nan|inf) at step 1, .*\(4, 8\).* begins \d"):
        losses(model, batches(), loss_function=broken)
    assert same_weights(model, untouched)


def test_a_gradient_that_is_no_number_stops_the_run_before_the_update():
    model, untouched = tiny(), tiny()
    model.embedding.weight.register_hook(lambda gradient: gradient * math.nan)
    with pytest.raises(Diverged, match="the gradient's norm is nan at step 1") as caught:
        losses(model, batches())
    assert caught.value.step == 1
    assert same_weights(model, untouched)


def test_a_rate_that_is_too_large_ends_in_diverged_or_in_a_number():
    model = tiny()
    sgd = torch.optim.SGD(model.parameters(), lr=1e30)
    with pytest.raises(Diverged, match="smaller learning rate"):
        losses(model, batches(), optimizer=sgd, schedule=Constant(n_steps=20))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(n_accumulate=0), "n_accumulate must be at least 1"),
        (dict(max_norm=0.0), "max_norm above 0"),
        (dict(schedule=Constant(n_steps=9)), "the batches ended after 3 of 9 steps"),
    ],
)
def test_bad_input_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        losses(tiny(), list(islice(batches(), 3)), **settings)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_learns_as_full_precision_does(dtype):
    full, half = tiny(), tiny()
    a = losses(full, batches(), schedule=Constant(n_steps=30))
    b = losses(half, batches(), schedule=Constant(n_steps=30), machine=OneDevice(dtype=dtype))
    assert not same_weights(full, half)
    assert all(p.dtype == torch.float32 for p in half.parameters())
    # bfloat16 keeps 8 bits: each product is off by 0.4 %, a loss of 2.4 nats by less than 0.02;
    # and runs that differ a little drift apart, so only the first steps are compared
    assert a[:10] == pytest.approx(b[:10], abs=0.02)
    assert sum(a[20:]) == pytest.approx(sum(b[20:]), rel=0.02)


def test_float16_scales_its_loss_and_leaves_out_a_step_that_overflows():
    model, machine = tiny(), OneDevice(dtype=torch.float16)
    machine.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**120, growth_interval=1000)
    before = [p.clone() for p in model.parameters()]
    done = losses(model, batches(), schedule=Constant(n_steps=1), machine=machine)
    assert math.isfinite(done[0])
    assert all(torch.equal(p, q) for p, q in zip(before, model.parameters(), strict=True))
    assert machine.scaler.get_scale() == 2.0**119


def test_the_precision_of_products_is_the_callers_between_steps():
    model = tiny()
    steps = train(
        model,
        batches(),
        optimizer=muon(model, lr=0.02, adam_lr=1e-3),
        schedule=Constant(n_steps=2),
        machine=OneDevice(matmul="medium"),
    )
    for _ in steps:
        assert torch.get_float32_matmul_precision() == "highest"


def test_only_half_types_can_be_asked_for():
    with pytest.raises(ValueError, match=r"None, torch.bfloat16 or torch.float16, got torch.int8"):
        OneDevice(dtype=torch.int8)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_it_learns_a_text_to_its_entropy(optimizer):
    # the letter before leaves two to choose from, equally likely: ln 2 nats, once that is known
    rng = torch.Generator().manual_seed(0)
    steps = 1 + torch.randint(2, (20_000,), generator=rng)
    ids = steps.cumsum(0) % 11
    model = tiny()
    chosen = adamw(model, lr=0.01)
    if optimizer == "muon":
        chosen = muon(model, lr=0.02, adam_lr=0.01)
    data = random_batches(ids[:18_000], context_length=8, batch_size=32, rng=rng)
    losses(model, data, optimizer=chosen, schedule=Linear(n_steps=300))
    final = mean_loss(model.eval(), ids[18_000:], context_length=8)
    assert math.log(2) - 0.02 < final < math.log(2) + 0.03
