"""The shipped lexicon: its file and back, and what it says of words, beside the other sounds."""

import lzma
import re
from collections import Counter
from itertools import product

import pytest

from afterword.evaluation.sounds import SPELLING, Sound
from afterword.forms import extract
from afterword.forms.lexicon import FILE, Entry, Lexicon, base36, from_json, load_lexicon, to_json
from afterword.forms.scansion import scan
from afterword.forms.speech import spoken
from afterword.text.corpora import Document
from afterword.text.sonnets import sonnets

LEXICON = load_lexicon()
CMU = """abate AH0 B EY1 T
am AE1 M
am(2) EY1 EH1 M
give G IH1 V # as in present
present P R EH1 Z AH0 N T
present(2) P R IY0 Z EH1 N T
the DH AH0
"""


def test_the_file_is_its_entries_and_small_enough_for_a_page():
    text = FILE.read_text("utf8")
    assert to_json(list(from_json(text).entries.values())) == text
    assert 3000 < len(LEXICON) < 6000
    assert len(text) < 120_000
    assert len(lzma.compress(text.encode())) < 40_000


def test_every_entry_is_one_word_that_can_be_said():
    for word, entry in LEXICON.entries.items():
        assert spoken(entry.written) == [word]
        assert entry.readings
        assert all(re.fullmatch("[01?]+", reading) for reading in entry.readings)
        assert not any(reading.count("1") > 2 for reading in entry.readings)


def test_it_is_a_sound_and_knows_what_spelling_cannot():
    assert isinstance(LEXICON, Sound)
    assert LEXICON.readings("present") == {"10", "01"}
    assert LEXICON.readings("am") == {"?"}  # and not as A.M.
    assert LEXICON.readings("the") == {"0"}
    assert LEXICON.rhymes("day", "weigh")
    assert not LEXICON.rhymes("love", "move")
    assert not LEXICON.rhymes("day", "day")
    assert LEXICON.entries["tis"].written == "'tis"
    assert LEXICON.entries["i"].written == "I"
    assert "romeo" not in LEXICON.entries
    assert sorted(word for word in LEXICON.entries if len(word) == 1) == ["a", "i", "o"]


def test_a_word_that_it_lacks_is_taken_by_its_spelling():
    assert not LEXICON.knows("zeppelin")
    assert LEXICON.readings("zeppelin") == SPELLING.readings("zeppelin")
    assert LEXICON.stresses("zeppelin") == SPELLING.stresses("zeppelin")
    assert LEXICON.rhymes("zeppelin", "javelin")
    assert LEXICON.rhymes("flome", "home")  # one of them known: by spelling


def test_a_word_of_two_sounds_rhymes_with_words_of_either():
    sounds = {"bow": {1, 2}, "now": {1}, "go": {2}, "sea": {3}}
    tiny = Lexicon(Entry(word, frozenset("?"), frozenset(has)) for word, has in sounds.items())
    for one, other in product(sounds, repeat=2):
        assert tiny.rhymes(one, other) == (one != other and bool(sounds[one] & sounds[other]))


def test_the_one_way_to_say_a_word_is_among_its_ways():
    assert all(LEXICON.stresses(word) in LEXICON.readings(word) for word in LEXICON.entries)


def test_more_of_the_sonnets_can_be_read_by_it_than_by_spelling():
    """The CMU dictionary reads .921 of these lines, spelling .766: see EXPERIMENTS.md."""
    lines = [line for one in sonnets()[::4] for line in one.text.strip().split("\n")]
    fits = {name: 0 for name in ("lexicon", "spelling")}
    for name, sound in (("lexicon", LEXICON), ("spelling", SPELLING)):
        found = [scan(line, 5, sound=sound) for line in lines]
        fits[name] = sum(bool(one and one.fits) for one in found) / len(lines)
    assert fits["lexicon"] > 0.85
    assert fits["lexicon"] > fits["spelling"] + 0.06


def test_two_words_and_a_word_twice_are_refused():
    entry = Entry("day", frozenset("?"), frozenset())
    for wrong in ([entry, entry], [Entry("by day", frozenset("?"), frozenset())]):
        with pytest.raises(ValueError, match="give each word once"):
            Lexicon(wrong)


@pytest.mark.parametrize("number", [0, 1, 35, 36, 1295, 1296, 98_765])
def test_numbers_to_the_base_36_come_back(number):
    assert int(base36(number), 36) == number


# ---- how it is made ----


def test_the_dictionary_is_read_with_all_ways_to_say_a_word():
    known = extract.phones(CMU)
    assert len(known["present"]) == 2
    assert known["give"] == [["G", "IH1", "V"]]


