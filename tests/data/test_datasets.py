"""The data sets: shapes, classes, seeds, and their geometry where noise is 0."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from harness.data.datasets import Blobs, Circles, Digits, Moons, Sine, Spirals, ThreeInputs, Xor
from harness.data.registry import DATASETS

# Those of files that a user brings have tests of their own.
OWN = sorted(set(DATASETS) - {"idx"})
DRAWN = sorted(set(OWN) - {"digits", "points"})


@pytest.mark.parametrize("name", OWN)
def test_samples_have_the_shape_that_is_promised(name):
    dataset = DATASETS[name]()
    x, y = dataset.draw()
    assert x.shape == (dataset.size, dataset.features)
    assert x.dtype == np.float64
    assert np.isfinite(x).all()
    if dataset.classes is None:
        assert y.shape == (dataset.size, 1)
        assert y.dtype == np.float64
    else:
        assert y.shape == (dataset.size,)
        assert y.dtype == np.int64
        assert sorted(set(y)) == list(range(dataset.classes))
    assert dataset.name == name


@pytest.mark.parametrize("name", DRAWN)
def test_a_seed_gives_the_same_samples_and_another_seed_others(name):
    dataset = DATASETS[name](noise=0.3, samples=20)
    x, y = dataset.draw()
    again, labels = dataset.draw()
    assert np.array_equal(x, again)
    assert np.array_equal(y, labels)
    assert not np.array_equal(replace(dataset, seed=1).draw()[0], x)


@pytest.mark.parametrize("name", OWN)
def test_drawing_leaves_the_global_generator_alone(name):
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    DATASETS[name]().draw()
    assert np.random.random() == expected


@pytest.mark.parametrize("name", [*DRAWN, "digits"])
def test_the_number_of_samples_is_kept(name):
    dataset = DATASETS[name](samples=37)
    assert len(dataset.draw()[0]) == dataset.size == 37


@pytest.mark.parametrize(
    "dataset", [Moons(samples=101), Circles(samples=101), Blobs(samples=101), Spirals(samples=101)]
)
def test_classes_are_balanced_to_within_one_sample(dataset):
    counts = np.bincount(dataset.draw()[1])
    assert len(counts) == dataset.classes
    assert counts.max() - counts.min() <= 1


def test_xor_is_its_truth_table():
    x, y = Xor().draw()
    table = {(int(a), int(b)): int(label) for (a, b), label in zip(x, y, strict=True)}
    assert table == {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}
    assert Xor().split == "none"


def test_noisy_xor_stays_around_its_corners():
    x, y = Xor(samples=4000, noise=0.1).draw()
    assert np.array_equal(y, (x[:, 0].round().astype(int) ^ x[:, 1].round().astype(int)))
    assert (x - x.round()).std() == pytest.approx(0.1, rel=0.05)


def test_moons_without_noise_are_two_half_circles():
    x, y = Moons(noise=0.0).draw()
    upper, lower = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1)
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    assert upper[:, 1].min() >= -1e-12
    assert lower[:, 1].max() <= 0.5 + 1e-12


def test_circles_without_noise_have_two_radii():
    x, y = Circles(noise=0.0, factor=0.3).draw()
    np.testing.assert_allclose(np.hypot(*x[y == 0].T), 1)
    np.testing.assert_allclose(np.hypot(*x[y == 1].T), 0.3)


def test_blobs_without_noise_are_their_centres():
    x, y = Blobs(noise=0.0, centers=4).draw()
    assert len(np.unique(x, axis=0)) == 4
    for label in range(4):
        assert len(np.unique(x[y == label], axis=0)) == 1


def test_blobs_spread_by_their_noise():
    x, y = Blobs(noise=2.0, samples=9000).draw()
    for label in range(3):
        np.testing.assert_allclose(x[y == label].std(axis=0), 2, rtol=0.05)


@pytest.mark.parametrize(("arms", "turns"), [(2, 1.0), (3, 1.5)])
def test_spirals_without_noise_turn_as_they_leave_the_centre(arms, turns):
    x, y = Spirals(noise=0.0, arms=arms, turns=turns).draw()
    radius = np.hypot(*x.T)
    assert radius.max() <= turns
    # On arm k the angle is 2 pi (radius + k / arms), up to whole turns.
    lag = np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi) - radius - y / arms
    np.testing.assert_allclose(lag, lag.round(), atol=1e-9)


def test_three_inputs_without_noise_follow_their_rule():
    x, y = ThreeInputs(noise=0.0).draw()
    assert np.array_equal(y, (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype(int))
    # The rule is odd in (x1, x3): both classes are equally likely.
    assert 0.4 < y.mean() < 0.6


def test_three_inputs_with_noise_break_their_rule_now_and_then():
    x, y = ThreeInputs(noise=0.5, samples=2000).draw()
    broken = (y != (x[:, 0] * x[:, 1] + x[:, 2] > 0)).mean()
    assert 0.02 < broken < 0.3


def test_sine_without_noise_is_a_sine():
    x, y = Sine(noise=0.0).draw()
    np.testing.assert_allclose(y, np.sin(np.pi * x), rtol=1e-14)
    assert -1 <= x.min() < -0.9 < 0.9 < x.max() <= 1


def test_digits_are_scikit_learns_pixels():
    x, y = Digits().draw()
    pixels, labels = load_digits(return_X_y=True)
    assert np.array_equal(x, pixels)
    assert np.array_equal(y, labels)
    assert (x.shape, x.min(), x.max()) == ((1797, 64), 0, 16)


def test_fewer_digits_are_the_first_ones_and_more_than_all_are_all():
    assert np.array_equal(Digits(samples=100).draw()[0], Digits().draw()[0][:100])
    assert Digits(samples=5000).size == 1797
