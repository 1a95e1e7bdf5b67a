"""The same updates by scikit-learn's networks, from equal weights, where the two define the same thing.

Without a penalty and at full batch they do: its L2 is divided by the size of the batch, its loss_curve_
averages batches while the parameters move, and its own initial weights are uniform with random biases.
"""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from harness import engine
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD
from harness.engine.losses import CrossEntropy, SquaredError
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Adam, Momentum, Nesterov, Plain

SAMPLES, UPDATES, RATE = 24, 40, 0.05
NAMES = {"sigmoid": "logistic", "tanh": "tanh", "relu": "relu", "identity": "identity"}
RULES = {
    "plain": (Plain(), {"solver": "sgd", "momentum": 0.0}),
    "momentum": (
        Momentum(momentum=0.8),
        {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False},
    ),
    "nesterov": (
        Nesterov(momentum=0.8),
        {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": True},
    ),
    # Its Adam multiplies the rate by the bias corrections and adds epsilon to an uncorrected root.
    "adam": (Adam(epsilon=1e-30), {"solver": "adam", "epsilon": 1e-30}),
}
TASKS = {
    "softmax": (MLPClassifier, "softmax", 3, CrossEntropy()),
    "sigmoid": (MLPClassifier, "sigmoid", 1, CrossEntropy()),
    "identity": (MLPRegressor, "identity", 1, SquaredError(scale="half")),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("activation", NAMES)
@pytest.mark.parametrize("task", TASKS)
def test_full_batch_updates_equal_scikit_learns(make_run, make_data, task, activation, rule):
    model, output, columns, loss = TASKS[task]
    data = make_data(samples=SAMPLES, columns=columns, classifies=output != "identity", one_split=True)
    update_rule, options = RULES[rule]
    run = make_run(
        (6, 4),
        activation,
        output,
        data=data,
        loss=loss,
        feeding=GD(learning_rate=RATE),
        update_rule=update_rule,
        stopping=Stopping(updates=UPDATES),
        diagnostics=Diagnostics(measures=(), window=(0, UPDATES)),
    )
    state = engine.start([run])
    initial = run.network.layers(state.arrays.parameters.copy())
    state, rows = engine.advance(state)

    x, y = data.train.x, data.train.y
    labels = y[:, 0] if columns == 1 else y.argmax(axis=1)
    peer = model(
        hidden_layer_sizes=(6, 4),
        activation=NAMES[activation],
        alpha=0.0,
        batch_size=SAMPLES,
        learning_rate_init=RATE,
        shuffle=False,
        **options,
    )
    extra = {} if output == "identity" else {"classes": np.unique(labels)}
    peer.partial_fit(x, labels, **extra)
    # The first call makes the arrays that its optimizer writes to; training starts over from ours.
    del peer._optimizer
    for number, layer in enumerate(initial):
        peer.coefs_[number] = layer.weights[0].copy()
        peer.intercepts_[number] = layer.bias[0, 0].copy()
    losses = []
    for _ in range(UPDATES):
        peer.partial_fit(x, labels)
        losses.append(peer.loss_)

    assert losses[-1] < losses[0]
    np.testing.assert_allclose(rows["train_loss"][:-1], losses, rtol=1e-10)
    for number, layer in enumerate(run.network.layers(state.arrays.parameters)):
        np.testing.assert_allclose(layer.weights[0], peer.coefs_[number], rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(layer.bias[0, 0], peer.intercepts_[number], rtol=1e-9, atol=1e-11)
