"""The form in which a page's reader lets the model write, in a real browser, the network cut.

tests/book/test_page_model.py holds the model itself against Python.
"""

import re
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import pytest
from docutils import nodes

from afterword.interop.live import Settings, live_writer
from book._ext import writers as extension
from book.checks.chapter import ROOT
from book.tools import look
from book.tools.run_chapters import run
from tests.book.checks.tiny import chapter as tiny
from tests.book.checks.tiny import code

pytestmark = pytest.mark.slow
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest.fixture(scope="module")
def form():
    return live_writer("writer", prompt="ROMEO:", settings=Settings(temperature=0.8))


@pytest.fixture(scope="module")
def html(form, tmp_path_factory):
    """A folder laid out as the built book is, with a page of one figure."""
    folder = tmp_path_factory.mktemp("html")
    (folder / "chapters").mkdir()
    form.page_model.write(folder / "_static/writers/writer")
    head = '<meta charset="utf-8"><title>x</title><link rel="icon" href="data:,">'
    head += '<meta name="viewport" content="width=device-width">'
    body = f"<body><main><h1>x</h1>{form.still.html}</main>"
    page = f'<!doctype html><html lang="en" data-content_root="../">{head}{body}'
    (folder / "chapters/page.html").write_text(page, "utf8")
    return folder


@pytest.fixture
def web(html):
    with look.served(html) as root:
        yield f"{root}chapters/page.html"


@pytest.fixture(params=["file", "web"])
def address(html, web, request):
    return (html / "chapters/page.html").as_uri() if request.param == "file" else web


@pytest.fixture
def page(chrome, html):
    page = visit(chrome, (html / "chapters/page.html").as_uri())
    yield page
    assert page.heard == []
    page.close()


def visit(chrome, address, size="phone"):
    page = look.visit(chrome, address, look.SIZES[size])
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    return page


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def load(page):
    page.get_by_role("button", name="Load the model (3.3 MB)").click()
    page.wait_for_selector(".writing", timeout=30_000)
    return page


def text(page):
    return page.locator(".text").evaluate("box => box.textContent")


def written(page, *, n=600):
    """Press Write, and the text when it is done."""
    press(page, "Write")
    page.wait_for_function(
        "n => document.querySelector('.text').textContent.length >= n", arg=n + 6
    )
    page.wait_for_selector("button:text-is('Write')")
    return text(page)


def slide(page, name, value):
    page.get_by_role("slider", name=name, exact=True).evaluate(
        "(range, value) => { range.value = value; range.dispatchEvent(new Event('input')) }", value
    )


def said(page):
    page.wait_for_timeout(500)  # it is said when the hand has rested
    return page.locator(".writing [role=status]").inner_text()


def test_nothing_is_fetched_before_the_button_and_nothing_from_elsewhere_after_it(chrome, address):
    page = look.visit(chrome, "about:blank", look.SIZES["phone"])
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_timeout(200)
    assert asked == [address]
    load(page)
    base = address.removesuffix("chapters/page.html")
    assert len(asked) >= 9
    assert all(url.startswith(base) for url in asked)
    assert text(page) == "ROMEO:"
    assert page.heard == []
    page.close()


def test_before_anything_is_moved_the_live_table_is_the_still_one(page):
    still = page.locator(".still table").inner_text()
    load(page)
    assert page.locator(".writing table").inner_text() == still
    assert said(page) == page.locator(".still p").first.evaluate("p => p.textContent")
    assert not page.locator(".still").is_visible()


ROWS = "rows => rows.map(row => row.className + row.innerText)"


@pytest.mark.parametrize(
    "given",
    [
        dict(temperature=1.5),
        dict(top_k=4),
        dict(top_p=0.5),
        dict(min_p=0.2),
        dict(repetition=1.5),
        dict(temperature=2.0, top_k=30, top_p=0.75, min_p=0.01, repetition=1.2),
    ],
    ids=str,
)
def test_the_sliders_move_the_bars_as_python_would(page, form, given):
    load(page)
    for name, value in given.items():
        slide(page, LABELS[name], value)
    wanted = live_writer("writer", prompt="ROMEO:", settings=replace(form.settings, **given))
    found = page.locator(".writing table tr")
    texts, widths = found.evaluate_all(ROWS), page.locator(".writing td span").evaluate_all(WIDTHS)
    inside = wanted.still.html.split('<div class="still">')[1].split("</div>")[0]
    page.locator(".still").evaluate("(box, html) => box.innerHTML = html", inside)
    page.locator(".writer").evaluate("figure => delete figure.dataset.ready")  # or it has no text
    assert texts == page.locator(".still table tr").evaluate_all(ROWS)
    python = page.locator(".still td span").evaluate_all(WIDTHS)
    assert widths == pytest.approx(python, abs=0.11)  # in percent; Python writes one digit
    assert said(page) == page.locator(".still p").first.inner_text()


