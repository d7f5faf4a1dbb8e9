from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from afterword.model.block import Block, PostNormBlock
from afterword.model.cache import pad_left
from afterword.model.layers import ReLU
from afterword.model.positions import NoPositions
from afterword.model.presets import gpt2, small
from afterword.model.seq2seq import Seq2Seq
from tests.model.models import (
    CLOSE,
    CONFIGS,
    EXACT,
    TINY,
    TORCH_DECODER,
    TORCH_ENCODER,
    assert_same_gradients,
    from_torch,
    lively,
    random_ids,
    renamed,
    shake,
)

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def from_torch_transformer(state):
    """What stands under ``encoder.`` and under ``decoder.`` has other names for the same norms."""
    part = lambda name: {k: v for k, v in state.items() if k.startswith(name)}  # noqa: E731
    encoder = from_torch(part("encoder."), TORCH_ENCODER)
    decoder = renamed(from_torch(part("decoder."), TORCH_DECODER), {"decoder.": ""})
    return renamed(encoder | decoder, {"layers": "blocks"})


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")  # torch's own, on norm_first
@pytest.mark.parametrize("block", [Block, PostNormBlock])
def test_encoder_and_decoder_are_torchs_transformer(block):
    """torch's has no embeddings: it is given ours, and its result goes through our unembedding."""
    theirs = nn.Transformer(
        *(16, 4, 2, 2, 24, 0.0), norm_first=block is Block, batch_first=True, dtype=torch.double
    )
    shake(theirs)
    config = gpt2(**TINY, d_ff=24, block=block, mlp=ReLU, positions=NoPositions(), is_tied=False)
    ours = Seq2Seq(config).double()
    missing, unexpected = ours.load_state_dict(
        from_torch_transformer(theirs.state_dict()), strict=False
    )
    own = {"embedding.weight", "encoder.embedding.weight", "unembedding.weight"}
    assert set(missing) == own
    assert not unexpected

    source, ids = random_ids(2, 7), random_ids(2, 5, seed=1)
    real = torch.arange(7) < torch.tensor([[7], [4]])
    ahead = nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.double)
    hidden = theirs(
        ours.embedding(source),
        ours.embedding(ids),
        tgt_mask=ahead,
        src_key_padding_mask=~real,
        memory_key_padding_mask=~real,
    )
    expected = ours.unembedding(hidden)
    targets = random_ids(2, 5, seed=2).flatten()

    def gradients(logits):
        ours.zero_grad()
        F.cross_entropy(logits.flatten(0, 1), targets).backward()
        return {name: weight.grad for name, weight in ours.named_parameters()}

    result = ours(source, ids, is_real=real)
    torch.testing.assert_close(result, expected, **EXACT)
    mine, shared = gradients(result), gradients(expected)
    for name in own - {"encoder.embedding.weight"}:
        torch.testing.assert_close(mine[name], shared[name], **EXACT)
    for name, weight in ours.named_parameters():
        weight.grad = mine[name]
    rename = lambda s: from_torch_transformer(s) | {n: mine[n] for n in own & mine.keys()}  # noqa: E731
    assert_same_gradients(ours, theirs, rename, **EXACT)


@every_config
def test_a_later_word_never_changes_an_earlier_prediction_but_the_source_changes_all(config):
    model, source, ids = lively(config, Seq2Seq), random_ids(1, 6), random_ids(1, 8, seed=1)
    other = ids.clone()
    other[0, 5:] = (ids[0, 5:] + 1) % 23
    torch.testing.assert_close(model(source, ids)[:, :5], model(source, other)[:, :5], **CLOSE)
    changed = source.clone()
    changed[0, -1] = (source[0, -1] + 1) % 23
    assert (model(source, ids) - model(changed, ids)).abs().amax(-1).gt(1e-5).all()


@every_config
@torch.no_grad()
def test_a_cache_and_pads_on_either_side_never_change_a_result(config):
    model = lively(config, Seq2Seq)
    sources, lengths = random_ids(3, 7), torch.tensor([7, 3, 1])
    is_real = torch.arange(7) < lengths[:, None]
    prompts = [random_ids(n, seed=n) for n in (4, 1, 2)]
    ids, n_pads = pad_left([prompt.tolist() for prompt in prompts])
    new = random_ids(3, 1, seed=9)
    memory, cache = model.encoder(sources, is_real), model.new_cache(n_pads)
    first = model.decode(ids, memory, is_real=is_real, cache=cache)
    logits = torch.cat([first, model.decode(new, memory, is_real=is_real, cache=cache)], dim=1)
    for i, prompt in enumerate(prompts):
        alone = model(sources[i : i + 1, : lengths[i]], torch.cat([prompt, new[i]])[None])
        torch.testing.assert_close(logits[i, n_pads[i] :], alone[0], **CLOSE)


def test_encoder_and_decoder_share_the_embedding():
    model = Seq2Seq(gpt2(**TINY))
    assert model.encoder.embedding is model.embedding
    assert model.unembedding.weight is model.embedding.weight
    untied = Seq2Seq(replace(gpt2(**TINY), is_tied=False))
    assert untied.unembedding.weight is not untied.embedding.weight


def test_a_block_without_a_counterpart_is_refused():
    class Mine(Block):
        pass

    with pytest.raises(ValueError, match="no block with memory goes with Mine"):
        Seq2Seq(small(**TINY, block=Mine))
