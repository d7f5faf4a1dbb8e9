from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.evaluation.bars import bars, full_bars

# all traditional; the last begins before its first bar
KESH = """X:1
T:The Kesh
R:jig
M:6/8
L:1/8
K:G
|: GAG GAB | ABA ABd | edd gdd | edB dBA |
GAG GAB | ABA ABd | edd gdB | AGF G3 :|
|: BAB dBd | ege dBG | BAB dBG | ABA AGA |
BAB dBd | ege dBd | gfg aga | bgg g3 :|
"""
REEL = """X:2
T:Drowsy Maggie
M:4/4
L:1/8
K:Edor
|:E2BE dEBE|E2BE AFDF|E2BE dEBE|1 BABc dAFD:|2 BABc dAFA||
d2fd c2ec|defg afge|d2fd c2ec|BABc dAFA|]
"""
SHANTY = """X:3
T:Spanish Ladies
M:3/4
L:1/4
K:Em
E/F/|G G G|A G F|E E B|B2 B|d d d|A A F|G B B|B2 B/A/|
G F G|A G F|E E B|B2 B|d d d|A A F|G F E|E2||
"""


def one_bar(body, *, metre="4/4", unit="1/8"):
    (length,) = bars(f"M:{metre}\nL:{unit}\nK:C\n{body}|")
    return length


@pytest.mark.parametrize("tune", [KESH, REEL, SHANTY])
def test_a_tune_that_people_play_has_full_bars(tune):
    assert full_bars(tune) == 1


def test_the_bars_of_a_tune_are_all_there_in_order():
    assert bars(KESH) == [1] * 16
    assert bars(REEL) == [1] * 9
    assert bars(SHANTY) == [Fraction(1, 3), *[Fraction(1)] * 15, Fraction(2, 3)]


@pytest.mark.parametrize(
    ("body", "eighths"),
    [
        ("CDEF", 4),
        ("C2D3", 5),
        ("C/D/", 1),
        ("C/2D//E/4F3/2", Fraction(1, 2) + Fraction(1, 4) + Fraction(1, 4) + Fraction(3, 2)),
        ("z2x4", 6),  # rests are time, heard or not
        ("^c''2_B,,=A", 4),  # nor does a note's height change its length
        ("[CEG]2[ceg]", 3),
        ("[C2E2G2]2", 4),
        ("+C2E2+D", 3),  # chords as they were written before 2000
        ("C>D", 2),
        ("C<D", 2),
        ("C2>D", Fraction(7, 2)),  # longer, then shorter, by half
        ("C2<D", Fraction(5, 2)),
        ("C>>DC>D", 4),
        ("C2>D2 (E>F)", 6),
        ("(3CDE", 2),
        ("(3C2D2E2", 4),
        ("(3C>DE", 2),
        ("(2CD", 3),
        ("(4CDEF", 3),
        ("(6CDEFGA", 2),
        ("(5CDEFG", 2),
        ("(3:2:2CDE", Fraction(4, 3) + 1),
        ("(3::2C2D2E", Fraction(8, 3) + 1),
        ("C-C", 2),  # a tie lengthens what is heard, not the bar
        ("(C D) E", 3),  # a slur
        ("{gf}C2{/a}D", 3),  # grace notes are taken from their neighbours
        ('"Am"C"G7"D', 2),
        (".C~DHETF!trill!G uAvB", 7),
        ("CyD", 2),
        ("C`D`E", 3),
        ("C! D", 2),  # a lone ! once broke a line
    ],
)
def test_signs_last_as_long_as_the_standard_says(body, eighths):
    assert one_bar(body) == Fraction(eighths) / 8


@pytest.mark.parametrize(
    ("metre", "quarters"),
    [("C", 4), ("C|", 4), ("6/8", 3), ("2+3/8", Fraction(5, 2)), ("(2+2+3)/8", Fraction(7, 2))],
)
def test_a_bar_is_measured_by_its_metre(metre, quarters):
    assert one_bar("C", metre=metre, unit="1/4") == 1 / Fraction(quarters)


def test_five_notes_stand_for_three_where_the_metre_is_in_threes():
    assert one_bar("(5CDEFG", metre="6/8") == Fraction(3, 6)
    assert one_bar("(5CDEFG", metre="3/4") == Fraction(2, 6)


@pytest.mark.parametrize(("metre", "share"), [("2/4", "1/8"), ("3/4", "1/6"), ("4/4", "1/8")])
def test_without_a_length_a_note_is_an_eighth_or_in_short_metres_a_sixteenth(metre, share):
    assert bars(f"M:{metre}\nK:C\nC|") == [Fraction(share)]


@given(st.lists(st.integers(1, 8), min_size=1, max_size=12), st.sampled_from(["| ", "|\n", "||"]))
def test_bars_end_where_lines_are_drawn_and_only_there(lengths, line):
    """A break of the text is none of the music's."""
    body = line.join(f"C{n}" if n % 2 else f"C{n - 1}\nD" for n in lengths)
    found = bars(f"M:4/4\nL:1/8\nK:C\n{body}|")
    assert found == [Fraction(n, 8) for n in lengths]


@pytest.mark.parametrize(
    "sign", ["|", "||", "|]", "[|", "|:", ":|", "::", ":|:", ":||:", "|1", ":|2", "|[1"]
)
def test_every_kind_of_line_ends_a_bar_once(sign):
    assert bars(f"M:2/4\nL:1/4\nK:C\nCD{sign}EF|") == [1, 1]


