"""Classes: beside transformers' own head, blind to padding, and learnt by heart."""

import math

import pytest
import torch
import torch.nn.functional as F
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from afterword.finetuning.classify import Classifier, labelled_batches, last, mean, predict
from afterword.finetuning.reading import Body
from afterword.interop.weights import from_hugging_face
from afterword.model.block import DropoutBlock
from afterword.model.encoder import Encoder
from afterword.model.gpt import GPT
from afterword.model.positions import ALiBi, Learned, Rotary, Sinusoidal
from afterword.model.presets import small
from afterword.training.loop import train
from afterword.training.optimizers import adamw
from afterword.training.schedules import Constant
from tests.interop.models import tiny as hugging_face_model

TINY = dict(vocab_size=11, d_model=16, n_layers=2, n_heads=2, context_length=12)
TEXTS = [[1, 2, 3], [4], [5, 6, 7, 8, 9], [10, 1], [2, 2, 2, 2]]
LABELS = [0, 2, 1, 2, 0]
several = st.lists(st.lists(st.integers(0, 10), min_size=1, max_size=5), min_size=1, max_size=4)
SCHEMES = [Rotary(), ALiBi(), Learned(), Sinusoidal()]
BODIES = [lambda config: Body(GPT(config)), Encoder]


def tiny(body=BODIES[0], pool=last, **changes):
    torch.manual_seed(0)
    model = Classifier(body(small(**TINY | changes)), d_model=16, n_classes=3, pool=pool).eval()
    for weight in model.parameters():  # far from uniform, so that a slip would show
        weight.data += torch.randn_like(weight) / 5
    return model


def batches(texts=TEXTS, labels=LABELS, batch_size=5, n_classes=3, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return labelled_batches(texts, labels, batch_size=batch_size, rng=rng, n_classes=n_classes)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
@pytest.mark.parametrize("pool", [last, mean])
@pytest.mark.parametrize("body", BODIES, ids=["decoder", "encoder"])
@settings(max_examples=10)
@given(texts=several, n_pads=st.integers(0, 3), pad_id=st.integers(0, 10))
def test_padding_never_changes_a_prediction(body, pool, scheme, texts, n_pads, pad_id):
    model = tiny(body, pool, positions=scheme).double()
    length = max(map(len, texts)) + n_pads
    ids = torch.tensor([text + [pad_id] * (length - len(text)) for text in texts])
    is_real = torch.arange(length) < torch.tensor([[len(text)] for text in texts])
    alone = torch.cat([model(torch.tensor([text])) for text in texts])
    # fp64; sums in another order
    torch.testing.assert_close(model(ids, is_real), alone, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", ["llama, untied", "qwen3, tied", "gpt2"])
def test_logits_and_gradients_are_those_of_transformers(name):
    """Its classifier too reads a decoder's vector at the last token that is no pad."""
    causal = hugging_face_model(name, pad_token_id=0, num_labels=3)
    theirs = transformers.AutoModelForSequenceClassification.from_config(causal.config).eval()
    theirs.base_model.load_state_dict(causal.base_model.state_dict())
    ours = Classifier(Body(from_hugging_face(causal)), d_model=16, n_classes=3).eval()
    ours.head.weight.data.copy_(theirs.score.weight)

    ids = torch.tensor([[5, 6, 7, 8], [9, 1, 0, 0], [3, 0, 0, 0]])
    labels, is_real = torch.tensor([2, 0, 1]), ids != 0
    loss = F.cross_entropy(ours(ids, is_real), labels)
    reference = theirs(ids, attention_mask=is_real.long(), labels=labels)
    # fp32 through two layers; gradients up to some tens
    torch.testing.assert_close(ours(ids, is_real), reference.logits, rtol=0, atol=2e-5)
    torch.testing.assert_close(loss, reference.loss, rtol=0, atol=1e-5)
    loss.backward(), reference.loss.backward()
    torch.testing.assert_close(ours.head.weight.grad, theirs.score.weight.grad, rtol=0, atol=2e-5)
    embedding = theirs.base_model.get_input_embeddings().weight.grad.clone()
    embedding[0] = 0  # of the pad: theirs is left out, ours is 0 as nobody looks at it
    torch.testing.assert_close(ours.body.model.embedding.weight.grad, embedding, rtol=0, atol=2e-5)


@pytest.mark.parametrize("pool", [last, mean])
def test_a_text_without_pads_needs_no_is_real(pool):
    model, ids = tiny(pool=pool), torch.tensor([[1, 2, 3], [4, 5, 6]])
    assert torch.equal(model(ids), model(ids, torch.ones(2, 3, dtype=torch.bool)))


def test_the_last_vector_of_a_decoder_has_read_all_and_the_first_only_itself():
    model = tiny()
    first = Classifier(model.body, d_model=16, n_classes=3, pool=lambda x, is_real: x[:, 0])
    a, b = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 9, 3]])
    assert torch.equal(first(a), first(b))
    assert not torch.allclose(model(a), model(b))


