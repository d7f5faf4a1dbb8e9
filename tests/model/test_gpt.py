"""The decoder against Hugging Face's, and what must hold of every decoder."""

import math
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from afterword.model.block import start_at_zero
from afterword.model.gpt import GPT
from afterword.model.presets import gpt2, llama, qwen3, small
from tests.model.models import CLOSE, CONFIGS, TINY, lively, random_ids, renamed

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


@every_config
def test_a_later_word_never_changes_an_earlier_prediction(config):
    model = lively(config)

    @settings(max_examples=10)
    @given(at=st.integers(1, 11), token=st.integers(0, 22), seed=st.integers(0, 99))
    def changed(at, token, seed):
        ids = random_ids(2, 12, seed=seed)
        other = ids.clone()
        other[:, at:] = token
        torch.testing.assert_close(model(ids)[:, :at], model(other)[:, :at], **CLOSE)

    changed()


@every_config
def test_an_earlier_word_changes_every_later_prediction(config):
    model, ids = lively(config), random_ids(1, 8)
    other = ids.clone()
    other[0, 0] = (ids[0, 0] + 1) % 23
    assert (model(ids) - model(other)).abs().amax(-1).gt(1e-5).all()


@every_config
def test_a_batch_of_one_is_a_row_of_a_batch(config):
    model, ids = lively(config), random_ids(3, 9)
    alone = torch.cat([model(row[None]) for row in ids])
    torch.testing.assert_close(model(ids), alone, **CLOSE)


@pytest.mark.parametrize("name", ["gpt2", "small"])
@pytest.mark.parametrize("width", [32, 64])
def test_an_untrained_model_guesses_almost_blindly(name, width):
    """Logits with a deviation s add about s² / 2 to ln V; here s is 0.02 √D, up to 0.16."""
    config = replace(CONFIGS[name], d_model=width, vocab_size=500, n_layers=3)
    ids = torch.randint(500, (8, 17))
    loss = F.cross_entropy(GPT(config)(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    assert loss.item() == pytest.approx(math.log(500), abs=0.04)


def test_what_is_added_to_the_stream_starts_smaller_by_the_root_of_the_number_of_sums():
    model = GPT(gpt2(vocab_size=500, context_length=64, d_model=128, n_layers=8, n_heads=4))
    for block in model.blocks:
        assert block.attention.query.weight.std().item() == pytest.approx(0.02, rel=0.05)
        for added in (block.attention.output, block.mlp.down):
            assert added.weight.std().item() == pytest.approx(0.02 / 4, rel=0.05)
            assert added.bias.eq(0).all()
    assert model.positions.embedding.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_one_batch_is_learnt_by_heart():
    model, ids = GPT(small(**TINY)), random_ids(4, 9)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1


@every_config
def test_bf16_is_within_its_rounding_of_fp32(config):
    """bf16 keeps 8 bits, 0.4 % a rounding; a dozen in a row on logits near 1 stay within 5 %."""
    torch.manual_seed(0)
    model, ids = GPT(config).eval(), random_ids(2, 12)
    exact = model(ids)
    with torch.autocast("cpu", torch.bfloat16):
        automatic = model(ids).float()
    rounded = model.bfloat16()(ids).float()
    for result in (automatic, rounded):
        assert (result - exact).abs().max() < 0.05 * exact.abs().max()


def test_a_tied_model_has_one_matrix_less():
    models = [GPT(llama(**TINY, is_tied=is_tied)) for is_tied in (True, False)]
    tied, untied = (sum(p.numel() for p in model.parameters()) for model in models)
    assert untied - tied == 23 * 16


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([[1, 23]], "ids run from 1 to 23, but vocab_size 23 allows 0 to 22"),
        ([[-1, 2]], "ids run from -1 to 2"),
        ([[]], "no ids came"),
    ],
)
def test_ids_out_of_range_are_refused(ids, message):
    with pytest.raises(ValueError, match=message):
        GPT(small(**TINY))(torch.tensor(ids, dtype=torch.long))


COMPILED = """
import torch
from afterword.model.block import start_at_zero
from afterword.model.gpt import GPT
from afterword.model.presets import small

torch.set_num_threads(1)
torch.manual_seed(0)
model = GPT(small(vocab_size=23, d_model=16, n_layers=1, n_heads=2, context_length=16))
ids, results = torch.randint(23, (2, 12)), []
for run in (model, torch.compile(model, fullgraph=True)):
    logits = run(ids)
    logits.square().mean().backward()
    results.append([logits, *(weight.grad.clone() for weight in model.parameters())])
    model.zero_grad()
for plain, compiled in zip(*results, strict=True):
    torch.testing.assert_close(compiled, plain, rtol=1e-5, atol=1e-6)
"""


