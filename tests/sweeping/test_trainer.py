"""Runs train in stacks, and no run can tell."""

import numpy as np
import pytest

from harness import compose, train
from harness.data import load
from harness.sweeping.stacks import stacks

SHORT = ["dataset=moons", "dataset.samples=60", "stopping.epochs=2"]


def test_all_rates_seeds_and_initial_scales_of_an_arm_are_one_stack() -> None:
    runs = [
        compose([*SHORT, "initializer=xavier", f"seed={seed}", f"optimizer.learning_rate={rate}", gain])
        for seed in (0, 1)
        for rate in (0.1, 1)
        for gain in ("initializer.gain=1", "initializer.gain=4")
    ]
    assert stacks(runs) == [list(range(8))]


@pytest.mark.parametrize(
    "other",
    [
        "activation=relu",
        "loss=mse",
        "optimizer=gd",
        "optimizer.batch_size=8",
        "update=momentum",
        "dtype=float32",
        "stopping.epochs=3",
        "architecture.width=8",
        "architecture.bias=false",
        "dataset.samples=80",
    ],
)
def test_what_a_stack_must_share_parts_it(other: str) -> None:
    assert stacks([compose(SHORT), compose([*SHORT, other])]) == [[0], [1]]


def test_records_come_in_the_order_asked_whatever_stacks_they_trained_in() -> None:
    asked = [
        [*SHORT, f"activation={activation}", f"seed={seed}"]
        for seed in (3, 1)
        for activation in ("relu", "tanh")
    ]
    runs = [compose(overrides) for overrides in asked]
    together = train(runs)
    assert [record.config for record in together] == runs
    for run, record in zip(runs, together, strict=True):
        alone = train([run])[0]
        assert alone.weights_digest == record.weights_digest
        assert alone.history.equals(record.history)


def test_a_record_carries_what_its_run_left() -> None:
    run = compose([*SHORT, "architecture.hidden=[5,4]", "activation=tanh"])
    record = train([run])[0]
    history = record.history
    assert list(history.columns[:4]) == ["epoch", "update", "samples", "multiply_adds"]
    for measure in ("gradient_norm", "delta_rms", "weight_norm", "update_ratio", "saturation", "dead_units"):
        assert [f"{measure}_{layer}" for layer in (1, 2, 3)] == [
            column for column in history if column.startswith(measure)
        ]
    assert history["update"].iloc[0] == 0
    assert history["epoch"].iloc[-1] == record.summary["epochs"] == 2
    assert record.summary["test_accuracy"] == history["test_accuracy"].iloc[-1]
    assert record.summary["best_validation_loss"] == history["validation_loss"].min()
    assert [weights.shape for weights, _ in record.weights] == [(2, 5), (5, 4), (4, 1)]
    assert [bias.shape for _, bias in record.weights if bias is not None] == [(5,), (4,), (1,)]
    assert not np.array_equal(record.weights[0][0], record.initial_weights[0][0])
    assert record.parameters["weights_1"] is record.weights[0][0]


def test_without_bias_there_is_none() -> None:
    record = train([compose([*SHORT, "architecture.bias=false"])])[0]
    assert [bias for _, bias in record.weights] == [None, None]


def test_the_recorded_loss_is_the_loss_of_the_recorded_weights_on_the_loaded_data() -> None:
    run = compose([*SHORT, "loss=mse", "activation=tanh", "loss.scale=sum"])
    record, data = train([run])[0], load(run)
    (first, first_bias), (second, second_bias) = record.weights
    outputs = 1 / (1 + np.exp(-(np.tanh(data.test_x @ first + first_bias) @ second + second_bias)))
    assert record.summary["test_loss"] == pytest.approx(np.mean((outputs - data.test_y) ** 2), rel=1e-12)
    right = (outputs > 0.5) == (data.test_y > 0.5)
    assert record.summary["test_accuracy"] == pytest.approx(right.mean(), abs=1e-12)


def test_no_updates_record_the_start() -> None:
    record = train([compose([*SHORT, "stopping.updates=0"])])[0]
    assert list(record.history["update"]) == [0]
    assert record.summary["stopped_by"] == "updates"
    assert np.array_equal(record.weights[0][0], record.initial_weights[0][0])


def test_a_truth_table_says_that_nothing_was_held_out() -> None:
    record = train([compose(["dataset=xor", "optimizer=gd", "stopping.epochs=1"])])[0]
    assert "validation and test are the training rows" in record.warnings[0]
    assert record.summary["test_loss"] == record.summary["train_loss"]


def test_what_the_doctor_says_stands_last_among_the_warnings() -> None:
    overrides = ["dataset=xor", "optimizer=gd", "stopping.epochs=5", "architecture.bias=false"]
    record = train([compose(overrides)])[0]
    assert [complaint.name for complaint in record.complaints] == ["even labels"]
    assert "training rows" in record.warnings[0]
    assert record.warnings[1:] == tuple(complaint.sentence for complaint in record.complaints)


def test_auto_initial_weights_are_written_out() -> None:
    run = compose([*SHORT, "architecture.activations=[relu,tanh]", "architecture.depth=2"])
    assert train([run])[0].summary["initializers"] == "he, xavier, xavier"


def test_seconds_are_told_only_of_a_run_that_trained_alone() -> None:
    run = compose(SHORT)
    assert train([run])[0].summary["timing"] == "alone"
    assert train([run])[0].summary["seconds"] > 0
    stacked = train([run, compose([*SHORT, "seed=1"])])[0].summary
    assert stacked["timing"] == "stack"
    assert "seconds" not in stacked
