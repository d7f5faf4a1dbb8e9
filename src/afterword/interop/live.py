"""A cell in which the reader lets a model write: in the book's page, in Colab, in JupyterLab.

    live_writer("writer", prompt="ROMEO:")

In a notebook that runs, it shows ipywidgets, and the model writes in Python. Where the outputs are
to be kept (``make run`` and the checks set AFTERWORD_STILL=1) and where there is no ipywidgets, it
shows the form of ``plots.writer``: still on paper and on GitHub, alive in the book's pages.
"""

import importlib.util
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from afterword.interop.pages import page_model
from afterword.interop.writers import SHIPPED, load_writer
from afterword.model.gpt import GPT
from afterword.plots.live import Live
from afterword.plots.writer import writer_form
from afterword.sampling.filters import chain, min_p, temperature, top_k, top_p
from afterword.sampling.penalties import repetition
from afterword.sampling.reader import Reader
from afterword.text.bytes import ByteTokenizer
from afterword.text.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the sliders stand; each default changes nothing."""

    temperature: float = 1.0
    top_k: int | None = None  # None keeps all
    top_p: float = 1.0
    min_p: float = 0.0
    repetition: float = 1.0

    def filter(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The penalty first, then temperature, top-k, top-p, min-p, as in the page."""
        parts = [repetition(self.repetition), temperature(self.temperature)]
        parts += [top_k(self.top_k)] if self.top_k is not None else []
        parts += [top_p(self.top_p)]
        parts += [min_p(self.min_p)] if self.min_p else []
        return chain(*parts)


class LiveWriter:
    """A model, where its text begins, how it is set; shows itself as the last line of a cell."""

    def __init__(self, name: str, model: GPT, tokenizer: Tokenizer, *, prompt: str, settings):
        if not prompt:
            raise ValueError("the prompt is empty; give the model a letter to go on from")
        self.name, self.tokenizer = name, tokenizer
        self.prompt, self.settings = prompt, settings
        self.page_model = page_model(name, model, tokenizer)
        self.model = model
        self.tokens = token_names(tokenizer)

    def reader(self, text: str) -> Reader:
        """The model with a text before it; characters it does not know are a ``ValueError``."""
        ids = torch.tensor([self.tokenizer.encode(text)])
        context_length = self.model.config.context_length
        return Reader(self.model, ids, context_length=context_length, beyond="jump")

    def probs(
        self, logits: Tensor, ids: Tensor, settings: Settings
    ) -> tuple[np.ndarray, np.ndarray]:
        """The probabilities of what comes next, by the model and after the settings."""
        kept = settings.filter()(logits, ids)
        return tuple(row[0].double().softmax(-1).numpy() for row in (logits, kept))

    @cached_property
    def still(self) -> Live:
        """The form that is kept in a notebook and becomes alive in the book's pages."""
        reader = self.reader(self.prompt)
        with torch.no_grad():
            probs = self.probs(reader.logits(), reader.ids, self.settings)
        return writer_form(
            self.name,
            n_bytes=self.page_model.n_bytes,
            prompt=self.prompt,
            tokens=self.tokens,
            probs=probs,
            settings=asdict(self.settings),
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        if is_still():
            return self.still._repr_mimebundle_()
        from afterword.interop.widgets import WriterWidgets

        box = WriterWidgets(self).box  # of ipywidgets 7, which Colab has, no bundle can be asked
        view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
        return {"text/plain": repr(box), "application/vnd.jupyter.widget-view+json": view}


def live_writer(name: str, *, prompt: str, settings: Settings | None = None) -> LiveWriter:
    """Let the reader of a cell write with one of the package's models.

    ``prompt`` and ``settings`` are what stands there at first. A model that the package does not
    hold is a ``ValueError``, since a page could not load it.
    """
    if not re.fullmatch(r"[\w-]+", name) or not (SHIPPED / name).is_dir():
        known = ", ".join(sorted(one.name for one in SHIPPED.iterdir()))
        raise ValueError(f"pages hold only the models of the package, not {name!r}: {known}")
    model, tokenizer = load_writer(name)
    return LiveWriter(name, model, tokenizer, prompt=prompt, settings=settings or Settings())


def is_still() -> bool:
    """Whether outputs are to be kept, or there are no widgets to show."""
    return os.environ.get("AFTERWORD_STILL") == "1" or not importlib.util.find_spec("ipywidgets")


def token_names(tokenizer: Tokenizer) -> list[str]:
    """Each token as a page writes it; of a byte that is no printable character, its number."""
    if not isinstance(tokenizer, ByteTokenizer):
        return [tokenizer.decode([id]) for id in range(tokenizer.vocab_size)]
    shown = [*range(32, 127), ord("\n")]
    return [chr(byte) if byte in shown else f"0x{byte:02x}" for byte in range(256)]
