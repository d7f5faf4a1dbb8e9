"""The cell in which a model writes: kept, it is the book's form; running, it is widgets."""

import asyncio
import re

import pytest
import torch

from afterword.interop.live import Settings, live_writer, token_names
from afterword.interop.writers import load_writer
from afterword.sampling.generate import write
from afterword.text.bytes import ByteTokenizer

N_MORE = 150  # past the context of 128
WIDGET = "application/vnd.jupyter.widget-view+json"
SET = Settings(temperature=0.8, top_k=20, top_p=0.95, min_p=0.01, repetition=1.1)


@pytest.fixture(scope="module")
def writer():
    return live_writer("writer", prompt="ROMEO:", settings=SET)


@pytest.fixture
def widgets(writer, monkeypatch):
    pytest.importorskip("ipywidgets")
    monkeypatch.setattr("afterword.interop.widgets.N_MORE", N_MORE)
    from afterword.interop.widgets import WriterWidgets

    return WriterWidgets(writer)


def write_on(widgets, *, until=None):
    """Press Write and let it run to its end, or until there are so many letters."""

    async def press():
        widgets.write.click()
        while widgets.task and not (until and len(text(widgets)) >= until):
            await asyncio.sleep(0)

    asyncio.run(press())


def text(widgets):
    return widgets.writer.tokenizer.decode(widgets.reader.ids[0])


def test_kept_it_is_the_form_and_holds_no_widget(writer, monkeypatch):
    monkeypatch.setenv("AFTERWORD_STILL", "1")
    bundle = writer._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert bundle == live_writer("writer", prompt="ROMEO:", settings=SET)._repr_mimebundle_()


def test_running_it_is_widgets_where_there_are_any(writer, monkeypatch):
    pytest.importorskip("ipywidgets")
    monkeypatch.delenv("AFTERWORD_STILL", raising=False)
    assert WIDGET in writer._repr_mimebundle_()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert WIDGET not in writer._repr_mimebundle_()


def test_the_form_shows_the_first_probabilities(writer):
    ids = torch.tensor([writer.tokenizer.encode("ROMEO:")])
    with torch.no_grad():
        logits = load_writer("writer")[0](ids)[:, -1]
    share, kept = (x.softmax(-1).max().item() for x in (logits, SET.filter()(logits, ids)))
    shown = re.findall(r"<td>([\d.]+)%</td>", writer.still.html)
    assert [float(x) for x in shown[:2]] == pytest.approx([100 * share, 100 * kept], abs=0.051)


def test_the_settings_that_change_nothing_keep_the_logits():
    logits = torch.randn(1, 84, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Settings().filter()(logits, torch.tensor([[1, 2]])), logits)


@pytest.mark.slow
def test_the_widgets_write_what_write_writes(widgets):
    """With the same filters and seed, past the end of the context too."""
    write_on(widgets)
    model, tokenizer = load_writer("writer")[0], widgets.writer.tokenizer
    rng = torch.Generator().manual_seed(0)
    given = dict(context_length=128, rng=rng, filters=[SET.filter()], beyond="jump")
    assert text(widgets) == write(model, tokenizer, "ROMEO:", n_tokens=N_MORE, **given)
    assert widgets.write.description == "Write"


@pytest.mark.slow
def test_the_same_seed_writes_the_same_also_letter_by_letter_and_another_does_not(widgets):
    write_on(widgets)
    whole = text(widgets)
    widgets.back.click()
    assert text(widgets) == "ROMEO:"
    for _ in range(20):
        widgets.one.click()
    assert text(widgets) == whole[:26]
    widgets.seed.value = 1
    write_on(widgets, until=80)
    assert text(widgets)[:60] != whole[:60]


def test_stop_stops(widgets):
    async def press():
        widgets.write.click()
        assert (widgets.write.description, widgets.one.disabled) == ("Stop", True)
        while len(text(widgets)) < 30:
            await asyncio.sleep(0)
        widgets.write.click()
        return len(text(widgets))

    n = asyncio.run(press())
    assert len(text(widgets)) == n
    assert (widgets.write.description, widgets.one.disabled) == ("Write", False)


def test_another_seed_begins_anew_and_writes(widgets):
    async def press():
        widgets.other.click()
        while len(text(widgets)) < 20:
            await asyncio.sleep(0)
        widgets.write.click()

    asyncio.run(press())
    assert widgets.seed.value == 1
    assert text(widgets).startswith("ROMEO:")


def test_a_slider_changes_the_table_and_not_the_text(widgets):
    assert "20 of 84" in widgets.table.value or "tokens are kept" in widgets.table.value
    widgets.sliders["top_k"].value = 3
    assert re.search("[1-3] of 84 tokens are kept", widgets.table.value)
    assert text(widgets) == "ROMEO:"


@pytest.mark.parametrize(
    ("beginning", "said"),
    [("café", "the alphabet has no &#x27;é&#x27;"), ("", "Type at least one letter")],
)
def test_what_it_cannot_read_is_named_and_nothing_is_written(widgets, beginning, said):
    widgets.beginning.value = beginning
    assert said in widgets.page.value
    assert all(b.disabled for b in (widgets.write, widgets.one, widgets.back, widgets.other))
    widgets.beginning.value = "Now"
    assert not widgets.write.disabled
    assert text(widgets) == "Now"


def test_what_stands_in_the_text_is_no_markup(widgets):
    widgets.beginning.value = "[Exit] & 'tis"
    assert "[Exit] &amp; &#x27;tis" in widgets.page.value
    widgets.reader.add(torch.tensor(widgets.writer.tokenizer.encode("&")))
    widgets.show()
    assert "</span>&amp;</div>" in widgets.page.value


def test_a_new_beginning_ends_what_was_being_written(widgets):
    async def press():
        widgets.write.click()
        while len(text(widgets)) < 30:
            await asyncio.sleep(0)
        widgets.beginning.value = "Now"
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(press())
    assert text(widgets) == "Now"
    assert widgets.write.description == "Write"


def test_the_tokens_of_bytes_have_names():
    names = token_names(ByteTokenizer())
    assert (names[10], names[32], names[65], names[195]) == ("\n", " ", "A", "0xc3")


def test_only_the_models_of_the_package_and_some_prompt():
    with pytest.raises(ValueError, match=r"models of the package, not '\.\./x': poet, writer"):
        live_writer("../x", prompt="a")
    with pytest.raises(ValueError, match="the prompt is empty; give the model a letter"):
        live_writer("writer", prompt="")
    with pytest.raises(ValueError, match="the alphabet has no 'é'"):
        _ = live_writer("writer", prompt="é").still
