"""The file: read by ``tokenizers`` and ``transformers``, and read from them."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as HFTokenizer
from tokenizers import decoders, models, pre_tokenizers, trainers

from afterword.text.bpe import BPETokenizer
from afterword.text.tokenizer_json import to_bytes, to_characters

TEXT = "Whether 'tis nobler in the mind to suffer\nthe slings — or, by opposing, end them? 🎭"
SMALL = BPETokenizer.train(TEXT, 256 + 20 + 2, special_tokens=["<|endoftext|>", "<pad>"])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokenizer.json"


@pytest.fixture
def content(path) -> dict:
    """What a good file holds, for a test to spoil."""
    SMALL.save(path)
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_byte_is_written_as_gpt2_writes_it():
    assert to_characters(b" the\n\xc3\xa9\xad\xff") == "ĠtheĊÃ©Ńÿ"
    assert [to_characters(bytes([byte])) for byte in (0, 32, 33, 127, 160, 161)] == list("ĀĠ!ġł¡")
    alphabet = [to_characters(bytes([byte])) for byte in range(256)]
    assert sorted(alphabet) == sorted(pre_tokenizers.ByteLevel.alphabet())


@given(token=st.binary())
def test_the_spelling_of_a_token_is_exact(token):
    assert to_bytes(to_characters(token)) == token


def test_what_is_saved_is_loaded(trained, path):
    trained.save(path)
    loaded = BPETokenizer.load(str(path))
    assert loaded == trained
    assert loaded.encode(TEXT) == trained.encode(TEXT)


def test_tokenizers_reads_the_file_and_finds_the_same_vocabulary(trained, path):
    trained.save(path)
    theirs = HFTokenizer.from_file(str(path))
    assert theirs.get_vocab_size() == trained.vocab_size
    for id, token in enumerate(trained.tokens):
        special = token.decode(errors="replace") in trained.special_tokens
        assert theirs.id_to_token(id) == (token.decode() if special else to_characters(token))
    assert theirs.decode(trained.encode(TEXT)) == TEXT
    assert theirs.encode("a<|endoftext|>b").ids == trained.encode(
        "a<|endoftext|>b", allow_special=True
    )


def test_a_special_token_may_have_spaces_and_accents(path):
    special = "<das Ende für heute>"
    tokenizer = BPETokenizer.train(TEXT, 270, special_tokens=[special])
    tokenizer.save(path)
    assert BPETokenizer.load(path) == tokenizer
    theirs = HFTokenizer.from_file(str(path))
    assert theirs.token_to_id(special) == 269
    assert theirs.encode(f"to{special}be").ids == tokenizer.encode(
        f"to{special}be", allow_special=True
    )
    assert theirs.get_vocab_size() == 270


@pytest.mark.slow
def test_transformers_reads_the_file(trained, path, shakespeare):
    from transformers import PreTrainedTokenizerFast

    trained.save(path)
    fast = PreTrainedTokenizerFast(tokenizer_file=str(path), eos_token="<|endoftext|>")
    text = shakespeare[100_000:200_000]
    assert fast(text)["input_ids"] == trained.encode(text)
    assert fast.decode(trained.encode(TEXT), clean_up_tokenization_spaces=False) == TEXT
    assert fast.eos_token_id == trained.special_tokens["<|endoftext|>"]
    assert len(fast) == trained.vocab_size


@pytest.mark.parametrize("as_strings", [False, True])
def test_a_file_in_the_order_of_gpt2_keeps_its_ids(shakespeare, path, as_strings):
    """Special token first, bytes in another order than ours, both ways to write a merge."""
    theirs = HFTokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    theirs.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    text = shakespeare[:200_000]
    theirs.train_from_iterator([text], trainer)
    content = json.loads(theirs.to_str())
    if as_strings:
        content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]
    path.write_text(json.dumps(content))
    ours = BPETokenizer.load(path)
    assert ours.special_tokens == {"<|endoftext|>": 0}
    assert ours.encode("!") == [1]
    assert ours.encode(text) == theirs.encode(text).ids
    assert ours.decode(ours.encode(text)) == text
    text += "<|endoftext|>"
    assert ours.encode(text, allow_special=True) == theirs.encode(text).ids


def test_an_old_file_that_leaves_out_what_is_usual_is_read(content, path):
    """As GPT-2's own file does, from before ``tokenizers`` wrote these."""
    for key in ("type", "dropout", "byte_fallback", "ignore_merges"):
        del content["model"][key]
    content["model"] |= {"continuing_subword_prefix": "", "end_of_word_suffix": ""}
    del content["pre_tokenizer"]["use_regex"]
    content["post_processor"] = {"type": "ByteLevel", "add_prefix_space": True}
    path.write_text(json.dumps(content))
    assert BPETokenizer.load(path) == SMALL


def test_a_special_token_may_stand_in_added_tokens_alone(content, path):
    del content["model"]["vocab"]["<pad>"]
    path.write_text(json.dumps(content))
    assert BPETokenizer.load(path) == SMALL


