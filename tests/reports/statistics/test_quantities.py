"""Quantities derived from the course of a run, against histories worked by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.quantities import COSTS
from reports.statistics.by_seed import Metric
from reports.statistics.quantities import as_at, column, excess, fluctuation, rises, with_quantities

UPDATES = [0, 1, 2, 3, 4, 10]
LOSSES = [1.0, 0.9, 0.95, 0.7, 0.6, 0.3]


def history(run="a0", losses=LOSSES, updates=UPDATES, **more):
    updates = np.array(updates, dtype=float)
    return pd.DataFrame(
        {"run_id": run, "update": updates, "epoch": updates / 2, "samples": 8 * updates}
        | {"multiply_adds": 80 * updates, "train_loss": losses}
        | more
    )


def runs(**outcomes):
    rows = [
        {"run_id": run, "arm": run[0], "seed": int(run[1:]), "outcome": outcome}
        | {"status": "FAILED" if outcome == "failed" else "FINISHED", "majority_accuracy": 0.5}
        for run, outcome in outcomes.items()
    ]
    return pd.DataFrame(rows)


def value(metric, rows, found=None, at="end", **keys):
    found = runs(a0="exhausted") if found is None else found
    return with_quantities(rows, found, [(metric, at)], **keys)[column(metric, at)].to_numpy(dtype=float)


def test_a_loss_has_halved_where_the_line_between_two_rows_crosses_half_of_its_start():
    # From 0.6 at update 4 to 0.3 at update 10, half of 1 is passed a third of the way.
    found = {cost: value(f"halving_{cost}", history())[0] for cost in COSTS}
    assert found == pytest.approx({"updates": 6, "epochs": 3, "samples": 48, "multiply_adds": 480})


def test_what_never_halves_takes_for_ever_and_so_does_what_dies():
    slow = history("a1", [1.0, 0.9, 0.9, 0.8, 0.8, 0.51])
    both = pd.concat([history(), slow, history("a2")])
    found = value("halving_updates", both, runs(a0="exhausted", a1="exhausted", a2="diverged"))
    assert found.tolist() == [pytest.approx(6), np.inf, np.inf]


def test_a_run_without_its_start_has_no_time_to_halve():
    assert np.isnan(value("halving_updates", history().iloc[1:]))[0]
    assert np.isnan(value("halving_updates", history().drop(columns="train_loss")))[0]


@settings(max_examples=30)
@given(st.integers(-20, 20), st.lists(st.floats(0.01, 2.0), min_size=2, max_size=12))
def test_halving_and_fluctuation_do_not_depend_on_the_scale_of_the_loss(power, losses):
    # A power of two, by which no digit changes: a loss may lie on its half.
    scale, updates = 2.0**power, range(len(losses))
    one = value("halving_updates", history(losses=losses, updates=updates))
    other = value("halving_updates", history(losses=np.array(losses) * scale, updates=updates))
    assert one == pytest.approx(other)
    several = np.array(losses)
    assert fluctuation(several) == pytest.approx(fluctuation(several * scale), nan_ok=True)


def test_a_time_to_the_target_is_that_of_the_studys_target():
    target = {"metric": "train_accuracy", "value": 0.8}
    rows = history(train_accuracy=[0.1, 0.2, 0.3, 0.4, 0.6, 0.9])
    assert value("target_updates", rows, target=target) == pytest.approx([8])
    assert value("target_epochs", rows, target=target) == pytest.approx([4])
    assert value("target_updates", rows, target=target | {"value": 0.95}) == [np.inf]
    assert np.isnan(value("target_updates", rows))[0]


def test_rises_are_counted_among_the_updates_of_the_window():
    windows = {"a": [0, 4]}
    assert value("rises", history(), windows=windows) == pytest.approx([1 / 4])
    assert rises(np.array([3.0, 2.0, 1.0])) == 0
    assert np.isnan(rises(np.array([3.0, 2.0])))


def test_fluctuation_is_what_is_left_of_the_changes_without_the_descent():
    changes = np.diff(LOSSES[:5])
    by_hand = np.sqrt(np.mean((changes - changes.mean()) ** 2)) / LOSSES[0]
    assert value("fluctuation", history(), windows={"a": [0, 4]}) == pytest.approx([by_hand])
    assert fluctuation(np.array([4.0, 3.0, 2.0, 1.0])) == 0
    assert value("fluctuation", history(), windows={"a": [1, 4]}) == pytest.approx(
        [np.diff(LOSSES[1:5]).std() / LOSSES[1]]
    )


@pytest.mark.parametrize("window", [[0, 10], [5, 9], [11, 20], [3, 5]])
def test_a_window_with_a_gap_or_without_an_end_tells_nothing(window):
    assert np.isnan(value("rises", history(), windows={"a": window}))[0]


def test_a_run_that_ended_within_its_window_is_missing_and_not_dead():
    both = pd.concat([history(losses=LOSSES[:5], updates=UPDATES[:5]), history("a1").iloc[:4]])
    found = runs(a0="exhausted", a1="converged")
    told = with_quantities(both, found, [("rises", "end")], windows={"a": [0, 4]})
    laid = Metric(told, "rises").of(["a"])
    assert (laid.seeds.tolist(), laid.missing) == ([0], 1)


def test_a_run_that_dies_has_neither_rises_nor_fluctuation():
    found = with_quantities(history(), runs(a0="diverged"), [("rises", "end")], windows={"a": [0, 4]})
    assert Metric(found, "rises").of(["a"]).alive.tolist() == [False]


def test_losses_are_above_the_least_of_the_living_runs_of_their_arm():
    found = excess(np.array([0.3, 0.5, 0.01, 0.9, np.inf]), list("aaabb"), [False, False, True, False, False])
    assert found[:2] == pytest.approx([0, 0.2])
    assert found[3:].tolist() == [0, np.inf]
    both = pd.concat([history(), history("a1", [1, 1, 1, 1, 1, 0.7])])
    assert value("excess_loss", both, runs(a0="exhausted", a1="exhausted")) == pytest.approx([0, 0.4])


def test_the_whole_gradient_is_that_of_weights_and_biases_of_all_layers_that_a_run_has():
    parts = {"gradient_norm_1": 3.0, "bias_gradient_norm_1": 4.0, "gradient_norm_2": 12.0}
    rows = history(**parts, bias_gradient_norm_2=np.nan)
    assert value("gradient_norm", rows) == pytest.approx([13])
    assert np.isnan(value("gradient_norm", history()))[0]


def test_the_start_is_the_row_before_the_first_update_and_nobody_has_died_by_then():
    rows = history(delta_rms_1=[5.0, 4, 3, 2, 1, np.nan])
    dead = runs(a0="diverged")
    found = with_quantities(rows, dead, [("delta_rms_1", "start"), ("delta_rms_1", "end")])
    start = Metric(as_at(found, "start"), column("delta_rms_1", "start")).of(["a"])
    assert (start.values.item(), start.alive.item()) == (5, True)
    assert not Metric(as_at(found, "end"), "delta_rms_1").of(["a"]).alive.item()
    assert np.isnan(value("delta_rms_1", rows.iloc[1:], at="start"))[0]


def test_values_without_a_logarithm_count_as_lost():
    living = runs(a0="exhausted", a1="exhausted", a2="exhausted", a3="exhausted")
    found = living.assign(x=[4.0, 0.0, np.inf, -1])
    logarithms = Metric(found, "x", logarithmic=True).of(["a"])
    assert logarithms.lost[:, 0].tolist() == [False, True, True, True]
    assert logarithms.values[0, 0] == 2
    assert logarithms.counted[:, 0].tolist()[:2] == [4, 0]