@pytest.mark.slow
def test_compiled_as_one_graph_it_is_the_same_values_and_gradients():
    """In a process without shape checks, which a compiler cannot follow. Sums in another order."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", COMPILED], check=True)


# ---- Hugging Face -----------------------------------------------------------------------------

SIZES = dict(vocab_size=23, initializer_range=0.2)
HF = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
HF |= dict(intermediate_size=24, **SIZES)
LLAMA_NAMES = {
    "model.embed_tokens": "embedding",
    "model.layers": "blocks",
    "model.norm": "norm",
    "lm_head": "unembedding",
    "input_layernorm": "attention_norm",
    "post_attention_layernorm": "mlp_norm",
    "self_attn.q_proj": "attention.query",
    "self_attn.k_proj": "attention.key",
    "self_attn.v_proj": "attention.value",
    "self_attn.o_proj": "attention.output",
    "self_attn.q_norm": "attention.query_norm",
    "self_attn.k_norm": "attention.key_norm",
    "gate_proj": "gate",
    "up_proj": "up",
    "down_proj": "down",
}
GPT2_NAMES = {
    "transformer.wte": "embedding",
    "transformer.wpe": "positions.embedding",
    "transformer.h": "blocks",
    "transformer.ln_f": "norm",
    "lm_head": "unembedding",
    "ln_1": "attention_norm",
    "ln_2": "mlp_norm",
    "attn.c_proj": "attention.output",
    "mlp.c_fc": "mlp.up",
    "mlp.c_proj": "mlp.down",
}


def from_gpt2(state: dict) -> dict:
    result = {}
    for name, weight in renamed(state, GPT2_NAMES).items():
        if weight.dim() == 2 and "embedding" not in name:
            weight = weight.T  # GPT-2 keeps its matrices lying down
        if "attn.c_attn" in name:
            for part, piece in zip(("query", "key", "value"), weight.chunk(3), strict=True):
                result[name.replace("attn.c_attn", f"attention.{part}")] = piece
        else:
            result[name] = weight
    return result


def compare(theirs, config, state):
    ours, ids = GPT(config), random_ids(2, 12)
    ours.load_state_dict(state)
    with torch.no_grad():
        for weight in theirs.parameters():
            assert weight.isfinite().all()
        torch.testing.assert_close(ours(ids), theirs.eval()(ids).logits, rtol=1e-5, atol=1e-5)


def test_gpt2_is_hugging_faces():
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(n_positions=16, n_embd=16, n_layer=2, n_head=4, **SIZES)
    )
    for name, weight in theirs.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weight, std=0.2)
    compare(theirs, gpt2(**TINY), from_gpt2(theirs.state_dict()))


@pytest.mark.parametrize("is_tied", [True, False])
def test_llama_is_hugging_faces(is_tied):
    theirs = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(**HF, rms_norm_eps=1e-5, tie_word_embeddings=is_tied)
    )
    config = llama(**TINY, n_kv_heads=2, d_ff=24, is_tied=is_tied)
    compare(theirs, config, renamed(theirs.state_dict(), LLAMA_NAMES))


def test_qwen3_is_hugging_faces():
    rope = dict(rope_type="default", rope_theta=1_000_000.0)
    theirs = transformers.Qwen3ForCausalLM(
        transformers.Qwen3Config(**HF, head_dim=6, rope_parameters=rope, tie_word_embeddings=True)
    )
    for name, weight in theirs.named_parameters():
        if "norm" in name:
            torch.nn.init.normal_(weight, mean=1, std=0.2)
    config = qwen3(**TINY, n_kv_heads=2, d_head=6, d_ff=24)
    compare(theirs, config, renamed(theirs.state_dict(), LLAMA_NAMES))


@every_config
def test_a_model_that_starts_at_zero_knows_nothing_and_every_weight_is_on_its_way(config):
    torch.manual_seed(0)
    model, ids = GPT(replace(config, is_tied=False)), random_ids(2, 9)
    start_at_zero(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for step in range(3):
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        if step == 0:
            assert loss.item() == pytest.approx(math.log(23), abs=1e-6)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # at first only what reads out moves; then what writes to the stream; then what reads from it
    still = [n for n, p in model.named_parameters() if not p.grad.any() and "key" not in n]
    assert still == []
