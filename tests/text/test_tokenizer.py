"""What holds of every tokenizer, whatever its tokens are."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.text.bpe import BPETokenizer
from afterword.text.bytes import ByteTokenizer
from afterword.text.characters import CharTokenizer
from afterword.text.tokenizer import Tokenizer, as_utf8, checked_ids

EVERY_CHARACTER = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
TOKENIZERS = {
    "characters": CharTokenizer(EVERY_CHARACTER),
    "bytes": ByteTokenizer(),
    "bpe": BPETokenizer.train("the theatre, the thé, the 🎭🎭🎭", 270, special_tokens=["<end>"]),
}
every_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
unicode_texts = st.text(st.characters(exclude_categories=["Cs"]))
likely_texts = st.text(st.sampled_from("the atré,🎭\n<>nd"))  # full of what the BPE has learnt


@every_tokenizer
def test_it_has_what_a_model_asks_of_a_tokenizer(tokenizer):
    assert isinstance(tokenizer, Tokenizer)


def test_something_without_decode_is_not_a_tokenizer():
    assert not isinstance("a string has encode", Tokenizer)


@every_tokenizer
@given(text=unicode_texts | likely_texts)
def test_a_round_trip_is_exact_for_every_unicode_string(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert all(0 <= id < tokenizer.vocab_size for id in ids)


@every_tokenizer
def test_a_round_trip_is_exact_for_every_character_there_is(tokenizer):
    assert tokenizer.decode(tokenizer.encode(EVERY_CHARACTER)) == EVERY_CHARACTER


@every_tokenizer
def test_no_text_is_no_ids_and_no_ids_are_no_text(tokenizer):
    assert tokenizer.encode("") == []
    assert tokenizer.decode([]) == ""


@every_tokenizer
@pytest.mark.parametrize("kind", [list, tuple, iter, torch.tensor, np.array])
def test_ids_may_come_as_a_list_an_iterator_a_tensor_or_an_array(tokenizer, kind):
    assert tokenizer.decode(kind(tokenizer.encode("the théâtre"))) == "the théâtre"


@every_tokenizer
@pytest.mark.parametrize("wrong", [-1, 10**7])
def test_an_id_that_no_token_has_is_named_with_its_place(tokenizer, wrong):
    with pytest.raises(ValueError, match=f"id {wrong} at position 2 is not a token: ids go from 0"):
        tokenizer.decode([0, 1, wrong, 2])


@every_tokenizer
def test_a_batch_of_ids_must_be_decoded_row_by_row(tokenizer):
    with pytest.raises(ValueError, match=r"shape \(1, 3\) are not one row; decode row by row"):
        tokenizer.decode(torch.tensor([[0, 1, 2]]))


def test_the_last_id_is_allowed_and_the_next_is_not():
    assert checked_ids([4], vocab_size=5) == [4]
    with pytest.raises(ValueError, match="ids go from 0 to 4; decode with the tokenizer that"):
        checked_ids([5], vocab_size=5)


@pytest.mark.parametrize("name", ["bytes", "bpe"])
def test_half_a_surrogate_pair_is_named_with_its_place(name):
    with pytest.raises(ValueError, match=r"'\\ud83c' at position 3.*errors='replace'"):
        TOKENIZERS[name].encode("an \ud83c")


@given(text=unicode_texts)
def test_utf8_is_that_of_python(text):
    assert as_utf8(text) == text.encode()
