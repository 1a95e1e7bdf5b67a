"""The choice of the tuned rate, on tables small enough to work by hand."""

import numpy as np
import pandas as pd
import pytest

from harness.choosing import at_chosen, choose, sensitivity
from harness.errors import ConfigurationError

RATE = "optimizer.learning_rate"
LOSS = "validation_log_loss"


def tuning_runs(losses, *, diverged=(), arm="a"):
    """Make runs of two tuning seeds; `losses` maps a rate to their two losses."""
    rows = [
        {
            "arm": arm,
            "seed": 100 + index,
            "role": "tuning",
            "status": "FINISHED",
            "outcome": "diverged" if (rate, 100 + index) in diverged else "exhausted",
            "majority_accuracy": 0.5,
            RATE: rate,
            LOSS: loss,
            "validation_accuracy": 1 - loss,
        }
        for rate, pair in losses.items()
        for index, loss in enumerate(pair)
    ]
    return pd.DataFrame(rows)


def chosen(runs, metric=LOSS):
    return choose(sensitivity(runs, RATE, metric), metric).iloc[0]


def test_the_least_mean_loss_wins():
    # Means 0.50, 0.30, 0.35: the best single run (0.1, at the rate 1) does not decide.
    choice = chosen(tuning_runs({0.1: (0.4, 0.6), 0.3: (0.3, 0.3), 1.0: (0.1, 0.6)}))
    assert choice["value"] == 0.3
    assert choice["mean"] == pytest.approx(0.3)
    assert (choice["edge"], choice["tried"], choice["seeds"]) == ("", 3, 2)


def test_the_greatest_accuracy_wins():
    runs = tuning_runs({0.1: (0.4, 0.6), 0.3: (0.3, 0.3), 1.0: (0.1, 0.2)})
    assert chosen(runs, "validation_accuracy")["value"] == 1.0


def test_of_equal_means_the_smaller_rate_wins():
    assert chosen(tuning_runs({1.0: (0.25, 0.75), 0.1: (0.9, 0.9), 0.3: (0.5, 0.5)}))["value"] == 0.3


@pytest.mark.parametrize("metric", [LOSS, "validation_accuracy"])
def test_the_order_of_the_runs_decides_nothing(metric):
    # Summed from left to right these rates tie in one order, and either of them wins in others.
    odd = [0.1, 0.2, 0.3, 1e-17, 0.7, 0.1]
    runs = tuning_runs({0.3: odd, 0.1: odd[::-1], 1.0: sorted(odd)})
    runs.loc[runs[RATE] == 0.1, LOSS] = np.nextafter(odd, 1)
    tables = [
        sensitivity(runs.sample(frac=1, random_state=seed), RATE, metric).sort_values("value").reset_index()
        for seed in range(20)
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=True)
    assert {choose(table, metric).iloc[0]["value"] for table in tables} == {0.1}


def test_means_that_differ_by_more_than_rounding_do_not_tie():
    assert chosen(tuning_runs({0.1: (0.5, 0.5), 1.0: (0.5, 0.5 - 1e-12)}))["value"] == 1.0


def test_a_rate_at_which_a_tuning_seed_diverged_is_not_chosen():
    losses = {0.1: (0.4, 0.6), 0.3: (0.3, 0.3), 1.0: (0.1, 0.1)}
    runs = tuning_runs(losses, diverged=[(1.0, 101)])
    choice = chosen(runs)
    assert choice["value"] == 0.3
    assert choice["dead"] == 1
    assert choice["edge"] == ""  # the grid goes on above it, where seeds diverge


def test_a_failed_tuning_seed_bars_its_rate_too():
    runs = tuning_runs({0.1: (0.4, 0.6), 0.3: (0.1, 0.1)})
    runs.loc[2, "status"] = "FAILED"
    assert chosen(runs)["value"] == 0.1


def test_a_rate_without_one_of_the_tuning_seeds_is_not_chosen():
    runs = tuning_runs({0.1: (0.4, 0.6), 0.3: (0.3, 0.9)}).drop(index=3)
    choice = chosen(runs)
    assert choice["value"] == 0.1
    assert sensitivity(runs, RATE, LOSS)["missing"].tolist() == [0, 1]


@pytest.mark.parametrize(("best", "edge"), [(0.1, "lowest"), (0.3, ""), (1.0, "highest")])
def test_a_choice_at_the_edge_of_the_grid_is_flagged(best, edge):
    runs = tuning_runs({rate: (0.2, 0.2) if rate == best else (0.5, 0.5) for rate in (0.1, 0.3, 1.0)})
    assert chosen(runs)["edge"] == edge


def test_the_only_rate_is_no_edge():
    assert chosen(tuning_runs({0.1: (0.2, 0.2)}))["edge"] == ""


def test_an_arm_that_died_at_every_rate_has_no_choice_and_says_so():
    runs = tuning_runs({0.1: (0.4, 0.6), 1.0: (0.3, 0.3)}, diverged=[(0.1, 100), (1.0, 101)])
    choice = chosen(runs)
    assert np.isnan(choice["value"])
    assert "every value" in choice["reason"]


def test_a_metric_that_was_not_measured_gives_no_choice_and_says_so():
    choice = chosen(tuning_runs({0.1: (np.nan, np.nan)}))
    assert np.isnan(choice["value"])
    assert LOSS in choice["reason"]


def test_only_reported_seeds_at_the_rate_of_their_own_arm_are_reported():
    tuning = pd.concat(
        [
            tuning_runs({0.1: (0.2, 0.2), 1.0: (0.5, 0.5)}, arm="slow"),
            tuning_runs({0.1: (0.5, 0.5), 1.0: (0.2, 0.2)}, arm="fast"),
        ]
    )
    reported = tuning.assign(role="reported", seed=tuning["seed"] - 100)
    runs = pd.concat([tuning, reported], ignore_index=True)
    kept = at_chosen(runs, choose(sensitivity(runs, RATE, LOSS), LOSS), RATE)
    assert set(zip(kept["arm"], kept[RATE], kept["role"], strict=True)) == {
        ("slow", 0.1, "reported"),
        ("fast", 1.0, "reported"),
    }
    assert len(kept) == 4


def test_without_tuning_every_reported_run_is_reported():
    runs = tuning_runs({0.1: (0.2, 0.2)}).assign(role="reported")
    assert len(at_chosen(runs, None, None)) == 2


def test_a_choice_on_fewer_tuning_seeds_than_the_study_asked_for_says_so():
    runs = tuning_runs({0.1: (0.4, 0.6), 0.3: (0.3, 0.3)})
    asked = choose(sensitivity(runs, RATE, LOSS, seeds=[100, 101, 102]), LOSS).iloc[0]
    assert asked[["value", "seeds", "lacking"]].tolist() == [0.3, 2, 1]
    assert chosen(runs)["lacking"] == 0


def test_what_is_tuned_is_a_number_that_the_runs_have():
    runs = tuning_runs({0.1: (0.4, 0.6)}).assign(initializer="xavier")
    with pytest.raises(ConfigurationError, match="over = 'initializer': a run has 'xavier'; allowed: a key"):
        sensitivity(runs, "initializer", LOSS)
    with pytest.raises(ConfigurationError, match="over = 'zzz': no run has it"):
        sensitivity(runs, "zzz", LOSS)
