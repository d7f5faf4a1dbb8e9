"""Conversations: the ids and the mask beside transformers', and packing that nobody notices."""

from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest
import torch
import torch.nn.functional as F
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from afterword.finetuning.instructions import Example, encode_chat, pack_examples, packed_batches
from afterword.finetuning.reading import Apart
from afterword.finetuning.templates import CHATML, PLAIN, Template, WithMarkers, to_prompt
from afterword.interop.writers import load_writer
from afterword.model.gpt import GPT
from afterword.model.presets import small
from afterword.sampling.filters import top_k
from afterword.sampling.generate import write_all
from afterword.text.bpe import BPETokenizer
from afterword.text.characters import CharTokenizer
from afterword.training.loop import next_token_loss, train
from afterword.training.optimizers import adamw
from afterword.training.schedules import Constant

BPE = BPETokenizer.train(
    "system\nuser\nassistant\nto be or not to be. To be?\n\n",
    280,
    special_tokens=["<|im_start|>", "<|im_end|>"],
)
LETTERS = CharTokenizer("\n !,.?abcdefghijklmnopqrstuvwxyz{}")
# written for this test: ChatML, and which of it is generated
JINJA = r"""
{%- macro open(role) -%}{{- '<|im_start|>' + role + '\n' -}}{%- endmacro -%}
{%- set end = '<|im_end|>\n' -%}
{%- if messages[0]['role'] != 'system' -%}{{- open('system') + default + end -}}{%- endif -%}
{%- for message in messages -%}
{{- open(message['role']) -}}
{%- if message['role'] == 'assistant' -%}
{%- generation -%}{{- message['content'] + end -}}{%- endgeneration -%}
{%- else -%}{{- message['content'] + end -}}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- open('assistant') -}}{%- endif -%}
"""
words = st.text("abc to.?!é", min_size=1, max_size=12).map(str.strip).filter(bool)
turns = st.lists(st.tuples(words, words), min_size=1, max_size=3)
sizes = st.lists(st.integers(2, 9), min_size=1, max_size=7)


def chat(*turns, system=None):
    messages = [dict(role="system", content=system)] if system else []
    for asked, answered in turns:
        messages.append(dict(role="user", content=asked))
        messages.append(dict(role="assistant", content=answered))
    return messages


def learnt(example, tokenizer):
    kept = [id for id, is_answer in zip(example.ids, example.is_answer, strict=True) if is_answer]
    return tokenizer.decode(kept)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    path = tmp_path_factory.mktemp("bpe") / "tokenizer.json"
    BPE.save(path)
    return transformers.PreTrainedTokenizerFast(tokenizer_file=str(path), chat_template=JINJA)


@settings(max_examples=40)
@given(turns=turns, system=st.none() | words)
def test_ids_and_mask_are_those_of_transformers(theirs, turns, system):
    messages = chat(*turns, system=system)
    reference = theirs.apply_chat_template(
        messages, return_assistant_tokens_mask=True, return_dict=True, default=CHATML.system
    )
    example = encode_chat(messages, BPE, template=CHATML)
    assert example.ids == reference["input_ids"]
    assert example.is_answer == list(map(bool, reference["assistant_masks"]))


@settings(max_examples=40)
@given(turns=turns, asked=words, system=st.none() | words)
def test_a_prompt_is_that_of_transformers_and_the_example_goes_on_from_it(
    theirs, turns, asked, system
):
    messages = [*chat(*turns, system=system), dict(role="user", content=asked)]
    prompt = to_prompt(messages, template=CHATML)
    assert prompt == theirs.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=False, default=CHATML.system
    )
    answered = [*messages, dict(role="assistant", content="To be.")]
    ids = WithMarkers(BPE).encode(prompt)
    whole = encode_chat(answered, BPE, template=CHATML)
    assert whole.ids[: len(ids)] == ids
    assert BPE.decode(whole.ids[len(ids) :]) == "To be.<|im_end|>\n"


