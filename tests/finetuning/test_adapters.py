"""Adapters as folders: the same values, gradients and steps as peft's, in both directions."""

import json
import shutil

import peft
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from afterword.finetuning.adapters import load_adapter, save_adapter
from afterword.finetuning.lora import LoRA, adapters_of, add_lora, merge, take_off
from afterword.interop.weights import to_hugging_face
from afterword.model.gpt import GPT
from afterword.model.presets import gpt2, llama, qwen3, small

TINY = dict(vocab_size=19, d_model=16, n_layers=2, n_heads=4, d_ff=24, context_length=12)
IDS = torch.tensor([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])
GROUPED = dict(n_kv_heads=2)
# a model, the layers of ours, and what they are called at Hugging Face
CASES = {
    "llama": (llama, GROUPED, ["query", "value"], ["q_proj", "v_proj"]),
    "llama, all": (llama, GROUPED, ["output", "gate", "up"], ["o_proj", "gate_proj", "up_proj"]),
    "qwen3": (qwen3, GROUPED | dict(d_head=8), ["key", "down"], ["k_proj", "down_proj"]),
    "gpt2": (gpt2, {}, ["output", "up", "down"], ["c_proj", "c_fc"]),
}


def model(preset, **changes):
    torch.manual_seed(0)
    return GPT(preset(**TINY | changes))


def learnt(gpt, **settings):
    add_lora(gpt, **dict(rank=2, alpha=3.0) | settings)
    for adapter in adapters_of(gpt).values():
        torch.nn.init.normal_(adapter.lora_B, std=0.3)
    return gpt


def next_token_loss(logits):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), IDS[:, 1:].flatten())


@pytest.fixture(params=CASES)
def case(request, tmp_path):
    """Our model with an adapter saved, the model of transformers wearing it by peft."""
    preset, changes, layers, _ = CASES[request.param]
    ours = model(preset, **changes)
    theirs = to_hugging_face(ours)
    learnt(ours, layers=layers)
    save_adapter(tmp_path / "voice", ours)
    worn = peft.PeftModel.from_pretrained(theirs, tmp_path / "voice", is_trainable=True)
    return ours, worn


def test_peft_puts_our_adapter_on_the_model_of_transformers(case):
    ours, worn = case
    # fp32, another order of sums: as exact as the two models without adapter are to each other
    torch.testing.assert_close(worn(IDS).logits, ours(IDS), rtol=0, atol=1e-5)


def test_the_loss_and_every_gradient_are_pefts(case):
    ours, worn = case
    mine, yours = next_token_loss(ours(IDS)), next_token_loss(worn(IDS).logits)
    torch.testing.assert_close(mine, yours, rtol=0, atol=1e-5)
    mine.backward(), yours.backward()
    a = [p for p in ours.parameters() if p.requires_grad]
    b = [p for p in worn.parameters() if p.requires_grad]
    assert len(a) == len(b)
    for p, q in zip(sorted(a, key=fingerprint), sorted(b, key=fingerprint), strict=True):
        torch.testing.assert_close(p.grad, q.grad, rtol=0, atol=1e-5)


def fingerprint(weight):
    return tuple(weight.shape), weight.abs().sum().item()


