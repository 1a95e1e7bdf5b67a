"""Initial weights: their spread over large fans, and what `auto` means for each layer."""

from math import sqrt

import numpy as np
import pytest

from harness.engine.initializers import Auto, Constant, He, LeCun, Normal, Uniform, Xavier, Zeros, resolve
from harness.streams import stream

FAN_IN, FAN_OUT = 400, 300
DRAWN = {
    "normal": (Normal(scale=0.3), 0.3),
    "xavier": (Xavier(), sqrt(2 / (FAN_IN + FAN_OUT))),
    "xavier with gain": (Xavier(gain=4.0), 4 * sqrt(2 / (FAN_IN + FAN_OUT))),
    "he": (He(), sqrt(2 / FAN_IN)),
    "he with gain": (He(gain=0.5), 0.5 * sqrt(2 / FAN_IN)),
    "lecun": (LeCun(), sqrt(1 / FAN_IN)),
}
UNIFORM = {
    "uniform": (Uniform(limit=0.3), 0.3),
    "xavier": (Xavier(distribution="uniform"), sqrt(6 / (FAN_IN + FAN_OUT))),
    "he": (He(distribution="uniform"), sqrt(6 / FAN_IN)),
    "lecun with gain": (LeCun(gain=2.0, distribution="uniform"), 2 * sqrt(3 / FAN_IN)),
}


@pytest.mark.parametrize("name", DRAWN)
def test_weights_have_the_standard_deviation_of_the_formula(name):
    initializer, deviation = DRAWN[name]
    weights = initializer.weights(FAN_IN, FAN_OUT, stream(0, "initial/layer_1"))
    assert weights.shape == (FAN_IN, FAN_OUT)
    # Five deviations of what 120,000 normal draws estimate.
    count = FAN_IN * FAN_OUT
    assert weights.std() == pytest.approx(deviation, rel=5 / sqrt(2 * count))
    assert abs(weights.mean()) < 5 * deviation / sqrt(count)
    # Normal, not uniform: the fourth moment is 3 (a uniform's is 1.8).
    assert np.mean((weights / deviation) ** 4) == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_weights_fill_their_interval_and_nothing_beyond(name):
    initializer, limit = UNIFORM[name]
    weights = initializer.weights(FAN_IN, FAN_OUT, stream(0, "initial/layer_1"))
    assert limit * 0.999 < np.abs(weights).max() <= limit
    # A uniform variable's fourth moment is 1.8 times its squared variance.
    assert np.mean((weights / weights.std()) ** 4) == pytest.approx(1.8, rel=0.02)


def test_zeros_are_zeros():
    assert not Zeros().weights(3, 2, stream(0, "x")).any()


def test_constant_fills_with_its_value():
    assert np.array_equal(Constant(value=-0.5).weights(3, 2, stream(0, "x")), np.full((3, 2), -0.5))


def test_auto_is_he_before_a_rectifier_and_xavier_elsewhere(make_run):
    run = make_run((4, 5), ("relu", "tanh"), initializer=Auto())
    found = run.network.layers(run.initial_parameters()[None])
    for number, (layer, kind) in enumerate(zip(found, (He(), Xavier(), Xavier()), strict=True), start=1):
        draw = stream(0, f"initial/layer_{number}")
        assert np.array_equal(layer.weights[0], kind.weights(*layer.weights[0].shape, draw))


def test_auto_hands_its_biases_on():
    assert resolve(Auto(bias_scale=0.7, bias=2.0), rectifies=True) == He(bias_scale=0.7, bias=2.0)
    assert resolve(Auto(bias_scale=0.7, bias=2.0), rectifies=False) == Xavier(bias_scale=0.7, bias=2.0)
    assert resolve(Normal(scale=2.0), rectifies=True) == Normal(scale=2.0)


def test_auto_cannot_draw_by_itself():
    with pytest.raises(TypeError, match="resolved"):
        Auto().weights(2, 2, stream(0, "x"))


def test_biases_are_zero_or_drawn_with_their_own_scale(make_run, make_data):
    data = make_data(features=2)

    def biases(scale):
        run = make_run((20_000,), data=data, initializer=Normal(bias_scale=scale))
        return run.network.layers(run.initial_parameters()[None])[0].bias

    assert not biases(0.0).any()
    assert biases(0.25).std() == pytest.approx(0.25, rel=5 / sqrt(2 * 20_000))


def test_biases_have_the_mean_that_is_asked_for(make_run):
    def biases(**keys):
        run = make_run((50,), initializer=Normal(**keys))
        return run.network.layers(run.initial_parameters()[None])[0].bias

    assert (biases(bias=0.9) == 0.9).all()
    np.testing.assert_allclose(biases(bias=-2.0, bias_scale=0.5), biases(bias_scale=0.5) - 2, atol=1e-15)


def test_scales_multiply_the_same_draws(make_run):
    narrow, wide = (make_run(initializer=Normal(scale=scale)).initial_parameters() for scale in (0.5, 1.0))
    assert np.array_equal(2 * narrow, wide)