LABELS = dict(temperature="Temperature", top_k="Top-k", top_p="Top-p", min_p="Min-p")
LABELS["repetition"] = "Repetition penalty"
WIDTHS = "bars => bars.map(bar => parseFloat(bar.style.width))"


def test_a_slider_says_where_it_stands(page):
    load(page)
    outputs = page.locator(".writing output")
    assert outputs.all_inner_texts() == ["0.80", "all", "all", "off", "off"]
    slide(page, "Top-k", 12)
    slide(page, "Min-p", 0.05)
    assert outputs.all_inner_texts() == ["0.80", "12", "all", "0.05", "off"]
    assert page.get_by_label("Min-p").get_attribute("aria-valuetext") == "0.05"


def test_the_same_seed_writes_the_same_in_one_go_or_letter_by_letter(page):
    load(page)
    whole = written(page)
    assert len(whole) == 606
    press(page, "From the beginning")
    assert text(page) == "ROMEO:"
    for _ in range(30):
        press(page, "One letter")
    assert text(page) == whole[:36]
    assert written(page) == whole + text(page)[606:]  # goes on where the letters ended
    press(page, "From the beginning")
    assert written(page) == whole
    assert written(page, n=1200)[:606] == whole  # a second press goes on


def test_another_seed_writes_another_text_and_the_first_one_comes_back(page):
    load(page)
    whole = written(page)
    press(page, "Another seed")
    page.wait_for_selector("button:text-is('Write')")
    page.wait_for_function("() => document.querySelector('.text').textContent.length >= 606")
    assert page.get_by_label("Seed").input_value() == "1"
    assert text(page)[:60] != whole[:60]
    page.get_by_label("Seed").fill("0")
    assert text(page) == "ROMEO:"
    assert written(page) == whole


def test_the_likeliest_alone_writes_what_python_writes(page, form):
    """With top-k at 1 there is no chance in it: past the end of the context, too."""
    load(page)
    slide(page, "Top-k", 1)
    reader = form.reader("ROMEO:")
    for _ in range(600):
        reader.add(reader.logits().argmax(-1))
    assert written(page) == form.tokenizer.decode(reader.ids[0])


def test_while_it_writes_it_can_be_stopped_and_says_so(page):
    load(page)
    press(page, "Write")
    assert page.get_by_role("button", name="One letter").is_disabled()
    page.wait_for_function("() => document.querySelector('.text').textContent.length > 30")
    press(page, "Stop")
    stopped = text(page)
    page.wait_for_timeout(100)
    assert text(page) == stopped
    assert len(stopped) < 606
    assert page.get_by_role("button", name="One letter").is_enabled()
    assert re.match(r"\d+ of 84 tokens are kept", said(page))
    assert written(page, n=len(stopped) + 500).startswith(stopped)
    assert re.fullmatch(r"Written: 600 letters, \d+ a second\.", said(page))


def test_a_new_beginning_ends_what_was_being_written(page):
    load(page)
    press(page, "Write")
    page.get_by_label("The beginning").fill("Now")
    page.wait_for_timeout(200)
    assert text(page) == "Now"
    assert page.get_by_role("button", name="Write", exact=True).is_enabled()


@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        ("café, è", "The model does not know “é”, “è”: the text it learnt from has 84 other"),
        ("你", "The model does not know “你”"),
        ("", "Type at least one letter"),
    ],
)
def test_what_it_cannot_read_is_named_and_nothing_is_written(page, beginning, words):
    load(page)
    box = page.get_by_label("The beginning")
    box.fill(beginning)
    assert said(page).startswith(words)
    assert box.get_attribute("aria-invalid") == "true"
    names = ("Write", "One letter", "From the beginning", "Another seed")
    assert all(page.get_by_role("button", name=name, exact=True).is_disabled() for name in names)
    assert not page.locator(".writing tr").nth(1).is_visible()
    box.fill("cafe")
    assert box.get_attribute("aria-invalid") == "false"
    assert page.get_by_role("button", name="Write", exact=True).is_enabled()
    assert page.locator(".writing tr").nth(1).is_visible()