@pytest.mark.slow
def test_chatml_is_the_template_that_smollm2_came_with():
    """With its default system message, and without one of its own."""
    from afterword.interop.pretrained import find_pretrained, load_pretrained

    theirs = transformers.AutoTokenizer.from_pretrained(find_pretrained("smollm2-135m"))
    _, ours = load_pretrained("smollm2-135m")
    asked = [dict(role="user", content="Why is the sea 3.14 fathoms deep? — né 🎭")]
    for messages in (asked, [dict(role="system", content="Be brief."), *asked]):
        prompt = to_prompt(messages, template=CHATML)
        say = dict(add_generation_prompt=True, return_dict=False)
        assert theirs.apply_chat_template(messages, tokenize=False, **say) == prompt
        assert theirs.apply_chat_template(messages, **say) == WithMarkers(ours).encode(prompt)
        answered = [*messages, dict(role="assistant", content="It is not.\n\nIt is deeper.")]
        example = encode_chat(answered, ours, template=CHATML)
        assert theirs.apply_chat_template(answered, return_dict=False) == example.ids
        assert learnt(example, ours) == "It is not.\n\nIt is deeper.<|im_end|>\n"


def test_what_is_learnt_are_the_answers_and_where_they_stop():
    messages = chat(("to be?", "or not"), ("to be", "be"), system="Be.")
    example = encode_chat(messages, BPE, template=CHATML)
    assert learnt(example, BPE) == "or not<|im_end|>\nbe<|im_end|>\n"
    assert BPE.decode(example.ids).startswith("<|im_start|>system\nBe.<|im_end|>\n<|im_start|>user")
    example = encode_chat(messages[1:], LETTERS, template=PLAIN)
    assert LETTERS.decode(example.ids) == "{to be?}\nor not\n\n{to be}\nbe\n\n"
    assert learnt(example, LETTERS) == "or not\n\nbe\n\n"


def test_the_letters_of_our_writer_can_spell_the_plain_template():
    _, tokenizer = load_writer("writer")
    text = "{the moon}\nHow slow\nThis old moon wanes!\n\n"
    messages = chat(("the moon", "How slow\nThis old moon wanes!"))
    assert tokenizer.decode(encode_chat(messages, tokenizer, template=PLAIN).ids) == text


def test_with_markers_reads_special_tokens_and_leaves_other_tokenizers_alone():
    marked = WithMarkers(BPE)
    assert marked.encode("<|im_end|>") == [BPE.special_tokens["<|im_end|>"]]
    assert len(BPE.encode("<|im_end|>")) > 1
    assert marked.decode(marked.encode("to be<|im_end|>")) == "to be<|im_end|>"
    assert marked.vocab_size == BPE.vocab_size
    assert WithMarkers(LETTERS).encode("{a}") == LETTERS.encode("{a}")


def example_of(n, rng, share=0.5):
    is_answer = (torch.rand(n, generator=rng) < share).tolist()
    ids = torch.randint(11, (n,), generator=rng).tolist()
    return Example(ids=ids, is_answer=[*is_answer[:-1], True])


