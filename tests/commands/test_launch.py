"""Several processes from one command: what it becomes, and when it stays as it is."""

import os
import sys

import pytest
import torch

from afterword.commands import arguments


@pytest.fixture
def became(monkeypatch):
    """What the process would have become, instead of becoming it."""
    commands = []

    def become(path, words):
        commands.append(words)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", become)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    return commands


def test_two_processes_are_the_same_command_under_torchrun(became):
    words = ["--config", "nanogpt-cpu", "--n-processes", "2", "--n-warmup", "0"]
    for start in (lambda: arguments.main(["train", *words]), lambda: arguments.train_main(words)):
        with pytest.raises(SystemExit):
            start()
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    assert became == 2 * [[sys.executable, *launcher, "-m", "afterword.training", *words]]


@pytest.mark.parametrize(("n_gpus", "n_processes"), [(1, None), (2, "2"), (4, "3")])
def test_there_are_no_more_processes_than_gpus(became, monkeypatch, n_gpus, n_processes):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_gpus)
    if n_processes is None:
        arguments.launch(3, [])
        assert became == []
    else:
        with pytest.raises(SystemExit):
            arguments.launch(3, [])
        assert became[0][5] == n_processes


def test_a_process_that_was_launched_launches_no_other(became, monkeypatch, capsys):
    monkeypatch.setenv("LOCAL_RANK", "0")
    assert arguments.train_main(["--n-processes", "2", "--text", "nothing.txt"]) == 1
    assert became == []
    assert "nothing.txt" in capsys.readouterr().err
