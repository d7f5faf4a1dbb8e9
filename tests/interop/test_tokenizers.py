"""Tokenizers of others, with the names of this book."""

import json

import pytest
import torch
from tokenizers import Tokenizer as Engine
from tokenizers import models

from afterword.interop.tokenizers import PretrainedTokenizer
from afterword.text.bpe import BPETokenizer
from afterword.text.tokenizer import Tokenizer

TOKENIZER = BPETokenizer.train("to be or not to be", 260, special_tokens=["<end>"])


@pytest.fixture
def tokenizer(tmp_path) -> PretrainedTokenizer:
    TOKENIZER.save(tmp_path / "tokenizer.json")
    return PretrainedTokenizer.load(tmp_path / "tokenizer.json")


def test_a_pretrained_tokenizer_gives_the_text_back_and_forges_no_marker(tokenizer):
    text = "né? 🎭 <end> to be\n\n  or"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.decode(torch.tensor(tokenizer.encode(text))) == text
    assert 259 not in tokenizer.encode(text)
    assert 259 in tokenizer.encode(text, allow_special=True)
    assert tokenizer.decode(tokenizer.encode(text, allow_special=True)) == text
    assert tokenizer.vocab_size == 260
    assert isinstance(tokenizer, Tokenizer)


def test_what_a_file_says_of_padding_and_length_does_not_change_the_ids(tokenizer):
    tokenizer.engine.enable_truncation(2)
    tokenizer.engine.enable_padding(length=9)
    again = PretrainedTokenizer(Engine.from_str(tokenizer.engine.to_str()))
    assert again.encode("to be or not") == TOKENIZER.encode("to be or not")


@pytest.mark.parametrize("ids", [[260], [-1]])
def test_an_id_that_no_token_has_is_refused(tokenizer, ids):
    with pytest.raises(ValueError, match="is not a token: ids go from 0 to 259"):
        tokenizer.decode(ids)


def test_a_byte_that_no_token_writes_is_refused_not_dropped(tokenizer):
    content = json.loads(tokenizer.engine.to_str())
    del content["model"]["vocab"]["Ć"]  # the byte 6
    poorer = PretrainedTokenizer(Engine.from_str(json.dumps(content)))
    with pytest.raises(ValueError, match=r"has the byte 6, for which .* no token; remove such"):
        poorer.encode("a\x06b")
    assert poorer.encode("ab") == tokenizer.encode("ab")


def test_a_vocabulary_that_is_not_of_bytes_is_left_to_its_own_ways():
    assert PretrainedTokenizer(Engine(models.WordLevel({"a": 0}, "a"))).encode("a") == [0]


def test_the_bytes_of_each_token_are_known_also_of_half_a_character(tokenizer):
    assert [tokenizer.token_bytes(id) for id in range(260)] == TOKENIZER.tokens


def test_the_bytes_of_a_token_that_depends_on_its_neighbours_are_not_known():
    with pytest.raises(ValueError, match="only known for byte-level BPE"):
        PretrainedTokenizer(Engine(models.WordLevel({"a": 0}, "a"))).token_bytes(0)


@pytest.mark.parametrize("content", ["", "{}", "no"])
def test_a_file_that_is_no_tokenizer_is_refused(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(ValueError, match=r"tokenizer.json cannot be used: .*; give the tokenizer"):
        PretrainedTokenizer.load(tmp_path / "tokenizer.json")
