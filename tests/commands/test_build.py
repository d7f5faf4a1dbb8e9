"""From settings to parts: each name gets what it says, what does not fit is refused."""

import pytest
import torch
from torch import nn

from afterword.commands.build import build, make_model, make_optimizer, make_schedule, make_shape
from afterword.commands.config import TrainConfig, read_config
from afterword.interop.writers import load_writer
from afterword.model import layers
from afterword.model.presets import small
from afterword.training.schedules import Constant, Cosine, Linear, Trapezoid

TINY = dict(text=("play.txt",), context_length=8, d_model=16, n_layers=1, n_heads=2, batch_size=4)


def message(function, *args, **kwargs) -> str:
    with pytest.raises(ValueError, match=r".") as error:
        function(*args, **kwargs)
    return str(error.value)


def test_what_is_not_given_is_as_the_preset_has_it():
    assert make_shape(TrainConfig(preset="small"), vocab_size=65) == small(vocab_size=65)
    shape = make_shape(TrainConfig(d_model=32, mlp="SwiGLU", is_tied=True), vocab_size=65)
    assert shape == small(vocab_size=65, d_model=32, mlp=layers.SwiGLU, is_tied=True)


def test_dropout_drops():
    shape = make_shape(TrainConfig(preset="gpt2", dropout=0.3), vocab_size=65)
    assert shape.dropout == 0.3


def test_each_schedule_is_the_one_named():
    made = {
        Constant(n_steps=9): dict(schedule="constant"),
        Cosine(n_steps=9, n_warmup=2, end=0.2): dict(schedule="cosine", n_warmup=2, end=0.2),
        Linear(n_steps=9): dict(schedule="linear"),
        Trapezoid(n_steps=9, n_cooldown=3): dict(schedule="trapezoid", n_cooldown=3),
    }
    for schedule, settings in made.items():
        assert make_schedule(TrainConfig(n_steps=9, **settings)) == schedule


def test_the_optimizers_get_their_rates():
    model = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 4))
    adamw = make_optimizer(TrainConfig(lr=0.3, weight_decay=0.2, betas=(0.5, 0.6)), model)
    assert [g["lr"] for g in adamw.param_groups] == [0.3, 0.3]
    assert [g["weight_decay"] for g in adamw.param_groups] == [0.2, 0.0]
    assert adamw.param_groups[0]["betas"] == (0.5, 0.6)
    muon = make_optimizer(TrainConfig(optimizer="muon", lr=0.3, adam_lr=0.1), model)
    assert [g["lr"] for g in muon.param_groups] == [0.3, 0.1, 0.1]


def test_a_setting_for_another_optimizer_or_schedule_is_refused():
    model = nn.Linear(2, 2)
    assert "adam_lr is for optimizer muon" in message(
        make_optimizer, TrainConfig(adam_lr=0.1), model
    )
    assert "give its rate, adam_lr" in message(make_optimizer, TrainConfig(optimizer="muon"), model)
    assert "schedule constant has no end" in message(
        make_schedule, TrainConfig(schedule="constant", end=0.1)
    )
    assert "schedule cosine has no n_cooldown" in message(make_schedule, TrainConfig(n_cooldown=3))
    assert "trapezoid needs n_cooldown" in message(make_schedule, TrainConfig(schedule="trapezoid"))


def test_an_unknown_preset_or_mlp_gets_the_nearest_suggested():
    assert "did you mean gpt2?" in message(make_shape, TrainConfig(preset="gpt3"), vocab_size=9)
    assert "did you mean SwiGLU?" in message(make_shape, TrainConfig(mlp="swiglu"), vocab_size=9)


def test_the_seed_decides_weights_and_batches(here):
    def begin(seed):
        job = build(TrainConfig(seed=seed, device="cpu", **TINY))
        return job.model.embedding.weight, next(job.batches)[0]

    first, again, other = begin(1), begin(1), begin(2)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])
    assert not torch.equal(first[1], other[1])


def test_precision_and_matmul_reach_the_machine(here):
    job = build(TrainConfig(precision="bf16", matmul="medium", device="cpu", **TINY))
    assert (job.machine.dtype, job.machine.matmul) == (torch.bfloat16, "medium")


def test_a_model_can_start_at_zero_but_not_with_tied_embeddings():
    sizes = dict(context_length=8, d_model=16, n_layers=1, n_heads=2)
    config = TrainConfig(start="zero", **sizes)
    ids = torch.zeros(1, 3, dtype=torch.long)
    assert not make_model(config, make_shape(config, vocab_size=7))(ids).any()
    config = TrainConfig(**sizes)
    assert make_model(config, make_shape(config, vocab_size=7))(ids).any()
    config = TrainConfig(start="zero", is_tied=True, **sizes)
    assert "give --is-tied false" in message(make_model, config, make_shape(config, vocab_size=7))


@pytest.mark.parametrize(
    ("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)]
)
def test_the_stream_is_in_the_precision_asked_for(precision, dtype):
    config = TrainConfig(precision=precision, context_length=8, d_model=16, n_layers=1, n_heads=2)
    model = make_model(config, make_shape(config, vocab_size=7))
    seen = []
    model.blocks[0].register_forward_hook(lambda block, inputs, output: seen.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        model(torch.zeros(1, 3, dtype=torch.long))
    model(torch.zeros(1, 3, dtype=torch.long))  # outside autocast nothing changes
    assert seen == [dtype, torch.float32]


def test_the_writer_of_the_package_is_what_its_recipe_makes():
    model, tokenizer = load_writer("writer")
    shape = make_shape(read_config("writer", {}), vocab_size=tokenizer.vocab_size)
    assert model.config == shape


def test_the_poet_is_the_writer_with_other_weights():
    (poet, poets), (writer, writers) = load_writer("poet"), load_writer("writer")
    assert (poet.config, poets.alphabet) == (writer.config, writers.alphabet)
    assert read_config("poet", {}).start == "writer"
    assert not torch.equal(poet.embedding.weight, writer.embedding.weight)