def test_the_keyboard_alone_does_everything(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Load the model (3.3 MB)"
    page.keyboard.press("Enter")
    page.wait_for_selector(".writing")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.press("Control+End")
    page.keyboard.type(" O")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('.text').textContent.length > 30")
    page.keyboard.press("Space")  # the same button, now Stop
    assert page.evaluate("document.activeElement.textContent") == "Write"
    assert text(page).startswith("ROMEO: O")
    for wanted in ("One letter", "From the beginning", "Another seed"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == wanted
    for _ in range(3):  # the seed, the text, the first slider
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator(".writing output").first.inner_text() == "0.85"


def test_what_is_told_comes_when_the_hand_rests_and_not_at_every_letter(page):
    load(page)
    page.wait_for_timeout(500)
    page.evaluate("""() => {
        window.heard = [];
        const told = document.querySelector(".writing [role=status]");
        new MutationObserver(() => heard.push(told.textContent)).observe(told, {childList: true});
    }""")
    for value in range(1, 20):
        slide(page, "Top-k", value)
    written(page)
    page.wait_for_timeout(500)
    heard = page.evaluate("heard")
    assert len(heard) <= 4
    assert heard[-1].startswith("Written: 600 letters")
    live = page.locator(".text").evaluate("box => box.closest('[aria-live], [role=log]')")
    assert live is None


@pytest.mark.parametrize("mode", look.MODES)
@pytest.mark.parametrize("size", look.SIZES)
def test_it_fits_the_window_can_be_read_by_all_and_touched(chrome, html, size, mode):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(chrome, (html / "chapters/page.html").as_uri(), size)
    page.emulate_media(color_scheme=mode)
    colours = "#dad9d5; background: #171717" if mode == "dark" else "#22252a; background: #fff"
    page.add_style_tag(content=f"body {{ color: {colours} }}")
    for step in ("still", "loaded", "unknown"):
        if step == "loaded":
            load(page)
        if step == "unknown":
            page.get_by_label("The beginning").fill("é")
            page.wait_for_timeout(500)
        found = Axe().run(page, options=WCAG).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    touched = page.locator(".writing :is(button, textarea, input)")
    assert min(box.bounding_box()["height"] for box in touched.all()) >= 44
    page.close()


def test_nothing_moves_when_the_text_grows_or_the_words_change(page):
    load(page)
    high = "document.querySelector('.writing').getBoundingClientRect().height"
    before, width = page.evaluate(high), page.get_by_role("button", name="Write").bounding_box()
    written(page)
    assert page.evaluate(high) == pytest.approx(before, abs=0.1)
    press(page, "Write")
    assert page.get_by_role("button", name="Stop").bounding_box() == width
    press(page, "Stop")
    page.get_by_label("The beginning").fill("é")
    page.wait_for_timeout(500)
    assert page.evaluate(high) == pytest.approx(before, abs=0.1)


@pytest.mark.parametrize("missing", ["start.js", "03.js"])
def test_a_part_that_does_not_come_is_said_and_can_be_tried_again(chrome, web, missing):
    page = visit(chrome, web)
    page.route(f"**/*{missing}", lambda route: route.abort())
    button = page.get_by_role("button", name="Load the model")
    button.click()
    page.wait_for_function("document.querySelector('.told').textContent.includes('did not come')")
    assert missing in page.locator(".told").inner_text()
    assert button.is_enabled()
    assert page.locator(".still table").is_visible()
    assert page.locator(".writing").count() == 0
    page.unroute(f"**/*{missing}")
    load(page)
    assert text(page) == "ROMEO:"
    page.close()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("", "03.js is damaged"),
        ("syntax(", "03.js is damaged"),
        ('afterword.models["writer"].parts[3] = "AAAA";', r"should have \d+ bytes, \d+ came"),
        ('afterword.models["writer"].parts[3] = "?";', "could not be loaded"),
    ],
)
def test_a_damaged_part_is_said_and_never_written_with(chrome, web, damage, words):
    page = visit(chrome, web)
    page.route("**/*-03.js", lambda route: route.fulfill(body=damage))
    page.get_by_role("button", name="Load the model").click()
    page.wait_for_function("document.querySelector('.told').textContent.includes('could not')")
    assert re.search(words, page.locator(".told").inner_text())
    assert page.locator(".writing").count() == 0
    page.close()


def test_progress_is_shown_part_by_part(page):
    page.evaluate("""() => {
        window.steps = [];
        const bar = document.querySelector("progress");
        new MutationObserver(() => steps.push([bar.hidden, bar.value])).observe(
            bar, {attributes: true});
    }""")
    load(page)
    steps = page.evaluate("steps")
    values = [value for _, value in steps]
    assert values == sorted(values)
    assert len(set(values)) >= 5
    assert values[-1] == 1
    assert not any(hidden for hidden, _ in steps)


