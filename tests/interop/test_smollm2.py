"""Conversion of a GGUF file, on a tiny one written here; and the real model, where it is."""

import gguf
import pytest
import torch
import torch.nn.functional as F
import transformers

from afterword.interop.folders import from_pretrained, read_generation
from afterword.interop.pretrained import find_pretrained, load_pretrained
from afterword.interop.smollm2 import convert
from afterword.interop.weights import from_hugging_face
from tests.interop.models import assert_same_weights, random_ids, tiny

TOKENS = ["<end>", "<start>", *"Ġabcdefghijklmnop0123", "ab", "12"]
SIZES = dict(vocab_size=len(TOKENS), head_dim=4, rms_norm_eps=1e-5, max_position_embeddings=64)
THEIR_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.layers": "blk",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def neighbours(weight, n_heads):
    """The order of llama.cpp, as its own converter makes it."""
    rows, columns = weight.shape
    halves = weight.reshape(n_heads, 2, rows // n_heads // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def write_tokenizer(file, kind):
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre(kind)
    file.add_token_list(TOKENS)
    file.add_token_types([3, 3] + [1] * (len(TOKENS) - 2))
    file.add_token_merges(["a b", "1 2"])  # the second never applies: digits are cut apart
    for add, id in (("bos", 1), ("eos", 0), ("unk", 0), ("pad", 0)):
        getattr(file, f"add_{add}_token_id")(id)
    file.add_chat_template("{{ messages }}")


def write_gguf(path, theirs, *, architecture="llama", kind="smollm"):
    """A model of transformers as a GGUF file with its weights in full."""
    config = theirs.config
    file = gguf.GGUFWriter(path, architecture)
    file.add_block_count(config.num_hidden_layers)
    file.add_context_length(config.max_position_embeddings)
    file.add_embedding_length(config.hidden_size)
    file.add_feed_forward_length(config.intermediate_size)
    file.add_head_count(config.num_attention_heads)
    file.add_head_count_kv(config.num_key_value_heads)
    file.add_rope_freq_base(config.rope_parameters["rope_theta"])
    file.add_layer_norm_rms_eps(config.rms_norm_eps)
    file.add_vocab_size(config.vocab_size)
    write_tokenizer(file, kind)
    state = theirs.state_dict()
    if config.tie_word_embeddings:
        del state["lm_head.weight"]
    for name, weight in state.items():
        for part, n_heads in (("q_proj", 4), ("k_proj", 2)):
            weight = neighbours(weight, n_heads) if part in name else weight
        for long, short in THEIR_NAMES.items():
            name = name.replace(long, short)
        file.add_tensor(name, weight.numpy())
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


@pytest.mark.parametrize("name", ["llama, tied", "llama, untied"])
def test_a_converted_file_is_the_same_model(tmp_path, name):
    theirs = tiny(name, **SIZES)
    write_gguf(tmp_path / "model.gguf", theirs)
    convert(tmp_path / "model.gguf", tmp_path / "model")
    ours, _ = from_pretrained(tmp_path / "model")
    assert ours.config == from_hugging_face(theirs).config
    assert_same_weights(ours.state_dict(), from_hugging_face(theirs).state_dict())
    ids = random_ids(2, 9)
    torch.testing.assert_close(ours(ids), theirs(ids).logits, rtol=1e-5, atol=1e-5)


def test_its_tokenizer_and_markers_come_along(tmp_path):
    write_gguf(tmp_path / "model.gguf", tiny(**SIZES))
    convert(tmp_path / "model.gguf", tmp_path / "model")
    _, tokenizer = from_pretrained(tmp_path / "model")
    assert [TOKENS[id] for id in tokenizer.encode(" abc 12")] == ["Ġ", "ab", "c", "Ġ", "1", "2"]
    assert tokenizer.special_tokens == {"<end>": 0, "<start>": 1}
    assert tokenizer.settings["chat_template"] == "{{ messages }}"
    assert tokenizer.settings["eos_token"] == tokenizer.settings["pad_token"] == "<end>"
    assert tokenizer.settings["bos_token"] == "<start>"
    wanted = {"bos_token_id": 1, "eos_token_id": 0, "pad_token_id": 0}
    assert read_generation(tmp_path / "model") == wanted
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "model")
    assert theirs("abc 12")["input_ids"] == tokenizer.encode("abc 12")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (dict(architecture="gemma"), "the architecture gemma with the tokenizer smollm, wanted"),
        (dict(kind="qwen2"), "the architecture llama with the tokenizer qwen2, .* give the file"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, file, message):
    write_gguf(tmp_path / "model.gguf", tiny(**SIZES), **file)
    with pytest.raises(ValueError, match=message):
        convert(tmp_path / "model.gguf", tmp_path / "model")
    assert not (tmp_path / "model").exists()


# ---- the real one -----------------------------------------------------------------------------

PROMPT = "The old lighthouse keeper opened the door and"


@pytest.fixture(scope="module")
def folder():
    try:
        return find_pretrained("smollm2-135m")
    except FileNotFoundError as error:
        pytest.skip(f"SmolLM2 is not installed: {error}")


@pytest.mark.slow
@torch.no_grad()
def test_smollm2_in_our_class_says_what_it_says_in_transformers(folder):
    """Logits near 20, 30 layers of fp32: 1e-3 is what rounding may come to."""
    ours, tokenizer = load_pretrained("smollm2-135m")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = torch.tensor([tokenizer.encode(PROMPT)])
    wanted = theirs.generate(ids, max_new_tokens=50, min_new_tokens=50, do_sample=False)
    assert (ours(wanted) - theirs(wanted).logits).abs().max() < 1e-3
    cache, new, found = ours.new_cache(), ids, ids
    for _ in range(50):
        new = ours(new, cache)[:, -1:].argmax(-1)
        found = torch.cat([found, new], dim=1)
    assert found.tolist() == wanted.tolist()


@pytest.mark.slow
@torch.no_grad()
def test_smollm2_has_read_english(folder):
    """A slip in the order of the heads' rows would leave a model that has not."""
    model, tokenizer = load_pretrained("smollm2-135m")
    text = "The capital of France is Paris, and it lies on a river."
    ids = torch.tensor([tokenizer.encode(text)])
    loss = F.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
    assert loss < 3.5, "nats a token; blind guessing would be 10.8"
    assert tokenizer.decode(model(ids[:, :5])[0, -1].argmax().view(1)) == " Paris"


@pytest.mark.slow
def test_the_tokenizer_of_smollm2_cuts_as_transformers_does(folder):
    _, tokenizer = load_pretrained("smollm2-135m")
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    text = "In 1984, né — 🎭\n\n  'tis 3.14159 <|im_end|> of them"
    assert theirs(text)["input_ids"] == tokenizer.encode(text, allow_special=True)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.encode("1984") == [tokenizer.encode(digit)[0] for digit in "1984"]
    chat = theirs.apply_chat_template([dict(role="user", content="Hi")], tokenize=False)
    assert chat.endswith("<|im_start|>user\nHi<|im_end|>\n")
    with pytest.raises(ValueError, match="has the byte 4"):
        tokenizer.encode("\x04")
