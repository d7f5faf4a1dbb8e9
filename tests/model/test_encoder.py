import math

import pytest
import torch
import torch.nn.functional as F

from afterword.model.encoder import Encoder, MaskedLM
from afterword.model.positions import NoPositions
from afterword.model.presets import gpt2, small
from tests.model.models import CLOSE, CONFIGS, TINY, lively, random_ids

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


@every_config
def test_every_word_changes_every_prediction(config):
    model, ids = lively(config, MaskedLM), random_ids(1, 8)
    for at in (0, 4, 7):
        other = ids.clone()
        other[0, at] = (ids[0, at] + 1) % 23
        assert (model(ids) - model(other)).abs().amax(-1).gt(1e-5).all()


@every_config
def test_padding_never_changes_a_result(config):
    model, lengths = lively(config, MaskedLM), torch.tensor([9, 4, 1])
    ids = random_ids(3, 9)
    logits = model(ids, torch.arange(9) < lengths[:, None])
    for row, n, result in zip(ids, lengths, logits, strict=True):
        torch.testing.assert_close(result[:n], model(row[None, :n])[0], **CLOSE)


def test_without_positions_the_order_of_the_words_is_not_seen():
    model = lively(small(**TINY, positions=NoPositions()), MaskedLM)
    ids, order = random_ids(2, 9), torch.randperm(9)
    torch.testing.assert_close(model(ids[:, order]), model(ids)[:, order], **CLOSE)


def test_an_untrained_model_guesses_almost_blindly():
    model, ids = MaskedLM(gpt2(**TINY)), random_ids(8, 16)
    hidden = random_ids(
        8, 16, seed=1
    )  # not the words it was shown, which a tied model would favour
    loss = F.cross_entropy(model(ids).flatten(0, 1), hidden.flatten())
    assert loss.item() == pytest.approx(math.log(23), abs=0.02)


def test_a_text_of_pads_only_is_refused():
    is_real = torch.ones(2, 5, dtype=torch.bool)
    is_real[1] = False
    with pytest.raises(ValueError, match="1 of 2 rows of `allowed` are False throughout"):
        Encoder(small(**TINY))(random_ids(2, 5), is_real)


def test_bad_ids_and_texts_too_long_are_refused():
    with pytest.raises(ValueError, match="vocab_size 23 allows 0 to 22"):
        MaskedLM(small(**TINY))(torch.tensor([[23]]))
    with pytest.raises(ValueError, match="reaches place 16"):
        MaskedLM(gpt2(**TINY))(random_ids(1, 17))


def test_a_tied_model_reads_and_guesses_with_one_matrix():
    model = MaskedLM(gpt2(**TINY))
    assert model.unembedding.weight is model.encoder.embedding.weight
    assert model.unembedding.weight.std().item() == pytest.approx(0.02, rel=0.1)
