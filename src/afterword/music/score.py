"""A tune drawn as a score, and said in words.

The drawing needs the package ``verovio`` (LGPL), which is not installed with this one; what it
draws is cut down to what is seen, about a third, and takes the colour of the text around it.
"""

import hashlib
from dataclasses import replace
from xml.etree import ElementTree

from afterword.music.tune import Note, Tune
from afterword.music.writing import write_abc

WIDTH = 1200  # of the drawing, in its own units: four bars a line, and large enough on a phone
OPTIONS = {
    "inputFrom": "abc",
    "pageWidth": WIDTH,
    "pageHeight": 60_000,
    "adjustPageHeight": True,
    "header": "none",
    "footer": "none",
    "svgViewBox": True,
    "svgRemoveXlink": True,
    "mnumInterval": 0,
    "breaks": "auto",
    "spacingSystem": 2,
} | {f"pageMargin{side}": 10 for side in ("Left", "Right", "Top", "Bottom")}
NAMES = ["C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B"]
SVG = "{http://www.w3.org/2000/svg}"


def engraved(tune: Tune) -> str:
    """The score as SVG; the n-th element of class ``note`` is the n-th of ``tune.notes``.

    A title and the rhythm are not drawn: what stands above a figure says them.
    """
    verovio = _verovio()
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(OPTIONS)
    plain = replace(tune, title="", rhythm="")
    if not toolkit.loadData("X:1\n" + write_abc(plain, fields="MLK", beams=True)):
        raise ValueError(f"verovio cannot draw the tune {tune.title!r}; look at its text")
    return slim(toolkit.renderToSVG(1), describe(tune))


def _verovio():
    try:
        import verovio
    except ImportError as error:
        raise ValueError(
            "a score needs a package that draws it: pip install verovio, or draw the tune as a "
            "roll, which needs none"
        ) from error
    return verovio


def slim(svg: str, said: str) -> str:
    """The drawing alone, its notes and rests marked ``note``; ``said`` is what it is called.

    The names of its glyphs end in a key of the drawing: on a page of several an id comes once.
    """
    root = ElementTree.fromstring(svg)
    glyphs = {}
    for glyph in root.find(f"{SVG}defs"):
        glyphs["#" + glyph.get("id")] = glyph.get("id").split("-")[0]
    drawing = root.find(f"{SVG}svg")
    plain = "".join(_drawn(child, glyphs) for child in drawing)
    key = hashlib.sha256(plain.encode()).hexdigest()[:4]
    glyphs = {href: f"{name}-{key}" for href, name in glyphs.items()}
    shapes = "".join(_drawn(child, glyphs) for child in drawing)
    defs = "".join(
        f'<path id="{glyphs["#" + glyph.get("id")]}" transform="scale(1,-1)" '
        f'd="{glyph[0].get("d")}"/>'
        for glyph in root.find(f"{SVG}defs")
    )
    said = said.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{drawing.get("viewBox")}" role="img" '
        f'aria-label="{said}" fill="currentColor" stroke="currentColor" '
        f'font-family="Times, serif"><defs>{defs}</defs>{shapes}</svg>'
    )


def _drawn(element: ElementTree.Element, glyphs: dict[str, str]) -> str:
    """One element without what only names or groups; placeholders are left out."""
    kind, classes = element.tag.removeprefix(SVG), (element.get("class") or "").split()
    if "placeholder" in classes or kind == "desc":
        return ""
    inside = "".join(_drawn(child, glyphs) for child in element)
    if kind == "g" and not element.get("transform"):
        is_note = {"note", "rest"} & set(classes)
        return f'<g class="note">{inside}</g>' if is_note else inside
    kept = {k: v for k, v in element.attrib.items() if k not in ("id", "class", "xml:space")}
    if "href" in kept:
        kept["href"] = "#" + glyphs[kept["href"]]
        kept["stroke"] = "none"
    if kind in ("text", "tspan"):
        kept["stroke"] = "none"
    text = (element.text or "").strip() if kind in ("text", "tspan") else ""
    said = "".join(f' {k.split("}")[-1]}="{v}"' for k, v in kept.items())
    return f"<{kind}{said}>{text}{inside}</{kind}>" if text or inside else f"<{kind}{said}/>"


def describe(tune: Tune) -> str:
    """The tune in words: kind, key, metre, bars, range and contour.

    >>> from afterword.music.abc import read_abc
    >>> describe(read_abc("R:jig\\nM:6/8\\nL:1/8\\nK:G\\nGAG GAB|d2B AFD|GFE D3:|"))
    'A jig in G major, in 6/8, 3 bars, from D to the D an octave above. It rises, then falls.'
    """
    kind = tune.rhythm or "tune"
    article = "An" if kind[0] in "aeiou" else "A"
    heard = [note for note in tune.sounded() if note.pitch is not None]
    low, high = (pick(note.pitch for note in heard) for pick in (min, max))
    n_bars = round(sum(note.duration for note in tune.notes) / tune.bar_length)
    bars = f"{n_bars} bar{'s' if n_bars != 1 else ''}"
    return (
        f"{article} {kind} in {tune.key.words}, in {_metre(tune.metre)}, {bars}, "
        f"from {NAMES[low % 12]} to {_above(low, high)}. {contour(heard)}"
    )


def _metre(metre: str) -> str:
    return {"C": "4/4", "C|": "2/2 (cut time)"}.get(metre, metre)


def _above(low: int, high: int) -> str:
    name, octaves = NAMES[high % 12], (high - low) // 12
    far = ("above", "an octave above", "two octaves above", "three octaves above")
    return f"the {name} {far[min(octaves, 3)]}"


def contour(heard: list[Note]) -> str:
    """Where the first part of a melody goes, by the mean height of its thirds."""
    pitches = [note.pitch for note in heard]
    third = max(len(pitches) // 3, 1)
    start, middle, end = (
        sum(piece) / len(piece)
        for piece in (pitches[:third], pitches[third:-third] or pitches, pitches[-third:])
    )
    first, then = (_way(middle - start), _way(end - middle))
    if first == then:
        return {"stays": "It stays at one height.", "rises": "It rises.", "falls": "It falls."}[
            first
        ]
    return f"It {first}, then {then}."


def _way(step: float) -> str:
    """More than a semitone up or down counts."""
    return "rises" if step > 1 else "falls" if step < -1 else "stays"
