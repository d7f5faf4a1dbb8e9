"""With a cache the same logits come out, whatever the splits and the pads."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from afterword.model.cache import pad_left
from afterword.model.presets import gpt2
from tests.model.models import CLOSE, CONFIGS, TINY, lively, random_ids

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


@every_config
def test_a_text_read_in_pieces_gives_the_logits_of_the_whole(config):
    model = lively(config)

    @settings(max_examples=15)
    @given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=5), seed=st.integers(0, 99))
    @torch.no_grad()
    def in_pieces(sizes, seed):
        ids, cache = random_ids(2, min(sum(sizes), 16), seed=seed), model.new_cache()
        pieces = [model(piece, cache) for piece in ids.split(sizes_up_to(sizes, 16), dim=1)]
        torch.testing.assert_close(torch.cat(pieces, dim=1), model(ids), **CLOSE)
        assert cache.length == ids.shape[1]

    in_pieces()


def sizes_up_to(sizes, total):
    kept = []
    for size in sizes:
        size = min(size, total - sum(kept))
        kept += [size] if size else []
    return kept


@every_config
def test_padding_never_changes_a_result(config):
    """Unequal prompts side by side, then three more tokens one by one: each row as if alone."""
    model = lively(config)

    @settings(max_examples=15)
    @given(
        lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
        pad_id=st.integers(0, 22),
        seed=st.integers(0, 99),
    )
    @torch.no_grad()
    def padded(lengths, pad_id, seed):
        rows = [random_ids(n + 3, seed=seed + i) for i, n in enumerate(lengths)]
        prompts, new = [row[:-3].tolist() for row in rows], torch.stack([r[-3:] for r in rows])
        ids, n_pads = pad_left(prompts, pad_id=pad_id)
        cache = model.new_cache(n_pads)
        pieces = [ids, *new.split(1, dim=1)]
        logits = torch.cat([model(piece, cache) for piece in pieces], dim=1)
        for row, n, result in zip(rows, n_pads, logits, strict=True):
            torch.testing.assert_close(result[n:], model(row[None])[0], **CLOSE)
        assert logits.isfinite().all()

    padded()


def test_forgetting_goes_back_to_an_earlier_point():
    model, ids = lively(gpt2(**TINY)), random_ids(2, 12)
    with torch.no_grad():
        cache = model.new_cache()
        model(ids[:, :9], cache)
        cache.crop(4)
        torch.testing.assert_close(model(ids[:, 4:], cache), model(ids)[:, 4:], **CLOSE)
    with pytest.raises(ValueError, match="12 tokens were read, cannot keep the first 13"):
        cache.crop(13)


def test_an_empty_prompt_is_refused():
    with pytest.raises(ValueError, match="at least one token each"):
        pad_left([[1], []])
