"""In which order the bars of a tune are played, and what sounds when."""

from itertools import pairwise

import pytest
from hypothesis import given

from afterword.music.abc import read_abc
from afterword.music.order import bars_played, timed
from tests.music.making import tunes

# the check of types, which looks at random items, is at work inside the strategy
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")


def tune(body):
    return read_abc("M:2/4\nL:1/4\nK:C\n" + body)


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("CD|EF||", [0, 1]),
        ("CD|EF:|", [0, 1, 0, 1]),
        ("CD|:EF:|GA||", [0, 1, 1, 2]),
        ("CD:|:EF:|", [0, 0, 1, 1]),
        ("CD::EF|GA:|", [0, 0, 1, 2, 1, 2]),
        ("CD||EF:|", [0, 1, 1]),  # back to where the part began
        ("CD|1EF:|2GA||Bc|", [0, 1, 0, 2, 3]),
        ("|:CD|1EF:|2GA:|Bc|", [0, 1, 0, 2, 3]),  # a second ending is the last
        ("CD|1EF:|2GA||Bc|1CD:|2EF||", [0, 1, 0, 2, 3, 4, 3, 5]),
        ("C[1D:|[2E||", [0, 1, 0, 2]),
        ("CD:|EF:|GA:|", [0, 0, 1, 1, 2, 2]),
        ("CD:|EF|1GA:|2Bc||", [0, 0, 1, 2, 1, 3]),  # the next part has a first time too
        ("CD|1EF:|2GA||Bc:|", [0, 1, 0, 2, 3, 3]),
        ("CD|1EF:|GA||", [0, 1, 0, 2]),  # a first ending alone is left out
        ("CD|1EF|GA:|", [0, 1, 2, 0]),
        ("CD|1,3EF:|2GA||", [0, 1, 0, 2]),
        ("CD|1EF|GA:|Bc||", [0, 1, 2, 0, 3]),
    ],
)
def test_repeats_and_endings_are_played_as_a_player_would(body, order):
    assert bars_played(tune(body)) == order


@given(tunes())
def test_playing_ends_and_what_sounds_follows_on(made):
    order = bars_played(made)
    assert len(order) <= 2 * made.n_bars
    assert set(order) == set(range(made.n_bars))
    notes = timed(made)
    assert notes[0][2] == 0
    for (_, _, _, end), (_, _, start, _) in pairwise(notes):
        assert end == start


def test_a_tied_note_sounds_once():
    assert [(i, float(at), float(end)) for i, _, at, end in timed(tune("CD-|DE|"))] == [
        (0, 0, 0.5),
        (1, 0.5, 1.5),
        (3, 1.5, 2),
    ]


def test_a_tie_does_not_reach_back_to_where_a_repeat_begins():
    assert [(i, float(at), float(end)) for i, _, at, end in timed(tune("CD-:|DE||"))] == [
        (0, 0, 0.5),
        (1, 0.5, 1),
        (0, 1, 1.5),
        (1, 1.5, 2.5),
        (3, 2.5, 3),
    ]
