"""What theory says of training, found in the engine."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from harness import engine
from harness.engine.feeding import GD
from harness.engine.losses import CrossEntropy, SquaredError
from harness.engine.run import Data, Split
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Momentum

X = np.array([0.5, -1.0, 2.0])
CURVATURE = float(np.mean(X**2))
OPTIMUM = 0.7


def quadratic(make_run, **choices):
    """J(w) = CURVATURE (w - OPTIMUM)^2 / 2, from w = 1."""
    split = Split(X[:, None], OPTIMUM * X[:, None])
    data = Data(split, split, split, classifies=False)
    return make_run((), output="identity", bias=False, data=data, loss=SquaredError(), **choices)


def errors(run, start_at, updates):
    state, found = start_at(run, [1.0]), []
    for _ in range(updates):
        found.append(state.arrays.parameters[0, 0] - OPTIMUM)
        state, _ = engine.advance(state, 1)
    return np.array(found)


@pytest.mark.parametrize("share", [0.1, 0.9, 1.0, 1.5])
def test_gradient_descent_contracts_a_quadratic_by_one_minus_rate_times_curvature(make_run, start_at, share):
    run = quadratic(make_run, feeding=GD(learning_rate=share / CURVATURE), stopping=Stopping(updates=20))
    expected = (1.0 - OPTIMUM) * (1 - share) ** np.arange(20)
    np.testing.assert_allclose(errors(run, start_at, 20), expected, atol=1e-14)


def test_gradient_descent_is_stable_just_below_two_over_the_curvature_and_not_just_above(make_run, start_at):
    stopping = Stopping(updates=400)
    below = quadratic(make_run, feeding=GD(learning_rate=1.99 / CURVATURE), stopping=stopping)
    above = quadratic(make_run, feeding=GD(learning_rate=2.01 / CURVATURE), stopping=stopping)
    assert abs(errors(below, start_at, 400)[-1]) < 0.02 * (1.0 - OPTIMUM)
    state, _ = engine.advance(start_at(above, [1.0]))
    assert engine.records(state)[0].outcome == "diverged"


def test_momentum_contracts_a_quadratic_at_its_known_rate(make_run, start_at):
    """The error follows e_{t+1} = (1 + m - rate L) e_t - m e_{t-1}, whose roots have modulus sqrt m."""
    momentum, rate = 0.6, 1.0 / CURVATURE
    run = quadratic(
        make_run,
        feeding=GD(learning_rate=rate),
        update_rule=Momentum(momentum=momentum),
        stopping=Stopping(updates=60),
    )
    found = errors(run, start_at, 60)
    expected = [1.0 - OPTIMUM, (1 - rate * CURVATURE) * (1.0 - OPTIMUM)]
    while len(expected) < 60:
        expected.append((1 + momentum - rate * CURVATURE) * expected[-1] - momentum * expected[-2])
    np.testing.assert_allclose(found, expected, atol=1e-14)
    assert np.abs(found[-10:]).max() < 3 * np.sqrt(momentum) ** 50


def test_layers_without_a_non_linearity_are_one_linear_map(make_run, pass_forward):
    run = make_run((5, 4, 3), "identity", "identity", bias=False)
    parameters, x = run.initial_parameters()[None], run.data.train.x
    found = pass_forward(run.network, parameters, x).a[-1][0].T
    product = np.linalg.multi_dot([layer.weights[0] for layer in run.network.layers(parameters)])
    np.testing.assert_allclose(found, x @ product, rtol=1e-12, atol=1e-14)


def test_one_sigmoid_layer_with_cross_entropy_reaches_logistic_regressions_optimum(make_run, make_data):
    data = make_data(samples=60, features=3, columns=1, one_split=True)
    feeding, stopping = GD(learning_rate=2.0), Stopping(updates=5000)
    run = make_run((), data=data, loss=CrossEntropy(), feeding=feeding, stopping=stopping)
    layer = run.network.layers(engine.advance(engine.start([run]))[0].arrays.parameters)[0]
    peer = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit(data.train.x, data.train.y[:, 0])
    np.testing.assert_allclose(layer.weights[0, :, 0], peer.coef_[0], atol=1e-6)
    np.testing.assert_allclose(layer.bias[0, 0], peer.intercept_, atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_the_mean_square_of_batch_gradients_is_that_of_all_plus_the_spread_over_the_batch(
    make_run, make_data, size, gradient_of
):
    """E||g_B||^2 = ||g||^2 + tr(Sigma) / B (N - B) / (N - 1), exactly, over all batches of B of N."""
    samples = 8
    data = make_data(samples=samples, columns=3, one_split=True)
    run = make_run((4,), "tanh", "softmax", data=data, loss=CrossEntropy())

    def gradient(rows):
        return gradient_of(run, run.initial_parameters(), rows)

    each = np.array([gradient([row]) for row in range(samples)])
    whole = gradient(list(range(samples)))
    spread = each.var(axis=0).sum()
    batches = [gradient(list(rows)) for rows in combinations(range(samples), size)]
    expected = whole @ whole + spread / size * (samples - size) / (samples - 1)
    assert np.mean([batch @ batch for batch in batches]) == pytest.approx(expected, rel=1e-10)
