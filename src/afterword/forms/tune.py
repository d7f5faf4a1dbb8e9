"""Whether a tune keeps its form: bars, repeats, key, ending, range, and what returns.

    verdict = check(text)
    verdict.bars, verdict.repeats_close, verdict.ends_home, verdict.parts

A field is None where the text gives no ground to tell. How near a tune is to others is told by
``nearest``. People break these rules too: hold each number against that of their tunes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from afterword.evaluation.bars import share_full
from afterword.evaluation.edits import Neighbours, edit_share
from afterword.music.abc import read_with_bars
from afterword.music.keys import Key, key_on
from afterword.music.melody import melody
from afterword.music.order import bars_played
from afterword.music.tune import Note, Tune

FEW = 12  # notes, below which nothing is said of the key
SURE = 0.02  # of the time in sound, by which another signature must fit better
SAME = 0.25  # edits a note, up to which a phrase or a part is called the same
PHRASE = 4  # bars
# how well each semitone above the tonic is felt to fit, as listeners rated it
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the checks say of one text; None, or "", where there is nothing to be said."""

    error: str = ""  # why it could not be read; then all that follows is empty
    n_bars: int | None = None
    bars: float | None = None  # the share that is full, by ``evaluation.bars``
    repeats_close: bool | None = None  # None: it has none
    parts_join: bool | None = None  # as it is played; None: one part, played once
    ends_home: bool | None = None  # on the tonic of the key that it names
    in_key: float | None = None  # the share of notes that need no sign in that key
    key_fits: bool | None = None  # does no other signature fit better? None: about as well
    key_found: Key | None = None  # by the notes alone; major or minor
    low: int | None = None  # the lowest note, as MIDI numbers it
    high: int | None = None
    parts: str = ""  # a letter for each part, twice where it is repeated: "AABB"
    phrases: str = ""  # a letter for each four bars, repeats not counted: "abac"

    @property
    def bars_add_up(self) -> bool | None:
        """Is every bar full?"""
        return None if self.bars is None else self.bars == 1


def check(text: str) -> Verdict:
    """All checks on one tune in ABC; one that does not parse gives a verdict with an ``error``.

    >>> verdict = check("M:6/8\\nL:1/8\\nK:G\\nGAG GAB|ABA ABd|edd gdd|BAF G3:|\\n")
    >>> verdict.bars_add_up, verdict.ends_home, verdict.in_key, verdict.parts
    (True, True, 1.0, 'AA')
    """
    try:
        tune, found = read_with_bars(text)
    except ValueError as error:
        return Verdict(error=str(error))
    pitches = [note.pitch for note in tune.notes if note.pitch is not None]
    return Verdict(
        n_bars=len(found),
        bars=share_full(found) if any(bar.length >= 1 or bar.is_last for bar in found) else None,
        repeats_close=repeats_close(tune),
        parts_join=parts_join(tune),
        ends_home=pitches[-1] % 12 == tune.key.home if pitches else None,
        in_key=in_key(tune),
        key_fits=key_fits(tune),
        key_found=find_key(tune),
        low=min(pitches, default=None),
        high=max(pitches, default=None),
        parts=parts(tune),
        phrases=letters(phrases(tune)),
    )


def repeats_close(tune: Tune) -> bool | None:
    """Does each repeat that is opened get closed, and each first ending have a second?

    A repeat may be closed that was never opened: it goes back to where its part began. None if
    the tune repeats nothing.
    """
    if not any(":" in line.sign or line.ending for line in tune.lines):
        return None
    is_open, awaited = False, False
    for line in tune.lines:
        if line.sign.startswith(":"):
            is_open = False
        if line.sign.endswith(":"):
            if is_open:
                return False
            is_open = True
        if line.ending:
            is_second = not line.ending.startswith("1")
            if is_second != awaited and (is_second or awaited):
                return False
            awaited = not is_second
    return not is_open and not awaited


def parts_join(tune: Tune) -> bool | None:
    """Where one part follows another, or itself, as played: do the bars that meet make whole ones?

    Between two whole bars stands nothing, or a bar and the pick-up that fills it, also where a
    repeat goes back to the pick-up. None if one part is played once.

    >>> from afterword.music.abc import read_abc
    >>> one = "M:3/4\\nL:1/4\\nK:C\\nG|CDE|F2:|\\n"
    >>> parts_join(read_abc(one)), parts_join(read_abc(one.replace("F2", "F2E")))
    (True, False)
    """
    lengths = [_time(bar) / tune.bar_length for bar in tune.in_bars()]
    order, met = bars_played(tune), []
    gap, is_joint = None, False  # what was played since the last whole bar; none was yet
    for before, bar in zip([-1, *order], order, strict=False):
        is_joint = is_joint or bar != before + 1 or tune.lines[bar].sign not in ("", "|")
        if lengths[bar] % 1 == 0:
            met += [gap] if is_joint and gap is not None else []
            gap, is_joint = 0, False
        elif gap is not None:
            gap += lengths[bar]
    return all(length % 1 == 0 for length in met) if met else None


