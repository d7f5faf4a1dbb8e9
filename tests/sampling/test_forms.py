"""Forms of verse, each text judged by a check of its own."""

import re
import sys
import types
import unicodedata

import pytest

from afterword.sampling import forms
from afterword.sampling.forms import (
    both,
    ending_like,
    lipogram,
    regex,
    rhyme,
    sounding_like,
    syllables,
    syllables_by_sound,
    syllables_by_spelling,
)
from afterword.text.bytes import ByteTokenizer
from afterword.text.characters import CharTokenizer
from tests.sampling.test_constraints import texts_written, tokenizers

ALPHABET = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ,.;:!?'-\néÉ"
CHARACTERS = CharTokenizer(ALPHABET)
LEXICON = {"rose": 1, "never": 2, "a": 1, "banana": 3, "nevermore": 3, "o'er": 1}
TOKENIZERS = tokenizers() | {"characters": CHARACTERS}


def lacks(letter: str, text: str) -> bool:
    return letter not in unicodedata.normalize("NFKD", text).lower()


def rhymes_with(words: list[str], line: str) -> bool:
    last = re.fullmatch(r"(?:.*[^\w'’-])?([\w'’-]+?)[,.;:!?'’\")]{0,2}\n", line)
    return bool(last) and last[1][0].lower() + last[1][1:] in words


def counted(line: str) -> int | None:
    """The syllables of a line, or None if it is not made of words of the lexicon."""
    words = re.fullmatch(r" ?((?:[A-Za-z']+[,.;:!?]? )*[A-Za-z']+)[,.;:!?]?\n", line)
    if not words:
        return None
    plain = [word[0].lower() + word[1:] for word in re.sub("[,.;:!?]", "", words[1]).split(" ")]
    return sum(LEXICON[word] for word in plain) if {*plain} <= {*LEXICON} else None


@pytest.mark.slow
@pytest.mark.parametrize("n_tokens", [15, 40])
@pytest.mark.parametrize("name", TOKENIZERS)
def test_thousands_of_texts_have_their_form(name, n_tokens, rng):
    """2,400 texts: four forms, three tokenizers, twice 100 of each."""
    tokenizer, words = TOKENIZERS[name], ["say", "way", "dismay"]
    without, ends = lipogram(tokenizer, "e"), rhyme(tokenizer, "day", words)
    for constraint, holds in {
        without: lambda text: lacks("e", text) and "�" not in text,
        ends: lambda text: rhymes_with(words, text),
        syllables(tokenizer, 4, LEXICON): lambda text: counted(text) == 4,
        both(without, ends): lambda text: lacks("e", text) and rhymes_with(words, text),
    }.items():
        n = max(n_tokens, constraint.n_needed[constraint.start])
        for text in texts_written(constraint, tokenizer, n_texts=100, n_tokens=int(n), rng=rng):
            assert holds(text), text


def test_the_checks_themselves_see_what_is_wrong():
    assert not lacks("e", "cafÉ")
    assert not lacks("e", "caﬀé")
    assert not rhymes_with(["say"], "essay\n")
    assert not rhymes_with(["say"], "to-say\n")
    assert rhymes_with(["say"], "I Say!\n")
    assert counted(" Never, rose a\n") == 4
    assert counted("Never  a\n") is None
    assert counted("lily\n") is None


def test_a_lipogram_lacks_a_letter_in_all_its_shapes_and_no_other():
    automaton = lipogram(ByteTokenizer(), "e").automaton
    for lacking in ("", "a sail, said Isaac", "Ωλ 漢 🎭", "ac\u0301ts"):
        assert automaton.accepts(lacking)
    for having in "eEéÈêëẽēęＥⓔ𝐞㋍":
        assert lacks("e", having) is False
        assert not automaton.accepts(f"a {having}")
    assert not lipogram(ByteTokenizer(), "aé").automaton.accepts("these")


@pytest.mark.parametrize("number", [0, 0x20000])
def test_past_the_letters_no_character_has_a_letter_of_ours(number):
    rest = range(forms.LETTERS_END, sys.maxunicode + 1, 1 if number else 7919)
    plain = set("abcdefghijklmnopqrstuvwxyz")
    assert all(plain.isdisjoint(unicodedata.normalize("NFKD", chr(c)).lower()) for c in rest)


def test_a_lipogram_may_end_at_any_time_but_not_inside_a_character():
    constraint = lipogram(ByteTokenizer(), "e")
    assert constraint.is_complete(constraint.start)
    state = constraint.step(constraint.start, 0xC3)
    assert not constraint.is_complete(state)
    allowed = constraint.allowed(state, n_left=1)
    assert allowed[0xA0], "à"
    assert not allowed[0xA9], "é"
    assert not constraint.allowed(constraint.start, n_left=1)[0xC3], "no token is left for its end"


def test_a_rhyme_is_a_word_of_its_own_at_the_end_of_one_line():
    automaton = rhyme(ByteTokenizer(), "day", ["say", "may", "Day", "o'er"]).automaton
    for line in (
        "say\n",
        "Say\n",
        "I say,\n",
        "what may!'\n",
        '"I may."\n',
        "may, may\n",
        "o'er\n",
    ):
        assert automaton.accepts(line), line
    for line in ("say", "essay\n", "day\n", "I say so\n", "say\nI say\n", "SAY\n", "may...\n", ""):
        assert not automaton.accepts(line), line


