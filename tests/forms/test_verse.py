"""Forms on texts that keep and break them; on all sonnets, beside the same words shuffled."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.intervals import share_interval
from afterword.forms.verse import (
    ALTERNATE,
    BALLAD,
    BLANK_VERSE,
    COUPLET,
    ENCLOSED,
    FORMS,
    HAIKU,
    LIMERICK,
    PAIRED,
    SONNET,
    Form,
    check,
)
from afterword.text.sonnets import sonnets

LEAR = """There was an old man with a beard,
Who said, it is just as I feared,
Two owls and a hen,
Four larks and a wren,
Have all built their nests in my beard."""
POND = "An old silent pond\nA frog jumps into the pond\nSplash! Silence again"
LUCY = """She dwelt among the untrodden ways
Beside the springs of Dove,
A Maid whom there were none to praise
And very few to love:"""


def test_a_sonnet_of_shakespeares_keeps_its_form_but_for_what_spelling_mishears():
    verdict = check(sonnets()[17].text, SONNET)
    assert verdict.n_lines is verdict.rhyme is True
    assert verdict.share > 0.9
    assert all("stress is against" in reason for reason in verdict.reasons)


def test_other_forms_are_known_by_their_makers():
    ballad = check(LUCY, BALLAD)
    assert (ballad.is_kept, ballad.rhyme, ballad.reasons) == (True, True, ())
    assert check(LUCY + "\n\n" + LUCY, BALLAD).is_kept
    assert check(POND, HAIKU).demands == {"n_lines": True, "syllables": True}
    lear = check(LEAR, LIMERICK)
    assert (lear.syllables, lear.metre) == (True, True)
    assert all("feared" in reason for reason in lear.reasons), "which is not spelled like beard"


@pytest.mark.parametrize(
    ("form", "ends"),
    [
        (ALTERNATE, "day night may light"),
        (PAIRED, "day may night light"),
        (ENCLOSED, "day night light may"),
    ],
)
def test_quatrains_differ_by_which_lines_rhyme(form, ends):
    text = "\n".join(f"The rose upon the water of the {end}" for end in ends.split())
    for other in (ALTERNATE, PAIRED, ENCLOSED):
        found = check(text, other)
        assert found.rhyme is (other is form)
        assert found.n_lines is found.syllables is found.metre is True


def test_each_broken_demand_is_named_with_its_line():
    found = check("The rose upon the water of the day\nthe sea\nthe may", COUPLET)
    assert found.demands == {"n_lines": False, "syllables": False, "metre": False, "rhyme": False}
    assert found.reasons == (
        "3 lines, wanted 2",
        "line 2: 2 syllables, wanted 10",
        "line 2: sea does not rhyme with day",
        "line 3: 2 syllables, wanted 10",
    )
    assert found.share == pytest.approx(2 / 8)


def test_a_word_does_not_rhyme_with_itself():
    assert check("the day\nby day", Form(name="rhyme", n_lines=2, rhymes="aa")).rhyme is False


def test_stanzas_do_not_rhyme_with_one_another():
    pairs = Form(name="pairs", rhymes="aa")
    assert check("the day\nto may\nthe night\nthe light", pairs).is_kept
    assert check("the day\nto may\nthe night", pairs).n_lines is False


@pytest.mark.parametrize("form", FORMS)
def test_a_text_in_another_script_gets_no_verdict_on_its_sound(form):
    for text in ("千山鳥飛絕\n萬逕人蹤滅", "Белеет парус\nодинокой"):
        found = check(text, form)
        assert found.syllables is found.metre is None
        assert found.rhyme in (None, False) if form.rhymes else found.rhyme is None
        assert {each for line in found.by_line for each in line} == {None}
        assert any("cannot tell" in reason for reason in found.reasons)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", ["", "\n\n", "— —\n1999"])
def test_a_text_without_a_word_has_no_lines_and_no_verdict(form, text):
    found = check(text, form)
    assert found.n_lines is found.is_kept is False
    assert found.syllables is found.metre is found.rhyme is None
    assert found.share == 0


def test_one_word_that_cannot_be_read_leaves_its_line_open_and_no_other():
    found = check("The rose upon the water of the day\nHmm, mr 1999, may", COUPLET)
    assert found.by_line == ((True, True, None), (None, None, True))
    assert found.syllables is found.is_kept is None
    found = check("The rose upon the water of the day\nThe rose upon the water, mr", COUPLET)
    assert found.rhyme is None
    assert "line 2: cannot tell whether mr and day rhyme" in found.reasons


@given(st.text("ab \n'é山1-", max_size=40), st.sampled_from(FORMS))
def test_any_text_gets_a_verdict_that_agrees_with_its_lines(text, form):
    found = check(text, form)
    assert 0 <= found.share <= 1
    for j, name in enumerate(("syllables", "metre", "rhyme")):
        answers = [line[j] for line in found.by_line]
        if getattr(found, name) is False:
            assert False in answers
        elif getattr(found, name):
            assert False not in answers
    assert len(found.by_line) == len(found.lines)
    assert (found.is_kept is True) == all(value is True for value in found.demands.values())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (dict(n_lines=13, rhymes="abab"), "13 lines are not a whole number of stanzas of 4"),
        (dict(n_lines=0), "0 lines are not a whole number"),
        (dict(syllables=(8, 6), rhymes="aba"), "do not go into a stanza of 3 lines"),
        (dict(syllables=(9,), foot="01"), "are not whole feet of '01'; give syllables that are"),
        (dict(foot="01"), "are not whole feet"),
    ],
)
def test_a_form_that_no_text_can_have_is_refused(asked, message):
    with pytest.raises(ValueError, match=message):
        Form(name="none", **asked)


@pytest.mark.slow
def test_shakespeare_keeps_his_form_far_more_often_than_his_words_shuffled():
    """Shares of lines and of rhymes; the intervals must lie apart."""
    verse = [each.text for each in sonnets()[:40]]
    draw = random.Random(0)
    shuffled = [
        "\n".join(
            " ".join(draw.sample(line.split(), len(line.split()))) for line in text.split("\n")
        )
        for text in verse
    ]
    for j, least in ((1, 0.7), (2, 0.55)):
        kept, mixed = (
            [
                line[j]
                for text in texts
                for line in check(text, SONNET).by_line
                if line[j] is not None
            ]
            for texts in (verse, shuffled)
        )
        low, _ = share_interval(sum(kept), len(kept))
        _, high = share_interval(sum(mixed), len(mixed))
        assert low > least
        assert high < low - 0.2


def test_blank_verse_asks_for_no_rhyme_and_any_number_of_lines():
    assert set(check("The rose upon the water of the day", BLANK_VERSE).demands) == {
        *("n_lines", "syllables", "metre"),
    }
