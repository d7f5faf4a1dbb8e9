"""The page on which people vote, in a real browser, opened from a disk, the network cut."""

import pytest

from afterword.evaluation.ratings import read_votes, win_rates
from afterword.music.abc import read_abc
from afterword.music.sound import listen
from afterword.plots.blind import write_blind_page
from book.tools import look

pytestmark = pytest.mark.slow
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
LONG = "A line of words that goes on for a while,\n" * 30
PAIRS = [
    {"human": "To be, or not to be", "model": "To be, or to be not"},
    {"human": LONG, "model": "short & <b>not bold</b>"},
    {"human": "x" * 300, "model": LONG},
    {"human": "fourth", "model": "vierte"},
]
QUESTION = "Which would you rather read on?"


@pytest.fixture
def file(tmp_path):
    return write_blind_page(tmp_path, PAIRS, seed=3, title="Two texts", question=QUESTION)


def visit(chrome, file, size="desktop", mode="light"):
    return look.visit(chrome, file.as_uri(), look.SIZES[size], mode)


@pytest.fixture
def page(chrome, file):
    page = visit(chrome, file)
    yield page
    assert page.heard == []
    page.close()


def begin(page, name="Ada"):
    page.get_by_label("Your name").fill(name)
    page.keyboard.press("Enter")


def press(page, name):
    page.get_by_role("button", name=name).click()


def keys(page, *names):
    for name in names:
        page.keyboard.press(name)


def told(page):
    return page.locator(".told").inner_text()


def save(page, folder, button="Save votes"):
    with page.expect_download() as got:
        press(page, button)
    path = folder / got.value.suggested_filename
    got.value.save_as(path)
    return path


def read(file, *paths):
    return read_votes(paths, key=file.with_name("key.json"))


def test_what_is_voted_comes_back_as_who_won(page, file, tmp_path):
    begin(page)
    shown = []
    for choice in ("Text 1 is better", "Text 2 is better", "No difference", "Text 1 is better"):
        texts = page.locator(".words").all_inner_texts()
        shown.append((texts, choice))
        press(page, choice)
    votes = read(file, save(page, tmp_path))
    assert votes.rater.tolist() == ["Ada"] * 4
    assert votes.winner.tolist() == ["left", "right", "tie", "left"]
    for pair, (texts, _), (left, right) in zip(
        PAIRS, shown, votes[["left", "right"]].values, strict=True
    ):
        assert [text.strip() for text in texts] == [pair[left].strip(), pair[right].strip()]
    assert (votes.seconds >= 0).all()
    assert (votes.seconds < 60).all()
    assert win_rates(votes).n.tolist() == [4, 4]


@pytest.mark.parametrize(
    ("pressed", "winner"),
    [
        (("ArrowLeft", "1"), "left"),
        (("ArrowRight", "2"), "right"),
        (("ArrowDown", "3", "Space"), "tie"),
    ],
)
def test_it_goes_by_the_keyboard_alone(chrome, file, tmp_path, pressed, winner):
    for key in pressed:
        page = chrome.new_context().new_page()
        page.goto(file.as_uri())
        keys(page, "Tab", *"Ben", "Enter")
        for _ in PAIRS:
            keys(page, key)
        keys(page, "Tab")  # from the thanks, where the focus is, to the first button
        with page.expect_download() as got:
            keys(page, "Enter")
        got.value.save_as(tmp_path / "votes.json")
        votes = read(file, tmp_path / "votes.json")
        assert votes.winner.tolist() == [winner] * 4
        assert set(votes.rater) == {"Ben"}
        page.context.close()


