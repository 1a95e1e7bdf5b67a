"""Point estimates of arms with their intervals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reports.statistics import estimates, generator
from reports.statistics.resampling import bca, interquartile_mean

FIVE = [0.6, 0.9, 0.7, 0.8, 0.5]


def estimated(runs, metric="test_accuracy", **keys):
    return estimates(runs, ["a"], [metric], generator=generator("s", "t"), **keys).iloc[0]


def test_five_seeds_worked_by_hand(runs_of):
    row = estimated(runs_of({"a": FIVE}), ratios=1 / 3)
    assert row["seeds"] == row["living"] == 5
    assert (row["mean"], row["median"], row["iqm"]) == pytest.approx((0.7, 0.7, 0.7))
    # Standard error 0.0707107, t quantile 2.776445; for new data times the root of 1 + 5/3.
    assert row["high"] - row["mean"] == pytest.approx(2.776445 * 0.0707107, rel=1e-5)
    assert row["mean"] - row["data_low"] == pytest.approx(2.776445 * 0.0707107 * np.sqrt(1 + 5 / 3), rel=1e-5)
    # With 5 seeds the median may lie beyond all of them in 1 of 16 studies, and there is no bootstrap.
    assert row[["median_low", "median_high", "bca_low", "bca_high", "iqm_low", "iqm_high"]].isna().all()


def test_the_interquartile_mean_is_that_of_the_middle_half():
    assert interquartile_mean([1, 2, 3, 4, 5, 6, 7, 100]) == pytest.approx((3 + 4 + 5 + 6) / 4)
    assert interquartile_mean([1, 2, 3, 4, 100]) == pytest.approx(3)
    assert interquartile_mean([1.0, 2, 9]) == pytest.approx(4)


def test_the_median_lies_between_two_values_in_order(runs_of):
    row = estimated(runs_of({"a": np.arange(10.0)}))
    # Of 10 values the second and the last but one: 1 - 2 · 11/1024 = 97.9 %.
    assert (row["median_low"], row["median_high"]) == (1, 8)


def test_from_twenty_seeds_on_the_bootstrap_stands_beside(runs_of):
    values = np.random.default_rng(0).lognormal(size=20)
    row = estimated(runs_of({"a": values}))
    expected = stats.bootstrap((values,), np.mean, rng=np.random.default_rng(1)).confidence_interval
    assert (row["bca_low"], row["bca_high"]) == pytest.approx((expected.low, expected.high), rel=0.02)
    assert row["iqm_low"] < row["iqm"] < row["iqm_high"]
    assert np.isnan(estimated(runs_of({"a": values[:19]}))["bca_low"])


def test_a_dead_seed_leaves_no_mean_but_counts_in_median_and_interquartile_mean(runs_of):
    runs = runs_of({"a": [0.6, "diverged", 0.7, 0.8, 0.5]})
    row = estimated(runs)
    assert row[["mean", "low", "high", "bca_low"]].isna().all()
    assert (row["dead"], row["living"], row["died_share"]) == (1, 4, 0.2)
    assert (row["died_low"], row["died_high"]) == pytest.approx((0.036223, 0.624465), abs=1e-5)
    assert row["living_mean"] == pytest.approx(0.65)
    assert (row["median"], row["iqm"]) == pytest.approx((0.6, 0.6))  # of 0.1, 0.5, 0.6, 0.7, 0.8


@pytest.mark.parametrize(("dead", "median"), [(2, 0.8), (3, np.inf)])
def test_losses_of_dead_seeds_are_infinite(runs_of, dead, median):
    row = estimated(
        runs_of({"a": [0.6, 0.8, 0.7, 0.4, 0.5][dead - 2 :][: 5 - dead] + ["failed"] * dead}, "test_loss"),
        "test_loss",
    )
    values = [0.6, 0.8, 0.7] if dead == 2 else [0.8, 0.7]
    assert row["median"] == median
    assert row["living_mean"] == pytest.approx(np.mean(values))


def test_gradients_of_a_dead_run_are_none_and_their_median_neither(runs_of):
    row = estimated(runs_of({"a": [0.5, "diverged", 0.6]}, "rho"), "rho")
    assert row[["mean", "median", "iqm"]].isna().all()
    assert row["living_mean"] == pytest.approx(0.55)


def test_a_value_that_is_missing_is_counted_and_left_out_and_an_infinite_one_is_as_dead(runs_of):
    row = estimated(runs_of({"a": [1.0, np.nan, 2.0]}, "test_loss"), "test_loss")
    assert (row["seeds"], row["missing"], row["mean"]) == (2, 1, 1.5)
    row = estimated(runs_of({"a": [1.0, np.inf, 2.0]}, "test_loss"), "test_loss")
    assert (row["seeds"], row["dead"], row["median"]) == (3, 1, 2.0)
    assert np.isnan(row["mean"])


def test_one_seed_no_spread_and_no_seed(runs_of):
    one = estimated(runs_of({"a": [0.5]}))
    assert one["mean"] == one["median"] == one["iqm"] == 0.5
    assert one[["low", "high", "median_low", "data_low"]].isna().all()
    same = estimated(runs_of({"a": [0.5] * 20}), ratios=0.5)
    assert (same[["low", "high", "data_low", "data_high", "bca_low", "bca_high", "iqm_low"]] == 0.5).all()
    none = estimated(runs_of({"b": [0.5]}))
    assert none["seeds"] == 0
    assert none[["mean", "median", "died_share"]].isna().all()


def test_runs_that_name_no_seed_are_replicates_too(runs_of):
    runs = runs_of({"a": FIVE})
    row = estimated(runs.assign(seed=pd.array([None] * 5, dtype="Int64")))
    assert (row["seeds"], row["mean"]) == (5, pytest.approx(0.7))


def test_the_same_name_gives_the_same_bytes_and_another_others(runs_of):
    runs = runs_of({"a": np.random.default_rng(0).normal(size=25)})
    found = [
        estimates(runs, ["a"], ["test_accuracy"], generator=generator(study, purpose)).to_csv()
        for study, purpose in (("s", "t"), ("s", "t"), ("other", "t"), ("s", "other"))
    ]
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_rows_are_bootstrapped_each_by_itself():
    table = np.random.default_rng(3).normal(size=(3, 20))
    table[1] = 2.0
    table[2, 4] = np.nan
    low, high = bca(table, np.random.default_rng(0))
    alone = bca(table[0], np.random.default_rng(0))
    assert (low[0], high[0]) == (alone[0], alone[1])
    assert low[1] == high[1] == 2
    assert np.isnan([low[2], high[2]]).all()
