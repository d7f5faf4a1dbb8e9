import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from afterword.model.recurrent import RecurrentConfig, RecurrentLM
from tests.model.models import random_ids

every_cell = pytest.mark.parametrize("cell", [nn.RNN, nn.GRU, nn.LSTM])


def tiny(cell, n_layers=2):
    return RecurrentLM(RecurrentConfig(vocab_size=23, d_model=8, n_layers=n_layers, cell=cell))


def test_the_state_takes_in_one_word_after_another_as_elman_wrote_it():
    model, ids = tiny(nn.RNN, n_layers=1), random_ids(1, 5)
    w = dict(model.cell.named_parameters())
    state = torch.zeros(8)
    for x, logits in zip(model.embedding(ids)[0], model(ids)[0], strict=True):
        state = w["weight_ih_l0"] @ x + w["bias_ih_l0"] + w["weight_hh_l0"] @ state
        state = torch.tanh(state + w["bias_hh_l0"])
        torch.testing.assert_close(logits, model.unembedding(state))


@every_cell
def test_a_later_word_never_changes_an_earlier_prediction(cell):
    model, ids = tiny(cell), random_ids(2, 9)
    other = ids.clone()
    other[:, 5:] = (ids[:, 5:] + 1) % 23
    torch.testing.assert_close(model(ids)[:, :5], model(other)[:, :5])
    assert (model(ids) - model(other))[:, 5:].abs().amax(-1).gt(1e-5).all()


@every_cell
def test_a_text_read_in_pieces_gives_the_logits_of_the_whole(cell):
    model = tiny(cell)

    @settings(max_examples=15)
    @given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=5), seed=st.integers(0, 99))
    def in_pieces(sizes, seed):
        ids, cache = random_ids(2, sum(sizes), seed=seed), model.new_cache()
        pieces = [model(piece, cache) for piece in ids.split(sizes, dim=1)]
        torch.testing.assert_close(torch.cat(pieces, dim=1), model(ids))
        assert cache.length == ids.shape[1]

    in_pieces()


@every_cell
def test_an_untrained_model_guesses_almost_blindly(cell):
    model = RecurrentLM(RecurrentConfig(vocab_size=23, d_model=64, n_layers=1, cell=cell))
    ids = random_ids(8, 17)
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    assert loss.item() == pytest.approx(math.log(23), abs=0.2)


def test_bad_ids_and_sizes_are_refused():
    with pytest.raises(ValueError, match="vocab_size 23 allows 0 to 22"):
        tiny(nn.GRU)(torch.tensor([[23]]))
    with pytest.raises(ValueError, match="n_layers must be at least 1, got 0"):
        tiny(nn.GRU, n_layers=0)
