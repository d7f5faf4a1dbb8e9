"""The tunes of the book as notes, and their division, so that no tune stands on both sides."""

from collections.abc import Sequence

import torch

from afterword.music.abc import read_abc
from afterword.music.tune import Tune
from afterword.text.corpora import load


def load_tunes() -> list[Tune]:
    """All tunes of the corpus ``tunes``, in its order; in some ten seconds."""
    return [read_abc(document.text) for document in load("tunes")]


def split(
    tunes: Sequence[Tune], share: float, rng: torch.Generator
) -> tuple[list[Tune], list[Tune]]:
    """Tunes to learn from and tunes held back, of which ``share`` is the wanted part.

    A family, all who have one ``family``, stays whole: it is drawn as one, and the drawing ends
    when enough tunes are held back. Of tunes without a family each stands for itself.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share held back must lie between 0 and 1, got {share}; try 0.1")
    members: dict = {}
    for i, tune in enumerate(tunes):
        members.setdefault(tune.family or i, []).append(i)
    if len(members) < 2:
        raise ValueError(f"{len(members)} families cannot be divided; give two or more")
    names = list(members)
    held_back: set[int] = set()
    for place in torch.randperm(len(names), generator=rng).tolist()[:-1]:
        held_back.update(members[names[place]])
        if len(held_back) >= share * len(tunes):
            break
    sides = ([], [])
    for i, tune in enumerate(tunes):
        sides[i in held_back].append(tune)
    return sides
