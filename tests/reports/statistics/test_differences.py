"""Paired differences between arms."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reports.statistics import differences, generator

ONE, OTHER = [0.80, 0.82, 0.90, 0.86, 0.92], [0.78, 0.83, 0.84, 0.82, 0.88]
DIFFERENCES = [0.02, -0.01, 0.06, 0.04, 0.04]


def compared(runs, metric="test_accuracy", pairs=(("a", "b"),), **keys):
    return differences(runs, pairs, metric, generator=generator("s", "t"), **keys)


def test_five_seeds_worked_by_hand(runs_of):
    row = compared(runs_of({"a": ONE, "b": OTHER}), ratios=1 / 3).iloc[0]
    # Mean 0.03, deviation 0.0264575, standard error 0.0118322, t quantile 2.776445.
    assert row["difference"] == pytest.approx(0.03)
    assert (row["low"], row["high"]) == pytest.approx((0.03 - 0.0328514, 0.03 + 0.0328514), abs=1e-6)
    wide = 2.776445 * 0.0264575 * np.sqrt(1 / 5 + 1 / 3)
    assert (row["data_low"], row["data_high"]) == pytest.approx((0.03 - wide, 0.03 + wide), abs=1e-6)
    expected = stats.ttest_rel(ONE, OTHER).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))
    assert row["correlation"] == pytest.approx(np.corrcoef(ONE, OTHER)[0, 1])
    # Variances 0.0026 and 0.0013; of the differences 0.0007.
    assert row["variance_ratio"] == pytest.approx(0.0007 / (0.0026 + 0.0013))
    # Above 1, 1, 5, 4 and 5 of b's, and level with one.
    assert row["improvement"] == pytest.approx(16.5 / 25)
    assert np.isnan(row["p"])
    assert row["p_note"] == "5 seeds cannot reach this level; 6 would"
    assert row["detectable"] == pytest.approx(3.7610603 * 0.0118322, rel=1e-5)


def test_pairing_narrows_what_is_the_same_for_both(runs_of):
    draw = np.random.default_rng(0)
    shared = draw.normal(0, 5, 10)
    row = compared(runs_of({"a": shared + draw.normal(size=10), "b": shared + draw.normal(size=10)})).iloc[0]
    assert row["correlation"] > 0.9
    assert row["variance_ratio"] < 0.1
    unpaired = compared(runs_of({"a": shared, "b": draw.normal(0, 5, 10)})).iloc[0]
    assert unpaired["variance_ratio"] > 0.5


def test_a_smaller_loss_is_the_better_one(runs_of):
    row = compared(runs_of({"a": [0.1, 0.2, 0.3], "b": [0.4, 0.5, 0.6]}, "test_loss"), "test_loss").iloc[0]
    assert row["difference"] == pytest.approx(-0.3)
    assert row["improvement"] == 1


def test_only_seeds_that_both_have_are_compared(runs_of):
    runs = runs_of({"a": [0.5, 0.6, 0.7, 0.8], "b": [0.4, 0.5, np.nan]})
    row = compared(runs).iloc[0]
    assert (row["seeds"], row["missing"], row["difference"]) == (2, 2, pytest.approx(0.1))
    assert compared(runs.sample(frac=1, random_state=0)).equals(compared(runs))


def test_a_death_on_either_side_leaves_the_order_the_share_and_the_living(runs_of):
    runs = runs_of({"a": [0.8, "diverged", 0.7, 0.9, 0.8], "b": [0.7, 0.5, 0.6, "failed", 0.6]})
    row = compared(runs).iloc[0]
    assert row[["difference", "low", "high", "p", "detectable", "correlation", "variance_ratio"]].isna().all()
    assert (row["seeds"], row["dead"], row["living"]) == (5, 2, 3)
    assert row["living_difference"] == pytest.approx((0.1 + 0.1 + 0.2) / 3)
    # Against 0.7, 0.5, 0.6, 0.1, 0.6: 0.9 and both 0.8 beat all, 0.7 four and ties one, 0.1 ties one.
    assert row["improvement"] == pytest.approx((5 * 3 + 4.5 + 0.5) / 25)
    assert row["p_note"] == "2 of 5 seeds died"
    assert row["died_share"] == 0.4


def test_all_dead_on_both_sides_is_a_tie(runs_of):
    row = compared(runs_of({"a": ["diverged"] * 3, "b": ["diverged"] * 3}, "test_loss"), "test_loss").iloc[0]
    assert (row["improvement"], row["dead"]) == (0.5, 3)
    assert np.isnan(row["living_difference"])


@pytest.mark.parametrize("arms", [{"a": [0.5]}, {"a": [0.5], "b": []}])
def test_arms_without_a_common_seed_are_said_to_have_none(runs_of, arms):
    row = compared(runs_of(arms)).iloc[0]
    assert (row["seeds"], row["p_note"]) == (0, "no seed in common")
    assert row[["difference", "low", "improvement", "died_share", "detectable"]].isna().all()


def test_runs_without_a_seed_have_none_in_common(runs_of):
    runs = runs_of({"a": ONE, "b": OTHER}).assign(seed=pd.array([None] * 10, dtype="Int64"))
    assert compared(runs).iloc[0]["seeds"] == 0


def test_one_seed_has_a_difference_and_no_interval(runs_of):
    row = compared(runs_of({"a": [0.5], "b": [0.4]}), ratios=0.3).iloc[0]
    assert row["difference"] == pytest.approx(0.1)
    assert row[["low", "data_low", "detectable", "needed_seeds", "correlation"]].isna().all()


def test_arms_that_are_the_same_differ_by_nothing_on_every_seed(runs_of):
    row = compared(runs_of({"a": [0.5, 0.6, 0.7] * 8, "b": [0.5, 0.6, 0.7] * 8})).iloc[0]
    assert (row[["difference", "low", "high", "bca_low", "bca_high", "detectable"]] == 0).all()
    assert (row["improvement"], row["correlation"], row["variance_ratio"]) == (0.5, pytest.approx(1), 0)
    assert np.isnan(row["p"])
    assert row["p_note"] == "too many of 24 seeds are tied to reach this level; 6 untied would"


def test_an_arm_of_several_runs_a_seed_is_compared_with_none(runs_of):
    runs = pd.concat([runs_of({"a": ONE, "b": OTHER}), runs_of({"a": OTHER})])
    assert compared(runs).iloc[0]["seeds"] == 0


def test_p_values_are_given_where_all_seeds_could_reach_them_and_corrected_together(runs_of):
    draw = np.random.default_rng(0)
    runs = runs_of({"a": draw.normal(1, 1, 10), "b": draw.normal(0, 1, 10), "c": draw.normal(0, 1, 10)})
    frame = compared(runs, pairs=list(combinations("abc", 2)))
    assert frame["p_note"].eq("").all()
    ordered = frame.sort_values("p")
    assert (ordered["p_holm"] == np.minimum(1, np.maximum.accumulate(ordered["p"] * [3, 2, 1]))).all()
    many = compared(runs, pairs=list(combinations("abc", 2)), family=100)
    assert many["p"].isna().all()
    assert many["p_note"].eq("10 seeds cannot reach this level; 12 would").all()


def test_the_bootstrap_stands_beside_from_twenty_seeds_on(runs_of):
    draw = np.random.default_rng(0)
    runs = runs_of({arm: draw.normal(size=seeds) for arm, seeds in (("a", 20), ("b", 20), ("c", 19))})
    frame = compared(runs, pairs=[("a", "b"), ("a", "c")])
    assert frame["bca_low"].notna().tolist() == [True, False]
    assert frame["bca_low"][0] < frame["difference"][0] < frame["bca_high"][0]


def test_time_to_target_is_compared_by_its_order_where_one_missed_it(runs_of):
    runs = runs_of({"a": [100.0, 120.0, 90.0], "b": [200.0, np.inf, 300.0]}, "updates_to_target")
    row = compared(runs, "updates_to_target").iloc[0]
    assert (row["improvement"], row["dead"]) == (1, 1)
    assert np.isnan(row["difference"])


@pytest.mark.parametrize("pair", [("a", "b"), ("b", "a")])
def test_the_interval_for_new_data_is_that_of_the_arm_that_trained_on_less_whichever_stands_first(
    runs_of, pair
):
    runs = runs_of({"a": ONE, "b": OTHER})
    row = compared(runs, pairs=[pair], ratios={"a": 0.2, "b": 0.8}).iloc[0]
    assert row["data_high"] - row["data_low"] == pytest.approx(
        (row["high"] - row["low"]) * np.sqrt(1 + 5 * 0.8)
    )
    assert np.isnan(compared(runs, pairs=[pair], ratios={"a": 0.2}).iloc[0]["data_low"])


def test_a_pair_says_which_of_its_arms_has_several_runs_on_a_seed(runs_of):
    runs = pd.concat([runs_of({"a": ONE, "b": OTHER}), runs_of({"b": OTHER})])
    row = compared(runs).iloc[0]
    assert row[["seeds", "absent", "repeated"]].tolist() == [0, "several runs on one seed", "b"]
    assert row["p_note"] == "several runs on one seed"
    assert compared(runs_of({"a": ONE})).iloc[0]["absent"] == "no seed in common"
