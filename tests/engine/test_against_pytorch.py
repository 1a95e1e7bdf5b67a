"""The same updates by PyTorch's automatic differentiation and its own losses and optimizer."""

from dataclasses import replace

import numpy as np
import pytest

from harness import engine
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.stopping import Stopping
from tests.engine.pytorch_twin import RULES, Twin, torch

SAMPLES = 7
# Small enough that summed gradients of unbounded outputs do not diverge.
RATE = 0.03
# Batches of 3 out of 7 samples leave one of 1 over.
FEEDINGS = {
    "gd": (GD(learning_rate=RATE), 3),
    "sgd": (SGD(learning_rate=RATE, order="as_given"), 1),
    "batch": (Batch(learning_rate=RATE, batch_size=3, order="as_given"), 2),
}
# RMSprop and AdaGrad divide by the root of what may be a single gradient: rounding grows in it.
LONG = {"adagrad": (20, 1e-8), "rmsprop": (20, 1e-8)}


@pytest.fixture(scope="module", autouse=True)
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def assert_together(run, rule, epochs, tolerance):
    """Train `run` here and in PyTorch, batches in the order given, and compare the parameters."""
    train, batch = run.data.train, run.batch
    x, y = torch.tensor(train.x), torch.tensor(train.y)
    state = engine.start([run])
    twin = Twin(run, state.arrays.parameters[0], RULES[rule][1])
    state, _ = engine.advance(state)
    assert int(state.arrays.update[0]) == run.budget
    for _ in range(epochs):
        for low in range(0, SAMPLES, batch):
            twin.update(x[low : low + batch], y[low : low + batch])
    found = state.arrays.parameters[0]
    np.testing.assert_allclose(found, twin.parameters, rtol=tolerance, atol=tolerance)
    # A trajectory that goes nowhere would agree for nothing.
    assert np.abs(found - state.arrays.initial[0]).max() > 1e-4


def data_for(make_data, pairing):
    return make_data(
        samples=SAMPLES, columns=pairing.columns, classifies=pairing.output != "identity", one_split=True
    )


@pytest.mark.parametrize("feeding", FEEDINGS)
def test_updates_equal_autograd(make_run, make_data, pairing, activation, feeding):
    data = data_for(make_data, pairing)
    chosen, epochs = FEEDINGS[feeding]
    for reduction, bias in (("mean", True), ("sum", False)):
        run = make_run(
            (4, 3),
            activation,
            pairing.output,
            bias,
            data,
            loss=replace(pairing.loss, reduction=reduction),
            feeding=chosen,
            stopping=Stopping(epochs=epochs),
            diagnostics=Diagnostics(measures=()),
        )
        assert_together(run, "plain", epochs, 1e-12)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("feeding", FEEDINGS)
@pytest.mark.parametrize("rule", RULES)
def test_updates_of_every_rule_equal_pytorchs(make_run, make_data, rule, feeding, bias):
    chosen, epochs = FEEDINGS[feeding]
    run = make_run(
        (4, 3),
        "tanh",
        "softmax",
        bias,
        make_data(samples=SAMPLES, columns=3, one_split=True),
        feeding=chosen,
        update_rule=RULES[rule][0],
        stopping=Stopping(epochs=epochs),
        diagnostics=Diagnostics(measures=()),
    )
    assert_together(run, rule, epochs, 1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_long_trajectories_of_every_rule_stay_together(make_run, make_data, rule):
    updates, tolerance = LONG.get(rule, (200, 1e-9))
    run = make_run(
        (5, 4),
        "tanh",
        "softmax",
        data=make_data(samples=SAMPLES, columns=3, one_split=True),
        feeding=GD(learning_rate=0.02),
        update_rule=RULES[rule][0],
        stopping=Stopping(updates=updates),
        diagnostics=Diagnostics(measures=()),
    )
    assert_together(run, rule, updates, tolerance)


def test_two_hundred_full_batch_updates_stay_together(make_run, make_data, pairing):
    data = data_for(make_data, pairing)
    run = make_run(
        (5, 4),
        "tanh",
        pairing.output,
        data=data,
        loss=pairing.loss,
        feeding=GD(learning_rate=0.05),
        stopping=Stopping(updates=200),
        diagnostics=Diagnostics(measures=(), window=(0, 200)),
    )
    x, y = torch.tensor(data.train.x), torch.tensor(data.train.y)
    state = engine.start([run])
    twin = Twin(run, state.arrays.parameters[0], torch.optim.SGD)
    state, rows = engine.advance(state)
    losses = [twin.update(x, y) for _ in range(200)] + [twin.loss(x, y).item()]
    # A trajectory that goes nowhere would agree for nothing.
    assert losses[-1] < 0.95 * losses[0]
    np.testing.assert_allclose(rows["train_loss"], losses, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(state.arrays.parameters[0], twin.parameters, rtol=1e-9, atol=1e-9)


def test_gradient_norms_of_a_row_equal_autograd_on_the_probe(make_run, make_data, pairing, activation):
    data = data_for(make_data, pairing)
    probe = 5
    run = make_run(
        (4, 3),
        activation,
        pairing.output,
        data=data,
        loss=pairing.loss,
        stopping=Stopping(updates=0),
        diagnostics=Diagnostics(probe=probe),
    )
    state = engine.start([run])
    twin = Twin(run, state.arrays.parameters[0], torch.optim.SGD)
    _, rows = engine.advance(state)
    twin.loss(torch.tensor(data.train.x[:probe]), torch.tensor(data.train.y[:probe])).backward()
    weights = [leaf.grad.numpy() for leaf in twin.leaves[::2]]
    for number, gradient in enumerate(weights, start=1):
        assert rows[f"gradient_norm_{number}"][0] == pytest.approx(np.linalg.norm(gradient), rel=1e-12)
