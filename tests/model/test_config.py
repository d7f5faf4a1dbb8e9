from dataclasses import replace

import pytest

from afterword.model.presets import gpt2, llama, qwen3, small, smollm2


def test_derived_sizes_follow_when_a_config_is_varied():
    config = small(vocab_size=9)
    assert (config.n_kv_heads, config.d_head, config.d_ff) == (4, 32, 512)
    wider = replace(config, d_model=192, n_heads=6)
    assert (wider.n_kv_heads, wider.d_head, wider.d_ff) == (6, 32, 768)


def test_sizes_that_were_given_stay():
    config = replace(qwen3(), d_model=512, n_heads=8)
    assert (config.n_kv_heads, config.d_head, config.d_ff) == (8, 128, 3072)


def test_a_config_is_a_value():
    assert gpt2() == gpt2()
    assert hash(llama()) == hash(llama())
    assert smollm2() != smollm2(n_layers=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(n_heads=3), "3 heads cannot share d_model 128 evenly"),
        (dict(n_kv_heads=3), "4 query heads cannot share 3 key/value heads"),
        (dict(n_layers=0), "n_layers must be at least 1, got 0"),
        (dict(d_ff=-1), "d_ff must be at least 1, got -1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        small(vocab_size=9, **changes)
