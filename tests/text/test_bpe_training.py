"""Learning the merges: by hand, by recounting, and merge for merge with ``tokenizers``."""

import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from afterword.text import corpora
from afterword.text.bpe import BPETokenizer
from afterword.text.bpe_training import (
    CHUNK,
    GPT2_ORDER,
    count_chunks,
    learn_merges,
)
from afterword.text.tokenizer_json import to_bytes
from tests.text.plain_bpe import (
    count_pairs,
    learn_merges_by_recounting,
    merge,
    most_frequent,
)

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "bench_bpe.py"
ids = st.lists(st.integers(0, 3), max_size=30)
# few letters, so that pairs overlap and tie; characters of one to four bytes
tight_texts = st.text(st.sampled_from("aab \né🎭's1"), max_size=60)
any_texts = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=40)


def merged_bytes(merges: list[tuple[int, int]]) -> list[tuple[bytes, bytes]]:
    tokens = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        tokens.append(tokens[left] + tokens[right])
    return [(tokens[left], tokens[right]) for left, right in merges]


def merges_of_tokenizers(texts: list[str], n_merges: int) -> list[tuple[bytes, bytes]]:
    """The merges that the Hugging Face library learns, as bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=256 + n_merges,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(to_bytes(left), to_bytes(right)) for left, right in merges]


def test_pairs_are_counted_as_a_pencil_would():
    # t-h h-e e-  -t t-h h-e
    assert count_pairs(list(b"the the")).most_common(2) == [((116, 104), 2), ((104, 101), 2)]
    assert count_pairs([7, 7, 7]) == {(7, 7): 2}
    assert count_pairs([7]) == {}


def test_a_pair_is_merged_from_left_to_right():
    assert merge([1, 2, 3, 1, 2], (1, 2), 9) == [9, 3, 9]
    assert merge([7, 7, 7], (7, 7), 9) == [9, 7]
    assert merge([1], (1, 2), 9) == [1]


@given(ids=ids, pair=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_a_merge_can_be_undone(ids, pair):
    merged = merge(ids, pair, 9)
    assert [id for new in merged for id in (pair if new == 9 else [new])] == ids
    assert 9 in merged or pair not in count_pairs(ids)
    assert pair not in count_pairs(merged) or pair[0] == pair[1]


def test_ties_go_to_the_smaller_pair_in_the_order_of_gpt2():
    assert GPT2_ORDER[:3] == b'!"#'
    assert GPT2_ORDER[188:191] == b"\0\1\2"
    # the space, 32, is smaller than a letter as a byte, but greater in GPT-2's order
    assert most_frequent({(32, 97): 2, (97, 98): 2, (98, 99): 1}) == (97, 98)
    assert most_frequent({(256, 97): 2, (32, 97): 2}) == (32, 97)


@given(text=any_texts | tight_texts)
def test_chunks_lose_nothing(text):
    chunks = CHUNK.findall(text)
    assert "".join(chunks) == text
    assert count_chunks([text]) == Counter(chunk.encode() for chunk in chunks)


def test_chunks_are_words_with_the_space_before_them():
    chunks = CHUNK.findall("We'll see  'tis 1603,\n\n so")
    assert chunks == ["We", "'ll", " see", " ", " '", "tis", " 1603", ",", "\n\n", " so"]


def test_no_pair_reaches_over_a_cut_or_from_text_to_text():
    assert count_chunks(["ab", "ab"]) == {b"ab": 2}
    assert learn_merges({b"a": 9, b"b": 9}, n_merges=1) == []


def test_the_first_merges_are_those_of_a_pencil():
    # The chunks are "to", " be", " or", " not", " to". Three pairs occur twice: "to", " b", "be".
    # In GPT-2's order b comes before t, and the space after every letter.
    chunks = count_chunks(["to be or not to be"])
    assert merged_bytes(learn_merges(chunks, 3)) == [(b"b", b"e"), (b"t", b"o"), (b" ", b"be")]


@given(texts=st.lists(tight_texts | any_texts, max_size=4), n_merges=st.integers(0, 40))
def test_updating_the_counts_learns_what_recounting_learns(texts, n_merges):
    chunks = count_chunks(texts)
    assert learn_merges(chunks, n_merges) == learn_merges_by_recounting(chunks, n_merges)


@given(texts=st.lists(tight_texts | any_texts, max_size=4), n_merges=st.integers(0, 40))
def test_the_merges_are_those_of_tokenizers(texts, n_merges):
    ours = learn_merges(count_chunks(texts), n_merges)
    assert merged_bytes(ours) == merges_of_tokenizers(texts, n_merges)


def test_the_merges_of_a_million_characters_of_shakespeare_are_those_of_tokenizers(
    shakespeare, trained
):
    expected = merges_of_tokenizers([shakespeare[:1_000_000]], n_merges=4096)
    assert merged_bytes(trained.merges) == expected
    assert len(expected) == 4096


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["shakespeare", "austen"])
def test_the_merges_of_a_whole_corpus_are_those_of_tokenizers(corpus):
    text = corpora.text(corpus)
    ours = learn_merges(count_chunks([text]), n_merges=4096)
    assert merged_bytes(ours) == merges_of_tokenizers([text], n_merges=4096)


def test_the_merges_of_a_text_that_is_used_up_are_those_of_tokenizers():
    text = corpora.text("austen")[:20_000]
    ours = learn_merges(count_chunks([text]), n_merges=10**6)
    assert merged_bytes(ours) == merges_of_tokenizers([text], n_merges=10**6)
    # used up: every chunk has become one token
    whole = set(count_chunks([text]))
    assert whole <= {left + right for left, right in merged_bytes(ours)} | {
        bytes([byte]) for byte in range(256)
    }


@given(texts=st.lists(tight_texts, min_size=1, max_size=4))
def test_every_learnt_token_is_the_encoding_of_its_own_bytes(texts):
    merges = learn_merges(count_chunks(texts), n_merges=50)
    ranks = BPETokenizer.from_merges(merges).mergeable_ranks()  # a ValueError if one were not
    assert list(ranks.values()) == list(range(256 + len(merges)))


def measured(expression: str) -> list[float]:
    """Numbers from ``bench_bpe.py``, in a process of its own: one thread, no checks of types."""
    code = f"import runpy; bench = runpy.run_path({str(BENCHMARK)!r}); print(*{expression})"
    environment = os.environ | {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return [float(number) for number in done.stdout.split()]


@pytest.mark.slow
def test_training_takes_at_most_three_times_as_long_as_in_tokenizers():
    """The target is 2; the margin is for a busy machine."""
    assert statistics.median(measured("bench['training_ratios'](1_000_000, n_rounds=5)")) < 3


@pytest.mark.slow
def test_encoding_with_a_fresh_tokenizer_is_at_least_as_fast_as_in_tokenizers():
    """The target is 4 MB/s, and ``tokenizers`` makes 1.5 to 2.5."""
    assert statistics.median(measured("bench['encoding_ratios'](1_000_000, n_rounds=5)")) < 1
