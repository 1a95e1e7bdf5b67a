"""Backpropagation against finite differences, and that a wrong derivative does not pass."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from harness.engine.activations import Sigmoid
from harness.engine.gradient_check import LIMIT, check_gradients
from harness.engine.initializers import He
from harness.engine.losses import CrossEntropy, SquaredError
from harness.engine.run import Split

HIDDEN = ((), (5,), (4, 3), (4, 3, 5))


def data_for(make_data, pairing, samples=6):
    return make_data(
        samples=samples, columns=pairing.columns, classifies=pairing.output != "identity", seed=3
    )


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda hidden: f"depth-{len(hidden)}")
def test_gradients_agree_with_finite_differences(make_run, make_data, pairing, activation, hidden, bias):
    for reduction in ("mean", "sum"):
        run = make_run(
            hidden,
            activation,
            pairing.output,
            bias,
            data_for(make_data, pairing),
            loss=replace(pairing.loss, reduction=reduction),
        )
        checks = check_gradients(run, run.initial_parameters())
        assert len(checks) == (len(hidden) + 1) * (1 + bias)
        for check in checks:
            assert check.checked > 0
            assert check.error < LIMIT, (reduction, check)


@pytest.mark.parametrize("samples", [1, 2, 100])
def test_gradients_agree_for_one_sample_and_for_many(make_run, make_data, pairing, samples):
    # One sample takes the outer product, and a hundred the reductions by column.
    run = make_run((4,), "tanh", pairing.output, data=data_for(make_data, pairing, 100), loss=pairing.loss)
    for check in check_gradients(run, run.initial_parameters(), samples=samples):
        assert check.error < LIMIT


def test_gradients_of_weighted_samples_agree(make_run, make_data):
    data = make_data(samples=6)
    weighted = replace(data, train=Split(data.train.x, data.train.y, np.arange(6.0)))
    plain, heavy = (make_run((4,), data=each, loss=CrossEntropy()) for each in (data, weighted))
    at = plain.initial_parameters()
    assert all(check.error < LIMIT for check in check_gradients(heavy, at))
    assert check_gradients(heavy, at) != check_gradients(plain, at)


def test_mixed_activations_agree(make_run):
    run = make_run((4, 5, 3), ("relu", "tanh", "sigmoid"), "softmax", loss=CrossEntropy())
    assert all(check.error < LIMIT for check in check_gradients(run, run.initial_parameters()))


def test_arrays_are_named_from_the_input_and_every_entry_is_counted(make_run):
    run = make_run((4,), "relu")
    checks = check_gradients(run, run.initial_parameters())
    assert [check.name for check in checks] == ["weights_1", "bias_1", "weights_2", "bias_2"]
    assert [check.checked + check.skipped for check in checks] == [3 * 4, 4, 4, 1]


def test_float32_runs_are_checked_in_float64(make_run):
    run = make_run((4,), "tanh", dtype="float32")
    assert all(check.error < LIMIT for check in check_gradients(run, run.initial_parameters()))


def test_entries_that_move_a_rectifier_over_its_kink_are_skipped(make_run):
    # A single sample x = (1, 0, 0). Unit 1 has z = 0 exactly, unit 2 has z = 1. Whatever feeds
    # unit 1 through an input that is not 0 flips it: its weight from x1 and its bias.
    run = make_run((2,), "relu", "identity")
    run.data.train.x[0] = [1, 0, 0]
    parameters = np.zeros(run.network.parameters)
    layers = run.network.layers(parameters[None])
    layers[0].weights[0, 0] = [0, 1]
    layers[1].weights[0, :, 0] = [2, 3]
    first, bias, second, last = check_gradients(run, parameters, samples=1)
    assert (first.skipped, bias.skipped, second.skipped, last.skipped) == (1, 1, 0, 0)
    assert (first.checked, bias.checked) == (5, 1)
    assert all(check.error < LIMIT for check in (first, bias, second, last))


def test_an_array_with_nothing_to_check_has_no_error_and_does_not_fail(make_run):
    # Without biases and at weights 0 every rectifier sits on its kink.
    run = make_run((2,), "relu", "identity", bias=False)
    run.data.train.x[:] = 1
    parameters = np.zeros(run.network.parameters)
    first, second = check_gradients(run, parameters)
    assert (first.checked, first.skipped) == (0, 6)
    assert np.isnan(first.error)
    assert first.agrees
    # The outer weights meet activations that are 0, so both gradients are 0: they agree.
    assert (second.error, second.checked, second.agrees) == (0.0, 2, True)


def vanished(make_run, make_data):
    """Ten sigmoid layers: the gradient of the first is about 1e-8 of a loss near 1."""
    data = make_data(samples=8, features=20, columns=3, seed=1)
    run = make_run((8,) * 10, "sigmoid", "softmax", data=data, loss=CrossEntropy())
    return run, run.initial_parameters()


def test_a_vanished_gradient_is_held_to_what_differences_can_resolve(make_run, make_data):
    checks = check_gradients(*vanished(make_run, make_data))
    assert checks[0].error > LIMIT
    assert all(check.agrees for check in checks)
    # Where the gradient has not vanished the resolution is finer than the limit, and plays no part.
    assert checks[-1].resolution < LIMIT / 100


def test_a_wrong_slope_is_caught_where_the_gradient_has_vanished_too(make_run, make_data):
    run, parameters = vanished(make_run, make_data)
    wrong = replace(run.network, activations=(SlopeTooSteep(), *run.network.activations[1:]))
    checks = check_gradients(replace(run, network=wrong), parameters)
    assert [check.agrees for check in checks] == [False, False] + [True] * 20


@pytest.mark.parametrize(
    ("hidden", "activation", "output", "gain"),
    [
        # One sample whose output is all but its target: its loss is a difference of large terms.
        ((12,), "identity", "sigmoid", 40.0),
        ((12,) * 3, "softplus", "sigmoid", 10.0),
        # Units that turn from one side to the other within a step.
        ((12,) * 6, "tanh", "softmax", 12.0),
    ],
)
def test_where_differences_resolve_nothing_no_gradient_is_called_wrong(
    make_run, hidden, activation, output, gain
):
    coarse = []
    for seed in range(12):
        run = make_run(hidden, activation, output, loss=CrossEntropy(), initializer=He(gain=gain), seed=seed)
        for samples in (1, 8):
            checks = check_gradients(run, run.initial_parameters(), samples)
            assert all(check.agrees for check in checks), (seed, samples, checks)
            coarse += [check for check in checks if check.error > LIMIT]
    assert coarse


def test_of_a_large_network_only_some_entries_are_checked(make_run, make_data):
    data = make_data(samples=8, features=784, columns=10)
    run = make_run((256, 128), "tanh", "softmax", data=data, loss=CrossEntropy())
    checks = check_gradients(run, run.initial_parameters(), entries=200)
    assert [check.checked for check in checks] == [200, 200, 200, 128, 200, 10]
    assert all(check.error < LIMIT for check in checks)


def test_the_entries_checked_are_drawn_by_the_seed_of_the_weights(make_run):
    run = make_run((9,), "tanh", seed=4)
    parameters = run.initial_parameters()
    some, again = (check_gradients(run, parameters, entries=5) for _ in range(2))
    other = check_gradients(replace(run, weights_seed=5), parameters, entries=5)
    assert some == again
    assert some[0] != other[0]
    # The last bias is a single entry, whatever is drawn.
    assert some[3] == other[3]


def test_a_wrong_slope_is_caught_by_a_few_entries(make_run):
    run = make_run((40,), "sigmoid")
    wrong = replace(run, network=replace(run.network, activations=(SlopeTooSteep(),)))
    checks = check_gradients(wrong, run.initial_parameters(), entries=5)
    assert [check.checked for check in checks] == [5, 5, 5, 1]
    assert [check.agrees for check in checks] == [False, False, True, True]


@dataclass(frozen=True)
class SlopeTooSteep(Sigmoid):
    """A sigmoid whose derivative forgets the factor 1 - a."""

    def slope(self, z, a, out):
        np.copyto(out, a)


@dataclass(frozen=True)
class CollapsedSquaredError(SquaredError):
    """Squared error with the delta of cross-entropy, a - y: a usual mistake."""

    def delta(self, output, z, a, y, out):
        np.subtract(a, y, out=out)


@dataclass(frozen=True)
class SlightlyOffSquaredError(SquaredError):
    """A delta that is wrong by 1e-5 of itself."""

    def delta(self, output, z, a, y, out):
        super().delta(output, z, a, y, out)
        out *= 1 + 1e-5


@dataclass(frozen=True)
class UndefinedSquaredError(SquaredError):
    """A delta that is no number."""

    def delta(self, output, z, a, y, out):
        out.fill(np.nan)


def test_a_wrong_slope_is_caught_below_it_and_nowhere_else(make_run):
    run = make_run((4,), "sigmoid")
    wrong = replace(run, network=replace(run.network, activations=(SlopeTooSteep(),)))
    agrees = {check.name: check.agrees for check in check_gradients(wrong, run.initial_parameters())}
    assert agrees == {"weights_1": False, "bias_1": False, "weights_2": True, "bias_2": True}


@pytest.mark.parametrize(
    "loss",
    [CollapsedSquaredError(), SlightlyOffSquaredError(), UndefinedSquaredError()],
    ids=lambda x: type(x).__name__,
)
def test_a_wrong_loss_derivative_is_caught_in_every_array(make_run, loss):
    run = make_run((4,), "tanh", loss=loss)
    assert not any(check.agrees for check in check_gradients(run, run.initial_parameters()))
