import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from afterword.model.positions import Rotary, rotate, turning_angles
from afterword.plots.knob import STOPS, live_base, score_by_distance, sentence, wavelengths


@pytest.mark.parametrize("base", [10.0, 1_778.0, 1e6])
def test_the_scores_are_those_of_rotary(base):
    """A vector whose pairs are equally long, with itself, at all distances."""
    distances, vector = torch.arange(129), torch.ones(1, 1, 129, 16)
    turned = Rotary(base=base).turn(vector, distances)[0, 0] @ vector[0, 0, 0] / 16
    ours = score_by_distance(distances.numpy(), base=base, n_pairs=8)
    np.testing.assert_allclose(ours, turned, atol=1e-5)  # angles up to 128 in fp32
    rotation = Rotary(base=base).rotation(distances, 16)
    assert torch.equal(rotate(vector, rotation), Rotary(base=base).turn(vector, distances))


def test_a_wavelength_is_one_turn():
    waves = wavelengths(base=50.0, n_pairs=4)
    angles = turning_angles(torch.tensor([1]), n_pairs=4, base=50.0)[0]
    np.testing.assert_allclose(waves * angles.numpy(), 2 * np.pi, rtol=1e-6)


def test_the_sentence_says_what_a_pencil_finds():
    """Base 10 and one pair: it turns by a radian a place, so the score is the cosine."""
    said = sentence(base=10.0, n_pairs=1, context_length=3)
    assert said == (
        "Base 10: waves of 6.3 to 6 places, 1 of 1 longer than 3. At distance 3 the score is -0.99."
    )


def test_the_still_form_is_complete_without_the_script():
    figure = live_base(base=10_000.0, n_pairs=8, context_length=32)
    still = figure.html.split("<script>")[0]
    svg = ElementTree.fromstring(re.search(r"<svg.*</svg>", still, re.DOTALL)[0])
    points = svg.find("polyline").get("points").split()
    assert len(points) == 129
    assert points[0] == "34.00,30.00"
    assert len(svg.findall("circle")) == 8
    assert len([c for c in svg.findall("circle") if c.get("class") == "wave known"]) == 2
    assert sentence(base=10_000.0, n_pairs=8, context_length=32) in still
    assert svg.get("role") == "img"
    assert svg.get("aria-label")


def test_it_asks_for_nothing_and_is_the_same_each_time():
    one, other = (live_base(n_pairs=8, context_length=32) for _ in range(2))
    assert one == other
    bundle = one._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert "//" not in re.sub(r"^ *//.*|(?<=;) // .*", "", one.html, flags=re.MULTILINE)
    ElementTree.fromstring(bundle["image/svg+xml"])
    data = json.loads(re.search(r"const data = (.*);", one.html)[1])
    assert (data["base"], data["n_pairs"]) == (10_000, 8)


def test_the_knob_stands_only_at_its_stops():
    assert (STOPS[0], STOPS[-1]) == (3, 10**6)
    with pytest.raises(ValueError, match=r"no stop at base 5\.0; the nearest is 6"):
        live_base(base=5.0, n_pairs=8, context_length=32)
