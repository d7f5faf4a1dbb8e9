"""Folders: what we write, transformers opens; what transformers writes, we open."""

import json

import pytest
import torch
import transformers

from afterword.interop import folders
from afterword.interop.folders import (
    from_pretrained,
    read_generation,
    read_model,
    read_tokenizer,
    save_pretrained,
)
from afterword.interop.weights import from_hugging_face
from afterword.model.gpt import GPT
from afterword.model.presets import llama
from afterword.text.bpe import BPETokenizer
from afterword.text.characters import CharTokenizer
from tests.interop.models import CONFIGS, assert_same_weights, random_ids, tiny

every_model = pytest.mark.parametrize("name", CONFIGS)
TOKENIZER = BPETokenizer.train("to be or not to be", 260, special_tokens=["<end>"])
GENERATION = {"eos_token_id": 259, "temperature": 0.5, "do_sample": True}
SIZES = dict(context_length=16, d_model=16, n_layers=1, n_heads=2, d_ff=24)


def model(vocab_size=260) -> GPT:
    return GPT(llama(vocab_size=vocab_size, **SIZES))


def open_there(folder):
    """With transformers; whatever it finds missing or left over is an error here."""
    theirs, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, output_loading_info=True
    )
    assert not any(info.values()), info
    return theirs


@every_model
def test_transformers_opens_our_folder_and_finds_the_same_model(tmp_path, name):
    ours = from_hugging_face(tiny(name))
    save_pretrained(tmp_path / "model", ours)
    theirs = open_there(tmp_path / "model")
    assert type(theirs) is type(tiny(name))
    assert_same_weights(theirs.state_dict(), tiny(name).state_dict())
    ids = random_ids(2, 9)
    torch.testing.assert_close(ours(ids), theirs(ids).logits, rtol=1e-5, atol=1e-5)


@every_model
@pytest.mark.parametrize("size", ["1GB", "5KB"])
def test_we_open_the_folder_of_transformers_in_one_file_or_several(tmp_path, name, size):
    theirs = tiny(name)
    theirs.save_pretrained(tmp_path, max_shard_size=size)
    assert (tmp_path / "model.safetensors").exists() == (size == "1GB")
    ours = read_model(tmp_path)
    assert_same_weights(ours.state_dict(), from_hugging_face(theirs).state_dict())
    assert ours.config == from_hugging_face(theirs).config


def test_what_is_saved_is_loaded_with_tokenizer_and_generation(tmp_path):
    saved = model()
    save_pretrained(tmp_path, saved, tokenizer=TOKENIZER, generation=GENERATION)
    loaded, tokenizer = from_pretrained(tmp_path)
    assert loaded.config == saved.config
    assert_same_weights(loaded.state_dict(), saved.state_dict())
    assert read_generation(tmp_path) == GENERATION
    assert tokenizer.special_tokens == TOKENIZER.special_tokens
    for text in ("to be", "nobler — in the mind<end>"):
        assert tokenizer.encode(text) == TOKENIZER.encode(text)
        allowed = dict(allow_special=True)
        assert tokenizer.encode(text, **allowed) == TOKENIZER.encode(text, **allowed)
    again = tmp_path / "again"
    save_pretrained(again, loaded, tokenizer=tokenizer, generation=read_generation(tmp_path))
    for name in ("config.json", "generation_config.json", "model.safetensors"):
        assert (again / name).read_bytes() == (tmp_path / name).read_bytes()
    assert from_pretrained(again)[1].settings == tokenizer.settings


def test_transformers_reads_tokenizer_and_generation_of_our_folder(tmp_path):
    save_pretrained(tmp_path, model(), tokenizer=TOKENIZER, generation=GENERATION)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer("to be or")["input_ids"] == TOKENIZER.encode("to be or")
    assert (tokenizer.eos_token, tokenizer.eos_token_id) == ("<end>", 259)
    theirs = open_there(tmp_path)
    assert theirs.generation_config.eos_token_id == theirs.config.eos_token_id == 259
    assert theirs.generation_config.temperature == 0.5