def test_away_from_the_book_there_is_no_button_and_the_still_form_stays(chrome, tmp_path, form):
    file = tmp_path / "page.html"
    file.write_text(f'<!doctype html><html lang="en"><title>x</title>{form.still.html}', "utf8")
    page = look.visit(chrome, file.as_uri(), look.SIZES["phone"])
    assert page.get_by_role("button").count() == 0
    assert page.locator(".still table").is_visible()
    assert "In the book’s own pages" in page.inner_text("figure")
    assert page.heard == []
    page.close()


def test_printed_it_is_the_still_form(page):
    load(page)
    page.emulate_media(media="print")
    assert page.locator(".still").is_visible()
    assert not page.locator(".writing").is_visible()


def test_two_forms_on_a_page_do_not_disturb_each_other(chrome, html, form):
    page = html / "chapters/two.html"
    one = (html / "chapters/page.html").read_text("utf8")
    other = live_writer("writer", prompt="JULIET:").still.html
    page.write_text(one.replace("</main>", f"{other}</main>"), "utf8")
    page = visit(chrome, page.as_uri())
    for i in range(2):
        page.get_by_role("button", name="Load the model").first.click()
        page.wait_for_function("n => document.querySelectorAll('.writing').length === n", arg=i + 1)
    texts = page.locator(".text")
    for _ in range(5):
        for form in page.locator(".writing").all():
            form.get_by_role("button", name="One letter").click()
    first, second = texts.all_inner_texts()
    assert (first[:6], len(first), second[:7], len(second)) == ("ROMEO:", 11, "JULIET:", 12)
    assert page.heard == []
    page.close()


@pytest.mark.parametrize("size", look.SIZES)
def test_it_writes_five_hundred_letters_a_second(chrome, address, size):
    """By the processor's clock, which other work on the machine changes less; the best of five."""
    page, speeds = load(visit(chrome, address, size)), []
    clock = page.context.new_cdp_session(page)
    clock.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy():
        metrics = clock.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    while len(speeds) < 5 and max(speeds, default=0) < 500:
        began = busy()
        written(page, n=600 * (len(speeds) + 1))
        speeds.append(600 / (busy() - began))
    page.close()
    assert max(speeds) >= 500, speeds


# ---- the build ----


def test_the_build_puts_beside_the_pages_the_models_that_they_name(tmp_path, form):
    docs = {"chapters/06": form.still.html, "chapters/07": "<p>nothing</p>"}
    metadata = {name: {} for name in docs}
    env = SimpleNamespace(metadata=metadata)
    app = SimpleNamespace(env=env, outdir=tmp_path, builder=SimpleNamespace(format="html"))
    for env.docname, text in docs.items():
        tree = nodes.section("", nodes.raw("", text, format="html"))
        extension.note_models(app, tree)
    assert metadata == {"chapters/06": {"writers": ["writer"]}, "chapters/07": {}}
    extension.write_models(app, None)
    assert [folder.name for folder in (tmp_path / "_static/writers").iterdir()] == ["writer"]
    files = {file.name for file in (tmp_path / "_static/writers/writer").iterdir()}
    assert files == set(form.page_model.scripts)


def test_a_build_for_paper_or_one_that_failed_writes_none(tmp_path):
    env = SimpleNamespace(metadata={"chapters/06": {"writers": ["writer"]}})
    for kind, error in (("latex", None), ("html", RuntimeError("no"))):
        app = SimpleNamespace(env=env, outdir=tmp_path, builder=SimpleNamespace(format=kind))
        extension.write_models(app, error)
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_is_the_still_form_and_holds_no_widget():
    """In `make run` and in the run with two threads, as in the one of nbval."""
    cell = code('live_writer("writer", prompt="O")')
    notebook = nbformat.from_dict(
        tiny("Writes.", code("from afterword.interop.live import live_writer"), cell).notebook
    )
    for made in notebook.cells:
        if made.cell_type == "code":
            made.execution_count = None
    run(notebook)
    (output,) = notebook.cells[-1].outputs
    assert set(output.data) == {"text/html", "image/svg+xml", "text/plain"}
    recipe = (ROOT / "Makefile").read_text().split("\nnbval:")[1].split("\n\n")[0]
    assert "AFTERWORD_STILL=1 $(BIN)/python -m pytest" in recipe
