"""`afterword write`: what stands on the terminal is what the engine writes."""

import io

import pytest
import torch

from afterword.commands.arguments import main
from afterword.commands.write import pieces
from afterword.interop.writers import load_writer
from afterword.sampling.filters import temperature, top_k, top_p
from afterword.sampling.generate import write
from afterword.text.bytes import ByteTokenizer


def test_it_writes_what_the_engine_writes(capsys):
    words = [
        "--n-tokens",
        "150",
        "--temperature",
        "0.8",
        "--top-k",
        "20",
        "--top-p",
        "0.9",
        "--seed",
        "3",
    ]
    assert main(["write", "writer", "To be", *words]) == 0
    model, tokenizer = load_writer("writer")
    wanted = write(
        model,
        tokenizer,
        "To be",
        n_tokens=150,
        context_length=128,
        rng=torch.Generator().manual_seed(3),
        filters=[temperature(0.8), top_k(20), top_p(0.9)],
        beyond="jump",
    )
    assert capsys.readouterr().out == wanted + "\n"


def test_the_prompt_may_come_from_elsewhere(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("HAMLET.\nThe "))
    assert main(["write", "writer", "-", "--n-tokens", "5"]) == 0
    assert capsys.readouterr().out.startswith("HAMLET.\nThe ")


def test_a_run_of_train_can_write(capsys, afterword):
    assert afterword("--name mine") == 0
    capsys.readouterr()
    assert main(["write", "runs/mine", "To be", "--n-tokens", "30"]) == 0
    assert len(capsys.readouterr().out) == len("To be") + 30 + 1


def test_an_interruption_ends_the_text(capsys, monkeypatch):
    def stopped(*args, **choices):
        yield torch.tensor([20])
        raise KeyboardInterrupt

    monkeypatch.setattr("afterword.commands.write.stream", stopped)
    assert main(["write", "writer", "To be"]) == 0
    assert len(capsys.readouterr().out) == len("To be") + 1 + 1


def test_half_a_character_waits_for_the_rest():
    tokens = (torch.tensor([byte]) for byte in "é!".encode())
    assert list(pieces(tokens, ByteTokenizer())) == ["", "é", "!", ""]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["novelist", "To be"], "no model is called 'novelist'"),
        (["writer", ""], "nothing to continue"),
        (["writer", "日"], "the alphabet has no '日'"),
        (["writer", "To", "--temperature", "0"], "the temperature must be above 0"),
        (["writer", "To", "--top-p", "2"], "top_p"),
    ],
)
def test_what_cannot_be_written_is_told_in_a_sentence(words, message, capsys):
    assert main(["write", *words]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("afterword: ")
    assert message in said.err