def test_a_save_that_fails_leaves_the_old_file_and_no_other(path, monkeypatch):
    SMALL.save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="the disk is full"):
        BPETokenizer.from_merges([]).save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_special_token_spelled_like_a_token_cannot_be_saved(path):
    tokenizer = BPETokenizer.train(" to to", 256 + 3, special_tokens=["Ġto"])
    with pytest.raises(ValueError, match="'Ġto' is spelled like another token; choose a spelling"):
        tokenizer.save(path)
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "{", "[1, 2", b"\xff\xfe\x00"])
def test_a_file_that_is_not_json_is_refused(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=r"tokenizer.json cannot be used: it is not JSON .*; give"):
        BPETokenizer.load(path)


def changed(key: str, value):
    """A change that sets ``content["a"]["b"]`` from the key "a.b"."""

    def change(content):
        *path, last = key.split(".")
        for name in path:
            content = content[name]
        content[last] = value

    return change


def without_token(spelling: str):
    return lambda content: content["model"]["vocab"].pop(spelling)


def with_merge(merge):
    return lambda content: content["model"]["merges"].append(merge)


def with_flag(flag: str, value: bool):
    return lambda content: content["added_tokens"][0].update({flag: value})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (changed("model", None), "no BPE model with vocab and merges, but null; give the"),
        (changed("model", {"type": "Unigram", "vocab": []}), 'and merges, but "Unigram"; give'),
        (changed("model.type", "WordPiece"), r'model.type is "WordPiece", wanted "BPE"; only'),
        (changed("model.vocab", [["a", 0.5]]), "must be a table of ids, a list, and a list of"),
        (changed("model.vocab", {"a": "0"}), "must be a table of ids.*write the file again with"),
        (changed("model.merges", {"a": "b"}), "must be a table of ids"),
        (changed("added_tokens", {"<pad>": 0}), "must be a table of ids"),
        (changed("added_tokens", ["<pad>"]), "must be a table of ids"),
        (changed("added_tokens", [{"id": 0}]), "must be a table of ids"),
        (changed("added_tokens", [{"content": "<pad>"}]), "must be a table of ids"),
        (changed("pre_tokenizer", None), 'pre_tokenizer.type is null, wanted "ByteLevel"; only'),
        (changed("pre_tokenizer.type", "Metaspace"), '"Metaspace", wanted "ByteLevel"'),
        (changed("pre_tokenizer.add_prefix_space", True), "add_prefix_space is true, wanted false"),
        (changed("pre_tokenizer.use_regex", False), "use_regex is false, wanted true"),
        (changed("normalizer", {"type": "NFC"}), 'normalizer is {"type": "NFC"}, wanted null'),
        (changed("truncation", {"max_length": 9}), "truncation is .* wanted null"),
        (changed("padding", {"pad_id": 9}), "padding is .* wanted null"),
        (changed("post_processor", {"type": "TemplateProcessing"}), '"TemplateProcessing", wanted'),
        (changed("model.dropout", 0.1), "model.dropout is 0.1, wanted null"),
        (changed("model.byte_fallback", True), "model.byte_fallback is true, wanted false"),
        (changed("model.ignore_merges", True), "model.ignore_merges is true, wanted false"),
        (changed("model.continuing_subword_prefix", "##"), 'subword_prefix is "##", wanted null'),
        (changed("model.end_of_word_suffix", "</w>"), 'suffix is "</w>", wanted null; only byte'),
        (with_flag("lstrip", True), r"'<\|endoftext\|>' is lstrip; only plain special tokens"),
        (with_flag("special", False), r"is not special; only plain special tokens are read"),
        (with_flag("id", 3), r"'<\|endoftext\|>' has id 3, but 276 in the vocab; keep one"),
        (changed("model.vocab.a", 5000), "its 278 tokens leave id 97 free; number them from 0"),
        (changed("model.vocab.a", 98), "its 278 tokens leave id 97 free"),
        (without_token("a"), "its 277 tokens leave id 97 free"),
        (changed("model.vocab.a b", 278), "'a b' has ' ', which stands for no byte: the vocab"),
        (
            changed("model.vocab.漢", 278),
            "'漢' has '漢', which stands for no byte: the vocabulary is",
        ),
        (changed("model.vocab", {"a": 0}), "its 3 tokens leave id 1 free"),
        (with_merge("a"), "its merge 'a' is not a pair; write it \"a b\" or"),
        (with_merge("a b c"), "its merge 'a b c' is not a pair"),
        (with_merge(["a"]), r"its merge \['a'\] is not a pair"),
        (with_merge(7), "its merge 7 is not a pair"),
        (
            with_merge("a zq"),
            "'a zq' has 'zq', which is no token of the vocabulary; take vocab and",
        ),
        (with_merge(["a", 7]), "has 7, which is no token of the vocabulary"),
        (with_merge("z q"), "the merge of ids 122 and 113 makes no token of the vocabulary; add"),
    ],
)
def test_a_file_that_would_give_other_ids_is_refused(content, path, spoil, message):
    spoil(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as caught:
        BPETokenizer.load(path)
    assert str(caught.value).startswith(f"{path} cannot be used: ")


def test_a_vocabulary_without_all_bytes_is_refused(content, path):
    content["added_tokens"] = []
    content["model"] |= {"vocab": {"a": 0, "b": 1}, "merges": []}
    path.write_text(json.dumps(content))
    with pytest.raises(
        ValueError, match="254 of the 256 single bytes have no token, the first is 0"
    ):
        BPETokenizer.load(path)
