"""Labels at the ends of lines: apart, in order, and no further from their lines than they have to be."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reports.figures.direct_labels import spread

HEIGHTS = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(HEIGHTS)
def test_labels_are_apart_in_order_and_within_the_panel(heights):
    wanted = np.array(heights)
    placed = spread(wanted, 0.08)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(placed[order]) >= 0.08 - 1e-9).all()
    assert (placed >= -1e-9).all()
    assert (placed <= 1 + 1e-9).all()


def test_labels_that_are_apart_stay_where_their_lines_end():
    assert np.allclose(spread(np.array([0.9, 0.1, 0.5]), 0.1), [0.9, 0.1, 0.5])


def test_labels_of_lines_that_end_together_stand_around_them():
    assert np.allclose(spread(np.array([0.5, 0.5, 0.5]), 0.1), [0.4, 0.5, 0.6])
    assert np.allclose(spread(np.array([0.0, 0.0, 1.0]), 0.1), [0.0, 0.1, 1.0])


def test_more_labels_than_there_is_room_for_are_spread_around_the_middle():
    placed = spread(np.linspace(0, 1, 5), 0.5)
    assert np.allclose(placed, [-0.5, 0.0, 0.5, 1.0, 1.5])
