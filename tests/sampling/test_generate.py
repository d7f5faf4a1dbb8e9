from itertools import islice, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.interop.weights import to_hugging_face
from afterword.model.gpt import GPT
from afterword.model.packed import pack
from afterword.model.presets import gpt2, small, swift
from afterword.sampling.beam import beam
from afterword.sampling.filters import ban, bias, temperature, top_k, top_p
from afterword.sampling.generate import draw, stream, write, write_all
from afterword.sampling.penalties import repetition
from afterword.text.bpe import BPETokenizer
from afterword.text.ngrams import AddK, KneserNey
from tests.interop.models import CONFIGS, random_ids
from tests.sampling.models import Letters, counting, markov, pair

LETTERS = Letters()
NEXT_LETTER = counting(LETTERS.vocab_size)  # writes the alphabet, a space, a line's end


def seeded(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def text_of(model=NEXT_LETTER, prompt="a", *, n_tokens=10, context_length=8, seed=0, **choices):
    settings = dict(n_tokens=n_tokens, context_length=context_length)
    (written,) = write_all(model, LETTERS, [prompt], rng=seeded(seed), **settings, **choices)
    return written


def test_a_token_is_drawn_as_often_as_its_probability_says(rng):
    """Chi-square with 3 degrees of freedom: above 21.1 only once in 10,000 seeds."""
    probs, n = torch.tensor([0.1, 0.2, 0.3, 0.4]), 40_000
    counts = draw(probs.log().expand(n, 4), rng).bincount(minlength=4)
    assert ((counts - n * probs) ** 2 / (n * probs)).sum() < 21.1


def test_an_impossible_token_is_never_drawn(rng):
    logits = torch.tensor([0.0, -torch.inf, 0.0]).expand(5000, 3)
    assert 1 not in draw(logits, rng)


def test_a_stream_follows_the_model_and_not_its_own_prompt(rng):
    """The next number is always one more: wherever it starts, it must count on."""
    rows = stream(counting(10), torch.tensor([[1, 3], [5, 8]]), context_length=2, rng=rng)
    assert torch.stack(list(islice(rows, 4)), dim=1).tolist() == [[4, 5, 6, 7], [9, 0, 1, 2]]


def test_the_model_is_shown_no_more_than_context_length(rng):
    shown = []

    def model(ids):
        shown.append(ids.shape[1])
        return torch.zeros(*ids.shape, 3)

    list(islice(stream(model, torch.zeros(1, 1).long(), context_length=3, rng=rng), 6))
    assert shown == [1, 2, 3, 3, 3, 3]


def test_an_n_gram_model_writes_only_what_it_saw(rng):
    ids = torch.tensor([0, 1, 2, 0, 1, 3] * 5)
    model = AddK(ids, order=2, vocab_size=4, k=0)
    written = [0] + [int(t) for t in islice(_stream(model, rng), 200)]
    assert set(pairwise(written)) <= {
        (0, 1),
        (1, 2),
        (1, 3),
        (2, 0),
        (3, 0),
    }


def _stream(model, rng):
    return stream(model, torch.tensor([[0]]), context_length=model.context_length, rng=rng)


def test_the_same_seed_writes_the_same_text():
    model = KneserNey(torch.tensor([0, 1, 2, 1, 0, 2, 2, 1] * 9), order=3, vocab_size=28)

    def text(seed):
        rng = torch.Generator().manual_seed(seed)
        return write(model, LETTERS, "abc", n_tokens=40, context_length=2, rng=rng)

    assert text(1) == text(1) != text(2)
    assert text(1).startswith("abc")
    assert len(text(1)) == 43


def test_an_empty_prompt_is_refused(rng):
    with pytest.raises(ValueError, match="give a prompt of at least one token"):
        next(stream(lambda ids: ids, torch.zeros(1, 0).long(), context_length=2, rng=rng))


@pytest.mark.parametrize("name", CONFIGS)
def test_the_likeliest_tokens_are_those_of_hugging_face(name, rng):
    theirs, ours = pair(name)
    prompt = random_ids(1, 5)
    asked = dict(max_new_tokens=9, min_new_tokens=9, do_sample=False, pad_token_id=0)
    wanted = theirs.generate(prompt, attention_mask=torch.ones_like(prompt), **asked)[0, 5:]
    tokens = stream(ours, prompt, context_length=16, rng=rng, filters=[top_k(1)], n_tokens=9)
    assert [int(token) for token in tokens] == wanted.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("beyond", ["slide", "jump"])
@pytest.mark.parametrize("preset", [small, swift, gpt2])
def test_with_the_cache_and_without_it_writes_the_same(preset, beyond):
    """Two rows of unequal length, past the edge of the context; the other is a mere function."""
    torch.manual_seed(3)
    model = GPT(preset(vocab_size=28, context_length=12, d_model=16, n_layers=2, n_heads=2))
    settings = dict(n_tokens=30, context_length=12, filters=[temperature(0.5)])
    prompts = ["abc", "hello w"]
    cached = write_all(model.eval(), LETTERS, prompts, rng=seeded(1, 2), beyond=beyond, **settings)
    alone = [
        text_of(lambda ids: model(ids), prompt, seed=seed, beyond=beyond, **settings)
        for prompt, seed in zip(prompts, (1, 2), strict=True)
    ]
    pairs = list(zip(cached, alone, strict=True))
    if beyond == "jump":  # all rows jump when the longest must
        pairs = pairs[1:]
    for one, other in pairs:
        assert one.ids == other.ids
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


@given(st.lists(st.text("abcdef ", min_size=1, max_size=9), min_size=1, max_size=4))
def test_a_row_of_a_batch_is_what_the_prompt_alone_would_get(prompts):
    model, seeds = markov(28, seed=0), range(len(prompts))
    settings = dict(n_tokens=12, context_length=5, filters=[repetition(1.3), top_p(0.8)])
    together = write_all(model, LETTERS, prompts, rng=seeded(*seeds), **settings)
    for prompt, seed, row in zip(prompts, seeds, together, strict=True):
        alone = text_of(model, prompt, seed=seed, **settings)
        assert (alone.text, alone.ids, alone.why) == (row.text, row.ids, row.why)
        assert alone.logprobs == pytest.approx(row.logprobs)


def test_the_log_probabilities_are_the_models_own():
    """Before any filter, and of the tokens that were drawn."""
    table = torch.randn(28, 28).log_softmax(-1)
    written = text_of(lambda ids: table[ids], "q", filters=[temperature(3), top_k(5)])
    before = [LETTERS.encode("q")[0], *written.ids]
    assert written.logprobs == pytest.approx(
        [table[old, new].item() for old, new in pairwise(before)]
    )


def test_what_is_drawn_follows_filters_and_model_together(rng):
    """Chi-square with 2 degrees of freedom: above 18.4 only once in 10,000 seeds."""
    probs = torch.tensor([0.5, 0.3, 0.15, 0.05])
    model = lambda ids: probs.log().expand(*ids.shape, 4)  # noqa: E731
    start, kept = torch.zeros(20_000, 1).long(), [top_k(3), temperature(2)]
    (drawn,) = stream(model, start, context_length=1, rng=rng, filters=kept, n_tokens=1)
    wanted = probs[:3].sqrt() / probs[:3].sqrt().sum() * 20_000
    counts = drawn.bincount(minlength=4)
    assert counts[3] == 0
    assert ((counts[:3] - wanted) ** 2 / wanted).sum() < 18.4


@pytest.mark.parametrize(
    ("stop", "text", "why"),
    [
        (["de"], "bc", "stop"),
        (["zz", "e"], "bcd", "stop"),
        (["cd", "bcd"], "", "stop"),
        (["x"], "bcdefghijk", "length"),
        (["jk"], "bcdefghi", "stop"),
    ],
)
def test_a_text_ends_before_the_first_stop_string(stop, text, why):
    written = text_of(stop=stop)
    assert (written.text, written.why) == (text, why)


def test_a_stop_string_is_found_though_no_token_ends_where_it_begins():
    """Tokens of several letters, which cross the borders of the stop string."""
    text = "the cat sat on the mat. " * 20
    tokenizer = BPETokenizer.train(text, vocab_size=266)
    model = KneserNey(torch.tensor(tokenizer.encode(text)), order=3, vocab_size=266)
    tokens = [tokenizer.decode([id]) for id in tokenizer.encode(" cat sat")]
    assert not any("t s" in token for token in tokens), tokens
    settings = dict(n_tokens=60, context_length=2, rng=seeded(0), stop=["t s"])
    (written,) = write_all(model, tokenizer, ["the c"], **settings)
    assert written.why == "stop"
    assert written.text.endswith("a")
    assert "t s" in tokenizer.decode(written.ids)


def test_a_text_may_end_within_a_character():
    """Bytes: half of é is � for now, and no error."""

    class Bytes:
        encode = staticmethod(lambda text: list(text.encode()))
        decode = staticmethod(lambda ids: bytes(ids).decode(errors="replace"))

    model = lambda ids: torch.nn.functional.one_hot(torch.full_like(ids, 0xC3), 256) * 1e4  # noqa: E731
    written = write(model, Bytes(), "a", n_tokens=1, context_length=4, rng=seeded(0)[0], stop=["é"])
    assert written == "a\ufffd"


@pytest.mark.parametrize("beyond", ["slide", "jump"])
def test_what_the_model_is_shown_beyond_its_context(beyond):
    shown = []

    def model(ids):
        shown.append(ids.shape[1])
        return torch.zeros(*ids.shape, 3)

    rng = seeded(0)[0]
    settings = dict(context_length=4, rng=rng, beyond=beyond, n_tokens=7)
    list(stream(model, torch.zeros(1, 3).long(), **settings))
    assert shown == {"slide": [3, 4, 4, 4, 4, 4, 4], "jump": [3, 4, 2, 3, 4, 2, 3]}[beyond]


def test_a_jump_reads_each_token_twice_at_most():
    """With a cache: the newer half again, then one at a time until the context is full."""
    model = GPT(small(vocab_size=28, context_length=8, d_model=16, n_layers=1, n_heads=2)).eval()
    read, forward = [], model.forward
    model.forward = lambda ids, cache=None: (read.append(ids.shape[1]), forward(ids, cache))[1]
    text_of(model, "abc", n_tokens=16, beyond="jump")
    assert read == [3, 1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 4, 1, 1, 1, 1]


def test_a_full_context_can_be_an_end():
    assert text_of(beyond="stop").text == "bcdefghi"  # 8 in view, and what follows them
    assert text_of(beyond="stop").why == "full"
    with pytest.raises(ValueError, match=r"the prompt has 9 tokens, the model sees 8; shorten"):
        text_of(prompt="abcdefghi", beyond="stop")


@pytest.mark.parametrize("n_before", [0, 3])
def test_an_interrupted_text_is_what_there_was(n_before):
    def model(ids):
        if ids.shape[1] > n_before:
            raise KeyboardInterrupt
        return NEXT_LETTER(ids)

    written = text_of(model, n_tokens=99)
    assert (written.text, written.why) == ("bcd"[:n_before], "interrupted")


def test_no_token_is_no_error():
    assert text_of(n_tokens=0).text == ""


class Vowels:
    """A constraint: as many vowels as are asked for, then the end."""

    def __init__(self, n: int):
        self.start = n

    def allowed(self, state, n_left=None):
        return torch.tensor([state > 0 and c in "aeiou" for c in LETTERS.alphabet])

    def step(self, state, id):
        return state - 1

    def is_complete(self, state):
        return state == 0


def test_a_constraint_holds_in_every_row_and_ends_the_text():
    settings = dict(n_tokens=9, context_length=8, constraint=Vowels(5), filters=[top_k(3)])
    for row in write_all(markov(28, 1), LETTERS, ["a", "xyz"], rng=seeded(1, 2), **settings):
        assert set(row.text) <= set("aeiou")
        assert (len(row.text), row.why) == (5, "finished")
    assert text_of(constraint=Vowels(5), n_tokens=3).why == "length"


def test_a_stream_ends_when_every_row_is_finished(rng):
    settings = dict(context_length=8, rng=rng, constraint=Vowels(2))
    assert len(list(stream(NEXT_LETTER, [[0], [3, 4]], **settings))) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(prompt=""), "nothing to continue: give a prompt of at least one token"),
        (dict(prompt="A"), "'A' is not in the alphabet"),
        (dict(n_tokens=-1), "n_tokens cannot be negative, got -1"),
        (dict(context_length=0), "context_length must be at least 1, got 0"),
        (dict(beyond="stride"), 'beyond is "slide", "jump" or "stop", got \'stride\''),
        (dict(stop=["É"]), "the stop string 'É' can never occur: 'É' is not in the alphabet"),
        (dict(stop=[""]), "an empty stop string ends every text before it begins"),
        (dict(stop="end"), r"stop is a list of strings, got 'end'; write stop=\['end'\]"),
        (dict(filters=[ban([[i] for i in range(28)])]), "no token left"),
        (dict(filters=[bias({i: -torch.inf for i in range(28)})]), "no token left"),
        (dict(filters=[lambda logits, ids: logits - torch.inf]), "no token is left to draw"),
        (dict(filters=[lambda logits, ids: logits - torch.inf, top_k(1)]), "no token is left"),
    ],
)
def test_what_cannot_be_written_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        text_of(**changes)


