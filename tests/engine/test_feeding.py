"""How samples are fed, against a plain loop that knows one sample at a time."""

import math

import numpy as np
import pytest

from harness import engine
from harness.engine.feeding import GD, SGD, Batch, epoch_order
from harness.engine.losses import SquaredError
from harness.engine.run import Data, Split
from harness.engine.stopping import Stopping
from harness.streams import stream

SAMPLES, EPOCHS, SEED = 11, 3, 5


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def gradient_of_one_sample(weights, biases, x, y):
    """Backpropagate 1/2 sum (a - y)^2 through tanh layers and a sigmoid output, number by number."""
    signals = [list(x)]
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        g = sigmoid if layer == len(weights) - 1 else math.tanh
        below = signals[-1]
        signals.append([g(sum(a * w[i][j] for i, a in enumerate(below)) + b[j]) for j in range(len(b))])
    delta = [(a - t) * a * (1 - a) for a, t in zip(signals[-1], y, strict=True)]
    found = []
    for layer in reversed(range(len(weights))):
        below = signals[layer]
        found.insert(0, (np.array([[a * d for d in delta] for a in below]), np.array(delta)))
        back = [sum(weights[layer][i][j] * d for j, d in enumerate(delta)) for i in range(len(below))]
        delta = [d * (1 - a * a) for d, a in zip(back, below, strict=True)]
    return found


def trained_by_loop(run, orders, batch):
    """Train with the given order of samples in each epoch; return all parameters in a row."""
    layers = run.network.layers(run.initial_parameters()[None])
    weights = [layer.weights[0].copy() for layer in layers]
    biases = [layer.bias[0, 0].copy() for layer in layers]
    for order in orders:
        for low in range(0, len(order), batch):
            chosen = order[low : low + batch]
            found = [
                gradient_of_one_sample(weights, biases, run.data.train.x[n], run.data.train.y[n])
                for n in chosen
            ]
            for layer in range(len(weights)):
                rate = run.feeding.learning_rate / len(chosen)
                weights[layer] -= rate * sum(each[layer][0] for each in found)
                biases[layer] -= rate * sum(each[layer][1] for each in found)
    pairs = zip(weights, biases, strict=True)
    return np.concatenate([part.ravel() for pair in pairs for part in pair])


def orders_of(name, labels):
    if name == "shuffled":
        # One stream for the whole training: every epoch goes on where the last one stopped.
        draw = stream(SEED, "order")
        return [draw.permutation(SAMPLES) for _ in range(EPOCHS)]
    given = list(range(SAMPLES))
    return [sorted(given, key=lambda n: labels[n]) if name == "by_class" else given] * EPOCHS


@pytest.mark.parametrize("order", ["shuffled", "as_given", "by_class"])
@pytest.mark.parametrize("batch", [1, 4, 11], ids=["sgd", "left-over", "all"])
@pytest.mark.parametrize("columns", [1, 3])
def test_training_is_the_plain_loop(make_run, make_data, order, batch, columns):
    data = make_data(samples=SAMPLES, columns=columns)
    y = data.train.y
    feeding = (
        SGD(learning_rate=0.5, order=order)
        if batch == 1
        else Batch(learning_rate=0.5, batch_size=batch, order=order)
    )
    run = make_run(
        (4, 3),
        "tanh",
        data=data,
        loss=SquaredError(),
        feeding=feeding,
        stopping=Stopping(epochs=EPOCHS),
        seed=SEED,
    )
    state, _ = engine.advance(engine.start([run]))
    labels = y[:, 0] if columns == 1 else y.argmax(axis=1)
    expected = trained_by_loop(run, orders_of(order, labels), batch)
    assert not np.allclose(expected, run.initial_parameters(), atol=1e-3)
    np.testing.assert_allclose(state.arrays.parameters[0], expected, rtol=1e-12, atol=1e-13)


def trained(make_run, data, feeding):
    run = make_run((5,), data=data, feeding=feeding, stopping=Stopping(epochs=4), seed=SEED)
    return engine.advance(engine.start([run]))[0].arrays.parameters


