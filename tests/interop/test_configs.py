"""The dict of a config.json, and our config."""

from dataclasses import replace

import pytest
import transformers
from hypothesis import given
from hypothesis import strategies as st

from afterword.interop.architectures import ARCHITECTURES
from afterword.interop.configs import from_config, to_config
from afterword.model.block import PostNormBlock
from afterword.model.layers import GELU, LayerNorm
from afterword.model.positions import ALiBi, Rotary
from afterword.model.presets import gpt2, llama, qwen3, small, smollm2

PRESETS = {"gpt2": gpt2(), "llama": llama(), "smollm2": smollm2(), "qwen3": qwen3()}
every_preset = pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)


@every_preset
def test_a_preset_is_the_same_after_there_and_back(config):
    assert from_config(to_config(config)) == config


@every_preset
def test_transformers_reads_our_config_as_we_do(config):
    said = to_config(config)
    theirs = transformers.AutoConfig.for_model(**said).to_dict()
    assert from_config(theirs) == config
    assert theirs["architectures"] == said["architectures"]
    assert hasattr(transformers, said["architectures"][0])


@given(
    n_sharing=st.integers(1, 3),
    n_kv_heads=st.integers(1, 3),
    d_head=st.integers(1, 4),
    base=st.floats(10, 1e7),
    is_tied=st.booleans(),
)
def test_every_size_survives_there_and_back(n_sharing, n_kv_heads, d_head, base, is_tied):
    sizes = dict(n_heads=n_sharing * n_kv_heads, n_kv_heads=n_kv_heads, d_head=2 * d_head)
    config = qwen3(d_model=30, d_ff=7, is_tied=is_tied, positions=Rotary(base=base), **sizes)
    assert from_config(to_config(config)) == config


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_what_a_config_leaves_out_is_what_transformers_assumes(model_type):
    silent, full = {"model_type": model_type}, transformers.AutoConfig.for_model(model_type)
    assert from_config(silent) == from_config(full.to_dict())
    sizes = dict(n_head=6) if model_type == "gpt2" else dict(num_attention_heads=64)
    full = transformers.AutoConfig.for_model(model_type, **sizes)
    assert from_config(full.to_dict()) == from_config(silent | sizes)


def test_a_config_from_before_version_5_keeps_its_base():
    old = {"model_type": "llama", "rope_theta": 500.0, "rope_scaling": None}
    assert from_config(old).positions == Rotary(base=500.0)


def test_our_config_gives_the_base_to_both_versions():
    said = to_config(llama(positions=Rotary(base=500.0)))
    assert said["rope_theta"] == said["rope_parameters"]["rope_theta"] == 500.0


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (dict(model_type="bert"), "model_type 'bert'; only gpt2, llama, qwen3 have .* so open it"),
        (dict(), "model_type None"),
        (
            dict(model_type="llama", rope_scaling={"type": "linear", "factor": 2.0}),
            "llama checkpoint has rope_parameters = linear, factor, .* the plain rotation; open",
        ),
        (
            dict(model_type="llama", rope_parameters={"rope_type": "llama3", "rope_theta": 5e5}),
            "rope_parameters = llama3, but our",
        ),
        (
            dict(model_type="qwen3", rope_parameters={"partial_rotary_factor": 0.5}),
            "rope_parameters = partial_rotary_factor",
        ),
        (dict(model_type="llama", attention_bias=True), "attention_bias = True and mlp_bias False"),
        (dict(model_type="llama", mlp_bias=True), "False and mlp_bias True, .* both or neither"),
        (dict(model_type="llama", hidden_act="gelu"), "hidden_act = gelu, .* silu or swish; open"),
        (dict(model_type="qwen3", attention_bias=True), "attention_bias = True, .* only do False"),
        (dict(model_type="qwen3", use_sliding_window=True), "use_sliding_window = True"),
        (
            dict(model_type="qwen3", layer_types=["full_attention", "sliding_attention"]),
            "layer_types = sliding_attention, .* no window",
        ),
        (dict(model_type="gpt2", activation_function="tanh"), "activation_function = tanh"),
        (dict(model_type="gpt2", scale_attn_weights=False), "scale_attn_weights = False"),
        (dict(model_type="gpt2", scale_attn_by_inverse_layer_idx=True), "inverse_layer_idx = True"),
        (dict(model_type="gpt2", add_cross_attention=True), "add_cross_attention = True"),
        (dict(model_type="llama", quantization_config={"bits": 4}), "quantization_config = {'bit"),
    ],
)
def test_what_our_decoder_cannot_do_is_refused(said, message):
    with pytest.raises(ValueError, match=message):
        from_config(said)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (small(vocab_size=23), "nearest is qwen3, but mlp is ReLUSquared, not SwiGLU; keep the"),
        (gpt2(positions=ALiBi()), "nearest is gpt2, but positions is ALiBi, not Learned"),
        (gpt2(block=PostNormBlock), "block is PostNormBlock, not Block"),
        (gpt2(has_bias=False), "has_bias is False, not True"),
        (gpt2(n_kv_heads=4), "its heads share keys, or are not"),
        (gpt2(d_head=32), "its heads share keys, or are not"),
        (llama(norm=LayerNorm), "norm is LayerNorm, not RMSNorm"),
        (llama(positions=Rotary(share=0.5)), "only a share of 0.5 of the head turns, not all"),
        (qwen3(has_bias=True), "nearest is llama, but qk_norm is RMSNorm, not Identity"),
        (qwen3(mlp=GELU), "mlp is GELU, not SwiGLU"),
    ],
)
def test_a_model_that_hugging_face_lacks_is_refused_with_what_differs(config, message):
    with pytest.raises(ValueError, match=message):
        to_config(config)


def test_other_activations_of_gpt2_survive():
    config = replace(gpt2(), mlp=GELU)
    assert to_config(config)["activation_function"] == "gelu"
    assert from_config(to_config(config)) == config
