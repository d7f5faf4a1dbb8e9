import base64
import io

import matplotlib.image as mpimg
import nbformat
import numpy as np
import pytest

from tests.book.figures import difference, same_png, same_svg

SVG = '<svg><path id="m0123456789" d="M 10.5 20 L 30 40.25" style="stroke: #0068a8"/></svg>'


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (("10.5", "10.5000001"), True),  # the last digit of another processor
        (("m0123456789", "mabcdef0123"), True),  # a name hashed from the geometry
        (("10.5", "11.5"), False),  # a point that moved
        (("0068a8", "b84e00"), False),  # another colour
        (("L 30", "M 30"), False),  # a line that is gone
        (("40.25", "40.25 50"), False),  # a point more
    ],
)
def test_an_svg_is_the_same_up_to_rounding_only(change, same):
    assert same_svg(SVG, SVG.replace(*change)) is same


def png(value):
    file = io.BytesIO()
    mpimg.imsave(file, np.full((4, 4, 3), value), format="png")
    return base64.b64encode(file.getvalue()).decode()


def test_a_picture_is_compared_by_its_pixels_also_inside_an_svg():
    assert same_png(png(0.5), png(0.5))
    assert not same_png(png(0.5), png(0.7))
    inside = [f'<svg><image href="data:image/png;base64,{png(v)}"/></svg>' for v in (0.5, 0.7)]
    assert same_svg(inside[0], inside[0])
    assert not same_svg(*inside)


def cell(*svgs):
    outputs = [nbformat.v4.new_output("display_data", {"image/svg+xml": svg}) for svg in svgs]
    return nbformat.v4.new_code_cell(outputs=outputs)


def test_a_cell_says_what_is_stale():
    assert difference(cell(SVG), cell(SVG)) is None
    assert "not the one" in difference(cell(SVG), cell(SVG.replace("20", "25")))
    assert difference(cell(SVG), cell()) == "stored 1 figures, the run drew 0"
