from pathlib import Path

import pytest

from afterword.commands import progress
from afterword.commands.arguments import main

SIZES = "--context-length 8 --d-model 16 --n-layers 1 --n-heads 2 --batch-size 4 --n-steps 6"
OFTEN = "--evaluate-every 3 --save-every 2 --sample-every 3 --n-warmup 1 --device cpu"


@pytest.fixture(autouse=True)
def _memory_is_given_back(monkeypatch):
    """What a run asks of malloc cannot be undone, and other tests here measure memory."""
    monkeypatch.setattr("afterword.commands.train.keep_freed_memory", lambda: True)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in, with a text in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "N_CPU", 64)  # a smaller product is measured sooner
    monkeypatch.setattr("afterword.commands.train.N_SAMPLE", 5)
    line = "To be, or not to be: that is the question.\n"
    Path("play.txt").write_text("".join(f"{i} {line}" for i in range(40)))
    return tmp_path


@pytest.fixture
def afterword(here):
    """The command, in this process: `afterword("--n-steps 3")` trains a tiny model."""

    def command(words: str = "", sizes: str = f"{SIZES} {OFTEN}") -> int:
        return main(["train", "--text", "play.txt", *sizes.split(), *words.split()])

    return command
