"""Whether two figures are the same, up to what another processor's rounding can move.

A figure is an SVG: its text must be equal, and its numbers within half a unit (a unit is 1/72
inch). A picture inside, or a PNG, is compared by its pixels.
"""

import base64
import io
import re

import matplotlib.image as mpimg
import numpy as np

NUMBER = re.compile(r"(?<![#\w])-?\d+(?:\.\d+)?(?:e-?\d+)?")
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")


def same_svg(stored: str, fresh: str, tolerance: float = 0.5) -> bool:
    pictures = [PICTURE.findall(svg) for svg in (stored, fresh)]
    stored, fresh = PICTURE.sub("", stored), PICTURE.sub("", fresh)
    # names of clip paths and glyph uses hash the geometry, so they move with the last digit
    stored, fresh = (re.sub(r"#?\b[pm][0-9a-f]{10}\b", "ID", svg) for svg in (stored, fresh))
    if NUMBER.sub("0", stored) != NUMBER.sub("0", fresh):
        return False
    numbers = [np.array(NUMBER.findall(svg), dtype=float) for svg in (stored, fresh)]
    if len(numbers[0]) and np.abs(numbers[0] - numbers[1]).max() > tolerance:
        return False
    return len(pictures[0]) == len(pictures[1]) and all(map(same_png, *pictures))


def same_png(stored: str, fresh: str, tolerance: float = 2 / 255) -> bool:
    a, b = (mpimg.imread(io.BytesIO(base64.b64decode(png))) for png in (stored, fresh))
    return a.shape == b.shape and bool(np.abs(a - b).max() <= tolerance)


def figures(cell) -> list[tuple[str, str]]:
    """The figures of one cell: kind and content, in the order shown."""
    found = []
    for output in cell.get("outputs", []):
        for kind in ("image/svg+xml", "image/png"):
            if kind in output.get("data", {}):
                content = output["data"][kind]
                found.append((kind, "".join(content)))
    return found


def difference(stored_cell, fresh_cell) -> str | None:
    """What differs between a cell's stored figures and those just drawn; None if nothing does."""
    stored, fresh = figures(stored_cell), figures(fresh_cell)
    if [kind for kind, _ in stored] != [kind for kind, _ in fresh]:
        return f"stored {len(stored)} figures, the run drew {len(fresh)}"
    for (kind, a), (_, b) in zip(stored, fresh, strict=True):
        if not (same_svg(a, b) if kind == "image/svg+xml" else same_png(a, b)):
            return "the stored figure is not the one this code draws"
    return None
