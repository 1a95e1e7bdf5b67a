"""Huge arguments: exact limits, finite gradients, and nothing that is no number on the way."""

from itertools import product

import numpy as np
import pytest

from harness import engine
from harness.engine.activations import ACTIVATIONS
from harness.engine.initializers import Uniform
from harness.engine.outputs import OUTPUTS
from harness.engine.scores import correct, log_loss, squared_error
from harness.engine.stopping import Stopping

# The logistic function's exp(-z) may overflow to infinity: its reciprocal is then exactly 0.
STRICT = {"over": "ignore", "divide": "raise", "invalid": "raise"}
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
# What an argument of -z and of z gives: the values, then the slopes.
LIMITS = {
    "identity": lambda z: ([-z, z], [1, 1]),
    "sigmoid": lambda z: ([0, 1], [0, 0]),
    "tanh": lambda z: ([-1, 1], [0, 0]),
    "relu": lambda z: ([0, z], [0, 1]),
    "leaky_relu": lambda z: ([-0.01 * z, z], [0.01, 1]),
    "elu": lambda z: ([-1, z], [0, 1]),
    "softplus": lambda z: ([0, z], [0, 1]),
}


@DTYPES
@pytest.mark.parametrize("size", [1e4, "largest", np.inf])
def test_activations_and_slopes_reach_their_limits(activation, size, dtype):
    largest = np.dtype(dtype).type(np.finfo(dtype).max if size == "largest" else size)
    z = np.array([[[-largest, largest]]])
    a, slope = np.empty_like(z), np.empty_like(z)
    with np.errstate(**STRICT):
        ACTIVATIONS[activation]().apply(z, out=a)
        ACTIVATIONS[activation]().slope(z, a, out=slope)
    values, slopes = (np.array(each, dtype) for each in LIMITS[activation](largest))
    assert np.array_equal(a[0, 0], values)
    assert np.array_equal(slope[0, 0], slopes)


def reference(pairing, z, y):
    """Return outputs, losses and deltas, by sample, for logits whose differences are 0 or huge."""
    columns, loss = pairing.columns, pairing.loss
    if pairing.output == "softmax":
        highest = z == z.max(axis=-1, keepdims=True)
        a = highest / highest.sum(axis=-1, keepdims=True)
    else:
        a = z if pairing.output == "identity" else (np.sign(z) + 1) / 2
    error = a - y
    if loss.name == "cross_entropy":
        if pairing.output == "softmax":
            each = z.max(axis=-1) - (z * y).sum(axis=-1) + np.log(highest.sum(axis=-1))
        else:
            each = (np.maximum(z, 0) - y * z + np.log(2) * (z == 0)).sum(axis=-1)
        return a, each, error
    if loss.name == "huber":
        t, scale = loss.threshold, {"sum": 1.0, "mean": 1 / columns}[loss.scale]
        far = np.abs(error) > t
        each = np.where(far, t * (np.abs(error) - t / 2), np.where(far, 0, error) ** 2 / 2)
        return a, scale * each.sum(axis=-1), scale * np.clip(error, -t, t)
    scale = {"half": 0.5, "sum": 1.0, "mean": 1 / columns}[loss.scale]
    d = 2 * scale * error
    if pairing.output == "softmax":
        d = a * (d - (a * d).sum(axis=-1, keepdims=True))
    elif pairing.output == "sigmoid":
        d = a * (1 - a) * d
    return a, scale * (error**2).sum(axis=-1), d


def huge(pairing, size, dtype):
    """Return all logits of -size, 0 and size with all targets: z, y of shape (1, columns, samples)."""
    columns = pairing.columns
    if pairing.output == "identity":
        targets = product([-1.0, 0.5], repeat=columns)
    else:
        targets = np.eye(columns) if columns > 1 else [[0.0], [1.0]]
    every = list(product(product([-size, 0.0, size], repeat=columns), targets))
    z, y = (np.array([each[part] for each in every], dtype).T[None] for part in (0, 1))
    return z, y


@DTYPES
@pytest.mark.parametrize("size", [1e4, "quarter"])
@pytest.mark.parametrize("by", ["batch", "stack"])
def test_huge_logits_have_exact_outputs_losses_and_deltas(pairing, size, dtype, by):
    output, loss, epsilon = OUTPUTS[pairing.output](), pairing.loss, np.finfo(dtype).eps
    # Three columns of a quarter of the largest number, and differences of two, are numbers still.
    z, y = huge(pairing, np.finfo(dtype).max / 4 if size == "quarter" else size, dtype)
    if by == "stack":
        z, y = z.swapaxes(0, 2), y.swapaxes(0, 2)
    squares = size == "quarter" and pairing.output == "identity" and loss.name == "mse"
    a, delta = np.empty_like(z), np.empty_like(z)
    with np.errstate(**STRICT):
        output.apply(z, out=a)
        each = loss.per_sample(output, z, a, y)
        loss.delta(output, z, a, y, out=delta)
        by_sample = (np.moveaxis(each, 1, -1).astype(np.float64) for each in (z, y))
        expected, losses, deltas = reference(pairing, *by_sample)
        expected, deltas = np.moveaxis(expected, -1, 1), np.moveaxis(deltas, -1, 1)
    assert {a.dtype, each.dtype, delta.dtype} == {np.dtype(dtype)}
    assert np.isfinite(delta).all()
    close = {"rtol": 4 * epsilon, "atol": 4 * epsilon}
    np.testing.assert_allclose(a, expected, **close)
    np.testing.assert_allclose(delta, deltas, **close)
    if squares:
        # The square of so large an error is no number of this dtype, and infinite it says so.
        assert np.array_equal(np.isinf(each), (z != 0).any(axis=1))
        return
    np.testing.assert_allclose(each, losses, **close)
    if pairing.output != "identity":
        # At the ends the outputs are 0 and 1 and nothing near them.
        assert set(np.unique(a)) <= {0.0, *(np.array(1 / np.arange(1, 4), dtype))}
        with np.errstate(**STRICT):
            found = log_loss(a, y), correct(a, y), squared_error(a, y)
        assert all(np.isfinite(score).all() for score in found)


@DTYPES
def test_gradients_and_rows_of_huge_weights_are_finite(
    make_run, make_data, start_at, pass_forward, gradient_of, pairing, activation, dtype
):
    data = make_data(
        columns=pairing.columns, classifies=pairing.output != "identity", dtype=dtype, one_split=True
    )
    run = make_run(
        (4,),
        activation,
        pairing.output,
        data=data,
        dtype=dtype,
        loss=pairing.loss,
        stopping=Stopping(updates=0),
        initializer=Uniform(limit=1e4),
    )
    parameters = run.initial_parameters()
    assert np.abs(pass_forward(run.network, parameters[None], data.train.x).z[-1]).max() > 1e3
    assert np.isfinite(gradient_of(run, parameters, range(run.samples))).all()

    _, usual = engine.advance(start_at(run, run.initial_parameters() / 1e4))
    _, rows = engine.advance(start_at(run, run.initial_parameters()))
    for name, values in rows.items():
        assert not np.isinf(values).any(), name
        # Some columns are not numbers by definition, there as here.
        assert np.array_equal(np.isnan(values), np.isnan(usual[name])), name
