"""Maps are taken between legs: training cannot tell, and every run has its own to its end."""

import numpy as np
import pytest

from harness import compose, train
from harness.engine.diagnostics.decision_map import moments
from harness.record import Record

SHORT = ("dataset=moons", "dataset.samples=60", "stopping.epochs=9", "dtype=float32")
BLIND = "diagnostics.measures=[gradient_norm,update_ratio]"
SEEING = "diagnostics.measures=[gradient_norm,update_ratio,decision_map]"
# An output of any size lets the weights blow up.
ENDS = ("activation=relu", "loss=mse", "architecture.output=identity", "stopping.tolerance=0.1")


def records(*overrides: str, rates: tuple[float, ...] = (0.001, 0.3, 1e6)) -> list[Record]:
    return train(
        [
            compose([*SHORT, *overrides, f"optimizer.learning_rate={rate}", f"seed={seed}"])
            for seed, rate in enumerate(rates)
        ]
    )


@pytest.mark.parametrize("feeding", ["gd", "sgd", "batch"])
def test_cutting_a_training_where_maps_are_due_changes_no_bit(feeding: str) -> None:
    chosen = (f"optimizer={feeding}", "update=momentum", *ENDS)
    blind, seeing = records(BLIND, *chosen), records(SEEING, *chosen)
    assert len({record.summary["updates"] for record in seeing}) > 1
    assert "diverged" in {record.summary["outcome"] for record in seeing}
    for one, other in zip(blind, seeing, strict=True):
        assert one.weights_digest == other.weights_digest
        assert one.history.equals(other.history)
        np.testing.assert_equal(one.summary, other.summary)
        assert not one.maps
        assert other.maps


def test_a_run_has_maps_at_every_moment_until_its_end() -> None:
    found = records(SEEING, "optimizer=batch", *ENDS)
    planned = moments(9 * 2, 2)
    assert min(record.summary["updates"] for record in found) < planned[-1]
    for record in found:
        end = record.summary["updates"]
        expected = sorted({*(update for update in planned if update < end), end})
        assert record.maps["update"].tolist() == expected
        assert {len(record.maps[name]) for name in ("values", "classes")} == {len(expected)}


def test_the_last_map_is_of_the_weights_that_the_record_holds() -> None:
    for record in records(SEEING, "activation=tanh", rates=(0.1, 1.0)):
        (low, high), (bottom, top) = record.maps["bounds"]
        for place, weights in ((0, record.initial_weights), (-1, record.weights)):
            (first, first_bias), (second, second_bias) = weights
            for corner, x in (
                (np.s_[0, 0], (low, bottom)),
                (np.s_[0, -1], (high, bottom)),
                (np.s_[-1, 0], (low, top)),
            ):
                share = 1 / (1 + np.exp(-(np.tanh(np.array(x) @ first + first_bias) @ second + second_bias)))
                assert record.maps["values"][place][corner] == pytest.approx(share[0], rel=1e-4)


def test_maps_of_a_stack_are_those_of_its_runs_alone() -> None:
    rates = (0.001, 0.3, 1e6)
    together = records(SEEING, *ENDS, rates=rates)
    for seed, rate in enumerate(rates):
        overrides = [*SHORT, SEEING, *ENDS, f"optimizer.learning_rate={rate}", f"seed={seed}"]
        alone = train([compose(overrides)])[0].maps
        for name, values in together[seed].maps.items():
            assert np.array_equal(values, alone[name], equal_nan=True), name


def test_a_diverged_run_keeps_the_map_of_its_end() -> None:
    record = records(SEEING, *ENDS, rates=(1e30,))[0]
    assert record.summary["outcome"] == "diverged"
    assert np.isfinite(record.maps["values"][0]).all()
    assert not np.isfinite(record.maps["values"][-1]).any()


@pytest.mark.parametrize("dataset", ["digits", "sine", "three_inputs"])
def test_where_inputs_are_no_plane_there_are_no_maps_and_no_complaint(dataset: str) -> None:
    overrides = [f"dataset={dataset}", "loss=mse", "optimizer=gd", "stopping.updates=1"]
    record = train([compose(overrides)])[0]
    assert record.maps == {}
    assert not [warning for warning in record.warnings if "map" in warning]


def test_a_training_without_updates_has_the_map_of_its_start() -> None:
    record = train([compose([*SHORT, "stopping.updates=0"])])[0]
    assert record.maps["update"].tolist() == [0]
