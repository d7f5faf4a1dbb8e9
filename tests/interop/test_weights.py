"""Our decoder and the models of transformers, each with the other's weights."""

import pytest
import torch
import torch.nn.functional as F

from afterword.interop.configs import from_config
from afterword.interop.weights import from_hugging_face, from_state, to_hugging_face, to_state
from afterword.model.gpt import GPT
from afterword.model.presets import qwen3
from tests.interop.models import CONFIGS, assert_same_weights, random_ids, tiny

every_model = pytest.mark.parametrize("name", CONFIGS)


def run(model, ids):
    """Logits and loss, with every parameter's gradient left behind."""
    logits = model(ids)
    logits = getattr(logits, "logits", logits)
    loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()
    return logits, loss


@every_model
def test_logits_and_loss_are_those_of_transformers(name):
    """1e-5: fp32 sums in another order show in the sixth digit."""
    theirs, ids = tiny(name), random_ids(3, 16)
    found, wanted = run(from_hugging_face(theirs), ids), run(theirs, ids)
    for ours, reference in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-5, atol=1e-5)


@every_model
def test_every_gradient_is_that_of_transformers(name):
    """Of the largest entry of each parameter's gradient, 1e-5 at most.

    GPT-2's three projections are one parameter there. A bias on the keys alone moves no softmax:
    its gradient is 0, and what is found instead is rounding.
    """
    theirs, ids = tiny(name), random_ids(3, 16)
    ours = from_hugging_face(theirs)
    run(ours, ids)
    run(theirs, ids)
    for weight in ours.parameters():
        weight.data = weight.grad
    found = to_state(ours)
    wanted = {key: weight.grad for key, weight in theirs.named_parameters()}
    assert found.keys() - wanted.keys() <= ({"lm_head.weight"} if ours.config.is_tied else set())
    for key, gradient in wanted.items():
        difference = (found[key] - gradient).abs().max() / gradient.abs().max()
        assert difference < 1e-5, f"{key}: {difference:.1e}"


@every_model
def test_there_and_back_no_weight_changes_by_a_bit(name):
    theirs = tiny(name)
    ours = from_hugging_face(theirs)
    again = to_hugging_face(ours)
    assert type(again) is type(theirs)
    assert_same_weights(again.state_dict(), theirs.state_dict())
    assert_same_weights(from_hugging_face(again).state_dict(), ours.state_dict())
    assert from_hugging_face(again).config == ours.config
    torch.testing.assert_close(again(random_ids(2, 9)).logits, theirs(random_ids(2, 9)).logits)


@every_model
def test_a_model_taken_over_shares_no_memory_and_is_tied_as_before(name):
    theirs = tiny(name)
    ours = from_hugging_face(theirs)
    before = [weight.clone() for weight in theirs.parameters()]
    with torch.no_grad():
        for weight in ours.parameters():
            weight.zero_()
    for weight, old in zip(theirs.parameters(), before, strict=True):
        assert torch.equal(weight, old)
    assert (ours.unembedding.weight is ours.embedding.weight) == ours.config.is_tied
    assert len(list(theirs.parameters())) == len(list(to_hugging_face(ours).parameters()))


def test_half_precision_comes_in_as_float32_and_goes_out_as_it_is():
    theirs = tiny().bfloat16()
    ours = from_hugging_face(theirs)
    assert {weight.dtype for weight in ours.parameters()} == {torch.float32}
    again = to_hugging_face(ours.bfloat16())
    assert {weight.dtype for weight in again.parameters()} == {torch.bfloat16}
    assert_same_weights(again.state_dict(), theirs.state_dict())


@pytest.mark.parametrize("is_training", [True, False])
def test_a_model_goes_out_in_the_mode_it_is_in(is_training):
    ours = from_hugging_face(tiny()).train(is_training)
    assert to_hugging_face(ours).training == is_training


@every_model
def test_each_weight_has_a_memory_of_its_own(name):
    """Else torch.save would write one part's neighbours with it."""
    for weight in from_hugging_face(tiny(name)).parameters():
        assert weight.untyped_storage().nbytes() == weight.nbytes


def test_a_checkpoint_of_the_body_alone_and_old_buffers_are_understood():
    """As GPT-2's own on the hub: no `transformer.` before its names, the mask beside them."""
    theirs = tiny("gpt2")
    state = theirs.transformer.state_dict() | {"h.0.attn.bias": torch.ones(1, 1, 16, 16)}
    state["h.1.attn.masked_bias"] = torch.tensor(-1e4)
    ours = from_state(state, from_config(theirs.config.to_dict()))
    assert_same_weights(ours.state_dict(), from_hugging_face(theirs).state_dict())


def spoilt(name, spoil):
    theirs = tiny(name)
    state = dict(theirs.state_dict())
    spoil(state)
    return from_state(state, from_config(theirs.config.to_dict()))


QUERY = "model.layers.1.self_attn.q_proj.weight"
EMBEDDING = "model.embed_tokens.weight"


@pytest.mark.parametrize(
    ("name", "spoil", "message"),
    [
        (
            "llama, untied",
            lambda state: state.pop(QUERY),
            r"lacks 1 \(model.layers.1.self_attn.q_proj.weight\), while its config .* 21; take",
        ),
        ("llama, untied", lambda state: state.pop("lm_head.weight"), r"lacks 1 .*lm_head.weight"),
        (
            "llama, untied",
            lambda state: state.update({f"adapter.{i}": torch.ones(1) for i in range(4)}),
            r"has besides 4 \(adapter.0, adapter.1, adapter.2 …\)",
        ),
        (
            "qwen3, tied",
            lambda state: state.update({QUERY: torch.ones(24, 15)}),
            r"q_proj.weight holds a matrix of \[24, 15\], the config asks for \[24, 16\] .*; take",
        ),
        (
            "gpt2",
            lambda state: state.update({"transformer.h.0.attn.c_attn.weight": torch.ones(48, 16)}),
            r"c_attn.weight holds a matrix of \[16, 48\], the config asks for \[48, 16\]",
        ),
        (
            "qwen3, tied",
            lambda state: state.update({"lm_head.weight": state[EMBEDDING] + 1}),
            "ties the embeddings, but lm_head.weight differs from model.embed_tokens.weight; set",
        ),
        ("qwen3, tied", lambda state: state.pop(EMBEDDING), r"lacks 1 \(model.embed_tokens"),
    ],
)
def test_a_checkpoint_that_does_not_fit_its_config_is_refused(name, spoil, message):
    with pytest.raises(ValueError, match=message):
        spoilt(name, spoil)


def test_a_model_for_another_task_is_refused():
    import transformers

    config = tiny().config
    with pytest.raises(ValueError, match=r"lacks 1 \(lm_head.weight\) and has besides 1 \(score"):
        from_hugging_face(transformers.LlamaForSequenceClassification(config))


def test_both_names_of_a_tied_matrix_are_given():
    sizes = dict(vocab_size=23, d_model=16, n_layers=1, n_heads=2, n_kv_heads=1, d_head=8, d_ff=24)
    state = to_state(GPT(qwen3(**sizes)))
    assert state["lm_head.weight"] is not None
    assert torch.equal(state["lm_head.weight"], state[EMBEDDING])
