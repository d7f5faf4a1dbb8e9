"""The form of ``plots.writer`` as ipywidgets, for a notebook that runs: the model writes here."""

import asyncio
import html

import ipywidgets
import torch

from afterword.plots.live import SCRIPTS
from afterword.plots.writer import SETTINGS, bars, sentence
from afterword.sampling.generate import draw

N_MORE = 600  # tokens a press
PAINT = 15  # tokens between two drawings


class WriterWidgets:
    """The widgets of a ``LiveWriter``; ``box`` is what a cell shows."""

    def __init__(self, writer):
        self.writer, self.task = writer, None
        wide = ipywidgets.Layout(width="34rem", max_width="100%")
        self.beginning = ipywidgets.Textarea(writer.prompt, description="Beginning", layout=wide)
        self.seed = ipywidgets.BoundedIntText(
            0, min=0, max=2**31 - 1, description="Seed", layout=ipywidgets.Layout(width="11rem")
        )
        self.sliders = {name: self._slider(name) for name in SETTINGS}
        self.write = ipywidgets.Button(description="Write")
        self.one = ipywidgets.Button(description="One letter")
        self.back = ipywidgets.Button(description="From the beginning")
        self.other = ipywidgets.Button(description="Another seed")
        self.page, self.table = ipywidgets.HTML(), ipywidgets.HTML()
        self.beginning.observe(lambda _: self.begin(), "value")
        self.seed.observe(lambda _: self.begin(), "value")
        for slider in self.sliders.values():
            slider.observe(lambda _: self.show(), "value")
        self.write.on_click(lambda _: self.stop() if self.task else self.start())
        self.one.on_click(lambda _: self.append())
        self.back.on_click(lambda _: self.begin())
        self.other.on_click(lambda _: self.begin_anew())
        buttons = ipywidgets.HBox(
            [self.write, self.one, self.back, self.other, self.seed],
            layout=ipywidgets.Layout(flex_flow="row wrap"),
        )
        sliders = ipywidgets.VBox(list(self.sliders.values()))
        both = ipywidgets.HBox(
            [sliders, self.table], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        self.box = ipywidgets.VBox([self.beginning, buttons, self.page, both])
        self.begin()

    def _slider(self, name: str):
        title, least, most, step, _ = SETTINGS[name]
        most = most or len(self.writer.tokens)
        value = getattr(self.writer.settings, name)
        kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
        return kind(
            most if value is None else value,
            min=least,
            max=most,
            step=step,
            description=title,
            style={"description_width": "9rem"},
            layout=ipywidgets.Layout(width="23rem", max_width="100%"),
        )

    @property
    def settings(self):
        values = {name: slider.value for name, slider in self.sliders.items()}
        return type(self.writer.settings)(**values)

    def begin(self) -> None:
        """Read the beginning; the seed's numbers start anew."""
        self.stop()
        text, self.rng = self.beginning.value, torch.Generator().manual_seed(self.seed.value)
        try:
            self.reader, self.problem = self.writer.reader(text) if text else None, ""
            self.problem = "" if text else "Type at least one letter for the model to go on from."
        except ValueError as error:  # a character that it does not know
            self.reader, self.problem = None, f"{error}."
        for button in (self.write, self.one, self.back, self.other):
            button.disabled = self.reader is None
        self._look()

    def begin_anew(self) -> None:
        self.seed.value += 1
        self.start()

    def append(self, *, is_shown: bool = True) -> None:
        """One token more."""
        with torch.no_grad():
            self.reader.add(draw(self.settings.filter()(self.logits, self.reader.ids), self.rng))
        self._look(is_shown=is_shown)

    def start(self) -> None:
        self.write.description = "Stop"
        self.one.disabled = True
        self.task = asyncio.create_task(self.write_on())

    def stop(self) -> None:
        if self.task:
            self.task.cancel()
        self.task = None
        self.write.description, self.one.disabled = "Write", False

    async def write_on(self) -> None:
        """Write, and let the notebook's other messages through, such as a press on Stop."""
        for i in range(N_MORE):
            self.append(is_shown=i % PAINT == 0)
            await asyncio.sleep(0)
        self.task = None
        self.stop()
        self.show()

    def _look(self, *, is_shown: bool = True) -> None:
        """What comes next, worked out once for each text."""
        if self.reader is not None:
            with torch.no_grad():
                self.logits = self.reader.logits()
        if is_shown:
            self.show()

    def show(self) -> None:
        """The text so far, and the table of what comes next."""
        style = f"<style>{(SCRIPTS / 'writer.css').read_text('utf8')}</style>"
        if self.reader is None:
            self.page.value = f'{style}<div class="writer"><p>{html.escape(self.problem)}</p></div>'
            self.table.value = ""
            return
        text = self.writer.tokenizer.decode(self.reader.ids[0])
        grown = html.escape(text[len(self.beginning.value) :])
        given = f'<span class="given">{html.escape(self.beginning.value)}</span>'
        end = "display: flex; flex-direction: column-reverse"  # scrolled to where it grows
        page = f'<div class="text" tabindex="0" style="{end}"><div>{given}{grown}</div></div>'
        self.page.value = f'{style}<div class="writer">{page}</div>'
        tokens = self.writer.tokens
        probs = self.writer.probs(self.logits, self.reader.ids, self.settings)
        said = f"<p>{html.escape(sentence(tokens, *probs))}</p>"
        self.table.value = f'<div class="writer">{bars(text, tokens, *probs)}{said}</div>'
