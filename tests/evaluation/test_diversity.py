import random
import zlib

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.diversity import (
    compression_ratio,
    distinct_n,
    ngrams,
    repetition,
    self_bleu,
)

words = st.lists(st.sampled_from(["the", "a", "sea", "rose", "is", "red", ".", "Sea"]), max_size=9)


@given(st.text("ab", max_size=9), st.integers(1, 5))
def test_an_ngram_starts_at_each_place_that_has_room(text, n):
    assert ["".join(each) for each in ngrams(text, n)] == [
        text[i : i + n] for i in range(len(text) - n + 1)
    ]


def test_repetition_is_counted_by_hand():
    rose = ["a", "rose", "is", "a", "rose", "is", "a", "rose"]
    assert repetition(rose, 1) == 5 / 8
    assert repetition(rose, 2) == 4 / 7
    assert repetition("abcdef", 2) == 0


def test_texts_that_say_the_same_are_less_distinct_than_each_alone():
    assert distinct_n(["abcd"], 2) == 1
    assert distinct_n(["abcd", "abcd"], 2) == 0.5
    assert distinct_n(["abcd", "efgh"], 2) == 1


@given(st.lists(st.text("abc", min_size=3, max_size=9), min_size=1, max_size=4))
def test_no_ngram_spans_two_texts(texts):
    pooled = [text[i : i + 3] for text in texts for i in range(len(text) - 2)]
    assert distinct_n(texts, 3) == len(set(pooled)) / len(pooled)


@given(st.text("ab", min_size=4, max_size=20))
def test_a_longer_run_repeats_no_more_than_a_shorter_one(text):
    longer, shorter = ngrams(text, 3), ngrams(text, 2)
    n_again = [len(each) - len(set(each)) for each in (longer, shorter)]
    assert n_again[0] <= n_again[1]
    assert repetition(text, 2) == pytest.approx(n_again[1] / len(shorter))


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match="at least 1 token, got n = 0"):
        ngrams("abc", 0)
    with pytest.raises(ValueError, match="no text has 5 tokens"):
        distinct_n(["abc", "abcd"], 5)
    with pytest.raises(ValueError, match=r"for one, write \[text\]"):
        distinct_n("abc", 2)


@given(st.lists(words.map(" ".join), min_size=2, max_size=6))
def test_self_bleu_is_the_mean_of_sacrebleus_own_against_all_others(texts):
    """To 1e-9: a mean of as many numbers, summed in another order."""
    bleu = sacrebleu.BLEU(effective_order=True)
    each = [
        bleu.sentence_score(text, texts[:i] + texts[i + 1 :]).score for i, text in enumerate(texts)
    ]
    assert self_bleu(texts) == pytest.approx(sum(each) / len(each), abs=1e-9)


def test_self_bleu_goes_from_0_for_strangers_to_100_for_copies():
    assert self_bleu(["a rose is a rose", "the sea keeps what it takes"]) == 0
    assert self_bleu(["a rose is a rose is a rose"] * 3) == pytest.approx(100)


@given(st.permutations(["a rose is a rose", "a rose is red", "the sea is deep", "red is a sea"]))
def test_self_bleu_does_not_depend_on_the_order(texts):
    ordered = self_bleu(sorted(texts))
    assert self_bleu(texts) == pytest.approx(ordered)


@given(st.text("abc \n’", min_size=1, max_size=300))
def test_compression_counts_bytes_and_what_it_makes_of_them_can_be_undone(text):
    """gzip is zlib's own stream with 12 bytes more around it."""
    data = text.encode()
    n_packed = len(data) / compression_ratio(text)
    assert n_packed == pytest.approx(len(zlib.compress(data, 9)) + 12)


def test_what_repeats_is_packed_tighter_than_what_does_not():
    rng = random.Random(0)
    letters = [rng.choice("abcdefghijklmnop") for _ in range(4000)]
    noise, line = "".join(letters), "".join(letters[:40]) * 100
    assert 1.6 < compression_ratio(noise) < 2, "4 bits a letter, and what gzip itself needs"
    assert compression_ratio(line) > 30


def test_shuffled_words_are_as_distinct_but_harder_to_pack_than_a_repeated_text():
    text = "the sea keeps what the sea takes and the night is long " * 20
    shuffled = text.split()
    random.Random(0).shuffle(shuffled)
    assert compression_ratio(" ".join(shuffled)) < compression_ratio(text)


def test_what_has_no_overlap_and_no_length_is_refused():
    with pytest.raises(ValueError, match="got 'a rose', give two"):
        self_bleu("a rose")
    with pytest.raises(ValueError, match=r"got \['a rose'\], give two"):
        self_bleu(["a rose"])
    with pytest.raises(ValueError, match="an empty text has no compression ratio"):
        compression_ratio("")
