import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterword.music.keys import LETTERS, MODES, SEMITONES, Key, key_on, read_key

KEYS = st.builds(key_on, st.integers(0, 11), st.sampled_from(list(MODES)))


@pytest.mark.parametrize(
    ("written", "name", "sharps"),
    [
        ("G", "G", 1),
        ("Em", "Em", 1),
        ("A Dorian", "Ador", 1),
        ("D Mixolydian", "Dmix", 1),
        ("C Lydian", "Clyd", 1),
        ("Bphr", "Bphr", 1),
        ("F#loc", "F#loc", 1),  # seven modes of the same notes, as the standard lists them
        ("E minor", "Em", 1),
        ("EMin", "Em", 1),
        ("EM", "Em", 1),  # capitals count for nothing
        ("Bb major", "Bb", -2),
        ("C#", "C#", 7),
        ("Cb", "Cb", -7),
        ("HP", "Amix", 2),
    ],
)
def test_a_key_is_read_as_the_standard_says(written, name, sharps):
    assert (str(read_key(written)), read_key(written).signature) == (name, sharps)


def test_sharps_come_in_the_order_of_the_clef():
    assert [letter for letter in LETTERS if Key("A").sharpened(letter)] == ["F", "C", "G"]
    assert [letter for letter in LETTERS if Key("Eb").sharpened(letter)] == ["A", "E", "B"]
    assert {Key("Cb").sharpened(letter) for letter in LETTERS} == {-1}


@given(KEYS, st.integers(0, 11))
def test_a_pitch_is_spelled_as_itself_and_without_a_sign_where_the_key_allows(key, pitch_class):
    letter, raised = key.spelled(pitch_class)
    assert (SEMITONES[letter] + raised) % 12 == pitch_class
    assert abs(raised) <= 1
    if pitch_class in key.scale:
        assert raised == key.sharpened(letter)


def test_what_is_foreign_to_a_key_is_spelled_as_its_tunes_do():
    """Leading notes are sharp, the lowered third and seventh flat."""
    foreign = {name: [Key(name).spelled(pitch) for pitch in (10, 8, 6, 3, 1)] for name in "C"}
    assert foreign["C"] == [("B", -1), ("G", 1), ("F", 1), ("E", -1), ("C", 1)]
    assert Key("D").spelled(10) == ("A", 1)
    assert Key("G", "m").spelled(6) == ("F", 1)
    assert Key("G").spelled(3) == ("D", 1)


@given(KEYS)
def test_home_is_in_the_scale_of_seven(key):
    assert key.home in key.scale
    assert len(key.scale) == 7
    assert key_on(key.home, key.mode).home == key.home


@pytest.mark.parametrize("value", ["H", "Gx", "", "none", "Dmix=c", "Bn"])
def test_what_is_no_key_is_refused(value):
    with pytest.raises(ValueError, match="is no key; give one such as G, Em, Ador or Bbmix"):
        read_key(value)


def test_a_key_that_no_clef_can_show_is_refused():
    with pytest.raises(ValueError, match=r"D#.*9 sharps or flats, more than there are"):
        Key("D#")
    with pytest.raises(ValueError, match="is none; give one such as"):
        Key("H")
    assert Key("F#", "m").words == "F sharp minor"
