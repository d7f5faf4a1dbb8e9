"""The same recipes through Trainer, peft and trl: the same losses, gradients and weights.

Steps are taken by AdamW with an epsilon of 0.001 where else it is 1e-8, so that a gradient which is
nothing but rounding does not become a whole step, and by SGD. Models are tiny and random, in fp32.
"""

import copy
from itertools import islice, repeat

import pytest
import torch
import transformers
from datasets import Dataset
from peft import LoraConfig, PeftModel

from afterword.finetuning.adapters import save_adapter
from afterword.finetuning.instructions import encode_chat, pack_examples, packed_batches
from afterword.finetuning.lora import add_lora
from afterword.finetuning.preferences import Pair, WithReference, dpo_loss, margins, pair_batches
from afterword.finetuning.reading import Apart
from afterword.finetuning.templates import CHATML
from afterword.interop.weights import from_hugging_face, to_hugging_face, to_state
from afterword.model.gpt import GPT
from afterword.model.presets import llama
from afterword.training.loop import next_token_loss, train
from afterword.training.schedules import Constant
from tests.finetuning.test_instructions import BPE, JINJA, chat

pytestmark = pytest.mark.slow

N_STEPS, LR = 3, 0.01
MARKERS = dict(eos_token="<|im_end|>", pad_token="<|im_end|>")
PAIRS = [
    dict(prompt="to be", chosen=" or not", rejected=" to be or"),
    dict(prompt="or not", chosen=" to be. To be?", rejected=" not"),
    dict(prompt="be", chosen=" be", rejected=" to"),
]
CHATS = [
    chat(("to be?", "or not")),
    chat(("To be", "or not to be"), ("be", "not?"), system="Be."),
    chat(("not", "to be")),
]
# three steps in fp32: weights moved by some hundredths, in another order of sums; found: 1.3e-6
CLOSE = dict(rtol=0, atol=5e-6)


def tiny() -> GPT:
    torch.manual_seed(0)
    config = llama(
        vocab_size=BPE.vocab_size, d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=24
    )
    gpt = GPT(config)
    for weight in gpt.parameters():  # far from uniform, so that a slip would show
        weight.data += torch.randn_like(weight) / 5
    return gpt


def steps_of(model, batches, *, optim="adamw_torch", **settings):
    """The losses of three steps of our loop, on the weights that learn."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = (
        torch.optim.SGD(weights, lr=LR)
        if optim == "sgd"
        else torch.optim.AdamW(weights, lr=LR, weight_decay=0.0, eps=1e-3)
    )
    schedule = Constant(n_steps=N_STEPS)
    done = train(model, batches, optimizer=optimizer, schedule=schedule, **settings)
    return [step.loss for step in done]


def arguments(kind, folder, *, optim="adamw_torch", **changes):
    """Settings of theirs that mean: a constant rate, no clipping, all examples in each batch."""
    return kind(
        output_dir=str(folder),
        max_steps=N_STEPS,
        per_device_train_batch_size=3,
        learning_rate=LR,
        lr_scheduler_type="constant",
        max_grad_norm=0.0,
        optim=optim,
        adam_epsilon=1e-3,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        bf16=False,
        **changes,
    )


def losses_of(trainer):
    trainer.train()
    return [said["loss"] for said in trainer.state.log_history if "loss" in said]


@pytest.fixture
def tokenizer(tmp_path):
    BPE.save(tmp_path / "tokenizer.json")
    return transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(tmp_path / "tokenizer.json"),
        chat_template=JINJA.replace("default", repr(CHATML.system)),
        **MARKERS,
    )


def assert_same_model(ours: GPT, theirs) -> None:
    wanted = theirs.state_dict()
    for name, weight in to_state(ours).items():
        torch.testing.assert_close(weight, wanted[name], msg=lambda m, n=name: f"{n}: {m}", **CLOSE)


def halves(model) -> dict[tuple, torch.Tensor]:
    """The halves of all updates, ours or peft's, under (block, layer, half)."""
    found = {}
    for name, weight in model.named_parameters():
        if "lora_" in name:
            parts = name.replace(".default.weight", "").split(".")
            layer = {"q_proj": "query", "v_proj": "value"}.get(parts[-2], parts[-2])
            found[next(p for p in parts if p.isdigit()), layer, parts[-1]] = weight.detach()
    return found