def test_as_many_generators_as_rows_are_wanted():
    with pytest.raises(ValueError, match="2 generators for 3 rows; give one, or one for each"):
        draw(torch.zeros(3, 4), seeded(0, 1))


@pytest.mark.slow
def test_smollm2_writes_as_it_does_in_transformers(rng):
    """The likeliest tokens, with the weights as they are and packed, and three beams."""
    from afterword.interop.pretrained import load_pretrained

    try:
        model, tokenizer = load_pretrained("smollm2-135m")
    except ValueError:
        pytest.skip("smollm2-135m is not installed")
    theirs, ids = to_hugging_face(model), torch.tensor([tokenizer.encode("Once upon a time")])
    asked = dict(max_new_tokens=10, do_sample=False, pad_token_id=0, eos_token_id=None)
    asked["attention_mask"] = torch.ones_like(ids)
    wanted = theirs.generate(ids, **asked)[0, ids.shape[1] :].tolist()
    settings = dict(context_length=99, rng=rng, filters=[top_k(1)], n_tokens=10)
    assert [int(token) for token in stream(model, ids, **settings)] == wanted
    found = theirs.generate(ids, num_beams=3, num_return_sequences=3, **asked)
    del theirs
    assert [int(token) for token in stream(pack(model), ids, **settings)] == wanted
    beams = beam(model, ids[0].tolist(), n_beams=3, n_tokens=10)
    assert [one.ids for one in beams] == found[:, ids.shape[1] :].tolist()
