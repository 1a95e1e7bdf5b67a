"""Intervals against numbers worked by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.intervals import t_interval
from reports.statistics import counted, estimates, final_scores, generator, outcome_counts, wilson


def test_t_interval_of_one_to_five():
    # mean 3, standard error sqrt(2.5 / 5) = 0.707107, t quantile at 4 degrees of freedom 2.776445
    mean, low, high = t_interval([1, 2, 3, 4, 5])
    assert mean == pytest.approx(3.0)
    assert low == pytest.approx(3 - 2.776445 * 0.707107, abs=1e-5)
    assert high == pytest.approx(3 + 2.776445 * 0.707107, abs=1e-5)


def test_t_interval_works_over_the_last_axis_and_agrees_with_scipys_test():
    table = np.random.default_rng(0).normal(size=(7, 6))
    mean, low, high = t_interval(table)
    for row in range(7):
        expected = stats.ttest_1samp(table[row], 0.0).confidence_interval(0.95)
        assert (low[row], high[row]) == pytest.approx((expected.low, expected.high))
        assert mean[row] == pytest.approx(table[row].mean())


def test_one_seed_has_a_mean_and_no_interval():
    mean, low, high = t_interval([0.4])
    assert mean == 0.4
    assert np.isnan(low)
    assert np.isnan(high)


def test_seeds_that_agree_have_an_interval_of_no_width():
    assert [float(value) for value in t_interval([0.5, 0.5, 0.5])] == [0.5, 0.5, 0.5]


def test_wilson_of_one_in_five():
    # z = 1.959964: centre 0.330344, half-width 0.294121
    assert wilson(1, 5) == pytest.approx((0.2, 0.036223, 0.624465), abs=1e-5)


def test_wilson_of_nothing_in_nothing_is_not_a_number():
    assert np.isnan(wilson(0, 0)).all()


@pytest.fixture
def five_runs():
    """Four seeds at 0.9, 0.8, 0.7, 0.6, and one that diverged and left a flattering last accuracy."""
    return pd.DataFrame(
        {
            "arm": "a",
            "seed": range(5),
            "outcome": ["converged", "exhausted", "stalled", "exhausted", "diverged"],
            "status": "FINISHED",
            "warnings": ["", "", "", "overflow", "overflow"],
            "majority_accuracy": 0.1,
            "test_accuracy": [0.9, 0.8, 0.7, 0.6, 0.95],
            "test_log_loss": [0.1, 0.2, 0.3, 0.4, np.nan],
        }
    )


def test_a_dead_run_counts_as_the_majority_class_and_as_infinite_loss(five_runs):
    assert counted(five_runs, "test_accuracy").tolist() == [0.9, 0.8, 0.7, 0.6, 0.1]
    assert counted(five_runs, "test_log_loss").tolist() == [0.1, 0.2, 0.3, 0.4, np.inf]


def test_a_failed_run_counts_as_dead_whatever_its_outcome_says(five_runs):
    failed = five_runs.assign(status=["FAILED", *["FINISHED"] * 4])
    assert counted(failed, "test_accuracy")[0] == 0.1


def test_a_dead_seed_turns_the_mean_into_a_median_without_interval(five_runs):
    scores = final_scores(five_runs, ["a"], ["test_accuracy", "test_log_loss"]).set_index("metric")
    accuracy, loss = scores.loc["test_accuracy"], scores.loc["test_log_loss"]
    assert (accuracy["kind"], accuracy["seeds"], accuracy["dead"]) == ("median", 5, 1)
    assert accuracy["centre"] == pytest.approx(0.7)  # of 0.1, 0.6, 0.7, 0.8, 0.9
    assert loss["centre"] == pytest.approx(0.3)  # of 0.1, 0.2, 0.3, 0.4, infinity
    assert np.isnan([accuracy["low"], accuracy["high"]]).all()
    assert accuracy["living_mean"] == pytest.approx(0.75)


def test_a_run_that_lives_and_was_not_measured_is_left_out_and_counted(five_runs):
    living = five_runs.assign(outcome="exhausted", test_accuracy=[0.9, 0.8, np.nan, 0.6, 0.7])
    score = final_scores(living, ["a"], ["test_accuracy"]).iloc[0]
    assert score[["runs", "seeds", "missing", "dead", "kind"]].tolist() == [5, 4, 1, 0, "mean"]
    assert score["centre"] == pytest.approx(0.75)
    beside = estimates(living, ["a"], ["test_accuracy"], generator=generator("s", "t")).iloc[0]
    assert score[["seeds", "low", "high"]].tolist() == beside[["seeds", "low", "high"]].tolist()


def test_an_infinite_score_counts_like_a_dead_runs(five_runs):
    living = five_runs.assign(outcome="exhausted", test_accuracy=[0.9, 0.8, 0.7, 0.6, np.inf])
    score = final_scores(living, ["a"], ["test_accuracy"]).iloc[0]
    assert score[["kind", "dead"]].tolist() == ["median", 1]
    assert score["centre"] == pytest.approx(0.7)


def test_an_arm_with_several_runs_on_one_seed_has_no_final_score(five_runs):
    score = final_scores(five_runs.assign(seed=[0, 0, 1, 2, 3]), ["a"], ["test_accuracy"]).iloc[0]
    assert score[["runs", "seeds", "kind", "repeated"]].tolist() == [5, 0, "none", "a"]
    assert np.isnan(score["centre"])


def test_all_seeds_alive_give_the_mean_and_its_interval(five_runs):
    living = five_runs[five_runs["outcome"] != "diverged"]
    score = final_scores(living, ["a"], ["test_accuracy"]).iloc[0]
    # mean 0.75, standard error 0.129099 / 2, t quantile at 3 degrees of freedom 3.182446
    assert score["kind"] == "mean"
    assert score["low"] == pytest.approx(0.75 - 3.182446 * 0.0645497, abs=1e-5)


def test_an_arm_without_runs_is_listed_with_nothing(five_runs):
    scores = final_scores(five_runs, ["a", "b"], ["test_accuracy"]).set_index("arm")
    assert scores.loc["b", "seeds"] == 0
    assert scores.loc["b", "kind"] == "none"
    assert np.isnan(scores.loc["b", "centre"])


def test_outcomes_are_counted_over_every_run(five_runs):
    row = outcome_counts(five_runs, ["arm"]).iloc[0]
    assert row["runs"] == 5
    assert [row[name] for name in ("converged", "exhausted", "stalled", "diverged", "failed")] == [
        1,
        2,
        1,
        1,
        0,
    ]
    assert row["warned"] == 2
    assert (row["died_share"], row["died_low"]) == pytest.approx((0.2, 0.036223), abs=1e-5)
