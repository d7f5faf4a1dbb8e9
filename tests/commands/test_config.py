"""Settings: from recipes and files, by type and within limits."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.commands.build import MLPS, PRESETS, make_shape
from afterword.commands.config import FIELDS, TrainConfig, read_config, recipes, to_toml
from afterword.model import presets
from afterword.model.config import Config
from afterword.model.count import parameters


def message(overrides, source=None) -> str:
    with pytest.raises(ValueError, match=r".") as error:
        read_config(source, overrides)
    return str(error.value)


def test_an_override_beats_the_recipe_and_the_recipe_beats_the_default():
    config = read_config("nanogpt-cpu", {"n_steps": 7})
    assert (config.n_steps, config.batch_size, config.share) == (7, 12, 0.1)
    assert config.name == "nanogpt-cpu"
    assert read_config("nanogpt-cpu", {"name": "mine"}).name == "mine"


def test_the_recipes_are_the_known_models_but_for_the_biases_of_norms():
    for name, known, in_norms in (
        ("nanogpt-cpu", 795_904, 9 * 128),
        ("baby", 10_646_784, 13 * 384),
    ):
        counts = parameters(make_shape(read_config(name, {}), vocab_size=65))
        assert sum(counts.values()) - counts["positions"] == known + in_norms


def test_every_recipe_says_what_it_is_and_makes_a_model():
    for name, what in recipes().items():
        assert len(what) > 10
        make_shape(read_config(name, {}), vocab_size=65)


def test_every_number_of_a_model_is_a_setting():
    numbers = {int, float, bool, int | None, float | None}
    wanted = {field.name for field in fields(Config) if field.type in numbers} - {"vocab_size"}
    assert wanted == {name for name, field in FIELDS.items() if "is_part" in field.metadata} - {
        "mlp"
    }


def test_presets_and_mlps_are_those_of_the_model():
    assert {"small", "gpt2", "llama", "smollm2", "qwen3"} <= set(PRESETS)
    assert set(MLPS) == {"GELU", "ReLU", "ReLUSquared", "SwiGLU", "TanhGELU"}
    for name in PRESETS:
        assert make_shape(TrainConfig(preset=name), vocab_size=7) == getattr(presets, name)(
            vocab_size=7
        )


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    lr=st.floats(min_value=1e-30, allow_nan=False),
    d_model=st.none() | st.integers(1),
    compiled=st.booleans(),
)
def test_a_config_survives_toml(tmp_path_factory, text, lr, d_model, compiled):
    config = TrainConfig(text=(text, "a"), lr=lr, d_model=d_model, compile=compiled, name=text)
    path = tmp_path_factory.getbasetemp() / "config.toml"
    path.write_text(to_toml(config), encoding="utf-8", newline="")
    assert read_config(path, {}) == config


def test_an_unknown_setting_gets_the_nearest_suggested():
    assert "'n_setps'; did you mean n_steps?" in message({"n_setps": 3})
    assert "did you mean batch_size?" in message({"batchsize": 3})
    assert "there are: text, share" in message({"xyzzy": 3})


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"n_steps": "ten"}, "n_steps is 'ten'; a whole number was wanted"),
        ({"n_steps": 1.5}, "n_steps is 1.5; a whole number was wanted"),
        ({"n_steps": True}, "n_steps is True; a whole number was wanted"),
        ({"lr": "fast"}, "lr is 'fast'; a number was wanted"),
        ({"compile": 1}, "compile is 1; true or false was wanted"),
        ({"name": 3}, "name is 3; a string was wanted"),
        ({"betas": [0.9]}, "betas is [0.9]; 2 values were wanted"),
        ({"betas": [0.9, "x"]}, "betas is 'x'; a number was wanted"),
        ({"text": []}, "text is []; one or more values were wanted"),
        ({"lr": {"a": 1}}, "lr is {'a': 1}; a number was wanted"),
    ],
)
def test_a_value_of_another_type_is_refused(overrides, complaint):
    assert complaint in message(overrides)


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"n_steps": 0}, "n_steps is 0; at least 1 was wanted"),
        ({"share": 1}, "share is 1.0; less than 1 was wanted"),
        ({"share": 0.0}, "share is 0.0; more than 0 was wanted"),
        ({"lr": float("nan")}, "lr is nan; more than 0 was wanted"),
        ({"betas": [0.9, -1]}, "betas is -1.0; at least 0 was wanted"),
        ({"schedule": "cosin"}, "schedule is 'cosin'; constant, cosine, linear, trapezoid can be"),
        ({"precision": "fp8"}, "precision is 'fp8'; fp32, bf16, fp16 can be chosen"),
    ],
)
def test_a_value_out_of_its_limits_is_refused(overrides, complaint):
    assert complaint in message(overrides)


def test_a_recipe_that_is_not_there_gets_the_nearest_suggested():
    assert "'nanogpt'; did you mean nanogpt-cpu?" in message({}, "nanogpt")


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = Path(tmp_path, "bad.toml")
    path.write_text("n_steps: 3")
    assert f"{path} is not TOML" in message({}, path)


def test_a_whole_number_does_for_a_number_and_one_text_for_texts():
    config = read_config(None, {"lr": 1, "text": "a.txt"})
    assert config == replace(TrainConfig(), lr=1.0, text=("a.txt",))
