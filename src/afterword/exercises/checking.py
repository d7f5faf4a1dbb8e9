"""What the checkers of all chapters share: a verdict that says what you probably did."""

import math
from collections.abc import Mapping


class NotYet(AssertionError):
    """The answer is wrong; the message says how it probably came about."""


def verdict(got, wanted: float, *, slips: Mapping[str, float], otherwise: str) -> None:
    """Compare one number with the one wanted, and with those that known slips lead to.

    ``slips`` maps a diagnosis to the number that one gets by it.
    """
    if hasattr(got, "item"):
        got = got.item()  # a tensor of one number is a number
    if not isinstance(got, int | float):
        raise NotYet(f"A number was wanted, and {type(got).__name__} came: {got!r}.")
    if math.isclose(got, wanted, rel_tol=1e-4):
        return
    for diagnosis, number in slips.items():
        if math.isclose(got, number, rel_tol=1e-4):
            raise NotYet(f"{diagnosis} (Got {got:.4g}, wanted {wanted:.4g}.)")
    raise NotYet(f"{otherwise} (Got {got:.4g}, wanted {wanted:.4g}.)")


def compare(got, wanted, *, slips: Mapping, otherwise: str) -> None:
    """The same for what need not be one number: a text, a list, a list of lists of numbers.

    Numbers may be off by rounding; ``slips`` maps a diagnosis to what one gets by it.
    """
    got = got.tolist() if hasattr(got, "tolist") else got
    if _is_same(got, wanted):
        return
    for diagnosis, slip in slips.items():
        if _is_same(got, slip):
            raise NotYet(f"{diagnosis} (Got {got!r}, wanted {wanted!r}.)")
    raise NotYet(f"{otherwise} (Got {got!r}, wanted {wanted!r}.)")


def _is_same(got, wanted) -> bool:
    if isinstance(wanted, list):
        is_row = isinstance(got, list | tuple) and len(got) == len(wanted)
        return is_row and all(map(_is_same, got, wanted))
    if type(wanted) in (int, float) and type(got) in (int, float):
        return abs(got - wanted) < 1e-5
    return type(got) is type(wanted) and got == wanted


def is_unwritten(answer, name: str) -> bool:
    """Whether the reader has not begun; says so."""
    if answer is None:
        print(f"{name} returns nothing yet. Your turn.")
    return answer is None
