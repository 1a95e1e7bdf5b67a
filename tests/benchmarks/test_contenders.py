"""Every contender trains the same thing: equal weights, data and batches give equal weights."""

from importlib import import_module

import numpy as np
import pytest

from benchmarks.cells import Cell
from benchmarks.tasks import Task

EPOCH = 34
"""Updates of an epoch of 1,077 samples in batches of 32, the left-over one included."""
UPDATES = {1: 40, 32: 2 * EPOCH, None: 6}
TOLERANCE = {"float32": {"rtol": 1e-4, "atol": 1e-6}, "float64": {"rtol": 1e-9, "atol": 1e-12}}


def train(family, cell, stack):
    trainer = import_module(f"benchmarks.contenders.{family}").trainer(
        Task(cell, family, stack, updates=UPDATES[cell.batch])
    )
    trainer.train()
    return trainer


@pytest.fixture(params=UPDATES, ids=lambda batch: f"batch-{batch or 'all'}")
def batch(request):
    return request.param


@pytest.fixture(params=TOLERANCE)
def dtype(request):
    return request.param


@pytest.fixture(params=["sigmoid", "relu"])
def activation(request):
    return request.param


@pytest.mark.parametrize("sizes", [(64, 32, 10), (784, 8, 6, 10)], ids=["digits", "synthetic"])
def test_the_engine_trains_and_measures_nothing(sizes, batch):
    trainer = train("harness", Cell(sizes, batch, "float32", "sigmoid"), 2)
    began, ended = trainer.start.arrays, trainer.end.arrays
    assert np.all(ended.update - began.update == trainer.updates)
    assert np.isnan(ended.readings).all()
    # Every run moved: at least its output biases, which are the last parameters of a row.
    assert np.all(ended.parameters[:, -10:] != began.parameters[:, -10:])
    assert np.isfinite(ended.parameters).all()


def test_jax_trains_the_same(batch, dtype, activation):
    pytest.importorskip("jax", reason="JAX is not installed; `make bench` installs it")
    cell = Cell((64, 9, 7, 10), batch, dtype, activation)
    ours, theirs = train("harness", cell, 3), train("jax", cell, 3)
    np.testing.assert_allclose(theirs.parameters(), ours.parameters(), **TOLERANCE[dtype])


def test_pytorch_trains_the_same(batch, dtype, activation):
    pytest.importorskip("torch", reason="PyTorch is not installed; `make bench` installs it")
    cell = Cell((64, 9, 7, 10), batch, dtype, activation)
    ours, theirs = train("harness", cell, 1), train("torch", cell, 1)
    np.testing.assert_allclose(theirs.parameters(), ours.parameters(), **TOLERANCE[dtype])


def test_scikit_learn_trains_the_same_where_no_order_is_drawn(dtype, activation):
    cell = Cell((64, 9, 7, 10), None, dtype, activation)
    ours, theirs = train("harness", cell, 1), train("sklearn", cell, 1)
    np.testing.assert_allclose(theirs.parameters(), ours.parameters(), **TOLERANCE[dtype])


def test_scikit_learn_fits_to_the_end_each_time():
    trainer = train("sklearn", Cell((64, 9, 10), 32, "float32", "sigmoid"), 2)
    trainer.train()
    for model, _, _ in trainer.tasks:
        # One epoch made its arrays; then two fits of two epochs.
        assert len(model.loss_curve_) == 1 + 2 * UPDATES[32] // EPOCH


@pytest.mark.parametrize("family", ["products", "products_and_update"])
def test_the_bare_products_are_those_of_a_network_without_activations(batch, family):
    trainer = train(family, Cell((64, 9, 7, 10), batch, "float64", "sigmoid"), 3)
    tile = trainer.tiles[0]
    a, z = tile.x, []
    for weights in tile.weights:
        a = np.stack([one @ matrix for one, matrix in zip(a, weights, strict=True)])
        z.append(a)
    below, delta = [tile.x, *z[:-1]], np.where(z[-1] == 0, 0, 1e-9)
    for layer in (2, 1, 0):
        expected = [one.T @ d for one, d in zip(below[layer], delta, strict=True)]
        # With updates the weights have moved a little since the last forward pass.
        np.testing.assert_allclose(tile.gradients[layer], expected, atol=1e-3 * np.abs(expected).max())
        delta = np.stack([d @ matrix.T for d, matrix in zip(delta, tile.weights[layer], strict=True)])


def test_a_sweep_makes_the_updates_it_is_counted_for():
    cell = Cell((64, 32, 10), 32, "float32", "sigmoid")
    trainer = train("sweep", cell, 3)
    assert len(trainer.records) == trainer.runs == 6
    assert {record.summary["updates"] for record in trainer.records} == {UPDATES[32]}
    assert len({record.fingerprint for record in trainer.records}) == 6
