"""The command as a whole, in this process, on a tiny model."""

import math
import os
import signal
from pathlib import Path

import pytest
import torch

from afterword.commands import train
from afterword.commands.arguments import main, train_main
from afterword.commands.config import FIELDS, read_config, recipes
from afterword.interop.writers import load_writer
from afterword.training.checkpoints import newest
from tests.commands.runs import losses, rows, same, weights


@pytest.fixture
def stopping(monkeypatch):
    """Let Ctrl-C come in the middle of step ``at`` of what runs then."""

    def arrange(at: int, number: signal.Signals = signal.SIGINT):
        ordinary, seen = train.train, []

        def interrupted(*args, start, **settings):
            for step in ordinary(*args, start=start, **settings):
                if step.number == at and not seen:
                    seen.append(at)
                    os.kill(os.getpid(), number)
                yield step

        monkeypatch.setattr(train, "train", interrupted)

    return arrange


def test_a_run_leaves_results_events_config_and_checkpoints(afterword, capsys):
    assert afterword("--name one") == 0
    folder = Path("runs/one")
    assert {path.name for path in folder.iterdir()} == {
        "config.toml", "events", "results.jsonl", "step-000004", "step-000006"
    }  # fmt: skip
    assert [row["step"] for row in rows("one", "step")] == [1, 2, 3, 4, 5, 6]
    assert [row["step"] for row in rows("one", "evaluation")] == [3, 6]
    assert [row["step"] for row in rows("one", "sample")] == [3, 6]
    (header,) = rows("one", "header")
    assert header["config"]["n_layers"] == 1
    assert header["versions"]["torch"] == torch.__version__
    assert read_config(folder / "config.toml", {}) == read_config(
        folder / "step-000006/config.toml", {}
    )
    said = capsys.readouterr()
    assert "step 6: validation" in said.out
    assert "done; the weights are in runs/one/step-000006" in said.out
    for what in ("6/6 steps", "left", "loss", "tokens/s", "MFU"):
        assert what in said.err


def test_the_loss_begins_at_that_of_knowing_nothing_and_falls(afterword):
    afterword("--n-steps 60 --lr 1e-2 --evaluate-every 0 --save-every 0 --sample-every 0")
    n_characters = len(set(Path("play.txt").read_text()))
    assert losses("run")[0] == pytest.approx(math.log(n_characters), abs=0.1)
    (end,) = rows("run", "evaluation")
    assert end["loss"] < 0.8 * math.log(n_characters)
    assert end["bits_per_byte"] == pytest.approx(end["loss"] / math.log(2))  # a byte a character


def test_a_resumed_run_is_the_unbroken_one_bit_for_bit(afterword, stopping):
    more = "--dropout 0.2 --optimizer muon --adam-lr 1e-3 --n-accumulate 2"
    afterword(f"--name whole {more}")
    stopping(3)
    assert afterword(f"--name broken {more}") == 130
    assert newest("runs/broken").name == "step-000003"
    assert afterword(f"--name broken {more} --resume") == 0
    assert same(weights("whole", 6), weights("broken", 6))
    for kind in ("step", "evaluation", "sample"):
        whole, broken = rows("whole", kind), rows("broken", kind)
        for row in whole + broken:
            for changes in ("seconds", "tokens_per_second", "mfu"):
                row.pop(changes, None)
        assert whole == broken


def test_ctrl_c_finishes_the_step_saves_and_says_how_to_go_on(afterword, stopping, capsys):
    stopping(5)
    assert afterword("--name one") == 130
    command = "afterword train --config runs/one/config.toml --resume"
    assert f"stopped after step 5, which is saved; to go on: {command}" in capsys.readouterr().out
    assert main(command.split()[1:]) == 0
    assert [row["step"] for row in rows("one", "step")] == [1, 2, 3, 4, 5, 6]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_request_to_end_is_met_like_ctrl_c(afterword, stopping):
    stopping(5, signal.SIGTERM)
    assert afterword("--name one") == 128 + signal.SIGTERM
    assert newest("runs/one").name == "step-000005"


def test_a_second_ctrl_c_ends_at_once(afterword, monkeypatch, capsys):
    def hurried(number, *args):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(train, "evaluate", hurried)
    assert afterword("--name one") == 130
    assert "stopped at once" in capsys.readouterr().err
    assert newest("runs/one").name == "step-000002"


def test_a_run_killed_before_its_first_checkpoint_begins_anew(afterword, monkeypatch):
    def killed(*args):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(train, "is_due", killed)
        with pytest.raises(SystemExit):
            afterword("--name one")
    assert afterword("--name one --resume") == 0
    assert [row["step"] for row in rows("one", "step")] == [1, 2, 3, 4, 5, 6]


def test_a_run_that_diverges_names_step_batch_and_last_checkpoint(afterword, capsys):
    assert afterword("--name one --lr 1e30 --save-every 1 --n-accumulate 2 --max-norm inf") == 1
    said = capsys.readouterr().err
    step = len(losses("one")) + 1
    assert f"at step {step}" in said
    assert f"batches {2 * step - 1} to {2 * step} of seed 0" in said
    assert f"the last good checkpoint is runs/one/step-{step - 1:06d}" in said
    assert newest("runs/one").name == f"step-{step - 1:06d}"


def test_a_run_that_diverges_before_a_checkpoint_says_so(afterword, capsys):
    assert afterword("--name one --lr 1e30 --save-every 0") == 1
    assert "no checkpoint was saved before" in capsys.readouterr().err


def test_a_run_is_not_overwritten(afterword, capsys):
    afterword("--name one")
    assert afterword("--name one") == 1
    assert "runs/one holds a run already; go on with it by --resume" in capsys.readouterr().err