def assert_same_update(ours, theirs) -> None:
    found, wanted = halves(ours), halves(theirs)
    assert len(found) == 8
    assert found.keys() == wanted.keys()
    for name, weight in found.items():
        torch.testing.assert_close(weight, wanted[name], msg=lambda m, n=name: f"{n}: {m}", **CLOSE)
    assert all(weight.abs().max() > 1e-3 for weight in found.values()), "B moved too"


IDS = torch.randint(BPE.vocab_size, (3, 9), generator=torch.Generator().manual_seed(0))
BATCH = (IDS[:, :-1], IDS[:, 1:])
ROWS = Dataset.from_dict(dict(input_ids=IDS.tolist(), labels=IDS.tolist()))


@pytest.mark.parametrize("optim", ["sgd", "adamw_torch"])
def test_our_loop_and_trainer_leave_the_same_weights(optim, tmp_path):
    ours = tiny()
    theirs = to_hugging_face(ours)
    args = arguments(transformers.TrainingArguments, tmp_path, optim=optim)
    expected = losses_of(transformers.Trainer(theirs, args, train_dataset=ROWS))
    assert steps_of(ours, repeat(BATCH), optim=optim) == pytest.approx(expected, abs=1e-5)
    assert_same_model(ours, theirs)


@pytest.mark.parametrize("optim", ["sgd", "adamw_torch"])
def test_our_low_rank_update_learns_as_pefts_does(optim, tmp_path):
    ours = tiny()
    theirs = to_hugging_face(ours)
    add_lora(ours, rank=2, alpha=8)
    for name, weight in ours.named_parameters():
        if name.endswith("lora_B"):
            weight.data.normal_(std=0.1)  # at 0, A would not move in the first step
    save_adapter(tmp_path / "voice", ours)
    worn = PeftModel.from_pretrained(theirs, tmp_path / "voice", is_trainable=True)
    args = arguments(transformers.TrainingArguments, tmp_path, optim=optim)
    expected = losses_of(transformers.Trainer(worn, args, train_dataset=ROWS))
    assert steps_of(ours, repeat(BATCH), optim=optim) == pytest.approx(expected, abs=1e-5)
    assert_same_update(ours, worn)


def test_chats_packed_are_learnt_as_trl_learns_them_one_a_row(tokenizer, tmp_path):
    from trl import SFTConfig, SFTTrainer

    ours = tiny()
    theirs = to_hugging_face(ours)
    trainer = SFTTrainer(
        theirs,
        args=arguments(SFTConfig, tmp_path, assistant_only_loss=True),
        train_dataset=Dataset.from_dict(dict(messages=CHATS)),
        processing_class=tokenizer,
    )
    expected = losses_of(trainer)
    examples = [encode_chat(messages, BPE, template=CHATML) for messages in CHATS]
    length = sum(len(one.ids) for one in examples)
    rng = torch.Generator().manual_seed(0)
    batches = packed_batches(examples, context_length=length, batch_size=1, rng=rng)
    inputs, targets = pack_examples(examples, context_length=length)
    first = next_token_loss(Apart(ours)(**inputs), targets).item()
    assert first == pytest.approx(expected[0], abs=1e-5)
    assert steps_of(Apart(ours), batches) == pytest.approx(expected, abs=1e-5)
    assert_same_model(ours, theirs)