def test_pefts_merged_model_is_our_merged_model(case):
    ours, worn = case
    merge(ours)
    merged = worn.merge_and_unload()
    for name, weight in to_hugging_face(ours).state_dict().items():
        torch.testing.assert_close(merged.state_dict()[name], weight, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_our_model_wears_what_peft_saved(name, tmp_path):
    preset, changes, layers, their_layers = CASES[name]
    ours = model(preset, **changes)
    torch.manual_seed(1)
    config = peft.LoraConfig(r=3, lora_alpha=5, target_modules=their_layers)
    worn = peft.get_peft_model(to_hugging_face(ours), config)
    for key, weight in worn.named_parameters():
        if "lora_B" in key:
            torch.nn.init.normal_(weight, std=0.3)
    worn.save_pretrained(tmp_path)
    load_adapter(tmp_path, ours)
    assert {adapter.rank for adapter in adapters_of(ours).values()} == {3}
    torch.testing.assert_close(ours(IDS), worn(IDS).logits, rtol=0, atol=1e-5)
    assert {key.split(".")[-1] for key in adapters_of(ours)} == set(layers)


def test_a_model_that_transformers_has_not_is_adapted_by_peft_in_our_own_class(tmp_path):
    ours, same = learnt(model(small)), model(small)
    save_adapter(tmp_path / "voice", ours)
    worn = peft.PeftModel.from_pretrained(same, tmp_path / "voice")
    torch.testing.assert_close(worn(IDS), ours(IDS), rtol=0, atol=1e-6)
    worn.save_pretrained(tmp_path / "theirs")
    again = model(small)
    load_adapter(tmp_path / "theirs", again)
    assert torch.equal(again(IDS), ours(IDS))


def test_an_adapter_comes_back_to_the_last_bit_and_its_file_holds_nothing_else(tmp_path):
    ours, again = learnt(model(llama, **GROUPED)), model(llama, **GROUPED)
    save_adapter(tmp_path / "voice", ours)
    load_adapter(tmp_path / "voice", again)
    assert torch.equal(again(IDS), ours(IDS))
    assert [p.requires_grad for p in again.parameters()] == [
        p.requires_grad for p in ours.parameters()
    ]
    weights = load_file(tmp_path / "voice/adapter_model.safetensors")
    assert sum(weight.numel() for weight in weights.values()) == sum(
        p.numel() for p in ours.parameters() if p.requires_grad
    )


def test_what_cannot_be_saved_is_refused_and_leaves_no_folder(tmp_path):
    with pytest.raises(ValueError, match="no adapter to save; put one on with add_lora"):
        save_adapter(tmp_path / "voice", model(llama))
    with pytest.raises(ValueError, match=r"query is a part of transformer\.h\.0\.attn\.c_attn"):
        save_adapter(tmp_path / "voice", learnt(model(gpt2)))
    several = learnt(model(small))
    next(iter(adapters_of(several).values())).alpha = 9
    with pytest.raises(ValueError, match=r"several \(rank, alpha\)"):
        save_adapter(tmp_path / "voice", several)
    assert not any(tmp_path.iterdir())
    (tmp_path / "voice").mkdir()
    with pytest.raises(ValueError, match="exists already; give a new folder"):
        save_adapter(tmp_path / "voice", learnt(model(small)))


@pytest.fixture
def saved(tmp_path):
    save_adapter(tmp_path / "voice", learnt(model(llama, **GROUPED)))
    return tmp_path / "voice"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (dict(d_model=32), r"for another model: for blocks\.0\.attention\.query it holds"),
        (dict(n_layers=1), "and this model has no such layer"),
        (dict(n_kv_heads=4), r"this model has a matrix of \(16, 16\) there"),
    ],
)
def test_an_adapter_for_another_model_is_refused_and_nothing_changed(saved, other, message):
    ours = model(llama, **GROUPED | other)
    names, grads = [*ours.state_dict()], [p.requires_grad for p in ours.parameters()]
    with pytest.raises(ValueError, match=message):
        load_adapter(saved, ours)
    assert [*ours.state_dict()] == names
    assert [p.requires_grad for p in ours.parameters()] == grads


def test_an_adapter_of_another_kind_is_refused(saved):
    for key, value in dict(peft_type="IA3", use_dora=True, bias="all").items():
        content = json.loads((saved / "adapter_config.json").read_text())
        (saved / "adapter_config.json").write_text(json.dumps(content | {key: value}))
        with pytest.raises(ValueError, match=f"has {key} = {value!r}, which is not plain LoRA"):
            load_adapter(saved, model(llama, **GROUPED))
        (saved / "adapter_config.json").write_text(json.dumps(content))


def test_a_folder_without_an_adapter_and_a_model_that_wears_one_are_refused(saved, tmp_path):
    ours = model(llama, **GROUPED)
    load_adapter(saved, ours)
    with pytest.raises(ValueError, match="has an adapter already"):
        load_adapter(saved, ours)
    (saved / "adapter_model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"has no adapter_model\.safetensors"):
        load_adapter(saved, model(llama, **GROUPED))


def test_two_voices_are_exchanged_on_one_model(saved, tmp_path):
    ours = model(llama, **GROUPED)
    plain = ours(IDS)
    load_adapter(saved, ours)
    first, voice = ours(IDS), take_off(ours)
    assert all(isinstance(adapter, LoRA) for adapter in voice.values())
    assert torch.equal(ours(IDS), plain)
    load_adapter(saved, ours)
    assert torch.equal(ours(IDS), first)
    shutil.rmtree(saved)