def test_a_batch_of_exactly_all_samples_is_gradient_descent(make_run, make_data):
    data = make_data(samples=SAMPLES)
    batch = Batch(batch_size=SAMPLES, order="as_given")
    assert np.array_equal(trained(make_run, data, batch), trained(make_run, data, GD()))


def test_a_batch_of_one_is_stochastic_gradient_descent(make_run, make_data):
    data = make_data(samples=SAMPLES)
    assert np.array_equal(trained(make_run, data, Batch(batch_size=1)), trained(make_run, data, SGD()))


def test_gradient_descent_has_no_order(make_run, make_data):
    data = make_data(samples=SAMPLES)
    runs = [make_run((5,), data=data, feeding=GD(), order_seed=seed) for seed in (0, 1)]
    state, _ = engine.advance(engine.start(runs))
    assert np.array_equal(*state.arrays.parameters)


@pytest.mark.parametrize(
    ("feeding", "samples", "updates"),
    [
        (GD(), 10, 1),
        (SGD(), 10, 10),
        (Batch(batch_size=5), 10, 2),
        (Batch(batch_size=4), 10, 3),
        (Batch(batch_size=10), 10, 1),
    ],
)
def test_the_left_over_batch_is_an_update_of_its_own(feeding, samples, updates):
    assert feeding.epoch(samples).updates == updates


def test_a_left_over_batch_that_is_dropped_teaches_nothing(make_run, make_data, train):
    data = make_data(samples=SAMPLES)
    kept = SAMPLES - SAMPLES % 4
    assert 0 < kept < SAMPLES
    first = Data(*[Split(data.train.x[:kept], data.train.y[:kept])] * 3, classifies=True)
    feeding = Batch(batch_size=4, order="as_given", leftover="drop")
    assert np.array_equal(trained(make_run, data, feeding), trained(make_run, first, feeding))
    _, rows = train(make_run(data=data, feeding=feeding, stopping=Stopping(epochs=3)))
    assert rows["samples"][-1] == 3 * kept
    assert rows["epoch"][-1] == 3


def test_another_left_over_batch_is_dropped_each_epoch():
    # Shuffled anew, so that no sample is left out for good.
    draw, left_out = stream(SEED, "order"), set()
    epoch = Batch(batch_size=4, leftover="drop").epoch(SAMPLES)
    for _ in range(200):
        left_out.update(epoch_order(SGD(), np.zeros((SAMPLES, 1)), draw)[epoch.samples :])
    assert left_out == set(range(SAMPLES))


def test_every_epoch_shuffles_all_samples_anew():
    draw = stream(SEED, "order")
    orders = [epoch_order(SGD(), np.zeros((50, 1)), draw) for _ in range(3)]
    for order in orders:
        assert sorted(order) == list(range(50))
    assert len({tuple(order) for order in orders}) == 3


def test_by_class_keeps_the_order_within_a_class():
    one_column = np.array([[1.0], [0.0], [1.0], [0.0]])
    one_a_class = np.eye(3)[[2, 0, 1, 0, 2]]
    feeding = SGD(order="by_class")
    draw = stream(0, "order")
    assert epoch_order(feeding, one_column, draw).tolist() == [1, 3, 0, 2]
    assert epoch_order(feeding, one_a_class, draw).tolist() == [1, 3, 2, 0, 4]


def test_figures_write_the_batch_size_out():
    labels = [feeding.label(1077) for feeding in (GD(), SGD(), Batch(batch_size=32))]
    assert labels == ["GD (all 1,077)", "SGD (1)", "mini-batch (32)"]


def test_summed_gradients_are_mean_gradients_at_a_rate_divided_by_the_batch(make_run, make_data):
    split = make_data(samples=8).train
    data = Data(split, split, split, classifies=True)
    mean = make_run((4,), data=data, feeding=GD(learning_rate=0.8), loss=SquaredError(reduction="mean"))
    total = make_run((4,), data=data, feeding=GD(learning_rate=0.1), loss=SquaredError(reduction="sum"))
    found = [engine.advance(engine.start([run]))[0].arrays.parameters for run in (mean, total)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
