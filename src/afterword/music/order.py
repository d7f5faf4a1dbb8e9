"""In which order the bars of a tune are played, and what sounds when."""

from fractions import Fraction

from afterword.music.tune import Tune


def bars_played(tune: Tune) -> list[int]:
    """The bars in the order in which they are played, repeats and endings followed.

    >>> from afterword.music.abc import read_abc
    >>> bars_played(read_abc("M:2/4\\nL:1/4\\nK:C\\nCD|:EF|1 GA:|2 Gc||\\n"))
    [0, 1, 2, 1, 3]
    """
    played, closed, start, i = [], set(), 0, 0
    is_second = in_last = False  # the second time through; in an ending other than the first
    while i < tune.n_bars:
        line = tune.lines[i]
        if is_second and line.ending.startswith("1"):
            i, is_second = _after_ending(tune, i), False
            continue
        if line.ending:
            in_last = not line.ending.startswith("1")
        elif line.sign not in ("", "|") and i != start:
            start, is_second, in_last = i, False, False
        played.append(i)
        i += 1
        if tune.lines[i].sign.startswith(":") and i not in closed and not in_last:
            closed.add(i)
            i, is_second = start, True
    return played


def _after_ending(tune: Tune, i: int) -> int:
    """Where the second ending begins, or, if there is none, what follows the first."""
    for j in range(i + 1, tune.n_bars):
        if tune.lines[j].ending or tune.lines[j].sign.startswith(":"):
            return j
    return tune.n_bars


def timed(tune: Tune) -> list[tuple[int, int | None, Fraction, Fraction]]:
    """What sounds: number of the note, pitch, and when it begins and ends, in bars.

    A tied note goes on in the next, which does not begin anew.
    """
    places: dict[int, list[int]] = {}
    for i, note in enumerate(tune.notes):
        places.setdefault(note.bar, []).append(i)
    found, now, is_tied = [], Fraction(0), False
    for bar in bars_played(tune):
        for i in places.get(bar, []):
            note, end = tune.notes[i], now + tune.notes[i].duration / tune.bar_length
            if is_tied and found and found[-1][1] == note.pitch:
                found[-1] = (*found[-1][:3], end)
            else:
                found.append((i, note.pitch, now, end))
            now, is_tied = end, note.is_tied
    return found