def our_pairs():
    end = [BPE.special_tokens["<|im_end|>"]]  # trl puts it after each answer
    return [
        Pair(
            prompt=BPE.encode(pair["prompt"]),
            chosen=BPE.encode(pair["chosen"]) + end,
            rejected=BPE.encode(pair["rejected"]) + end,
        )
        for pair in PAIRS
    ]


def our_batches():
    rng = torch.Generator().manual_seed(0)
    return pair_batches(our_pairs(), batch_size=3, rng=rng)


def dpo_trainer(model, folder, tokenizer, **settings):
    from trl import DPOConfig, DPOTrainer

    return DPOTrainer(
        model,
        args=arguments(DPOConfig, folder, beta=0.3),
        train_dataset=Dataset.from_list(PAIRS),
        processing_class=tokenizer,
        **settings,
    )


def test_the_loss_of_preferences_and_every_gradient_are_trls(tokenizer, tmp_path):
    """Away from the start, where the margins differ from 0, and from pair to pair."""
    ours = tiny()
    reference = copy.deepcopy(ours)
    for weight in reference.parameters():
        weight.data += torch.randn_like(weight) / 10
    theirs = to_hugging_face(ours)
    trainer = dpo_trainer(theirs, tmp_path, tokenizer, ref_model=to_hugging_face(reference))
    their_loss = trainer.compute_loss(trainer.model, next(iter(trainer.get_train_dataloader())))
    inputs, targets = next(our_batches())
    logits = WithReference(ours, reference)(**inputs)
    loss = dpo_loss(0.3)(logits, targets)
    assert margins(logits, targets, beta=0.3).abs().min() > 0.05
    torch.testing.assert_close(loss, their_loss, rtol=0, atol=1e-5)
    their_loss.backward(), loss.backward()
    gradients = {name: weight.grad for name, weight in theirs.named_parameters()}
    wanted = from_hugging_face(holding(theirs, gradients))  # under our names
    for (name, weight), gradient in zip(ours.named_parameters(), wanted.parameters(), strict=True):
        # gradients up to 3, of log-probabilities summed over ten tokens
        torch.testing.assert_close(
            weight.grad, gradient.detach(), rtol=0, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}"
        )


def holding(theirs, tensors):
    """A copy of their model whose weights are these tensors."""
    result = copy.deepcopy(theirs)
    with torch.no_grad():
        for name, weight in result.named_parameters():
            weight.copy_(tensors[name])
    return result


def test_preferences_are_learnt_as_trl_learns_them(tokenizer, tmp_path):
    ours = tiny()
    theirs, model = to_hugging_face(ours), WithReference(ours, copy.deepcopy(ours))
    trainer = dpo_trainer(theirs, tmp_path, tokenizer, ref_model=to_hugging_face(ours))
    expected = losses_of(trainer)
    found = steps_of(model, our_batches(), loss_function=dpo_loss(0.3))
    assert found == pytest.approx(expected, abs=1e-5)
    assert found[0] - found[-1] > 0.1
    assert_same_model(ours, theirs)


def test_with_an_adapter_trl_takes_the_model_without_it_for_the_reference(tokenizer, tmp_path):
    ours = tiny()
    model = WithReference(ours, copy.deepcopy(ours))
    theirs = to_hugging_face(ours)
    add_lora(ours, rank=2, alpha=8)
    config = LoraConfig(r=2, lora_alpha=8, target_modules=["q_proj", "v_proj"])
    trainer = dpo_trainer(theirs, tmp_path, tokenizer, peft_config=config)
    begun = halves(trainer.model)
    for name, weight in halves(ours).items():
        weight.copy_(begun[name])  # peft drew them otherwise
    expected = losses_of(trainer)
    found = steps_of(model, our_batches(), loss_function=dpo_loss(0.3))
    assert found == pytest.approx(expected, abs=1e-5)
    assert_same_update(ours, trainer.model)
    assert list(islice(found, 1)) == pytest.approx([torch.tensor(2.0).log().item()], abs=1e-7)
