"""Scaling of inputs, by the training samples alone."""

import numpy as np
import pytest

from harness.data.scaling import scaler


def scale(scaling, train, others):
    scaled = scaler(scaling, train)
    return [scaled(part) for part in (train, *others)]


@pytest.fixture
def parts():
    draw = np.random.default_rng(0)
    train = draw.normal([3, -20, 0.5], [2, 7, 0.1], (60, 3))
    return train, [draw.normal([3, -20, 0.5], [2, 7, 0.1], (count, 3)) for count in (20, 10)]


def test_standard_gives_each_feature_mean_0_and_deviation_1(parts):
    train = scale("standard", *parts)[0]
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose(train.std(axis=0), 1, rtol=1e-13)


def test_range_takes_all_features_together_to_0_and_1(parts):
    train, others = parts
    scaled = scale("range", train, others)[0]
    assert scaled.min() == 0
    assert scaled.max() == pytest.approx(1, rel=1e-15)
    # One shift and one width for all features: distances between them are kept.
    np.testing.assert_allclose(scaled * (train.max() - train.min()) + train.min(), train, rtol=1e-12)


def test_none_leaves_everything_as_it_is(parts):
    train, others = parts
    for before, after in zip([train, *others], scale("none", train, others), strict=True):
        assert np.array_equal(before, after)


@pytest.mark.parametrize("scaling", ["standard", "range", "none"])
def test_the_training_part_alone_decides(parts, scaling):
    train, others = parts
    wild = [others[0] * 1000 + 5, others[1]]
    usual, moved = scale(scaling, train, others), scale(scaling, train, wild)
    assert np.array_equal(usual[0], moved[0])
    assert np.array_equal(usual[2], moved[2])
    # The other parts go through the map of the training part.
    joined = scale(scaling, train, [train])
    assert np.array_equal(joined[0], joined[1])


@pytest.mark.parametrize("scaling", ["standard", "range"])
def test_parts_beyond_the_training_part_stay_beyond(parts, scaling):
    train, _ = parts
    low, high = train.min(axis=0) - 1, train.max(axis=0) + 1
    scaled, beyond = scale(scaling, train, [np.array([low, high])])
    assert (beyond[0] < scaled.min(axis=0)).all()
    assert (beyond[1] > scaled.max(axis=0)).all()


# 0.1 has no exact mean: its deviation comes out as a rounding error, which is no width.
@pytest.mark.parametrize("value", [0.0, 5.0, 0.1, -1e9 / 3])
@pytest.mark.parametrize("samples", [3, 60, 1077])
def test_a_constant_feature_is_shifted_and_not_blown_up(value, samples):
    train = np.full((samples, 2), value)
    train[:, 1] = np.arange(samples)
    scaled, other = scale("standard", train, [np.array([[value, 0.0], [value + 0.5, 0.0]])])
    rounding = 1e-14 * max(1, abs(value))
    np.testing.assert_allclose(scaled[:, 0], 0, atol=rounding)
    np.testing.assert_allclose(other[:, 0], [0, 0.5], atol=rounding)
    assert scaled[:, 1].std() == pytest.approx(1)


def test_constant_data_have_no_range_and_become_0():
    scaled = scale("range", np.full((5, 2), 3.0), [np.full((2, 2), 4.0)])
    assert np.array_equal(scaled[0], np.zeros((5, 2)))
    assert np.array_equal(scaled[1], np.ones((2, 2)))