def test_a_rhyme_by_sound_comes_from_the_dictionary(monkeypatch):
    fake = types.SimpleNamespace(rhymes=lambda word: {"day": ["say", "o'day", "way"]}[word])
    monkeypatch.setitem(sys.modules, "pronouncing", fake)
    assert sounding_like("Day") == ["say", "way"]
    automaton = rhyme(ByteTokenizer(), "Day").automaton
    assert automaton.accepts("no way\n")
    assert not automaton.accepts("o'day\n")


def test_syllables_by_sound_leave_out_words_that_the_dictionary_lacks(monkeypatch):
    fake = types.SimpleNamespace(
        phones_for_word=lambda word: {"never": ["N EH1 V ER0"]}.get(word, []),
        syllable_count=lambda phones: sum(sound[-1].isdigit() for sound in phones.split()),
    )
    monkeypatch.setitem(sys.modules, "pronouncing", fake)
    assert syllables_by_sound(["Never", "Prospero"]) == {"Never": 2}


def test_without_the_dictionary_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pronouncing", None)
    with pytest.raises(ValueError, match="pip install pronouncing, or give the words yourself"):
        rhyme(CHARACTERS, "day")
    with pytest.raises(ValueError, match="pip install pronouncing"):
        syllables_by_sound(["day"])


def test_a_spelling_rhymes_from_its_last_vowel_on():
    words = ["flame", "Shame", "time", "aim", "name", "night", "move", "ay", "shh"]
    assert ending_like("name", words) == ["flame", "Shame"]
    assert ending_like("love", words) == ["move"], "a rhyme for the eye only"
    assert ending_like("day", words) == ["ay"]
    assert ending_like("light", words) == ["night"]
    assert ending_like("the", ["be", "ah"]) == ["be"]
    assert ending_like("shh", words) == []


GUESSES = {
    "I": 1,
    "the": 1,
    "name": 1,
    "little": 2,
    "walked": 1,
    "wanted": 2,
    "roses": 2,
    "names": 1,
} | {"banana": 3, "Syllable": 3, "rhythm": 1, "shh": 1, "being": 1}


@pytest.mark.parametrize("word", GUESSES)
def test_syllables_by_spelling_are_groups_of_vowels(word):
    """*Being* and *rhythm* have two: this is a rule of thumb, and says so."""
    assert syllables_by_spelling(word) == GUESSES[word]


def test_a_line_has_exactly_so_many_syllables_and_only_words_of_the_lexicon():
    automaton = syllables(ByteTokenizer(), 4, LEXICON).automaton
    for line in ("Nevermore a\n", " never, never!\n", "rose rose rose rose.\n", "Banana; o'er\n"):
        assert automaton.accepts(line), line
    for line in (
        "never\n",
        "banana never\n",
        "never never",
        "never, ,never\n",
        "lily lily\n",
        "\n",
    ):
        assert not automaton.accepts(line), line
    for line in ("never  never\n", "never never \n", ",never never\n", "never never!!\n"):
        assert not automaton.accepts(line), line


def test_syllables_can_be_counted_in_a_lipogram():
    tokenizer = ByteTokenizer()
    automaton = both(syllables(tokenizer, 4, LEXICON), lipogram(tokenizer, "e")).automaton
    for line in ("banana a\n", " A banana.\n"):
        assert automaton.accepts(line)
    for line in ("nevermore a\n", "banana\n", "sail away with\n"):
        assert not automaton.accepts(line)


def test_a_verse_can_be_asked_for_part_by_part():
    constraint = regex(CHARACTERS, r"{line},\n{line}.", line=r"{word}( {word}){2}", word="[a-z]+")
    assert constraint.automaton.accepts("what the sea,\nis the sea.")
    assert constraint.n_needed[constraint.start] == 13


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lipogram(CHARACTERS, ""), "without='' must be letters"),
        (lambda: lipogram(CHARACTERS, "ﬁ"), "without='ﬁ' must be letters"),
        (lambda: lipogram(CharTokenizer("eE"), "e"), None),
        (lambda: rhyme(CHARACTERS, "month", []), "there is no rhyme with 'month'"),
        (lambda: rhyme(CHARACTERS, "day", ["Day"]), "there is no rhyme with 'day'"),
        (lambda: rhyme(CharTokenizer("ab\n"), "day", ["say"]), "no text of these tokens"),
        (lambda: syllables(CHARACTERS, 0, LEXICON), "0 syllables in words of 6: give at least 1"),
        (lambda: syllables(CHARACTERS, 3, {}), "3 syllables in words of 0"),
        (lambda: syllables(CHARACTERS, 3, {"shh": 0}), "3 syllables in words of 1"),
        (lambda: syllables(CHARACTERS, 3, {"never": 2}), "no text of these tokens has the form"),
    ],
)
def test_forms_that_no_text_can_have_are_refused(make, message):
    if message is None:
        assert not make().allowed(make().start).any(), "nothing can be said, and that is a text"
        return
    with pytest.raises(ValueError, match=message):
        make()