def test_going_back_shows_the_vote_and_replaces_it(page, file, tmp_path):
    begin(page)
    keys(page, "1", "1", "Backspace")
    assert told(page) == "Pair 2 of 4"
    assert page.get_by_role("button", name="Text 1 is better", pressed=True).count() == 1
    keys(page, "2", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp")
    assert told(page) == "Pair 1 of 4"
    assert page.get_by_role("button", name="Back").is_disabled()
    keys(page, "3", "2", "2", "2")
    press(page, "Back")
    assert told(page) == "Pair 4 of 4"
    keys(page, "1")
    assert read(file, save(page, tmp_path)).winner.tolist() == ["tie", "right", "right", "left"]


def test_a_reload_loses_nothing(page, file, tmp_path):
    begin(page)
    keys(page, "1", "2")
    page.reload()
    assert told(page) == "Pair 3 of 4"
    keys(page, "3")
    votes = read(file, save(page, tmp_path, "Save so far"))
    assert votes.winner.tolist() == ["left", "right", "tie"]
    keys(page, "1")
    page.reload()
    assert page.get_by_role("heading", level=2).inner_text() == "Thank you, Ada: 4 of 4 done."
    assert len(read(file, save(page, tmp_path))) == 4


def test_a_second_person_begins_anew_and_both_are_read_together(page, file, tmp_path):
    begin(page, "Ada Lovelace")
    keys(page, *"1111")
    first = save(page, tmp_path)
    press(page, "Let someone else vote")
    assert page.get_by_label("Your name").evaluate("box => box === document.activeElement")
    assert page.get_by_label("Your name").input_value() == ""
    begin(page, "Béla/..")
    assert told(page) == "Pair 1 of 4"
    assert page.locator("[aria-pressed=true]").count() == 0
    keys(page, *"2222")
    second = save(page, tmp_path)
    assert first.name.startswith("votes-")
    assert first.name.endswith("-Ada-Lovelace.json")
    assert second.name.endswith("-Béla-.json")
    votes = read(file, first, second)
    assert votes.groupby("rater").winner.first().to_dict() == {
        "Ada Lovelace": "left",
        "Béla/..": "right",
    }


def test_votes_that_are_not_saved_are_not_thrown_away_unasked(page):
    begin(page)
    keys(page, *"1111")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    press(page, "Let someone else vote")
    assert asked == ["Your votes are not saved yet. Throw them away?"]
    assert page.get_by_role("heading", level=2).inner_text().startswith("Thank you, Ada")


@pytest.mark.parametrize(
    "broken", ["throw new Error()", "return {getItem: () => '{', setItem() {}}"]
)
def test_a_browser_that_keeps_nothing_still_votes(chrome, file, tmp_path, broken):
    page = chrome.new_context().new_page()
    page.add_init_script(f"Object.defineProperty(window, 'localStorage', {{get() {{ {broken} }}}})")
    page.goto(file.as_uri())
    begin(page)
    assert page.locator(".warns").is_visible() == ("throw" in broken)
    keys(page, *"1212")
    assert read(file, save(page, tmp_path)).winner.tolist() == ["left", "right"] * 2
    page.context.close()


def test_an_empty_name_begins_nothing(page):
    page.get_by_label("Your name").fill("  ")
    press(page, "Begin")
    assert page.get_by_label("Your name").evaluate("box => box === document.activeElement")
    assert page.locator(".pair").is_hidden()
    keys(page, "1", "ArrowLeft")  # no vote before there is a rater
    begin(page, "Ada")
    assert told(page) == "Pair 1 of 4"
    assert page.locator("[aria-pressed=true]").count() == 0


def test_a_key_held_down_or_meant_for_the_browser_is_no_vote(page):
    begin(page)
    page.keyboard.down("1")
    page.keyboard.down("1")  # repeated, as when it is held
    page.keyboard.up("1")
    assert told(page) == "Pair 2 of 4"
    keys(page, "Alt+1", "Control+2", "Shift", "a")
    assert told(page) == "Pair 2 of 4"


def test_space_on_a_button_presses_that_button(page, file, tmp_path):
    begin(page)
    page.get_by_role("button", name="Text 2 is better").focus()
    keys(page, "Space", "Space", "1", "1")
    votes = read(file, save(page, tmp_path))
    assert votes.winner.tolist() == ["right", "right", "left", "left"]


def test_who_listens_hears_how_far_they_are_and_where_reading_begins(page):
    begin(page)
    assert page.evaluate("document.activeElement.textContent") == QUESTION
    assert page.get_by_role("status").get_attribute("aria-live") in (None, "polite")
    names = [box.get_attribute("aria-label") for box in page.get_by_role("group").all()]
    assert names == ["Which is better?"]
    keys(page, "2")
    assert told(page) == "Pair 2 of 4"
    assert page.get_by_role("progressbar", name="Pairs done").get_attribute("value") == "1"
    keys(page, *"222")
    assert page.evaluate("document.activeElement.textContent").startswith("Thank you, Ada")


def test_the_next_pair_is_read_from_its_top(page):
    begin(page)
    keys(page, "1")
    page.mouse.wheel(0, 2000)
    page.wait_for_function("scrollY > 100")
    keys(page, "1")
    assert page.evaluate("scrollY") == 0


def test_texts_are_shown_as_they_are(page):
    begin(page)
    keys(page, "1")
    both = page.locator(".words").evaluate_all("boxes => boxes.map(box => box.textContent)")
    assert sorted(both) == sorted(PAIRS[1].values())
    assert page.locator(".words b").count() == 0


@pytest.mark.parametrize("mode", look.MODES)
@pytest.mark.parametrize("size", look.SIZES)
def test_it_fits_the_window_can_be_read_by_all_and_touched(chrome, file, size, mode):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(chrome, file, size, mode)

    def check():
        found = Axe().run(page, options=WCAG).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        boxes = page.locator("button:visible, input:visible").all()
        assert min(box.bounding_box()["height"] for box in boxes) >= 44

    check()
    begin(page)
    keys(page, "1", "2")  # to a word that is wider than the window
    check()
    keys(page, *"31")
    check()
    assert page.heard == []
    page.close()


def test_side_by_side_on_a_desk_and_one_below_the_other_on_a_phone(chrome, file):
    for size, is_beside in (("desktop", True), ("phone", False)):
        page = visit(chrome, file, size)
        begin(page)
        keys(page, "1")  # the long text: the choices stay in reach
        first, second = (box.bounding_box() for box in page.locator("article").all())
        assert (first["y"] == second["y"]) == is_beside
        choices = page.locator(".choices").bounding_box()
        assert choices["y"] + choices["height"] <= look.SIZES[size]["height"] + 1
        page.close()


def test_the_focus_can_be_seen(page):
    begin(page)
    for _ in range(4):
        keys(page, "Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid"


def test_without_scripts_the_page_says_so(chrome, file):
    context = chrome.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.get_by_text("This page needs JavaScript").is_visible()
    context.close()


def test_tunes_are_played_where_they_are_shown_and_votes_go_on(chrome, tmp_path):
    tunes = [read_abc(f"M:3/4\nL:1/4\nK:C\n{bar}|c3||\n") for bar in ("CEG", "GEC", "CDE", "EDC")]
    a, b, c, d = (listen(tune, with_score=False) for tune in tunes)
    pairs = [{"human": a, "model": b}, {"human": c, "model": d}]
    file = write_blind_page(tmp_path, pairs, seed=3, title="Tunes", question=QUESTION)
    page = visit(chrome, file)
    begin(page)
    for shown in ("Pair 1 of 2", "Pair 2 of 2"):
        assert told(page) == shown
        assert page.locator(".player[data-on]").count() == 2
        page.get_by_role("button", name="Play").first.click()
        page.locator(".note.now").wait_for(state="attached")
        page.keyboard.press("ArrowRight")  # within a figure it is the figure's
        assert told(page) == shown
        press(page, "Text 1 is better")
    assert page.get_by_text("2 of 2 done").is_visible()
    assert page.heard == []
    page.close()