def in_key(tune: Tune) -> float | None:
    """The share of notes that need no sign in the key that the tune names."""
    pitches = [note.pitch for note in tune.notes if note.pitch is not None]
    if not pitches:
        return None
    return sum(pitch % 12 in tune.key.scale for pitch in pitches) / len(pitches)


def heard(tune: Tune) -> Float[np.ndarray, "12"]:
    """The share of the time that each pitch class is in sound."""
    time = np.zeros(12)
    for note in tune.notes:
        if note.pitch is not None:
            time[note.pitch % 12] += float(note.duration)
    return time / max(time.sum(), 1e-9)


def key_fits(tune: Tune) -> bool | None:
    """Is there no signature in whose scale more of the tune lies than in its own?

    None where another fits better by less than one note in fifty, or there are few notes. It
    speaks of sharps and flats, not of the tonic: G major, E minor and A dorian are one to it.
    """
    if sum(note.pitch is not None for note in tune.notes) < FEW:
        return None
    time = heard(tune)
    own = sum(time[pitch] for pitch in tune.key.scale)
    best = max(sum(time[(pitch + up) % 12] for pitch in tune.key.scale) for up in range(12))
    return True if best - own < 1e-9 else None if best - own < SURE else False


def find_key(tune: Tune) -> Key | None:
    """The major or minor key whose profile is most like the notes; None if they are few.

    Of this book's tunes it names the tonic of 87 in 100; of those in dorian mode, of 36.

    Source: Krumhansl and Kessler 1982, Tracing the dynamic changes in perceived tonal
    organization.
    """
    if sum(note.pitch is not None for note in tune.notes) < FEW:
        return None
    time = heard(tune)
    fits = {
        (home, mode): np.corrcoef(np.roll(profile, home), time)[0, 1]
        for mode, profile in (("", MAJOR), ("m", MINOR))
        for home in range(12)
    }
    return key_on(*max(fits, key=fits.get))


def sections(tune: Tune) -> list[tuple[list[list[Note]], bool]]:
    """The parts that double lines and repeats set apart: their bars, and are they repeated?

    A second ending belongs to its part. Notes before the first bar do not make a part.
    """
    found, bars = [], []
    for before, bar, after in zip(tune.lines, tune.in_bars(), tune.lines[1:], strict=False):
        is_second = before.ending and not before.ending.startswith("1")
        if is_second and found and not bars:
            bars, was_repeated = found.pop()
        elif not bars:
            was_repeated = False
        bars.append(bar)
        was_repeated = was_repeated or after.sign.startswith(":")
        if after.sign not in ("", "|") and sum(map(_time, bars)) >= tune.bar_length:
            found.append((bars, was_repeated))
            bars = []
    return found + ([(bars, was_repeated)] if bars else [])


def parts(tune: Tune) -> str:
    """The order of the parts in letters, the same for parts of which few notes differ."""
    found = sections(tune)
    names = letters([[note for bar in bars for note in bar] for bars, _ in found]).upper()
    return "".join(
        name * (1 + is_repeated) for name, (_, is_repeated) in zip(names, found, strict=True)
    )


def phrases(tune: Tune) -> list[list[Note]]:
    """Each part in pieces of four bars; notes before its first full bar are left out."""
    found = []
    for bars, _ in sections(tune):
        full = bars[1:] if _time(bars[0]) < tune.bar_length else bars
        for i in range(0, len(full), PHRASE):
            found.append([note for bar in full[i : i + PHRASE] for note in bar])
    return found


def letters(pieces: Sequence[Sequence[Note]]) -> str:
    """A letter a piece: that of the first before it with nearly the same notes, else a new one.

    Nearly: at most one edit to four notes, of pitch and length. Past z, "?".
    """
    written = [[(note.pitch, note.duration) for note in piece] for piece in pieces]
    marks: list[int] = []
    for i, piece in enumerate(written):
        same = (j for j in range(i) if edit_share(piece, written[j]) <= SAME)
        first = next(same, None)
        marks.append(len(set(marks)) if first is None else marks[first])
    return "".join(chr(ord("a") + mark) if mark < 26 else "?" for mark in marks)


def _time(bar: list[Note]):
    return sum(note.duration for note in bar)


def nearest(tune: Tune, tunes: "Neighbours | Sequence[Tune]") -> tuple[int, float]:
    """Which of ``tunes`` is the nearest, in any key, and how far: edits a note, 0 for the same.

    For many tunes against the same ones, build ``Neighbours([melody(one) for one in tunes])``
    once and give that.
    """
    if not isinstance(tunes, Neighbours):
        tunes = Neighbours([melody(one) for one in tunes])
    return tunes.nearest(melody(tune))
