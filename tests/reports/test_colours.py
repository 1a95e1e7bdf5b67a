"""The colours of arms: told from the paper and from each other, by colour-blind eyes as well."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from reports.arms import COLOURS, LAYER_COLOURS, layer_looks, look

# Machado, Oliveira and Fernandes 2009, severity 1, of linear RGB.
EYES = {
    "all cones": np.eye(3),
    "no red cones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue cones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colours):
    """Return linear RGB, shape (colours, 3)."""
    parts = np.array([to_rgb(colour) for colour in colours])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Return CIE L*a*b* of linear RGB."""
    xyz = np.clip(rgb, 0, 1) @ TO_XYZ.T / TO_XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116).T
    return np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("colours", [COLOURS, LAYER_COLOURS])
def test_every_line_is_three_to_one_on_white(colours):
    luminance = linear(colours) @ TO_XYZ[1]
    assert (1.05 / (luminance + 0.05) >= 3).all()


@pytest.mark.parametrize("eyes", EYES)
def test_any_two_colours_of_arms_are_told_apart(eyes):
    seen = lab(linear(COLOURS) @ np.transpose(EYES[eyes]))
    for one, other in combinations(range(len(COLOURS)), 2):
        # A difference of 2 is just seen side by side; the palette that this replaced came down to 12.
        assert np.linalg.norm(seen[one] - seen[other]) > 18, (COLOURS[one], COLOURS[other])


def test_twelve_arms_differ_in_colour_or_in_dashes_and_marker():
    looks = [look(index) for index in range(12)]
    for one, other in combinations(looks, 2):
        assert one.colour != other.colour or (one.dashes != other.dashes and one.marker != other.marker)


def test_layers_get_lighter_from_the_input_on():
    lightness = lab(linear([look.colour for look in layer_looks(11).values()]))[:, 0]
    assert (np.diff(lightness) > 0).all()
    assert len(layer_looks(40)) == 40
    assert list(layer_looks(1)) == [1]