def test_a_metre_or_length_that_changes_counts_from_there_on():
    tune = "M:4/4\nL:1/4\nK:C\nCDEF|[M:3/4]CDE|\nL:1/8\nCDEFGA|[L:1/4]CDE|\nM:2/4\nCD|"
    assert bars(tune) == [1] * 5


def test_what_stands_behind_a_percent_sign_is_not_music():
    assert bars("M:4/4 % common\nL:1/8\nK:C\nC2|D2| % E2|F2|\n% G2|") == [Fraction(1, 4)] * 2


def test_silence_for_several_bars_is_several_bars():
    assert bars("M:3/4\nK:C\nZ3|Z|") == [1] * 4


def test_one_voice_may_be_named_more_than_once():
    assert bars("X:1\nM:1/4\nL:1/4\nV:1 clef=treble\nC|\nV:1\n[V:1]D|") == [1, 1]


def test_a_note_at_the_beginning_of_a_line_is_no_field():
    assert bars("M:1/4\nL:1/4\nK:C\nC|\nc:|\nd::\nN::note\nw: la la\nT:x|y\n") == [1, 1, 1]


def test_a_bar_too_short_or_too_long_is_not_full():
    tune = "M:3/4\nL:1/4\nK:C\nCDE|CD|CDEF|CDE|"
    assert bars(tune) == [1, Fraction(2, 3), Fraction(4, 3), 1]
    assert full_bars(tune) == 1 / 2


def test_a_beginning_is_not_counted_and_what_it_leaves_over_fills_the_end():
    whole = "M:3/4\nL:1/4\nK:C\nC|CDE|CD"
    assert full_bars(whole + ":|") == 1
    assert full_bars(whole + "||E|CDE|CD|]") == 1
    assert full_bars("M:3/4\nL:1/4\nK:C\nC|CDE|C|]") == 1 / 2  # one and one are not three
    assert full_bars("M:3/4\nL:1/4\nK:C\nC|CDE|CD|CDE|]") == 2 / 3  # it stands in the midst
    assert full_bars("M:3/4\nL:1/4\nK:C\nCDE|CD|]") == 1 / 2  # with no beginning to fill
    assert full_bars("M:3/4\nL:1/4\nK:C\nCD") == 0  # a bar alone is no beginning
    assert full_bars("M:3/4\nL:1/4\nK:C\nC|CDE|CD|\n|: CDE |") == 1  # the double line comes later


def test_a_beginning_may_stand_before_the_sign_that_opens_a_repeat():
    head = "M:3/4\nL:1/4\nK:C\n"
    assert full_bars(head + "C|:CDE|CD:|") == 1
    assert full_bars(head + "C||CDE|CD:|") == 1
    assert full_bars(head + "C|\n|:CDE|CD:|:E|CDE|CD:|") == 1
    assert full_bars(head + "CDE|CD|:CDE:|") == 2 / 3  # it is an end, with nothing to fill it
    assert full_bars(head + "C|:CD:|") == 1
    assert full_bars(head + "C|:C:|") == 0


def test_endings_may_begin_within_a_bar():
    head = "M:3/4\nL:1/4\nK:C\n"
    assert bars(head + "CDE|CD[1E:|[2C||") == [1, 1, 1]
    assert bars(head + "CDE|CD[1E:|\n[2 C2||") == [1, 1, Fraction(4, 3)]
    assert bars(head + "CDE|[1CDE:|[2CD||CDE|]") == [1, 1, Fraction(2, 3), 1]


@pytest.mark.parametrize(
    ("tune", "message"),
    [
        (
            "K:C\nCDE|",
            "line 2 of the tune, 'CDE|', column 1: a note before any metre; give a line such as M:",
        ),
        ("M:none\nCDE|", "'none' is no metre; give one such as 6/8, or C"),
        ("M:0/4\nC|", "'0/4' is no length"),
        ("M:4/0\nC|", "'4/0' is no length"),
        ("M:4/4\nL:8\nC|", "'8' is no length; give one such as 1/8"),
        ("M:4/4\nC0|", "'0' is no length of a note; give one such as 2, / or 3/2"),
        ("M:4/4\nC/0|", "'/0' is no length of a note"),
        ("M:4/4\nC/2/2|", "'/2/2' is no length of a note"),
        ("M:4/4\nCD 5 E|", "column 3: '5 E|' cannot be read as ABC; take it out"),
        ("M:4/4\nhe & g|", r"'& g\|' cannot be read"),
        ("M:4/4\n[ceg", r"'\[ceg' cannot be read"),
        ("M:4/4\n[]C|", r"the chord \[\] has no note"),
        ("M:4/4\n(1C|", r"\(1 is no group of notes"),
        ("M:4/4\nC|>D|", "> stands before any note of its bar"),
        ("X:1\nM:4/4\nC4|\nX:2\n", "a second tune or voice begins; give one at a time"),
        ("M:4/4\nV:1\nC4|\n[V:2]C4|\n", "a second tune or voice begins"),
    ],
)
def test_what_is_no_tune_is_refused(tune, message):
    with pytest.raises(
        ValueError, match=message.replace("|", r"\|") if "CDE|" in message else message
    ):
        bars(tune)


def test_a_tune_without_notes_has_no_share():
    with pytest.raises(ValueError, match="there are 0 bars, none to be counted"):
        full_bars("M:4/4\nK:C\n")