@pytest.mark.parametrize(("body", "pool"), list(zip(BODIES, [last, mean], strict=True)))
def test_it_begins_at_chance_and_learns_one_batch_by_heart(body, pool):
    torch.manual_seed(0)
    model = Classifier(body(small(**TINY)), d_model=16, n_classes=3, pool=pool)
    optimizer = adamw(model, lr=1e-2, weight_decay=0.0)
    steps = train(model, batches(), optimizer=optimizer, schedule=Constant(n_steps=40))
    losses = [step.loss for step in steps]
    assert losses[0] == pytest.approx(math.log(3), abs=0.15), "the first weights are small"
    assert losses[-1] < 0.05
    assert predict(model, TEXTS).argmax(-1).tolist() == LABELS


def test_a_frozen_body_leaves_a_logistic_regression_on_its_vectors():
    """The loss is convex then: two beginnings end at one loss, where the gradient is 0."""
    found = []
    for seed in (1, 2):
        model = tiny().double()
        model.body.requires_grad_(False)
        torch.manual_seed(seed)
        nn.init.normal_(model.head.weight)
        inputs, labels = next(batches())
        optimizer = torch.optim.LBFGS(model.head.parameters(), max_iter=200, tolerance_change=0)

        def loss(model=model, inputs=inputs, labels=labels, optimizer=optimizer):
            optimizer.zero_grad()
            penalty = 0.01 * (model.head.weight**2).sum()
            value = F.cross_entropy(model(**inputs), labels) + penalty
            value.backward()
            return value

        optimizer.step(loss)
        found.append(loss().item())
        assert model.head.weight.grad.abs().max() < 1e-6
    assert found[0] == pytest.approx(found[1], abs=1e-9)


def test_batches_carry_each_text_with_its_label():
    label_of = {tuple(text): label for text, label in zip(TEXTS, LABELS, strict=True)}
    seen, data = [], batches(batch_size=2)
    for _ in range(5):  # ten texts: two passes
        inputs, labels = next(data)
        assert inputs.keys() == {"ids", "is_real"}
        for row, is_real, label in zip(inputs["ids"], inputs["is_real"], labels, strict=True):
            text = tuple(row[is_real].tolist())
            assert label_of[text] == label
            seen.append(text)
    assert sorted(seen[:5]) == sorted(seen[5:]) == sorted(label_of)
    assert seen[:5] != seen[5:]


@given(texts=several, batch_size=st.integers(1, 5))
@settings(max_examples=15)
def test_predictions_come_in_the_order_of_the_texts_whatever_the_batches(texts, batch_size):
    model = tiny().double()
    probs = predict(model, texts, batch_size=batch_size)
    assert probs.shape == (len(texts), 3)
    for text, row in zip(texts, probs, strict=True):
        alone = model(torch.tensor([text])).float().softmax(-1)[0]
        torch.testing.assert_close(row, alone, rtol=0, atol=1e-6)  # softmax in fp32


def test_predict_drops_nothing_draws_no_gradient_and_leaves_the_mode():
    model = tiny(block=DropoutBlock, dropout=0.5)
    for mode in (True, False):
        model.train(mode)
        first = predict(model, TEXTS)
        assert torch.equal(first, predict(model, TEXTS))
        assert not first.requires_grad
        assert model.training is mode


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: next(batches(labels=[0, 1, 3, 0, 0])), "label 3 of text 2 is not a class: n_cl"),
        (lambda: next(batches(labels=[0, 1, 1, -100, 0])), "label -100 of text 3"),
        (lambda: next(batches(labels=[0, 1])), r"5 texts need 5 labels in one row, got .*\(2,\)"),
        (lambda: next(batches(texts=[[1], []], labels=[0, 1])), r"row \d has no ids"),
        (lambda: next(batches(texts=[], labels=[])), "got 0 examples"),
        (lambda: predict(tiny(), []), "got 0 texts and batch_size 64"),
        (lambda: predict(tiny(), TEXTS, batch_size=0), "got 5 texts and batch_size 0"),
        (lambda: Classifier(nn.Identity(), d_model=4, n_classes=1), "at least 2, got 1"),
        (
            lambda: tiny()(
                torch.zeros(2, 3).long(), torch.tensor([[True] * 3, [False, True, True]])
            ),
            "row 1 has a pad before a real token, or nothing else; pads stand at the end",
        ),
        (
            lambda: tiny()(torch.zeros(1, 3).long(), torch.tensor([[True, False, True]])),
            "row 0 has a pad before a real token",
        ),
        (
            lambda: tiny()(torch.zeros(1, 2).long(), torch.tensor([[False, False]])),
            "row 0 has a pad before a real token, or nothing else",
        ),
    ],
)
def test_what_cannot_be_classified_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