def test_entries_are_frequent_no_names_and_said_as_today(monkeypatch):
    counts = Counter(
        dict(the=99, present=50, giveth=40, am=30, abate=1, rome=80, qqq=70, withal=20)
    )
    monkeypatch.setattr(extract, "counted", lambda: (counts, Counter(rome=80)))
    found = {entry.written: entry for entry in extract.entries(extract.phones(CMU))}
    assert list(found) == ["the", "present", "giveth", "am", "withal"]
    assert found["giveth"].readings == {"?0"}
    assert found["am"].readings == {"?"}
    assert found["the"].readings == {"0"}
    assert (found["withal"].readings, found["withal"].rhymes) == ({"01"}, frozenset())
    assert len(found["present"].rhymes) == 2


def test_words_are_counted_within_sentences_and_verse_counts_more(monkeypatch):
    monkeypatch.setattr(extract, "text", lambda name: "The sea and Rome. But 'tis Rome's sea")
    monkeypatch.setattr(extract, "sonnets", lambda: [])
    monkeypatch.setattr(extract, "load", lambda name: [])
    counts, capital = extract.counted()
    assert counts == {"sea": 2, "and": 1, "rome": 1, "'tis": 1, "rome's": 1}
    assert capital["rome"] == 1
    assert capital["sea"] == 0


def test_a_word_counts_more_in_sonnets_and_verse_and_milton_not_at_all(monkeypatch):
    verse = [
        Document("A", "my tide", author="Donne"),
        Document("B", "my fruit", author="J. Milton"),
    ]
    monkeypatch.setattr(extract, "text", lambda name: "my storm")
    monkeypatch.setattr(extract, "sonnets", lambda: [Document("1", "my rose")])
    monkeypatch.setattr(extract, "load", lambda name: verse)
    assert extract.counted()[0] == {"storm": 1, "rose": extract.VERSE, "tide": extract.VERSE}
    assert extract.VERSE > 1


def test_a_capital_is_told_behind_an_apostrophe(monkeypatch):
    monkeypatch.setattr(extract, "text", lambda name: "and 'Tis so, or 'tis Rome")
    monkeypatch.setattr(extract, "sonnets", lambda: [])
    monkeypatch.setattr(extract, "load", lambda name: [])
    assert extract.counted()[1] == {"'tis": 1, "so": 0, "or": 0, "rome": 1}


@pytest.mark.parametrize(
    ("word", "times", "capitals", "written"),
    [
        ("give", extract.LEAST, 0, "give"),
        ("give", extract.LEAST - 1, 0, None),
        ("give", 20, 10, "give"),
        ("give", 20, 11, None),  # a name
        ("god", 20, 20, "God"),
        ("les", 99, 0, None),
        ("d", 99, 0, None),
        ("o", 99, 99, "O"),
    ],
)
def test_a_word_is_kept_from_enough_times_on_if_it_is_no_name(
    monkeypatch, word, times, capitals, written
):
    known = extract.phones(CMU + "god G AA1 D\nles L EH1\nd D IY1\no OW1\n")
    found = Counter({word: times}), Counter({word: capitals})
    monkeypatch.setattr(extract, "counted", lambda: found)
    assert [one.written for one in extract.entries(known)] == ([written] if written else [])


def test_of_two_ways_to_write_a_word_the_more_frequent_is_kept(monkeypatch):
    counts = Counter({"'tis": 30, "tis": 20})
    monkeypatch.setattr(extract, "counted", lambda: (counts, Counter()))
    assert [one.written for one in extract.entries({"tis": [["T", "IH1", "Z"]]})] == ["'tis"]


def test_a_word_with_an_ending_rhymes_with_its_like_and_not_with_the_word_alone(monkeypatch):
    known = extract.phones(CMU + "live L IH1 V\n")
    counts = Counter(dict.fromkeys(("give", "live", "giveth", "liveth"), 50))
    monkeypatch.setattr(extract, "counted", lambda: (counts, Counter()))
    lexicon = Lexicon(extract.entries(known))
    assert lexicon.rhymes("give", "live")
    assert lexicon.rhymes("giveth", "liveth")
    assert not lexicon.rhymes("giveth", "live")


@pytest.mark.parametrize(
    ("said", "rhyme", "marks"),
    [
        ("K AA1 N T R AE2 K T", ("AE", "K", "T"), "1?"),
        ("D EY1", ("EY",), "?"),
        ("S AH1 M ER0", ("AH", "M", "ER0"), "10"),
    ],
)
def test_a_rhyme_begins_at_the_last_stress_and_a_second_stress_may_be_none(said, rhyme, marks):
    assert extract.rhyming(said.split()) == rhyme
    assert extract.marks("x", said.split()) == marks
