"""Bands over seeds, with seeds that diverge, stop early and fail without a trace."""

import numpy as np
import pandas as pd
import pytest

from harness.bands import bands


def runs(**outcomes):
    """Make one run a seed, named by its letter."""
    return pd.DataFrame(
        {
            "run_id": list(outcomes),
            "arm": "a",
            "seed": range(len(outcomes)),
            "outcome": list(outcomes.values()),
            "status": "FINISHED",
            "majority_accuracy": 0.25,
        }
    )


def history(**losses):
    """Make histories at updates 0, 1, 2, 5 from lists of losses (update: loss where it is a dict)."""
    rows = []
    for run_id, values in losses.items():
        pairs = values.items() if isinstance(values, dict) else zip((0, 1, 2, 5), values, strict=False)
        for update, loss in pairs:
            layer = {"delta_rms_1": loss / 2}
            rows.append(
                {
                    "run_id": run_id,
                    "update": update,
                    "epoch": update / 10,
                    "train_loss": loss,
                    "test_accuracy": 1 - loss / 10,
                    **layer,
                }
            )
    return pd.DataFrame(rows)


def band(table, update):
    return table[table["update"] == update].iloc[0]


def test_living_seeds_have_a_mean_and_its_t_interval():
    table = bands(history(p=[4, 3, 2, 1], q=[4, 5, 4, 3]), runs(p="exhausted", q="exhausted"), ["train_loss"])
    assert table["update"].tolist() == [0, 1, 2, 5]
    assert table["epoch"].tolist() == [0, 0.1, 0.2, 0.5]
    assert set(table["kind"]) == {"mean"}
    row = band(table, 1)
    # of 3 and 5: mean 4, standard error 1, t quantile at 1 degree of freedom 12.7062
    assert (row["centre"], row["seeds"], row["alive"]) == (4, 2, 2)
    assert row["low"] == pytest.approx(4 - 12.7062, abs=1e-4)
    assert (band(table, 0)["low"], band(table, 0)["high"]) == (4, 4)


def test_where_a_living_seed_overflows_there_is_no_mean_of_what_is_no_loss():
    rows = history(p=[4, 3, 2], q=[4, 5, 4]).assign(distance=[1.0, 2.0, np.inf, 3.0, 4.0, np.inf])
    table = bands(rows, runs(p="exhausted", q="diverged"), ["distance"])
    assert table["update"].tolist() == [0, 1]
    assert table["centre"].tolist() == [2, 3]


def test_one_seed_has_a_line_and_no_band():
    table = bands(history(p=[4, 3, 2, 1]), runs(p="exhausted"), ["train_loss"])
    assert table["centre"].tolist() == [4, 3, 2, 1]
    assert table[["low", "high"]].isna().all(axis=None)


def test_from_its_last_row_on_a_diverged_seed_is_infinite_loss_in_a_median():
    table = bands(
        history(p=[4, 3, 2, 1], q=[4, 3, 3, 3], r=[4, 8, 30]),
        runs(p="exhausted", q="exhausted", r="diverged"),
        ["train_loss", "test_accuracy"],
    )
    loss = table[table["metric"] == "train_loss"]
    assert loss["kind"].tolist() == ["mean", "mean", "median", "median"]
    assert loss["alive"].tolist() == [3, 3, 2, 2]
    assert set(loss["seeds"]) == {3}
    assert band(loss, 1)["centre"] == pytest.approx(14 / 3)
    assert band(loss, 5)[["centre", "low", "high"]].tolist() == [3, 1, np.inf]  # of 1, 3, infinity
    accuracy = band(table[table["metric"] == "test_accuracy"], 5)
    assert accuracy[["centre", "low", "high"]].tolist() == pytest.approx(
        [0.7, 0.25, 0.9]
    )  # of 0.25, 0.7, 0.9


def test_more_than_half_dead_is_an_infinite_median():
    table = bands(
        history(p=[4, 3, 2, 1], q=[4, 9], r=[4, 9]),
        runs(p="exhausted", q="diverged", r="diverged"),
        ["train_loss"],
    )
    assert band(table, 5)["centre"] == np.inf
    assert band(table, 5)["alive"] == 1


