"""Diagnostics by layer against their formulas, written out sample by sample."""

import math

import numpy as np
import pytest

from harness import engine
from harness.engine.activations import ACTIVATIONS
from harness.engine.diagnostics import Diagnostics
from harness.engine.diagnostics.registry import BY_DEFAULT, MEASURES
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.initializers import Normal
from harness.engine.losses import SquaredError
from harness.engine.run import Data, Split
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Momentum

PROBE = 5
BY_LAYER = tuple(name for name in BY_DEFAULT if name in MEASURES)
SLOPES = {
    "identity": lambda z: 1.0,
    "sigmoid": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "relu": lambda z: float(z > 0),
    "leaky_relu": lambda z: 1.0 if z > 0 else 0.01,
    "elu": lambda z: 1.0 if z > 0 else np.exp(z),
    "softplus": lambda z: 1 / (1 + np.exp(-z)),
}
STEEPEST = {"sigmoid": 0.25, "tanh": 1.0}
FUNCTIONS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "elu": lambda z: z if z > 0 else np.exp(z) - 1,
    "softplus": lambda z: np.log(1 + np.exp(z)),
}


def by_sample(run, parameters, samples):
    """Return a_0 to a_L, g'(z) and dJ_n/dz by layer, (samples, units), for 1/2 sum (a - y)^2 by sample."""
    names = [*(activation.name for activation in run.network.activations), run.network.output.name]
    layers = run.network.layers(parameters[None])
    slopes, deltas = ([[] for _ in names] for _ in range(2))
    activations = [[] for _ in run.network.sizes]
    for n in range(samples):
        a, slope = run.data.train.x[n], []
        activations[0].append(a)
        for name, layer in zip(names, layers, strict=True):
            z = a @ layer.weights[0] + layer.bias[0, 0]
            slope.append(np.array([SLOPES[name](each) for each in z]))
            a = np.array([FUNCTIONS[name](each) for each in z])
            activations[len(slope)].append(a)
        delta = (a - run.data.train.y[n]) * slope[-1]
        for number in reversed(range(len(names))):
            slopes[number].append(slope[number])
            deltas[number].append(delta)
            if number:
                delta = (layers[number].weights[0] @ delta) * slope[number - 1]
    return [[np.array(each) for each in found] for found in (activations, slopes, deltas)]


def deviation(values):
    """Return the root of the mean squared distance from the mean, number by number."""
    numbers = [float(value) for value in values.ravel()]
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))


# Steep weights, so that some units saturate and some rectifiers are dead.
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_diagnostic_of_the_start_is_its_formula(make_run, make_data, name):
    run = make_run(
        (9, 8),
        name,
        data=make_data(samples=12, columns=2),
        initializer=Normal(scale=1.5, bias_scale=1.5),
        stopping=Stopping(updates=0),
        diagnostics=Diagnostics(probe=PROBE),
    )
    parameters = run.initial_parameters()
    _, rows = engine.advance(engine.start([run]))
    activations, slopes, deltas = by_sample(run, parameters, PROBE)
    names = [name, name, "sigmoid"]
    for number, layer in enumerate(run.network.layers(parameters[None]), start=1):
        slope, delta = slopes[number - 1], deltas[number - 1]
        row = {key.rsplit("_", 1)[0]: values[0] for key, values in rows.items() if key.endswith(f"_{number}")}
        below = activations[number - 1]
        gradient = sum(np.outer(a, d) for a, d in zip(below, delta, strict=True)) / PROBE
        assert row["gradient_norm"] == pytest.approx(np.sqrt((gradient**2).sum()), rel=1e-12)
        bias_gradient = delta.sum(axis=0) / PROBE
        assert row["bias_gradient_norm"] == pytest.approx(np.sqrt((bias_gradient**2).sum()), rel=1e-12)
        assert row["activation_spread"] == pytest.approx(deviation(activations[number]), rel=1e-12)
        assert row["delta_spread"] == pytest.approx(deviation(delta), rel=1e-12)
        assert row["distance"] == 0
        assert row["delta_rms"] == pytest.approx(np.sqrt((delta**2).mean()), rel=1e-12)
        assert row["weight_norm"] == pytest.approx(np.sqrt((layer.weights**2).sum()), rel=1e-13)
        steepest = STEEPEST.get(names[number - 1])
        if steepest is None:
            assert np.isnan(row["saturation"])
            assert row["dead_units"] == (slope == 0).all(axis=0).mean()
        else:
            closed = slope < 0.1 * steepest
            assert row["saturation"] == closed.mean()
            assert row["dead_units"] == closed.all(axis=0).mean()
    if name in STEEPEST:
        assert 0 < rows["saturation_1"][0] < 1
    if name == "relu":
        assert 0 < rows["dead_units_2"][0] < 1


