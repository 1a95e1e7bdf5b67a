"""Maps of the plane: where they lie, what they answer, and when they are taken."""

import numpy as np
import pytest

from harness.engine.activations import ACTIVATIONS
from harness.engine.diagnostics import Diagnostics
from harness.engine.diagnostics.decision_map import GRID, applies, bounds, decision_map, moments
from harness.engine.feeding import GD, SGD, Batch

LIMITS = np.array([[-2.0, 1.0], [-1.0, 3.0]])
CASES = [
    ("sigmoid", 1, True),
    ("identity", 1, False),
    ("softmax", 3, True),
    ("sigmoid", 3, True),
    ("identity", 3, True),
]


def answer(run, parameters, x):
    """Return the outputs of one point, unit by unit."""
    functions = {"tanh": np.tanh, "identity": lambda z: z, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
    names = [*(activation.name for activation in run.network.activations), run.network.output.name]
    for name, layer in zip(names, run.network.layers(parameters[None]), strict=True):
        weights, bias = layer.weights[0], layer.bias[0, 0]
        z = [sum(x * weights[:, unit]) + bias[unit] for unit in range(len(bias))]
        x = np.exp(z) / sum(np.exp(z)) if name == "softmax" else functions[name](np.array(z))
    return x


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("output", "columns", "classifies"), CASES)
def test_a_map_agrees_with_predicting_single_points(make_run, make_data, output, columns, classifies, dtype):
    data = make_data(features=2, columns=columns, classifies=classifies, dtype=dtype)
    run = make_run((5, 4), "tanh", output, data=data, dtype=dtype)
    draw = np.random.default_rng(1)
    parameters = draw.normal(size=(1, run.network.parameters)).astype(dtype)
    found = decision_map(run.network, parameters, LIMITS[None])
    tolerance = 1e-6 if dtype == "float64" else 1e-4
    classes = set()
    for row, column in draw.integers(0, GRID, size=(60, 2)):
        point = np.array([-2 + 3 * column / (GRID - 1), -1 + 4 * row / (GRID - 1)])
        outputs = answer(run, parameters[0].astype(float), point)
        value, chosen = found.values[0, row, column], found.classes[0, row, column]
        if columns == 1:
            expected, likeliest = outputs[0], int(outputs[0] > 0.5)
        else:
            shares = np.maximum(outputs, 0)
            total = shares.sum()
            expected = shares.max() / total if total else 1 / columns
            likeliest = int(outputs.argmax())
        assert value == pytest.approx(expected, rel=tolerance)
        assert chosen == likeliest
        classes.add(int(chosen))
    assert len(classes) > 1, "a plane of one class shows no boundary"


def test_the_plane_reaches_a_tenth_beyond_the_inputs_on_every_side():
    x = np.array([[0.0, 5.0], [10.0, 5.0], [4.0, 5.0]], np.float32)
    assert bounds(x).tolist() == [[-1.0, 11.0], [4.0, 6.0]]


def test_each_run_of_a_stack_has_the_map_it_has_alone(make_run, make_data):
    run = make_run((5,), data=make_data(features=2))
    draw = np.random.default_rng(0)
    parameters = draw.normal(size=(4, run.network.parameters))
    limits = np.sort(draw.normal(size=(4, 2, 2)))
    together = decision_map(run.network, parameters, limits)
    for member in range(4):
        alone = decision_map(run.network, parameters[member : member + 1].copy(), limits[member : member + 1])
        assert np.array_equal(alone.values[0], together.values[member])
        assert np.array_equal(alone.classes[0], together.classes[member])


@pytest.mark.parametrize(("output", "columns"), [("sigmoid", 1), ("softmax", 3), ("identity", 1)])
def test_of_weights_that_are_no_numbers_the_answers_are_none(make_run, make_data, output, columns):
    data = make_data(features=2, columns=columns, classifies=output != "identity")
    run = make_run((5,), output=output, data=data)
    found = decision_map(run.network, np.full((1, run.network.parameters), np.nan), LIMITS[None])
    assert np.isnan(found.values).all()
    assert not found.classes.any()


def test_predictions_beyond_single_precision_are_infinite_and_warn_of_nothing(make_run, make_data):
    run = make_run((), output="identity", data=make_data(features=2, columns=1, classifies=False))
    limits = np.array([[[1.0, 2.0], [1.0, 2.0]]])
    found = decision_map(run.network, np.full((1, run.network.parameters), 1e300), limits)
    assert np.isinf(found.values).all()


@pytest.mark.parametrize("names", [ACTIVATIONS])
def test_every_activation_can_be_mapped(make_run, make_data, names):
    for name in names:
        run = make_run((5,), name, data=make_data(features=2))
        found = decision_map(run.network, run.initial_parameters()[None], LIMITS[None])
        assert np.isfinite(found.values).all(), name


@pytest.mark.parametrize(
    ("features", "columns", "classifies", "measures", "drawn"),
    [
        (2, 1, True, ("decision_map",), True),
        (2, 1, False, ("decision_map",), True),
        (2, 3, True, ("weight_norm", "decision_map"), True),
        (2, 3, False, ("decision_map",), False),
        (3, 1, True, ("decision_map",), False),
        (1, 1, True, ("decision_map",), False),
        (2, 1, True, ("weight_norm",), False),
        (2, 1, True, (), False),
    ],
)
def test_maps_are_of_planes_and_of_who_asks(
    make_run, make_data, features, columns, classifies, measures, drawn
):
    data = make_data(features=features, columns=columns, classifies=classifies)
    run = make_run(
        output="sigmoid" if classifies else "identity", data=data, diagnostics=Diagnostics(measures=measures)
    )
    assert applies(run) == drawn


@pytest.mark.parametrize(
    ("budget", "per_epoch", "expected"),
    [
        (300, 1, [0, 4, 17, 72, 300]),
        (300, 10, [0, 4, 20, 70, 300]),
        (3000, 300, [0, 7, 55, 300, 3000]),
        (0, 7, [0]),
        (1, 7, [0, 1]),
        (3, 2, [0, 1, 2, 3]),
    ],
)
def test_moments_are_the_start_log_spaced_ones_and_the_end(budget, per_epoch, expected):
    assert moments(budget, per_epoch) == expected


@pytest.mark.parametrize("feeding", [GD(), SGD(), Batch(batch_size=5)], ids=lambda each: each.name)
@pytest.mark.parametrize("budget", [2, 9, 50, 1234, 100_000])
def test_moments_are_few_and_within_the_budget(make_run, feeding, budget):
    per_epoch = make_run(feeding=feeding).per_epoch
    found = moments(budget, per_epoch)
    assert found == sorted(set(found))
    assert (found[0], found[-1]) == (0, budget)
    assert 3 <= len(found) <= 5
    assert all(update % per_epoch == 0 for update in found if per_epoch < update < budget)