def test_gradients_end_where_a_seed_dies():
    table = bands(history(p=[4, 3, 2, 1], r=[4, 8, 30]), runs(p="exhausted", r="diverged"), ["delta_rms_1"])
    assert table["update"].tolist() == [0, 1]


def test_gradients_have_a_geometric_mean_whose_band_stays_above_zero():
    # delta_rms 1 and 4: logarithms 0 and 2 ln 2, mean ln 2, standard error ln 2, t quantile 12.7062
    table = bands(history(p=[2], q=[8]), runs(p="exhausted", q="exhausted"), ["delta_rms_1"])
    row = band(table, 0)
    assert row["kind"] == "geometric mean"
    assert row["centre"] == pytest.approx(2)
    assert row["low"] == pytest.approx(2 ** (1 - 12.7062), rel=1e-4)
    assert row["high"] == pytest.approx(2 ** (1 + 12.7062), rel=1e-4)


def test_a_gradient_of_zero_makes_the_geometric_mean_zero_without_a_band():
    table = bands(history(p=[0], q=[8]), runs(p="exhausted", q="exhausted"), ["delta_rms_1"])
    assert band(table, 0)["centre"] == 0
    assert np.isnan(band(table, 0)["low"])


def test_a_seed_that_stopped_alive_keeps_its_last_value():
    # q stopped at update 3, where p was not measured: that row is no row of the band.
    table = bands(
        history(p=[4, 3, 2, 1], q={0: 4, 1: 3, 2: 2, 3: 0.5}),
        runs(p="exhausted", q="converged"),
        ["train_loss"],
    )
    assert table["update"].tolist() == [0, 1, 2, 5]
    assert band(table, 5)["centre"] == 0.75
    assert set(table["kind"]) == {"mean"}


def test_a_failed_seed_without_history_is_dead_from_the_start():
    failed = runs(p="exhausted", q="exhausted", r="failed")
    table = bands(history(p=[4, 3, 2, 1], q=[4, 3, 2, 1]), failed, ["train_loss"])
    assert set(table["kind"]) == {"median"}
    assert set(table["seeds"]) == {3}
    assert band(table, 0)["high"] == np.inf


def test_a_metric_never_measured_has_no_rows():
    table = history(p=[4, 3, 2, 1], r=[4, 8])
    table["validation_log_loss"] = np.nan
    found = bands(table, runs(p="exhausted", r="diverged"), ["validation_log_loss", "train_loss"])
    assert set(found["metric"]) == {"train_loss"}


def test_no_history_at_all_gives_an_empty_table_with_its_columns():
    found = bands(history(p=[1]).iloc[:0], runs(p="failed"), ["train_loss"])
    assert found.empty
    assert {"arm", "update", "centre", "kind"} <= set(found.columns)


def test_every_row_says_what_its_arm_had_cost_by_then():
    rows = history(p=[4, 3, 2, 1], q=[4, 3, 2, 1])
    rows["samples"], rows["multiply_adds"] = 32 * rows["update"], 76_800.0 * rows["update"]
    rows.loc[rows["run_id"] == "q", "samples"] = np.nan  # one run of an arm is enough to know it
    table = bands(rows, runs(p="exhausted", q="exhausted"), ["train_loss"])
    assert table["samples"].tolist() == [0, 32, 64, 160]
    assert table["multiply_adds"].tolist() == [0, 76_800, 153_600, 384_000]
    unknown = bands(history(p=[4, 3]), runs(p="exhausted"), ["train_loss"])
    assert unknown[["samples", "multiply_adds"]].isna().all(axis=None)


def test_an_arm_with_several_runs_on_one_seed_has_no_band():
    twice = runs(p="exhausted", q="exhausted").assign(seed=[3, 3])
    told = history(p=[4, 3, 2, 1], q=[4, 5, 4, 3])
    assert bands(told, twice, ["train_loss"]).empty
    # Runs that name no seed are replicates of their arm.
    nameless = twice.assign(seed=pd.array([pd.NA, pd.NA], dtype="Int64"))
    assert (bands(told, nameless, ["train_loss"])["seeds"] == 2).all()