@pytest.mark.parametrize("output", ["identity", "softmax"])
def test_linear_and_softmax_outputs_do_not_saturate_or_die(make_run, train, output):
    _, rows = train(make_run((4,), output=output))
    assert np.isnan(rows["saturation_2"]).all()
    assert np.isnan(rows["dead_units_2"]).all()


def test_delta_rms_and_gradient_norm_depend_on_no_number_of_samples(make_run, make_data):
    data = make_data(samples=6)
    twice = Split(np.tile(data.train.x, (2, 1)), np.tile(data.train.y, (2, 1)))
    doubled = Data(twice, data.validation, data.test, data.classifies)
    found = [
        engine.advance(engine.start([make_run((5, 4), data=each, stopping=Stopping(updates=0))]))[1]
        for each in (data, doubled)
    ]
    for name in ("delta_rms_1", "delta_rms_3", "gradient_norm_1", "gradient_norm_3", "rho"):
        assert found[0][name][0] == pytest.approx(found[1][name][0], rel=1e-13), name


# A chain of linear units of width 1: delta_l = delta_{l+1} w_{l+1}, so from hidden layer 4 to 1 the
# signal is multiplied by w_4 w_3 w_2, and rho is the geometric mean of their sizes.
def test_rho_of_a_linear_chain_is_the_geometric_mean_of_its_weights(make_run, make_data, start_at):
    data = make_data(features=1, columns=1, classifies=False)
    run = make_run((1, 1, 1, 1), "identity", "identity", bias=False, data=data, stopping=Stopping(updates=0))
    _, rows = engine.advance(start_at(run, [7.0, 0.5, -0.25, 3.0, 11.0]))
    assert rows["rho"][0] == pytest.approx((0.5 * 0.25 * 3.0) ** (1 / 3), rel=1e-13)


@pytest.mark.parametrize(("hidden", "defined"), [((), False), ((4,), False), ((4, 4), True)])
def test_rho_needs_two_hidden_layers(make_run, train, hidden, defined):
    _, rows = train(make_run(hidden))
    assert np.isfinite(rows["rho"]).all() == defined


@pytest.mark.parametrize("scale", ["half", "sum", "mean"])
def test_rho_is_free_of_the_scale_of_the_loss(make_run, make_data, scale):
    data = make_data(columns=3)
    found = [
        engine.advance(
            engine.start([make_run((5, 4, 6), data=data, loss=loss, stopping=Stopping(updates=0))])
        )[1]["rho"][0]
        for loss in (SquaredError(), SquaredError(scale=scale))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-13)


@pytest.mark.parametrize("window", [None, (4, 7)])
@pytest.mark.parametrize("feeding", [GD(), SGD(), Batch(batch_size=5)], ids=lambda each: each.name)
def test_update_ratio_is_of_the_updates_since_the_last_row(
    make_run, make_data, snapshots, train, feeding, window
):
    run = make_run(
        (4, 3),
        data=make_data(samples=12),
        feeding=feeding,
        update_rule=Momentum(momentum=0.7),
        stopping=Stopping(updates=40),
        diagnostics=Diagnostics(window=window),
    )
    _, rows = train(run)
    by_layer = [
        np.array([run.network.layers(kept[None])[layer].weights.ravel() for kept in snapshots(run)])
        for layer in range(3)
    ]
    for number, weights in enumerate(by_layer, start=1):
        step = ((weights[1:] - weights[:-1]) ** 2).sum(axis=1)
        ratio = rows[f"update_ratio_{number}"]
        assert np.isnan(ratio[0])
        for place in range(1, len(ratio)):
            before, now = rows["update"][place - 1], rows["update"][place]
            expected = np.sqrt(step[before:now].mean()) / np.linalg.norm(weights[now])
            assert ratio[place] == pytest.approx(expected, rel=1e-9)


