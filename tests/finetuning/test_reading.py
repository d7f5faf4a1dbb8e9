"""Texts side by side read as each alone, and a body is the model without its last matrix."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.finetuning.reading import Apart, Body
from afterword.model.gpt import GPT
from afterword.model.positions import ALiBi, Learned, NoPositions, Rotary, Sinusoidal, SteepALiBi
from afterword.model.presets import small

SCHEMES = [ALiBi(), Learned(), NoPositions(), Rotary(base=100.0), Sinusoidal(), SteepALiBi()]


def model(scheme=None):
    torch.manual_seed(0)
    config = small(vocab_size=11, d_model=16, n_layers=2, n_heads=2, context_length=12)
    return GPT(replace(config, positions=scheme or config.positions)).double().eval()


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_texts_in_one_row_get_the_logits_they_get_alone(scheme, lengths, seed):
    gpt = model(scheme)
    rng = torch.Generator().manual_seed(seed)
    rows = [torch.randint(11, (1, n), generator=rng) for n in lengths]
    texts = torch.cat([torch.full((1, n), 5 * i % 3) for i, n in enumerate(lengths)], dim=1)
    with torch.no_grad():
        packed = Apart(gpt)(torch.cat(rows, dim=1), texts)
        alone = torch.cat([gpt(row) for row in rows], dim=1)
    # fp64; sums in another order
    torch.testing.assert_close(packed, alone, rtol=0, atol=1e-12)


def test_without_the_numbers_the_second_text_would_be_changed_by_the_first():
    gpt, ids = model(), torch.tensor([[1, 2, 3, 4, 5, 6]])
    apart = Apart(gpt)(ids, torch.tensor([[0, 0, 0, 1, 1, 1]]))
    assert (gpt(ids) - apart)[0, :3].abs().max() < 1e-12
    assert (gpt(ids) - apart)[0, 3:].abs().max() > 1e-3


def test_no_gradient_reaches_another_text():
    gpt, ids = model(), torch.tensor([[1, 2, 3, 4, 5, 6]])
    Apart(gpt)(ids, torch.tensor([[0, 0, 0, 1, 1, 1]]))[0, 3:].sum().backward()
    rows = gpt.embedding.weight.grad.abs().sum(dim=1)
    assert (rows[[1, 2, 3]] == 0).all()
    assert (rows[[4, 5, 6]] > 0).all()


def test_the_body_and_the_unembedding_are_the_model():
    gpt, ids = model(), torch.arange(10).reshape(2, 5)
    torch.testing.assert_close(gpt.unembedding(Body(gpt)(ids)), gpt(ids), rtol=0, atol=0)


def test_a_decoders_vectors_do_not_depend_on_the_pads_after_them():
    body, ids = Body(model()), torch.tensor([[1, 2, 3]])
    padded = body(torch.tensor([[1, 2, 3, 0, 0]]), torch.tensor([[True, True, True, False, False]]))
    torch.testing.assert_close(padded[:, :3], body(ids), rtol=0, atol=1e-12)


@pytest.mark.parametrize("read", [Body, lambda gpt: lambda ids: Apart(gpt)(ids, 0 * ids)])
def test_ids_beyond_the_vocabulary_are_refused(read):
    with pytest.raises(ValueError, match="vocab_size 11 allows 0 to 10"):
        read(model())(torch.tensor([[11]]))
