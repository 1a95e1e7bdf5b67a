"""Weights of samples: the loss that they define, its gradient, and what stays unweighted."""

from dataclasses import replace

import numpy as np
import pytest

from harness import compose, engine, train
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.losses import CrossEntropy, Huber, SquaredError
from harness.engine.outputs import OUTPUTS
from harness.engine.run import Data, Split
from harness.engine.stopping import Stopping
from harness.engine.weighting import class_weights, labels, scaled


def with_weight(data, weight):
    split = Split(data.train.x, data.train.y, weight)
    return Data(split, split, split, data.classifies)


def repeated(data, counts):
    split = Split(*(np.repeat(each, counts, axis=0) for each in (data.train.x, data.train.y)))
    return Data(split, split, split, data.classifies)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_sample_of_weight_three_counts_like_three_samples(make_run, make_data, pairing, reduction):
    data = make_data(samples=8, columns=pairing.columns, classifies=pairing.output != "identity")
    counts = np.array([3, 1, 0, 1, 2, 1, 5, 1])
    loss = replace(pairing.loss, reduction=reduction)
    # A sum over 14 copies is 14 / 8 times the sum over 8 samples of mean weight 1.
    rate = 0.1 if reduction == "mean" else 0.1 * len(counts) / counts.sum()
    found = [
        engine.advance(
            engine.start(
                [
                    make_run(
                        (5,),
                        output=pairing.output,
                        loss=loss,
                        data=each,
                        feeding=GD(learning_rate=step),
                        stopping=Stopping(epochs=9, every=1),
                    )
                ]
            )
        )
        for each, step in (
            (with_weight(data, counts.astype(float)), 0.1),
            (repeated(data, counts), rate),
        )
    ]
    (weighted, rows), (copies, other) = found
    np.testing.assert_allclose(weighted.arrays.parameters, copies.arrays.parameters, rtol=1e-9, atol=1e-12)
    for name in ("train_loss", "validation_loss", "gradient_norm_1"):
        np.testing.assert_allclose(rows[name], other[name], rtol=1e-9, err_msg=name)
    each, twin = (engine.records(state)[0].constant_loss for state, _ in found)
    assert each == pytest.approx(twin, rel=1e-9)


def test_scores_count_every_sample_alike(make_run, make_data, train):
    data = make_data(samples=20, columns=3)
    heavy = with_weight(data, np.linspace(0, 9, 20))
    plain = with_weight(data, np.ones(20))
    rows = [
        train(make_run(output="softmax", loss=CrossEntropy(), data=each, stopping=Stopping(updates=0)))[1]
        for each in (heavy, plain)
    ]
    for score in ("accuracy", "log_loss", "squared_error"):
        assert rows[0][f"train_{score}"] == rows[1][f"train_{score}"]
    assert rows[0]["train_loss"] != rows[1]["train_loss"]


@pytest.mark.parametrize("feeding", [GD(), SGD(), Batch(batch_size=4)], ids=lambda each: each.name)
def test_weights_that_are_all_equal_change_nothing(make_run, make_data, feeding):
    data = make_data(samples=10)
    found = [
        engine.advance(engine.start([make_run(data=each, feeding=feeding)]))[0].arrays.parameters
        for each in (with_weight(data, np.full(10, 7.0)), with_weight(data, None))
    ]
    np.testing.assert_allclose(*found, rtol=1e-13)


def test_the_mean_gradient_over_batches_is_that_of_the_weighted_loss(make_run, make_data, gradient_of):
    # By batches of any size, of one too, where weights divided by their own sum would cancel.
    data = with_weight(make_data(samples=12), np.linspace(0.1, 4, 12))
    run = make_run((5,), data=data)
    expected = gradient_of(run, run.initial_parameters(), range(12))
    for feeding in (SGD(order="as_given"), Batch(batch_size=4, order="as_given")):
        steps = []
        for first in range(0, 12, feeding.epoch(12).batch):
            one = replace(run, feeding=replace(feeding, learning_rate=1.0), stopping=Stopping(updates=1))
            order = np.roll(np.arange(12), -first)
            split = data.train
            turned = Split(split.x[order], split.y[order], split.weight[order])
            state, _ = engine.advance(engine.start([replace(one, data=Data(turned, turned, turned, True))]))
            steps.append(state.arrays.initial[0] - state.arrays.parameters[0])
        np.testing.assert_allclose(np.mean(steps, axis=0), expected, rtol=1e-9, atol=1e-13)


def test_balanced_classes_weigh_the_same_in_all():
    y = np.eye(3)[[0, 0, 0, 0, 1, 1, 2, 2]]
    weights = class_weights("balanced", y)
    assert weights == pytest.approx([8 / 12, 8 / 6, 8 / 6])
    assert np.bincount(labels(y), weights[labels(y)]) == pytest.approx([8 / 3] * 3)
    assert class_weights("balanced", np.array([[0.0], [1], [1], [1]])) == pytest.approx([2, 2 / 3])
    assert class_weights("balanced", np.eye(3)[[0, 1]])[2] == 0


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -1.0], [1.0, np.nan], [1.0, np.inf]])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="sample weights must be finite, not negative and not all 0"):
        scaled(np.array(weights))


@pytest.mark.parametrize(
    ("output", "loss"),
    [("softmax", CrossEntropy()), ("softmax", SquaredError()), ("identity", Huber(threshold=0.3))],
)
def test_the_best_constant_is_that_of_the_weighted_loss(output, loss):
    draw = np.random.default_rng(0)
    y = draw.normal(size=(30, 3)) if output == "identity" else np.eye(3)[draw.integers(0, 3, 30)]
    counts = draw.integers(0, 4, 30)
    copies = np.repeat(y, counts, axis=0)
    out = OUTPUTS[output]()
    assert loss.constant(out, y, counts.astype(float)) == pytest.approx(loss.constant(out, copies), rel=1e-9)


def test_class_weights_shift_a_configured_run_towards_the_rare_class():
    common = [
        "dataset=blobs",
        "dataset.centers=2",
        "dataset.noise=6",
        "stopping.epochs=20",
        "activation=tanh",
    ]
    plain, heavy = train([compose([*common, *more]) for more in ([], ["loss.class_weight=[1,20]"])])
    recall = [record.summary["train_accuracy"] for record in (plain, heavy)]
    assert recall[1] < recall[0] - 0.05
    assert heavy.summary["constant_loss"] < plain.summary["constant_loss"]
    balanced = train([compose([*common, "loss.class_weight=balanced"])])[0]
    assert balanced.summary["train_accuracy"] == pytest.approx(recall[0], abs=0.02)