@every_model
def test_a_folder_that_says_nothing_of_markers_has_none(tmp_path, name):
    """Or transformers would take those of the first GPT-2, Llama or Qwen3."""
    save_pretrained(tmp_path, from_hugging_face(tiny(name)))
    theirs = open_there(tmp_path)
    assert theirs.config.eos_token_id is theirs.generation_config.eos_token_id is None


def test_we_read_tokenizer_and_generation_that_transformers_wrote(tmp_path):
    TOKENIZER.save(tmp_path / "tokenizer.json")
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(tmp_path / "tokenizer.json"), eos_token="<end>"
    )
    fast.chat_template = "{{ messages }}"
    theirs = tiny("llama, tied", vocab_size=260)
    theirs.generation_config = transformers.GenerationConfig(**GENERATION)
    theirs.save_pretrained(tmp_path / "model")
    fast.save_pretrained(tmp_path / "model")
    _, tokenizer = from_pretrained(tmp_path / "model")
    assert tokenizer.encode("not to be") == TOKENIZER.encode("not to be")
    assert tokenizer.settings["eos_token"] == "<end>"
    assert tokenizer.settings["chat_template"] == "{{ messages }}"
    assert GENERATION.items() <= read_generation(tmp_path / "model").items()


def test_a_model_in_half_precision_is_written_as_it_is(tmp_path):
    half = model().bfloat16()
    save_pretrained(tmp_path, half)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype="auto")
    assert theirs.dtype == torch.bfloat16
    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == "bfloat16"
    loaded = read_model(tmp_path)
    assert loaded.embedding.weight.dtype == torch.float32
    assert_same_weights(loaded.bfloat16().state_dict(), half.state_dict())


@pytest.mark.parametrize("step", ["write_model", "write_tokenizer"])
def test_a_save_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, step):
    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(folders, step, fail)
    with pytest.raises(OSError, match="the disk is full"):
        save_pretrained(tmp_path / "new", model(), tokenizer=TOKENIZER)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_appears_whole(tmp_path, monkeypatch):
    """While the last file is being written, the folder is not there yet."""
    seen = []

    def write(*_):
        seen.append((tmp_path / "new").exists())

    monkeypatch.setattr(folders, "write_tokenizer", write)
    save_pretrained(tmp_path / "new", model(), tokenizer=TOKENIZER)
    assert seen == [False]
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for folder in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(ValueError, match="holds something already; give a new folder, or"):
            save_pretrained(folder, model())
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_tokenizer_without_a_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a CharTokenizer cannot be written .*; give a BPETok"):
        save_pretrained(tmp_path / "new", model(), tokenizer=CharTokenizer("abc"))
    assert not (tmp_path / "new").exists()


def write(folder, **files):
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


def test_a_folder_with_something_missing_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"has no config.json; give the folder of a Hugging"):
        read_model(tmp_path)
    write(tmp_path, config={"model_type": "llama"})
    with pytest.raises(ValueError, match=r"has no model.safetensors; .* \(a .bin file is not"):
        read_model(tmp_path)
    write(tmp_path, **{"model.safetensors.index": {"weight_map": {"a": "1.safetensors"}}})
    with pytest.raises(ValueError, match=r"has no 1.safetensors; give a folder with all its"):
        read_model(tmp_path)
    with pytest.raises(ValueError, match=r"has no tokenizer.json; read the model alone with"):
        read_tokenizer(tmp_path)
    assert read_generation(tmp_path) == {}


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(tmp_path):
    save_pretrained(tmp_path, model(vocab_size=259), tokenizer=TOKENIZER)
    with pytest.raises(ValueError, match="ids up to 259, but the model has vocab_size 259; take"):
        from_pretrained(tmp_path)
