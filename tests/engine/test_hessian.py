"""The Hessian's eigenvalues against PyTorch's, closed forms, and where there are none."""

import numpy as np
import pytest

from harness import engine
from harness.engine.diagnostics import Diagnostics
from harness.engine.losses import SquaredError
from harness.engine.run import Data, Split
from harness.engine.stopping import Stopping

EXTREMES = ("hessian_smallest", "hessian_largest")
SMOOTH = ("identity", "sigmoid", "tanh", "softplus")


def at_start(make_run, *hidden, **choices):
    """Return the first row of a run that measures its curvature, and the run."""
    run = make_run(
        hidden,
        diagnostics=Diagnostics(measures=EXTREMES, probe=choices.pop("probe", 512)),
        stopping=Stopping(updates=0),
        **choices,
    )
    _, rows = engine.advance(engine.start([run]))
    return {name: rows[name][0] for name in EXTREMES}, run


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("bias", [True, False])
def test_eigenvalues_are_those_of_pytorchs_hessian(make_run, make_data, pairing, activation, bias):
    from tests.engine.pytorch_twin import RULES, Twin, torch

    data = make_data(
        samples=7, columns=pairing.columns, classifies=pairing.output != "identity", weighted=bias
    )
    settings = {"output": pairing.output, "loss": pairing.loss, "data": data, "bias": bias, "probe": 5}
    row, run = at_start(make_run, 4, 3, activation=activation, **settings)
    train, parameters = data.train, run.initial_parameters()
    twin = Twin(run, parameters, RULES["plain"][1])
    shapes = [leaf.shape for leaf in twin.leaves]
    weight = 1.0 if train.weight is None else torch.tensor(train.weight[:5])

    def loss(flat):
        parts = torch.split(flat, [shape.numel() for shape in shapes])
        twin.leaves = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return twin.loss(torch.tensor(train.x[:5]), torch.tensor(train.y[:5]), weight)

    exact = np.linalg.eigvalsh(torch.autograd.functional.hessian(loss, torch.tensor(parameters)).numpy())
    np.testing.assert_allclose([row[name] for name in EXTREMES], exact[[0, -1]], rtol=1e-9, atol=1e-9)


def test_the_hessian_of_a_linear_neuron_is_its_inputs_second_moment(make_run):
    x = np.array([[1.0, 0.0], [2.0, 1.0], [0.0, 3.0]])
    split = Split(x, np.ones((3, 1)))
    data = Data(split, split, split, False)
    row, _ = at_start(make_run, output="identity", data=data, bias=False, loss=SquaredError())
    expected = np.linalg.eigvalsh(x.T @ x / 3)
    np.testing.assert_allclose([row[name] for name in EXTREMES], expected, rtol=1e-10)


def test_single_precision_is_widened_before_it_is_differentiated(make_run, make_data):
    narrow, run = at_start(make_run, 3, data=make_data(columns=1, dtype="float32"), dtype="float32")
    assert run.initial_parameters().dtype == np.float32
    wide, _ = at_start(make_run, 3, data=make_data(columns=1))
    for name in EXTREMES:
        assert narrow[name] == pytest.approx(wide[name], rel=1e-5, abs=1e-7)


def test_however_few_vectors_fit_into_memory_the_eigenvalues_are_the_same(make_run, monkeypatch):
    whole, _ = at_start(make_run, 4)
    monkeypatch.setattr("harness.engine.hessian.CHUNK_BYTES", 1)
    for name, value in at_start(make_run, 4)[0].items():
        assert value == pytest.approx(whole[name], rel=1e-9, abs=1e-11)


def test_a_diverged_run_has_no_eigenvalues(make_run, start_at):
    run = make_run(
        (2,), diagnostics=Diagnostics(measures=EXTREMES), stopping=Stopping(updates=0), output="identity"
    )
    _, rows = engine.advance(start_at(run, np.full(run.network.parameters, np.inf)))
    assert np.isnan([rows[name][0] for name in EXTREMES]).all()


def test_parameters_are_columns_in_the_order_in_which_layers_lie(make_run):
    run = make_run((2,), diagnostics=Diagnostics(measures=("parameters",), rows=10))
    state, rows = engine.advance(engine.start([run]))
    found = np.array([rows[f"parameter_{place + 1}"] for place in range(run.network.parameters)])
    assert np.array_equal(found[:, 0], state.arrays.initial[0])
    assert np.array_equal(found[:, -1], state.arrays.parameters[0])
    layer = run.network.layers(found[:, -1:].T)[0]
    assert np.array_equal(layer.weights[0], engine.records(state)[0].parameters["weights_1"])
