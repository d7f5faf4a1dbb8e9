"""The text of a run: split, encoded, long enough."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from afterword.commands.config import TrainConfig
from afterword.commands.texts import check_lengths, load_texts, split
from afterword.interop.writers import tokenizer_to_json
from afterword.text.bpe import BPETokenizer
from afterword.text.corpora import load


def config(*texts: str, **settings) -> TrainConfig:
    return TrainConfig(text=texts, **settings)


def message(function, *args, **kwargs) -> str:
    with pytest.raises(ValueError, match=r".") as error:
        function(*args, **kwargs)
    return str(error.value)


def test_of_one_file_the_end_is_for_validation(here):
    whole = Path("play.txt").read_text()
    train, validation = split(config("play.txt", share=0.25))
    assert train + validation == whole
    assert len(validation) == round(len(whole) / 4)


def test_of_several_files_whole_ones_are_for_validation(here):
    for name in "abcde":
        Path(name).write_text(name * 10)
    train, validation = split(config(*"abcde", share=0.3))
    assert sorted([*train.split("\n\n\n"), validation]) == [name * 10 for name in "abcde"]


def test_the_poems_are_a_text_of_their_own():
    train, validation = split(config("poems", share=0.1))
    assert "Lucrece" in train + validation
    assert "Heav'n" not in train[:100_000]
    assert "Shall I compare thee" in train + validation


def test_of_a_corpus_the_same_documents_are_for_validation_whatever_the_seed():
    train, validation = split(config("shakespeare", seed=3))
    assert 0.08 < len(validation) / (len(train) + len(validation)) <= 0.1
    plays = [document.text for document in load("shakespeare")]
    assert sum(text in validation for text in plays) + sum(text in train for text in plays) == 42
    assert split(config("shakespeare", seed=4)) == (train, validation)


def test_the_validation_text_is_measured_in_bytes(here):
    Path("one.txt").write_text("n" * 50 + "é" * 50, encoding="utf-8")
    texts = load_texts(config("one.txt", share=0.5))
    assert (len(texts.validation), texts.n_bytes) == (50, 100)
    assert len(load_texts(config("one.txt", share=0.5, tokenizer="bytes")).validation) == 100


def test_the_fingerprint_is_of_both_texts(here):
    prints = {load_texts(config("play.txt", share=share)).fingerprint for share in (0.1, 0.2)}
    Path("play.txt").write_text(Path("play.txt").read_text().replace("39 To", "39 Do"))
    assert len(prints | {load_texts(config("play.txt")).fingerprint}) == 3


def test_the_tokenizer_file_of_pairs_is_read_by_tokenizers(here):
    text = Path("play.txt").read_text()
    BPETokenizer.train(text, vocab_size=280).save("tokenizer.json")
    texts = load_texts(config("play.txt", tokenizer="tokenizer.json"))
    theirs = Tokenizer.from_str(tokenizer_to_json(texts.tokenizer))
    assert theirs.encode(text).ids == texts.tokenizer.encode(text)


def test_the_tokenizer_file_of_characters_holds_the_alphabet(here):
    tokenizer = load_texts(config("play.txt")).tokenizer
    assert json.loads(tokenizer_to_json(tokenizer))["alphabet"] == tokenizer.alphabet


def test_a_text_shorter_than_a_batch_or_a_window_is_refused(here):
    texts = load_texts(config("play.txt", share=0.01))
    n = len(texts.train)
    assert f"needs {n + 1}, the training text has {n}" in message(
        check_lengths, texts, context_length=1, batch_size=n
    )
    check_lengths(texts, context_length=1, batch_size=n - 1)
    n = len(texts.validation)
    assert f"the validation text has {n}" in message(
        check_lengths, texts, context_length=n, batch_size=1
    )
    check_lengths(texts, context_length=n - 1, batch_size=1)


def test_a_text_or_tokenizer_that_is_not_there_is_named(here):
    assert "'shakespear'; did you mean shakespeare?" in message(split, config("shakespear"))
    assert "no tokenizer and no file is called 'chars'" in message(
        load_texts, config("play.txt", tokenizer="chars")
    )
    Path("bad.txt").write_bytes(b"\xff")
    assert "bad.txt is not UTF-8" in message(split, config("bad.txt"))
