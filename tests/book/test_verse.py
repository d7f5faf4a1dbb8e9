"""Verse written in the page, in a real browser with the network cut, held against Python."""

import pytest
import torch

from afterword.forms.candidates import candidates, mark
from afterword.forms.companion import PLAIN
from afterword.forms.fitting import Demand, places
from afterword.forms.lexicon import load_lexicon
from afterword.forms.speech import spoken, ways
from afterword.forms.verse import rhyme
from afterword.interop.pages import page_model
from afterword.interop.verse import live_verse, words_script
from afterword.interop.writers import load_writer
from afterword.text.corpora import load
from afterword.text.sonnets import sonnets
from book.tools import look

pytestmark = pytest.mark.slow
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
FIRST = "The sea keeps what it takes, and gives no sign,"
LEXICON = load_lexicon()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A folder laid out as the built book is, with a page of one figure."""
    folder = tmp_path_factory.mktemp("html")
    (folder / "chapters").mkdir()
    page_model("poet", *load_writer("poet")).write(folder / "_static/writers/poet")
    (folder / "_static/writers/words.js").write_text(words_script(), "utf8")
    head = '<meta charset="utf-8"><title>x</title><link rel="icon" href="data:,">'
    head += '<meta name="viewport" content="width=device-width">'
    body = f"<body><main><h1>x</h1>{live_verse('poet', first=FIRST).html}</main>"
    page = f'<!doctype html><html lang="en" data-content_root="../">{head}{body}'
    (folder / "chapters/page.html").write_text(page, "utf8")
    return (folder / "chapters/page.html").as_uri()


@pytest.fixture
def page(chrome, address):
    page = look.visit(chrome, address, look.SIZES["phone"])
    yield page
    assert page.heard == []
    page.close()


@pytest.fixture(scope="module")
def engine(chrome, address):
    """A page whose script has the model and the words at hand."""
    page = look.visit(chrome, address, look.SIZES["phone"])
    load_model(page)
    page.evaluate("""() => {
        window.words = new afterword.Words(afterword.sounds);
        window.opened = afterword.open(afterword.models.poet);
    }""")
    yield page
    assert page.heard == []
    page.close()


def load_model(page):
    page.get_by_role("button", name="Write with the model").click()
    page.wait_for_selector(".writing", timeout=30_000)
    rest(page)
    return page


def rest(page):
    """Until the candidates stand, and what is said has been said."""
    page.wait_for_selector(".offered:not([aria-busy])")
    page.wait_for_timeout(600)


def pen(page):
    return page.get_by_label("Your verse", exact=True)


def write(page, text):
    pen(page).fill(text)
    rest(page)


def said(page):
    return page.locator(".writing [role=status]").inner_text()


def offered(page):
    shown = page.locator(".offered button:not(.none)")
    return shown.evaluate_all("all => all.map(button => button.ariaLabel)")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def holds(page, i):
    return page.locator(".verdicts li").nth(i).inner_text()


# ---- the engine says what Python says ----

WORDS = sorted(
    {word for one in sonnets() for word in spoken(one.text)}
    | {word for one in load("verse")[10:] for word in spoken(one.text)}
    | set(LEXICON.entries)
    | {"hmm", "1999", "th'", "naïve", "zzz", "o'erleap'd", "honour'd", "believest"}
)


@pytest.mark.parametrize("after", ["", "a", "sea", "honest"])
def test_every_word_is_said_in_the_page_as_in_python(engine, after):
    """All words of the sonnets, the verse and the lexicon, known or guessed."""
    found = engine.evaluate(
        "([all, after]) => all.map(word => words.ways(word, after))", [WORDS, after]
    )
    wrong = [
        (word, way, ways(word, LEXICON, after=after))
        for word, way in zip(WORDS, found, strict=True)
        if set(way) != set(ways(word, LEXICON, after=after))
    ]
    assert len(WORDS) > 6_000
    assert wrong == []


def test_lines_are_cut_into_the_same_words(engine):
    lines = [line for one in [*sonnets(), *load("verse")[12:]] for line in one.text.split("\n")]
    lines += ["Th' Aonian Mount, my well-beloved!", "’Tis “so”—in 1999", "é à la mode"]
    assert engine.evaluate("all => all.map(afterword.spoken)", lines) == [
        spoken(one) for one in lines
    ]


def test_pairs_rhyme_in_the_page_as_in_python(engine):
    rng = torch.Generator().manual_seed(0)
    pairs = [
        [WORDS[i] for i in torch.randint(len(WORDS), (2,), generator=rng)] for _ in range(3000)
    ]
    ends = [spoken(line)[-1] for one in sonnets() for line in one.text.strip().split("\n")]
    pairs += [list(pair) for pair in zip(ends, ends[2:], strict=False)]
    found = engine.evaluate("all => all.map(pair => words.rhymes(...pair) ?? null)", pairs)
    assert found == [rhyme(*pair, LEXICON)[0] for pair in pairs]
    assert sum(map(bool, found)) > 400


@pytest.mark.parametrize(
    "demand", [Demand(), Demand(n_feet=4, foot="001"), Demand(n_feet=10, foot="")]
)
def test_a_line_stands_in_the_page_where_it_stands_in_python(engine, demand):
    lines = [line for one in sonnets()[2::7] for line in one.text.strip().split("\n")]
    lines = [line for line in lines if all(ways(word, LEXICON) for word in spoken(line))]
    js = """([all, demand]) => all.map(line => words.places(afterword.spoken(line), demand).at(-1)
        .map(place => Object.values(place).join()).sort())"""
    asked = dict(nFeet=demand.n_feet, foot=demand.foot)
    wanted = [
        sorted(
            f"{p.beats},{p.n},{str(p.needs_vowel).lower()}" for p in places(line, demand, LEXICON)
        )
        for line in lines
    ]
    assert engine.evaluate(js, [lines, asked]) == wanted


CASES = [
    ("", Demand()),
    (f"{FIRST}\nAnd all the ", Demand()),
    (f"{FIRST}\nAnd all the ships that ever sailed the ", Demand(rhyme="sign")),
    ("My day\nis gone and I am far ", Demand(n_feet=4, rhyme="day")),
    ("So long as men can breathe or eyes can ", Demand(n_feet=10, foot="")),
    (f"{FIRST}\nAnd all the ships that ever sailed the ", Demand(rhyme="sign", licences=PLAIN)),
    ("It was the ", Demand(n_feet=4, foot="001")),
    (f"{FIRST}\nAnd all the ships\n{FIRST}\n{FIRST}\n", Demand(n_feet=3, rhyme="love")),
]


@pytest.mark.parametrize(("text", "demand"), CASES, ids=lambda x: str(x)[-30:])
def test_the_page_offers_what_python_offers(engine, text, demand):
    wanted = candidates(*load_writer("poet"), text, demand)
    js = """([text, demand]) => {
        const all = afterword.spoken(text.split("\\n").at(-1)), fits = words.fitting(all, demand);
        const cased = all.length ? fits : Object.fromEntries(
            Object.entries(fits).map(([one, fit]) => [afterword.capitalised(one), fit]));
        return afterword.likeliest(opened, text, cased, 12);
    }"""
    asked = dict(nFeet=demand.n_feet, foot=demand.foot, rhyme=demand.rhyme)
    asked["isPlain"] = demand.licences == PLAIN
    found = engine.evaluate(js, [text, asked])
    assert [(one["word"], one["ends"]) for one in found] == [(one.word, one.ends) for one in wanted]
    assert [one["prob"] for one in found] == pytest.approx([one.prob for one in wanted], abs=1e-5)


def test_the_page_puts_the_mark_that_python_puts(engine):
    texts = [f"{FIRST}\nAnd all the ships", "O thou", "What is my love", "Alas"]
    for which, choices in (("inside", " ,;:"), ("end", "\n,.;:?!"), ("last", ".?!")):
        found = engine.evaluate(
            "([all, which]) => all.map(text => afterword.mark(opened, text, which))", [texts, which]
        )
        assert found == [mark(*load_writer("poet"), text, choices).strip() for text in texts]


def test_a_model_that_has_gone_back_says_what_it_said(engine):
    js = """() => {
        const {model, encode} = opened, first = [...model.start(encode("The sea"))];
        for (const id of encode(" and all")) model.feed(id);
        model.back(6);
        return [first, [...model.feed(encode("a")[0])]];
    }"""
    first, again = engine.evaluate(js)
    assert first == again
    wrong = "() => { try { opened.model.back(99) } catch (error) { return error.message } }"
    assert "7 tokens were read, cannot keep 99" in engine.evaluate(wrong)


# ---- the form ----


def test_nothing_is_fetched_before_the_button_and_nothing_from_elsewhere_after_it(chrome, address):
    page = look.visit(chrome, "about:blank", look.SIZES["phone"])
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_timeout(200)
    assert asked == [address]
    load_model(page)
    assert all(url.startswith(address.removesuffix("chapters/page.html")) for url in asked)
    assert pen(page).input_value() == f"{FIRST}\n"
    assert not page.locator(".still").is_visible()
    assert page.heard == []
    page.close()


def test_a_first_line_is_judged_as_it_is_typed(page):
    load_model(page)
    assert holds(page, 0) == "10 syllables, keeps the metre"
    for line, words in {
        "The sea": "2 of 10 syllables so far",
        "The sea\n": "2 syllables, 10 wanted",
        "Compare beauty to a day of summer": "against the metre at “beauty”",
        "The sea in 1999": "cannot tell how “1999” is said",
        "The zeppelin goes up into the sky": "by spelling: zeppelin",
    }.items():
        write(page, line)
        assert words in holds(page, 0)
    write(page, "The sea in 1999")
    assert "cannot tell how “1999” is said, so nothing can be offered" in said(page)
    assert offered(page) == []


def test_a_word_that_is_taken_stands_there_and_can_be_taken_back(page):
    load_model(page)
    first = offered(page)
    assert len(first) == 12
    word = first[2].split(",")[0]
    page.locator(".offered button").nth(2).click()
    rest(page)
    assert pen(page).input_value().startswith(f"{FIRST}\n{word}")
    assert offered(page) != first
    press(page, "Undo")
    rest(page)
    assert pen(page).input_value() == f"{FIRST}\n"
    assert offered(page) == first
    assert page.get_by_role("button", name="Undo").is_disabled()


def test_a_word_of_ones_own_goes_in_also_one_that_nobody_knows(page):
    load_model(page)
    write(page, f"{FIRST}\nAnd all the ")
    page.get_by_label("A word of your own").fill("zeppelin")
    page.keyboard.press("Enter")
    rest(page)
    assert pen(page).input_value().startswith(f"{FIRST}\nAnd all the zeppelin")
    assert "by spelling: zeppelin" in holds(page, 1)
    assert offered(page)


def test_the_verse_is_finished_in_its_form_and_the_same_seed_does_it_again(page):
    load_model(page)
    page.get_by_label("Metre").select_option("eight syllables")
    page.get_by_label("Rhymes").select_option("aabb")
    write(page, "I see the day go out to sea,\n")
    press(page, "Finish the verse")
    done = "() => document.querySelector('.writing textarea').value.split('\\n').length == 5"
    page.wait_for_function(done, timeout=60_000)
    rest(page)
    whole = pen(page).input_value()
    assert "8 syllables, rhymes with “sea”" in holds(page, 1)
    assert all("8 syllables" in holds(page, i) for i in range(4))
    assert whole.rstrip()[-1] in ".?!"
    press(page, "Undo")
    press(page, "Finish the line")
    page.wait_for_function(
        "() => document.querySelector('.writing textarea').value.split('\\n').length == 3"
    )
    assert pen(page).input_value().split("\n")[:2] == whole.split("\n")[:2]


def test_a_second_stanza_is_finished_as_the_first_is(page):
    load_model(page)
    page.get_by_label("Metre").select_option("eight syllables")
    page.get_by_label("Rhymes").select_option("aabb")
    write(page, f"{FIRST}\n" * 4 + "I see the day go out to sea,\n")
    press(page, "Finish the verse")
    done = "() => document.querySelector('.writing textarea').value.split('\\n').length == 9"
    page.wait_for_function(done, timeout=60_000)
    rest(page)
    assert "8 syllables, rhymes with “sea”" in holds(page, 1)
    assert all("8 syllables" in holds(page, i) for i in range(4))
    assert pen(page).input_value().rstrip()[-1] in ".?!"


def test_at_the_lowest_temperature_the_line_is_made_of_the_likeliest_words(page):
    load_model(page)
    write(page, f"{FIRST}\nAnd all the ships that ")
    lines = {}
    for heat, seed in (("0.01", "0"), ("0.01", "5"), ("2", "0"), ("2", "5")):
        page.get_by_label("Temperature").fill(heat)
        page.get_by_label("Seed").fill(seed)
        press(page, "Finish the line")
        page.wait_for_function(
            "() => document.querySelector('.writing textarea').value.split('\\n').length == 3"
        )
        rest(page)
        lines[heat, seed] = pen(page).input_value()
        press(page, "Undo")
        rest(page)
    while pen(page).input_value().count("\n") < 2:
        page.locator(".offered button").first.click()
        rest(page)
    assert lines["0.01", "0"] == lines["0.01", "5"] == pen(page).input_value()
    assert len(set(lines.values())) == 3


def test_a_second_press_stops_the_writing(page):
    load_model(page)
    press(page, "Finish the verse")
    press(page, "Finish the verse")
    rest(page)
    begun = pen(page).input_value()
    page.wait_for_timeout(1500)
    assert pen(page).input_value() == begun
    assert begun.count("\n") < 4


def test_behind_a_line_that_is_whole_the_next_one_begins(page):
    load_model(page)
    write(page, FIRST)
    first = offered(page)[0].split(",")[0]
    assert said(page).startswith("Line 2: ")
    page.locator(".offered button").first.click()
    rest(page)
    assert pen(page).input_value().startswith(f"{FIRST}\n{first}")


def test_another_metre_or_scheme_is_held_against_the_lines_at_once(page):
    load_model(page)
    write(page, f"{FIRST}\n{FIRST}\n")
    page.get_by_label("Metre").select_option("tetrameter")
    rest(page)
    assert holds(page, 0) == "10 syllables, 8 wanted"
    page.get_by_label("Rhymes").select_option("aabb")
    rest(page)
    assert holds(page, 1) == "10 syllables, 8 wanted, no rhyme with “sign”"


def test_what_was_typed_in_one_go_is_undone_in_one(page):
    load_model(page)
    pen(page).press_sequentially("And all")
    rest(page)
    press(page, "Undo")
    assert pen(page).input_value() == f"{FIRST}\n"


def test_a_word_of_ones_own_with_its_mark_gets_no_other(page):
    load_model(page)
    write(page, f"{FIRST}\nAnd all ")
    page.get_by_label("A word of your own").fill("alone;")
    press(page, "Put it in")
    assert pen(page).input_value() == f"{FIRST}\nAnd all alone; "


def test_where_nothing_rhymes_the_page_says_so_and_asks_for_no_rhyme(page):
    load_model(page)
    page.get_by_label("Rhymes").select_option("aabb")
    write(page, "I was away at sea for all the month,\n")
    assert "No word here rhymes with “month”, so the line may end as it likes." in said(page)
    assert offered(page)


def test_a_letter_that_the_model_does_not_know_is_left_out_and_named(page):
    load_model(page)
    write(page, "The café keeps its doors all day for me\n")
    assert "The model does not know “é” and reads on without it." in said(page)
    assert offered(page)


def test_the_keyboard_alone_writes(page):
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".writing")
    rest(page)
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.press("Tab")
    name = page.evaluate("document.activeElement.ariaLabel")
    assert name == offered(page)[0]
    page.keyboard.press("Enter")
    rest(page)
    assert pen(page).input_value().split("\n")[1].startswith(name.split(",")[0])
    assert page.evaluate("document.activeElement.ariaLabel") == offered(page)[0]  # still there


def test_candidates_come_within_a_second(page):
    load_model(page)
    for text in (f"{FIRST}\n", f"{FIRST}\nAnd all the ", f"{FIRST}\nAnd all the ships that ever "):
        write(page, text)
        assert int(page.locator(".verse").get_attribute("data-ms")) < 3000  # 150 to 400 when idle


@pytest.mark.parametrize("mode", look.MODES)
@pytest.mark.parametrize("size", look.SIZES)
def test_it_fits_the_window_can_be_read_by_all_and_touched(chrome, address, size, mode):
    from axe_playwright_python.sync_playwright import Axe

    page = look.visit(chrome, address, look.SIZES[size])
    page.emulate_media(color_scheme=mode)
    colours = "#dad9d5; background: #171717" if mode == "dark" else "#22252a; background: #fff"
    page.add_style_tag(content=f"body {{ color: {colours} }}")
    for step in ("still", "loaded", "unknown"):
        if step == "loaded":
            load_model(page)
        if step == "unknown":
            write(page, "In 1999")
        found = Axe().run(page, options=WCAG).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    touched = page.locator(".writing :is(button:not(.none), textarea, input, select)")
    assert min(box.bounding_box()["height"] for box in touched.all()) >= 44
    assert page.heard == []
    page.close()


def test_nothing_moves_when_words_come_and_go(page):
    load_model(page)
    high = "document.querySelector('.writing').getBoundingClientRect().height"
    before = page.evaluate(high)
    for text in (f"{FIRST}\nAnd ", "", "1999", f"{FIRST}\n{FIRST}\n{FIRST}\n{FIRST}\n"):
        write(page, text)
        assert page.evaluate(high) == before


def test_on_paper_the_still_form_stands(page):
    load_model(page)
    page.emulate_media(media="print")
    assert page.locator(".still table").is_visible()
    assert not page.locator(".writing").is_visible()
