"""Scores that compare runs of different losses: accuracy, log_loss, squared_error."""

from math import log

import numpy as np
import pytest
from sklearn.metrics import accuracy_score
from sklearn.metrics import log_loss as reference

from harness import engine
from harness.engine.diagnostics import Diagnostics
from harness.engine.losses import SquaredError
from harness.engine.scores import correct, log_loss, squared_error
from harness.engine.stopping import Stopping


@pytest.mark.parametrize("samples", [10, 100])
@pytest.mark.parametrize("columns", [1, 2, 5])
def test_shares_score_as_in_scikit_learn(samples, columns):
    draw = np.random.default_rng(0)
    labels = np.arange(samples) % max(2, columns)
    if columns == 1:
        a, y = draw.uniform(0.01, 0.99, (samples, 1)), labels[:, None].astype(float)
        shares = np.column_stack([1 - a, a])
    else:
        a, y = draw.dirichlet(np.ones(columns), samples).clip(1e-4), np.eye(columns)[labels]
        shares = a / a.sum(axis=1, keepdims=True)
    known = list(range(max(2, columns)))
    assert log_loss(a.T[None], y.T[None]).mean() == pytest.approx(
        reference(labels, shares, labels=known), rel=1e-12
    )
    expected = accuracy_score(labels, shares.argmax(axis=1))
    assert correct(a.T[None], y.T[None]).mean() == expected


def outputs(*samples):
    """Return outputs of one run (1, K, N), given by sample."""
    return np.array(samples, float).T[None]


def test_outputs_that_are_no_shares_are_made_shares_first():
    # Sigmoid outputs 0.8, 0.4, 0.4: of their sum 1.6 the first has a half.
    a, y = outputs([0.8, 0.4, 0.4]), outputs([1, 0, 0])
    assert log_loss(a, y)[0, 0] == pytest.approx(log(2), rel=1e-14)


def test_negative_outputs_count_as_none():
    a, first, second = outputs([-3, 1, 3]), outputs([0, 1, 0]), outputs([1, 0, 0])
    assert log_loss(a, first)[0, 0] == pytest.approx(log(4), rel=1e-14)
    assert log_loss(a, second)[0, 0] == pytest.approx(-log(1e-7), rel=1e-14)


def test_outputs_without_a_positive_one_are_equal_shares():
    a, y = outputs([-3, -1, 0]), outputs([0, 1, 0])
    assert log_loss(a, y)[0, 0] == pytest.approx(log(3), rel=1e-14)


@pytest.mark.parametrize(
    ("output", "target", "share"), [(1.7, 1, 1), (1.7, 0, 1e-7), (-0.2, 0, 1), (0.25, 1, 0.25)]
)
def test_a_single_column_is_clipped_to_a_share(output, target, share):
    found = log_loss(outputs([output]), outputs([target]))
    assert found[0, 0] == pytest.approx(-log(share), rel=1e-14, abs=1e-15)


def test_a_share_of_zero_is_floored():
    a, y = outputs([0, 1], [1, 0]), outputs([1, 0], [1, 0])
    np.testing.assert_allclose(log_loss(a, y)[0], [-log(1e-7), 0], rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("columns", [1, 3])
def test_outputs_that_are_no_numbers_stay_no_numbers(columns):
    a = np.full((1, columns, 2), np.nan)
    y = np.ones((1, columns, 2))
    assert np.isnan(log_loss(a, y)).all()
    assert np.isnan(squared_error(a, y)).all()


def test_an_output_of_exactly_a_half_names_the_first_class():
    assert correct(outputs([0.5], [0.5]), outputs([0], [1])).tolist() == [[True, False]]


def test_squared_error_is_half_the_sum_over_outputs():
    a, y = outputs([1, 2, 3]), outputs([0, 0, 1])
    assert squared_error(a, y)[0, 0] == (1 + 4 + 4) / 2


def outputs_of(run, parameters, x):
    """Compute tanh layers and a softmax, in the textbook's form."""
    a = x
    layers = run.network.layers(parameters[None])
    for number, layer in enumerate(layers):
        z = a @ layer.weights[0] + layer.bias[0]
        last = number == len(layers) - 1
        a = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) if last else np.tanh(z)
    return a


def test_a_row_scores_whole_splits_with_the_parameters_of_that_moment(make_run, make_data, snapshots, train):
    data = make_data(samples=150, columns=3)
    run = make_run(
        (4,), "tanh", "softmax", data=data, loss=SquaredError(scale="mean"), stopping=Stopping(epochs=2)
    )
    _, rows = train(run)
    for place, parameters in enumerate(snapshots(run)):
        for name, split in data.splits.items():
            a = outputs_of(run, parameters, split.x)
            row = {
                score: rows[f"{name}_{score}"][place]
                for score in ("loss", "accuracy", "log_loss", "squared_error")
            }
            labels = split.y.argmax(axis=1)
            assert row["loss"] == pytest.approx(((a - split.y) ** 2).mean(), rel=1e-12)
            assert row["squared_error"] == pytest.approx(
                ((a - split.y) ** 2).sum(axis=1).mean() / 2, rel=1e-12
            )
            assert row["log_loss"] == pytest.approx(reference(labels, a, labels=[0, 1, 2]), rel=1e-12)
            assert row["accuracy"] == pytest.approx(accuracy_score(labels, a.argmax(axis=1)), rel=1e-15)


def test_a_regression_has_no_accuracy_and_no_log_loss(make_run, train):
    _, rows = train(make_run(output="identity"))
    assert np.isnan(rows["test_accuracy"]).all()
    assert np.isnan(rows["test_log_loss"]).all()
    assert np.isfinite(rows["test_squared_error"]).all()


def test_a_run_whose_outputs_are_no_numbers_has_no_accuracy(make_run, make_data, start_at):
    run = make_run(
        data=make_data(columns=3), stopping=Stopping(updates=0), diagnostics=Diagnostics(measures=())
    )
    _, rows = engine.advance(start_at(run, np.full(run.network.parameters, np.nan)))
    for score in ("loss", "accuracy", "log_loss", "squared_error"):
        assert np.isnan(rows[f"test_{score}"][0]), score


def test_unsplit_data_score_alike_on_all_three(make_run, make_data, train):
    _, rows = train(make_run(data=make_data(one_split=True)))
    for score in ("loss", "accuracy", "log_loss", "squared_error"):
        assert np.array_equal(rows[f"test_{score}"], rows[f"train_{score}"])
        assert np.array_equal(rows[f"validation_{score}"], rows[f"train_{score}"])