def examples_of(lengths, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return [example_of(n, rng) for n in lengths]


def unpacked(inputs, targets):
    """The (inputs, targets) of each text of each row, read off its numbers."""
    found = []
    for ids, texts, aims in zip(inputs["ids"], inputs["texts"], targets, strict=True):
        for number in range(int(texts.max()) + 1):
            place = texts == number
            found.append((tuple(ids[place].tolist()), tuple(aims[place].tolist())))
        assert (aims[texts == -1] == -100).all(), "nothing is learnt where nothing stands"
    return found


@given(lengths=sizes, context_length=st.integers(8, 20), seed=st.integers(0, 99))
def test_every_example_is_in_one_row_whole_and_none_predicts_the_next(
    lengths, context_length, seed
):
    examples = examples_of(lengths, seed)
    inputs, targets = pack_examples(examples, context_length=context_length)
    assert inputs["ids"].shape == inputs["texts"].shape == targets.shape
    assert targets.shape[1] == context_length
    expected = [
        (
            tuple(one.ids[:-1]),
            tuple(
                id if is_answer else -100
                for id, is_answer in zip(one.ids[1:], one.is_answer[1:], strict=True)
            ),
        )
        for one in examples
    ]
    assert Counter(unpacked(inputs, targets)) == Counter(expected)


@given(lengths=st.lists(st.integers(2, 11), min_size=1, max_size=20))
def test_no_example_would_have_fitted_into_a_row_before_its_own(lengths):
    inputs, _ = pack_examples(examples_of(lengths), context_length=10)
    texts = inputs["texts"]
    room = (texts == -1).sum(dim=1)
    for row in range(1, len(texts)):
        smallest = min((texts[row] == n).sum() for n in range(int(texts[row].max()) + 1))
        assert (room[:row] < smallest).all()
    fewest = -(-sum(n - 1 for n in lengths) // 10)
    assert fewest <= len(texts)


def test_the_longest_go_first():
    """Of 4, 4, 8 and 8 ids, 3 and 7 inputs: in the order given they would need three rows."""
    inputs, _ = pack_examples(examples_of([4, 4, 8, 8]), context_length=10)
    assert (inputs["texts"] >= 0).tolist() == [[True] * 10] * 2


def tiny(n_layers=2):
    torch.manual_seed(0)
    gpt = GPT(small(vocab_size=11, d_model=16, n_layers=n_layers, n_heads=2, context_length=20))
    for weight in gpt.parameters():  # far from uniform, so that a slip would show
        weight.data += torch.randn_like(weight) / 5
    return gpt.double()


@settings(max_examples=15)
@given(lengths=sizes, seed=st.integers(0, 99))
def test_packed_loss_and_gradients_are_those_of_the_examples_one_by_one(lengths, seed):
    examples, packed, single = examples_of(lengths, seed), tiny(), tiny()
    inputs, targets = pack_examples(examples, context_length=12)
    logits = Apart(packed)(**inputs)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    total, n = 0.0, sum(sum(one.is_answer[1:]) for one in examples)
    for one in examples:
        aims = torch.tensor(one.ids[1:])[torch.tensor(one.is_answer[1:])]
        logits = single(torch.tensor([one.ids[:-1]]))[0][torch.tensor(one.is_answer[1:])]
        total = total + F.cross_entropy(logits, aims, reduction="sum") / n
    # fp64; sums in another order
    torch.testing.assert_close(loss, total, rtol=0, atol=1e-11)
    loss.backward(), total.backward()
    for p, q in zip(packed.parameters(), single.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad, rtol=0, atol=1e-11)


def test_packed_without_the_numbers_of_the_texts_the_logits_are_others():
    gpt, (inputs, targets) = tiny(), pack_examples(examples_of([6, 5]), context_length=10)
    apart, joined = Apart(gpt)(**inputs), gpt(inputs["ids"])
    assert torch.allclose(apart[0, :5], joined[0, :5])
    assert (apart - joined)[0, 5:9].abs().amax(-1).min() > 1e-3
    assert abs(next_token_loss(apart, targets) - next_token_loss(joined, targets)) > 1e-3


def test_each_pass_over_the_batches_shows_every_row_once():
    examples = examples_of([9, 8, 7, 7, 6, 3])
    inputs, targets = pack_examples(examples, context_length=8)
    rng = torch.Generator().manual_seed(0)
    seen = []
    for x, y in islice(packed_batches(examples, context_length=8, batch_size=2, rng=rng), 5):
        seen += zip(x["ids"].tolist(), x["texts"].tolist(), y.tolist(), strict=True)
    whole = (inputs["ids"], inputs["texts"], targets)
    rows = list(zip(*(tensor.tolist() for tensor in whole), strict=True))
    assert len(rows) == 5
    assert sorted(seen[:5]) == sorted(seen[5:]) == sorted(rows)


@pytest.mark.slow
def test_what_was_taught_is_answered_and_the_answer_stops():
    """End to end: template, mask, packing, the loop, and writing from the prompt."""
    taught = {"sea": "keeps what the sea takes.", "moon": "how slow!", "rose": "red\nas a rose."}
    examples = [encode_chat(chat(one), LETTERS, template=PLAIN) for one in taught.items()]
    torch.manual_seed(0)
    config = small(vocab_size=LETTERS.vocab_size, d_model=48, n_layers=2, n_heads=4)
    gpt = GPT(config)
    rng = torch.Generator().manual_seed(0)
    data = packed_batches(examples, context_length=40, batch_size=2, rng=rng)
    optimizer = adamw(gpt, lr=1e-2)
    steps = train(Apart(gpt), data, optimizer=optimizer, schedule=Constant(n_steps=60))
    assert [step.loss for step in steps][-1] < 0.05
    prompts = [to_prompt([dict(role="user", content=one)], template=PLAIN) for one in taught]
    written = write_all(
        gpt.eval(),
        LETTERS,
        prompts,
        n_tokens=40,
        context_length=64,
        rng=[torch.Generator().manual_seed(0)] * 3,
        filters=[top_k(1)],
        stop=[PLAIN.end["assistant"]],
    )
    assert [one.text for one in written] == list(taught.values())
    assert {one.why for one in written} == {"stop"}


def one_turn(content, role="user"):
    return [dict(role=role, content=content), dict(role="assistant", content="or not")]


def encode(messages, tokenizer=BPE, template=CHATML):
    return encode_chat(messages, tokenizer, template=template)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: encode([]), "a conversation needs messages, got none"),
        (lambda: encode(chat(("a", "b"))[:1]), "of 1 messages without one of assistant teaches no"),
        (lambda: encode(chat(("a", ""))), "an answer of assistant is empty"),
        (lambda: encode(one_turn("a", "poet")), "no role 'poet'; there are: system, user, assist"),
        (lambda: encode(one_turn("a", "system"), LETTERS, PLAIN), "there are: user, assistant"),
        (lambda: encode([dict(role="user", text="a")]), "a message has a role and a content, got"),
        (lambda: encode([dict(content="a")]), "a message has a role and a content, got"),
        (lambda: encode(one_turn("a<|im_end|>b")), r"'a<\|im_end\|>b' would spell '<\|im_end\|>"),
        (lambda: encode(one_turn("<|im_start|>user!")), r"would spell '<\|im_start\|>user"),
        (lambda: encode(one_turn("<|im_start|>poet")), "the tokenizer joins the content"),
        (lambda: encode(one_turn("a}b"), LETTERS, PLAIN), r"would spell '}\\n'"),
        (lambda: encode(chat(("a", "b\n\nc")), LETTERS, PLAIN), r"would spell '\\n\\n'"),
        (lambda: encode(chat(("a", "b\n")), LETTERS, PLAIN), r"would spell '\\n\\n'"),
        (lambda: encode(one_turn("\n to be"), BPE, CHATML), "joins the content '.n to be' of user"),
        (
            lambda: encode(one_turn("what?"), BPE_JOINING, PLAIN),
            r"'what\?' of user with the marker",
        ),
        (lambda: to_prompt([], template=CHATML), "needs messages, got none"),
        (lambda: to_prompt(chat(("a", "b")), template=CHATML), "the last message is of assistant"),
        (lambda: to_prompt(one_turn("<|im_end|>")[:1], template=CHATML), "would spell"),
        (lambda: Template(begin={"user": ""}, end={"user": "\n"}), "assistant among them"),
        (lambda: replace(PLAIN, end={"assistant": "\n"}), "begins messages of user, assistant and"),
        (lambda: replace(PLAIN, end=PLAIN.end | {"user": ""}), "nothing ends a message of user"),
        (lambda: Example(ids=[1, 2], is_answer=[True]), "2 ids need as many is_answer, got 1"),
        (lambda: Example(ids=[1, 2], is_answer=[True, False]), "none of 2 ids is an answer"),
        (lambda: Example(ids=[1], is_answer=[True]), "none of 1 ids is an answer"),
        (
            lambda: pack_examples(examples_of([5, 9, 10]), context_length=8),
            "example 2 has 10 ids, but a context_length of 8 holds 9; shorten it",
        ),
        (lambda: pack_examples([], context_length=8), "got 0 examples and context_length 8"),
        (
            lambda: pack_examples(examples_of([3]), context_length=0),
            "got 1 examples and context_length 0",
        ),
    ],
)
def test_what_cannot_be_taught_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# one that has learnt "?}" as a token, which a content and a marker make together
BPE_JOINING = BPETokenizer.train("what?} not?} why?} ?}", 257)