def test_a_complete_run_stays_as_it_is(afterword, capsys):
    afterword("--name one")
    before = Path("runs/one/results.jsonl").read_bytes()
    assert afterword("--name one --resume") == 0
    assert "runs/one is complete: 6 of 6 steps are made" in capsys.readouterr().out
    assert Path("runs/one/results.jsonl").read_bytes() == before


def test_a_run_can_be_prolonged_but_not_made_another(afterword, capsys):
    afterword("--name one --schedule constant")
    assert afterword("--name one --schedule constant --n-steps 8 --resume") == 0
    assert len(losses("one")) == 8
    assert afterword("--name one --schedule constant --n-steps 9 --lr 0.5 --resume") == 1
    assert "began with lr 0.001, this asks for lr 0.5" in capsys.readouterr().err


@pytest.mark.parametrize("change", [("To be", "Do be"), ("not to be", "to not be")])
def test_a_run_does_not_go_on_with_another_text(afterword, capsys, change):
    afterword("--name one --schedule constant")
    Path("play.txt").write_text(Path("play.txt").read_text().replace(*change))
    assert afterword("--name one --schedule constant --n-steps 9 --resume") == 1
    assert "trained on another text or tokenizer" in capsys.readouterr().err


def test_what_is_looked_at_changes_nothing(afterword):
    afterword("--name often --dropout 0.2 --evaluate-every 2 --sample-every 3")
    afterword("--name never --dropout 0.2 --evaluate-every 0 --save-every 0 --sample-every 0")
    assert losses("often") == losses("never")


def test_half_precision_stays_near(afterword):
    afterword("--name full")
    afterword("--name half --precision bf16")
    assert losses("half") == pytest.approx(losses("full"), abs=0.02)
    assert losses("half") != losses("full")


def test_the_launched_module_is_the_same_command(afterword):
    afterword("--name one")
    words = Path("runs/one/config.toml")
    assert train_main(["--config", str(words), "--name", "two"]) == 0
    assert losses("one") == losses("two")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--n-setps 3", "no setting is called 'n-setps'; did you mean n_steps?"),
        ("--n-setps=3", "did you mean n_steps?"),
        ("--n-steps ten", "n_steps is 'ten'; a whole number was wanted"),
        ("--compile maybe", "compile is 'maybe'; true or false was wanted"),
        ("more", "'more' is no option; write --field value"),
        ("--config babi", "did you mean baby?"),
        ("--text nothing.txt", "no corpus and no readable file is called 'nothing.txt'"),
        ("--context-length 400 --batch-size 1", "the validation text has"),
        ("--batch-size 400", "the training text has"),
        ("--n-warmup 6", "less than n_steps"),
        ("--n-heads 3", "cannot share d_model 16 evenly"),
        ("--device gpu", "no device is called 'gpu'"),
    ],
)
def test_bad_words_end_with_a_sentence(afterword, capsys, words, complaint):
    assert afterword(words) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert said.startswith("afterword: ")
    assert not Path("runs").exists()


def test_help_names_every_setting_its_default_and_every_recipe(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for name, field in FIELDS.items():
        assert f"--{name.replace('_', '-')} " in said
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert f"(default: {field.default})" in said
    for name, what in recipes().items():
        assert f"{name} {what}" in said


def test_a_run_can_begin_with_the_model_of_another_and_go_on_where_it_stopped(afterword, here):
    afterword("--name first")
    common = "--start runs/first --text play.txt --batch-size 4 --device cpu --name"
    assert afterword(f"{common} same --n-steps 1 --lr 1e-30 --weight-decay 0", sizes="") == 0
    trained, again = load_writer("runs/first"), load_writer("runs/same")
    for ours, theirs in zip(trained[0].parameters(), again[0].parameters(), strict=True):
        # kept as fp32; a rate of 1e-30 moves no weight
        assert torch.equal(ours, theirs)
    assert trained[1].alphabet == again[1].alphabet
    constant = "--schedule constant"
    assert afterword(f"{common} whole {constant} --n-steps 4", sizes="") == 0
    assert afterword(f"{common} parts {constant} --n-steps 2", sizes="") == 0
    assert afterword(f"{common} parts {constant} --n-steps 4 --resume", sizes="") == 0
    whole, parts = (load_writer(f"runs/{name}")[0] for name in ("whole", "parts"))
    for ours, theirs in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_model_to_begin_with_brings_its_sizes_and_refuses_strangers(afterword, capsys):
    afterword("--name first")
    capsys.readouterr()
    assert afterword("--start runs/first --n-layers 2 --tokenizer bytes --name b", sizes="") == 1
    assert (
        "brings its own sizes and tokenizer; leave out n_layers, tokenizer"
        in capsys.readouterr().err
    )
    strange = "“To be”, or not to be: that is the question.\n"
    Path("strange.txt").write_text(40 * strange)
    assert afterword("--start runs/first --text strange.txt --name c", sizes="") == 1
    said = capsys.readouterr().err
    assert "80 of 1800 characters are strange to the model: '“' '”'; replace them" in said
    Path("strange.txt").write_text(39 * strange.replace("“", "").replace("”", "") + strange)
    words = "--start runs/first --text strange.txt --name c --n-steps 1 --batch-size 4"
    assert afterword(words, sizes="") == 0
    assert "2 of 1722 characters are strange to the model: '“' '”'; they are left out" in (
        capsys.readouterr().out
    )
    assert afterword("--start nobody --name d", sizes="") == 1
    assert "no model is called 'nobody'" in capsys.readouterr().err
    assert not Path("runs/b").exists()