def test_only_the_measures_asked_for_are_in_a_row(make_run, train):
    _, rows = train(make_run((4, 3), diagnostics=Diagnostics(measures=("weight_norm", "delta_rms"))))
    layered = {name for name in rows if name[-1].isdigit()}
    assert layered == {f"{name}_{layer}" for name in ("weight_norm", "delta_rms") for layer in (1, 2, 3)}
    assert "rho" in rows


def test_distance_is_how_far_the_weights_have_come_since_the_start(make_run, snapshots, train):
    run = make_run((4, 3), feeding=Batch(batch_size=5), stopping=Stopping(epochs=6))
    _, rows = train(run)
    for layer in range(3):
        weights = [run.network.layers(kept[None])[layer].weights for kept in snapshots(run)]
        expected = [np.linalg.norm(weights[update] - weights[0]) for update in rows["update"]]
        np.testing.assert_allclose(rows[f"distance_{layer + 1}"], expected, rtol=1e-12)
        assert rows[f"distance_{layer + 1}"][-1] > 0


def test_without_biases_there_are_no_gradients_of_them(make_run, train):
    _, rows = train(make_run((4,), bias=False))
    assert not [name for name in rows if name.startswith("bias_gradient_norm")]
    assert "gradient_norm_2" in rows


# The squares of deltas below 1e-22 are 0 in float32, the deltas themselves are not.
def test_deltas_too_small_to_square_in_single_precision_are_measured(make_run, make_data):
    run = make_run(
        (3,) * 16,
        "sigmoid",
        data=make_data(dtype="float32", columns=1),
        dtype="float32",
        initializer=Normal(scale=0.03),
        stopping=Stopping(updates=0),
    )
    _, rows = engine.advance(engine.start([run]))
    for name in ("delta_rms_1", "delta_spread_1", "gradient_norm_1", "bias_gradient_norm_1"):
        assert 0 < rows[name][0] < 1e-24, name
    assert 0 < rows["rho"][0] < 0.1


# Around a mean a million times as large, a mean of squares less the square of the mean is all noise.
def test_a_small_spread_around_a_large_mean_is_measured(make_run, make_data, start_at):
    data = make_data(features=1, columns=1, classifies=False)
    run = make_run((1,), "identity", "identity", data=data, stopping=Stopping(updates=0))
    small, large = 1e-8, 100.0
    _, rows = engine.advance(start_at(run, [small, large, 1.0, 0.0]))
    expected = deviation(small * data.train.x)
    assert rows["activation_spread_1"][0] == pytest.approx(expected, rel=1e-5)


def test_one_measure_alone_is_what_it_is_among_all(make_run, train):
    _, whole = train(make_run((4, 3), "sigmoid"))
    for name in BY_LAYER:
        _, rows = train(make_run((4, 3), "sigmoid", diagnostics=Diagnostics(measures=(name,))))
        own = [column for column in rows if column.startswith(name) or column == "rho"]
        assert len([column for column in own if column != "rho"]) == 3, name
        for column in own:
            assert np.array_equal(rows[column], whole[column], equal_nan=True), column


class CountedSquaredError(SquaredError):
    """Squared error that counts the backward passes begun."""

    begun = 0

    def delta(self, *arguments, **named):
        type(self).begun += 1
        super().delta(*arguments, **named)


@pytest.mark.parametrize(
    ("measures", "passes"),
    [
        (("activation_spread", "weight_norm", "distance", "update_ratio", "saturation", "dead_units"), 0),
        (("delta_rms",), 1),
        (BY_LAYER, 1),
    ],
)
def test_a_row_takes_one_backward_pass_and_none_where_no_diagnostic_needs_it(
    make_run, train, measures, passes
):
    before = CountedSquaredError.begun
    diagnostics = Diagnostics(measures=measures)
    train(make_run((4, 3), loss=CountedSquaredError(), stopping=Stopping(updates=0), diagnostics=diagnostics))
    assert CountedSquaredError.begun - before == passes
