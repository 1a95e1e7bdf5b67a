"""What initial weights make of a signal on its way through many layers, forwards and backwards.

In a layer of n units the ratio of mean squares |D W a|^2 / |a|^2, W normal of variance c/n, is the mean of n
independent terms c g^2 xi: g standard normal, xi = 1 where a unit passes and 0 where not. ReLU passes with
probability 1/2 whatever its weights (Hanin and Nica 2020), so that He's c = 2 gives terms of mean 1 and
variance 2^2 3/2 - 1 = 5; linear units and Xavier's c = 1 give 1 and 3 - 1 = 2. Ratios of different layers are
independent: their product over k layers has mean 1 and variance (1 + 5/n)^k - 1, exactly.
"""

import numpy as np
import pytest
from scipy.stats import t as student

from harness.engine.initializers import He, Xavier
from harness.engine.network import hand_down

LAWS = {"relu": (He(), 2.0, 5.0), "identity": (Xavier(), 1.0, 2.0)}
# A product of many ratios is skewed like a log-normal, its mean over the draws here by up to 0.3. Corrected
# for skewness and kurtosis (Cornish and Fisher), no layer passes 8 deviations once in a million tests.
DEVIATIONS = 8.0


def mean_squares(make_run, make_data, pass_forward, activation, initializer, width, depth, draws, inputs=1):
    """Return mean squares of z by layer and of delta by hidden layer for each draw of the weights.

    The inputs, and the deltas handed down from the output, have a mean square of 1. Shapes
    (draws, depth + 1) and (draws, depth), from the input on.
    """
    data = make_data(samples=inputs, features=width, columns=width, classifies=False, one_split=True)
    x = data.train.x / np.sqrt(np.mean(data.train.x**2, axis=1, keepdims=True))
    forwards, backwards = np.empty((draws, depth + 1)), np.empty((draws, depth))
    for seed in range(draws):
        run = make_run(
            (width,) * depth, activation, "identity", False, data, seed=seed, initializer=initializer
        )
        parameters = run.initial_parameters()[None]
        layers = run.network.layers(parameters)
        signals = pass_forward(run.network, parameters, x)
        signals.delta[-1][...] = 1
        for layer in range(depth, 0, -1):
            z, a, slope = signals.z[layer - 1], signals.a[layer - 1], signals.slope[layer - 1]
            run.network.activations[layer - 1].slope(z, a, out=slope)
            hand_down(layers[layer], signals.delta[layer], slope, out=signals.delta[layer - 1])
        forwards[seed] = [np.mean(z**2) for z in signals.z]
        backwards[seed] = [np.mean(delta**2) for delta in signals.delta[:-1]]
    return forwards, backwards


def assert_kept(make_run, make_data, pass_forward, activation, width, depth, draws):
    """Compare the mean over draws with 1 by layer, within `DEVIATIONS` of its exact standard deviation."""
    initializer, size, spread = LAWS[activation]
    forwards, backwards = mean_squares(
        make_run, make_data, pass_forward, activation, initializer, width, depth, draws
    )
    passed = np.arange(depth + 1)
    # Before its activation a layer's z has c times the mean square below, of n terms c g^2 of variance 2 c^2.
    ratios = forwards.mean(axis=0) / size
    variance = (1 + 2 / width) * (1 + spread / width) ** passed - 1
    assert np.all(np.abs(ratios - 1) < DEVIATIONS * np.sqrt(variance / draws))
    variance = (1 + spread / width) ** passed[:0:-1] - 1
    assert np.all(np.abs(backwards.mean(axis=0) - 1) < DEVIATIONS * np.sqrt(variance / draws))


@pytest.mark.slow
def test_he_keeps_the_mean_square_through_fifty_relu_layers(make_run, make_data, pass_forward):
    assert_kept(make_run, make_data, pass_forward, "relu", width=512, depth=50, draws=200)


@pytest.mark.parametrize(("activation", "draws"), [("relu", 200), ("identity", 80)])
def test_twenty_layers_keep_the_mean_square_forwards_and_backwards(
    make_run, make_data, pass_forward, activation, draws
):
    assert_kept(make_run, make_data, pass_forward, activation, width=128, depth=20, draws=draws)


# Quadrature for the mean over a standard normal variable.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(120)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def after_tanh(square, power=2):
    """Return the mean of tanh(z)^power for normal z of mean square `square`."""
    return WEIGHTS @ np.tanh(np.sqrt(square) * NODES) ** power


def tanh_recursion(depth, width=np.inf):
    """Return q_l = E z_l^2 for l = 1 ... depth, q_1 = 1, in a network of tanh with weights of variance 1/n.

    Infinitely wide: q_{l+1} = F(q_l) = E tanh^2(sqrt(q_l) xi). In n units the mean over them fluctuates
    around that with variance Var[tanh^2] / n, which the next layer maps by F's slope and curvature, to first
    order in 1/n: E q falls behind by about l / 3n of itself.
    """
    square, variance, found = 1.0, 0.0, [1.0]
    for _ in range(depth - 1):
        step = 1e-3 * square
        below, here, above = (after_tanh(square + shift) for shift in (-step, 0, step))
        slope, curvature = (above - below) / (2 * step), (above - 2 * here + below) / step**2
        variance, square = (
            slope**2 * variance + (after_tanh(square, 4) - here**2) / width,
            here + curvature * variance / 2,
        )
        found.append(square)
    return np.array(found)


def test_in_tanh_layers_the_mean_square_falls_as_the_recursion_says(make_run, make_data, pass_forward):
    width, depth, draws = 256, 29, 30
    forwards, _ = mean_squares(
        make_run, make_data, pass_forward, "tanh", Xavier(), width, depth, draws, inputs=16
    )
    layers = np.arange(1, depth + 2)
    error = forwards.std(axis=0, ddof=1) / np.sqrt(draws)
    # A mean of so many draws is this far off in some layer by chance once in a million tests.
    limit = student.isf(0.5e-6 / len(layers), draws - 1)
    found = forwards.mean(axis=0)
    assert np.all(np.abs(found - tanh_recursion(depth + 1, width)) <= limit * error)
    # That says something: after 30 layers the mean square is known to a fifth.
    assert limit * error[-1] < found[-1] / 5
    assert layers[-1] * found[-1] == pytest.approx(0.5, abs=0.1)


def test_the_mean_square_after_l_tanh_layers_approaches_one_over_two_l():
    """As q_{l+1} = q - 2 q^2 + (17/3) q^3 - ..., 1 / q_l = 2 l - (5/6) ln l + a constant."""
    layers = np.array([50, 200, 1000, 5000])
    apart = layers * tanh_recursion(5000)[layers - 1] - 0.5
    assert np.all(np.diff(apart) < 0)
    assert 0 < apart[-1] < 1e-3
