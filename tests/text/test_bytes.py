"""The tokenizer whose tokens are bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.text.bytes import ByteTokenizer

TOKENIZER = ByteTokenizer()
texts = st.text(st.characters(exclude_categories=["Cs"]))


def test_the_ids_are_utf8_worked_out_by_hand():
    # é is U+00E9: 00011 101001 in binary, so 110|00011 = 195 and 10|101001 = 169
    assert TOKENIZER.encode("né") == [110, 0b110_00011, 0b10_101001]
    assert TOKENIZER.vocab_size == 256


@pytest.mark.parametrize(("character", "n_bytes"), [("a", 1), ("é", 2), ("€", 3), ("🎭", 4)])
def test_a_character_is_one_to_four_ids(character, n_bytes):
    assert len(TOKENIZER.encode(character)) == n_bytes


@given(data=st.binary())
def test_bytes_come_back_even_where_they_are_no_text(data):
    assert TOKENIZER.decode_bytes(list(data)) == data


@given(data=st.binary())
def test_what_is_no_text_is_shown_as_the_replacement_character(data):
    assert TOKENIZER.decode(list(data)) == data.decode("utf-8", errors="replace")


@given(text=texts, cut=st.integers(0, 3))
def test_a_text_cut_within_a_character_loses_only_that_character(text, cut):
    ids = TOKENIZER.encode(text + "🎭")
    assert TOKENIZER.decode(ids[: len(ids) - 4 + cut]) == text + ("�" if cut else "")


def test_256_is_not_a_byte():
    with pytest.raises(ValueError, match=r"id 256 at position 0 .* ids go from 0 to 255"):
        TOKENIZER.decode_bytes([256])
