"""What claimed trends are about, and the loss within a window of every update."""

from dataclasses import replace

import numpy as np
import pytest

from reports.comparison import compare
from reports.figures.along import final_along
from reports.figures.windows import about, loss_in_window
from reports.sections.convergence import convergence
from reports.sections.final import claimed

KEY = "optimizer.batch_size"
SIZES = ["mini-batch (2)", "mini-batch (8)", "mini-batch (32)"]
RELU = [f"relu · {size}" for size in SIZES]


def trend(values):
    claim = {"kind": "trend", "name": "costs", "sentence": "It costs more.", "metric": "halving_epochs"}
    claim |= {"at": "end", "values": values, "direction": "higher", "over": KEY, "scale": "log2", "where": {}}
    cell = {"name": "relu", "weights": dict(zip(RELU, (-0.25, 0.0, 0.25), strict=True))}
    return claim | {"margin": 0.25, "population": "seeds", "scope": "all", "cells": [cell]}


@pytest.fixture(scope="module")
def asked(synthetic):
    """Return a study's record that states one trend, of rectified units, and a window from 10 to 100."""
    record = synthetic({"activation": ["relu", "sigmoid"], KEY: SIZES}, rates=(0.3,))
    windows = {arm: [10, 100] for arm in record.runs["arm"].unique()}
    spec = record.spec | {"claims": [trend("log2")], "windows": windows}
    return replace(record, spec=spec)


def test_a_trend_is_drawn_along_its_number_for_the_arms_that_it_is_about(asked):
    rows = compare(asked).trends
    assert set(rows["metric"]) == {"halving_epochs"}
    assert set(rows["arm"]) == set(RELU)
    centres = rows[rows["shown"] == "centre"]
    assert list(centres["at"]) == [2, 8, 32]
    assert (rows["shown"] == "seed").sum() == 3 * 5


def test_its_mean_is_that_of_which_the_claim_takes_the_slope(asked):
    comparison = compare(asked)
    seeds = comparison.trends.query("shown == 'seed'").groupby("arm")["value"]
    centres = comparison.trends.query("shown == 'centre'").set_index("arm")["value"]
    for arm, values in seeds:
        assert centres[arm] == pytest.approx(np.exp(np.log(values).mean()))
    plain = compare(replace(asked, spec=asked.spec | {"claims": [trend("linear")]})).trends
    means = plain.query("shown == 'centre'").set_index("arm")["value"]
    for arm, values in seeds:
        assert means[arm] == pytest.approx(values.mean())


def test_the_median_that_stands_for_a_geometric_mean_is_of_the_values_themselves(synthetic):
    axes = {"activation": ["relu", "sigmoid"], KEY: SIZES}
    dead = synthetic(axes, rates=(0.3,), diverged=[(RELU[0], 0.3, seed) for seed in (0, 1, 2)])
    scores = dead.runs["seed"].map({0: 0.9, 1: 0.9, 2: 0.9, 3: 0.0, 4: 0.5})
    claim = trend("log2") | {"metric": "test_accuracy"}
    rows = compare(
        replace(dead, spec=dead.spec | {"claims": [claim]}, runs=dead.runs.assign(test_accuracy=scores))
    ).trends
    centres = rows.query("shown == 'centre'").set_index("arm")
    # Three dead runs count as the majority class, 0.102; the fourth, which is never right, has no logarithm.
    assert centres.loc[RELU[0], ["kind", "value", "dead"]].tolist() == ["median", pytest.approx(0.102), 4]
    assert centres.loc[RELU[1], ["kind", "value", "dead"]].tolist() == ["median", 0.9, 1]


def test_its_figure_names_the_quantity_and_hides_nothing(asked, faults):
    comparison = compare(asked)
    [drawing] = claimed(comparison)
    assert drawing.name == "trends"
    figure = final_along(drawing.frame, comparison.layout)
    label = figure.axes[0].get_ylabel().replace("\n", " ")
    assert label == "epochs until the training loss has halved"
    assert faults(figure) == []


def test_a_study_without_trends_or_windows_has_neither_figure(synthetic):
    comparison = compare(synthetic({"activation": ["relu"]}, rates=(0.3,)))
    assert claimed(comparison) == []
    assert "loss_in_window" not in [drawing.name for drawing in convergence(comparison).drawings]


def test_within_a_window_one_seed_is_drawn_relative_to_its_start(asked):
    rows = compare(asked).in_window
    assert rows["seed"].nunique() == 1
    assert rows["update"].between(10, 100).all()
    assert (rows.groupby("arm")["relative"].first() == 1).all()


def test_a_seed_that_died_in_an_arm_is_not_the_one_drawn(synthetic, asked):
    axes = {"activation": ["relu", "sigmoid"], KEY: SIZES}
    dead = synthetic(axes, rates=(0.3,), diverged=[("relu", 0.3, 0), ("relu", 0.3, 1)])
    rows = compare(replace(dead, spec=dead.spec | {"windows": asked.spec["windows"]})).in_window
    assert set(rows["seed"]) == {2}
    assert rows["arm"].nunique() == 6


def test_a_window_that_was_cut_short_is_drawn_only_where_no_seed_has_a_whole_one_and_says_so(asked):
    def without(some):
        late = asked.history["run_id"].isin(asked.runs.loc[some, "run_id"]) & (asked.history["update"] > 50)
        return compare(replace(asked, history=asked.history[~late])).in_window

    relu = asked.runs["arm"] == RELU[0]
    rows = without(relu & (asked.runs["seed"] == 0))
    assert (set(rows["seed"]), rows["whole"].all()) == ({1}, True)
    assert "before the window did" not in about(rows)
    rows = without(relu)
    assert (set(rows["seed"]), set(rows.loc[~rows["whole"], "arm"])) == ({0}, {RELU[0]})
    assert about(rows).endswith(f"Ended before the window did: {RELU[0]}.")


def test_the_loss_in_a_window_is_a_line_an_arm(asked, faults):
    comparison = compare(asked)
    figure = loss_in_window(comparison.in_window, comparison.layout)
    assert sum(len(axes.lines) for axes in figure.axes) == 6
    assert faults(figure) == []
