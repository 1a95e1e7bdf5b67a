"""Which arms reach the target of a study, after how many updates, and which miss it."""

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reports.comparison import RATE, compare
from reports.contents import contents
from reports.figures import time_to_target
from reports.statistics import crossing, times
from reports.targets import reached
from reports.times import distinct_costs

TARGET = {"metric": "train_loss", "value": 0.5}


def curve(*values):
    return np.arange(0.0, 10 * len(values), 10), np.array(values, dtype=float)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((4, 2, 1), (20, 10)),
        ((4, 2, 0), (15, 10)),
        ((0.5, 4, 4), (0, 0)),
        # Once is enough; and what is no number can be no end of a line.
        ((4, 0, 9, 0), (7.5, 10)),
        ((np.nan, 0, 0), (10, 10)),
        # Not measured between: the line goes from row to row that was.
        ((2, np.nan, 0), (10, 20)),
        ((np.inf, 1, 0), (10, 10)),
    ],
)
def test_a_time_lies_where_the_line_between_two_rows_meets_the_target(values, expected):
    assert crossing(*curve(*values), 1.0, upward=False) == expected


def test_accuracies_reach_a_target_from_below():
    assert crossing(*curve(0.1, 0.5, 0.9), 0.8, upward=True) == (pytest.approx(17.5), 10)


@pytest.mark.parametrize("values", [(4, 2, 1.01), (np.nan, np.nan)])
def test_a_miss_takes_for_ever(values):
    updates, apart = crossing(*curve(*values), 1.0, upward=False)
    assert np.isinf(updates)
    assert np.isnan(apart)


@pytest.fixture(scope="module")
def study(synthetic):
    """Four arms of one rate, of which the fit, and so the time to a loss of 0.5, differs."""
    axes = {"activation": ["relu", "sigmoid", "tanh", "softplus"]}
    record = synthetic(axes, rates=(0.4,), rows=20, diverged=[("sigmoid", 0.4, 2), ("softplus", 0.4, 0)])
    return replace(record, spec=dict(record.spec) | {"target": TARGET})


def said(record, **changes):
    """Return the contents of a report, whose figures are not drawn, with other keys of the study."""
    return contents(compare(replace(record, spec=dict(record.spec) | changes)))


def captions(report):
    return " ".join(drawing.caption for drawing in report.drawings)


def test_a_run_that_died_has_not_reached_the_target_whatever_it_did_before(study):
    found = times(study.history, study.runs, "train_loss", 100.0).set_index("run_id")["updates"]
    dead = study.runs.set_index("run_id")["outcome"] == "diverged"
    assert dead.sum() == 2
    assert np.isinf(found[dead]).all()
    assert (found[~dead] == 0).all()


def test_misses_and_deaths_count_in_the_median_and_in_the_worst_value(study):
    frame = reached(compare(study)).set_index("arm")
    assert frame["seeds"].tolist() == [5] * 4
    assert frame.loc["sigmoid", "reached"] <= 4
    assert np.isinf(frame.loc["sigmoid", "worst"])
    whole = frame[frame["reached"] == 5]
    assert len(whole)
    assert np.isfinite(whole[["median_updates", "rows_apart", "worst"]]).all(axis=None)
    for arm, row in frame.iterrows():
        runs = study.runs[(study.runs["arm"] == arm) & (study.runs["outcome"] != "diverged")]
        final = study.history.groupby("run_id")["train_loss"].last()[runs["run_id"]]
        assert (final <= 0.5).sum() == row["reached"]
        assert np.isfinite(row["median_updates"]) == (row["reached"] >= 3)


def test_a_run_without_a_history_is_not_counted_as_a_miss(study):
    gone = study.runs.loc[(study.runs["arm"] == "relu") & (study.runs["seed"] == 1), "run_id"]
    history = study.history[~study.history["run_id"].isin(gone)]
    frame = reached(compare(replace(study, history=history))).set_index("arm")
    assert frame.loc["relu", "seeds"] == 4


def test_the_page_says_first_who_missed_the_target(study, without_figures):
    files = without_figures(study)
    page = files["index.html"].decode().replace("\N{NO-BREAK SPACE}", " ")
    frame, missed = (pd.read_csv(io.BytesIO(files[f"{name}.csv"])) for name in ("target", "target_missed"))
    assert len(frame) == 4
    assert missed["arm"].tolist() == frame[frame["reached"] < 5].sort_values("reached")["arm"].tolist()
    answer = re.search(r'<p class="answer">(.*?)</p>', page)[1]
    assert f"With every seed, {4 - len(missed)} of 4 arms reached the target, train loss ≤ 0.5." in answer
    for _, row in missed.iterrows():
        assert f"{row['arm']} ({row['reached']} of 5 seeds)" in answer
    shown = re.search(r'<table id="target_missed">(.*?)</table>', page, re.DOTALL)[1]
    assert shown.count("<tr>") == 1 + len(missed)
    assert "∞" in shown
    for value in re.findall(r'data-value="(.*?)"', shown):
        assert float(value) in set(missed.select_dtypes("number").stack())


def test_where_no_arm_missed_nothing_is_said_to_have(study):
    living = replace(study, runs=study.runs[study.runs["outcome"] != "diverged"])
    report = said(living, target={"metric": "train_squared_error", "value": 1e9})
    assert "With every seed, 4 of 4 arms reached the target, train squared error ≤ " in report.answer
    assert "Missed by" not in report.answer
    assert "target_missed" not in {table.name for table in report.tables}


def test_many_misses_are_counted_and_not_all_named(synthetic):
    arms = [f"g{number}" for number in range(8)]
    record = synthetic({"activation": arms}, rates=(0.4,), rows=5, seeds=(0,))
    report = said(record, target={"metric": "test_accuracy", "value": 1.1})
    assert "With every seed, 0 of 8 arms reached the target, test accuracy ≥ 110.0" in report.answer
    assert "g4 (0 of 1 seed); and 3 more." in report.answer


def test_a_study_without_a_target_has_no_such_table_and_says_so(study):
    report = said(study, target=None)
    assert "target" not in {table.name for table in report.tables}
    assert "target" not in report.answer
    [section] = [each for each in report.sections if each.key == "reached"]
    assert section.paragraphs[0].startswith("The study names no target")
    assert not section.drawings


def test_times_are_counted_in_every_cost_and_their_medians_stand_beside_them(study):
    frame = compare(study).times
    seeds, medians = (frame[frame["shown"] == what].set_index("arm") for what in ("seed", "median"))
    for cost, factor in {"epochs": 32 / 1077, "samples": 32, "multiply_adds": 32 * 2400}.items():
        whole = np.isfinite(seeds["updates"])
        # Costs that grow with the updates are interpolated to the same place between two rows.
        assert seeds.loc[whole, cost].to_numpy() == pytest.approx(seeds.loc[whole, "updates"] * factor)
        assert np.isinf(seeds.loc[~whole, cost]).all()
    for arm, row in medians.iterrows():
        assert row["updates"] == np.median(seeds.loc[[arm], "updates"])
    table = reached(compare(study)).set_index("arm")
    assert table["median_samples"].equals(medians["samples"].rename("median_samples"))


def test_costs_that_are_proportional_are_drawn_once(study):
    frame = compare(study).times
    assert distinct_costs(frame) == ["updates"]
    other = frame.assign(samples=frame["samples"].where(frame["arm"] != "relu", frame["samples"] * 9))
    assert distinct_costs(other) == ["updates", "samples"]
    figure = time_to_target(other)
    assert [axes.get_xlabel() for axes in figure.axes] == ["updates to target", "samples to target"]


def test_every_time_is_drawn_and_misses_stand_at_the_edge_and_are_counted(study):
    frame = compare(study).times
    figure = time_to_target(frame)
    [axes] = figure.axes
    crosses = sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == "x")
    dots = sum(len(line.get_xdata()) for line in axes.lines if line.get_markersize() == 3.2)
    missed = int((frame.loc[frame["shown"] == "seed", "reached"] == 0).sum())
    assert (crosses, dots) == (missed, 20 - missed)
    said = " ".join(" ".join(text.get_text() for text in figure.texts).split())
    assert f"{missed} of 20 seeds in all" in said
    assert "Times are interpolated between rows, at most " in said
    assert any("seeds missed it" in label.get_text() for label in axes.get_yticklabels())


def test_many_arms_at_given_rates_are_led_by_one_mark_each(synthetic):
    axes = {"activation": [f"g{number}" for number in range(13)], "loss": ["mse", "huber"]}
    record = synthetic(axes, rates=(0.4,), rows=5, seeds=(0, 1), diverged=[("g3 · mse", 0.4, 1)])
    scores = [name for name in record.history if not str(name).startswith(("delta", "gradient"))]
    report = said(replace(record, history=record.history[scores]), target=TARGET)
    leading = report.sections[0].drawings[0]
    assert leading.name == "reached"
    [axes] = leading.draw().axes
    assert sum(len(line.get_xdata()) for line in axes.lines) == 26
    missed = (leading.frame["reached"] < leading.frame["seeds"]).sum()
    assert f"{26 - missed} arms of 26 reached it with every seed." in leading.caption
    assert "time_to_target" in {drawing.name for drawing in report.drawings}


def test_a_tuned_study_still_names_its_best_arm_before_the_target(synthetic):
    report = said(synthetic({"activation": ["relu", "sigmoid"]}, rows=8), target=TARGET)
    assert "has the highest test accuracy" in report.answer
    sections = [section.key for section in report.sections]
    assert sections.index("leading") < sections.index("final") < sections.index("reached")


def test_rates_that_differ_but_are_not_tuned_are_not_called_one(study):
    runs = study.runs.copy()
    runs.loc[runs["arm"] == "relu", RATE] = 0.2
    one, several = said(study), said(replace(study, runs=runs))
    assert "At one rate for all: not a comparison of methods." in one.answer
    assert "At one rate for all: not a comparison of methods." in captions(one)
    assert "Rates are given, not tuned: not a comparison of methods." in several.answer
    assert "At one rate for all" not in captions(several)


def test_what_was_not_measured_is_not_said_to_be_missing_from_the_store(study):
    scores = [name for name in study.history if not re.fullmatch(r".*_\d+|rho", name)]
    [section] = [
        each
        for each in said(replace(study, history=study.history[scores])).sections
        if each.key == "gradients"
    ]
    assert section.paragraphs == (
        "Nothing to draw: the reported runs measured nothing of this (diagnostics=off).",
    )


def test_a_metric_that_a_data_set_does_not_have_is_neither_reached_nor_missed(synthetic):
    record = synthetic({"dataset": ["digits", "moons"]}, rates=(0.4,), rows=8, diverged=[("moons", 0.4, 1)])
    regression = record.runs.loc[record.runs["dataset"] == "moons", "run_id"]
    history = record.history.copy()
    history.loc[history["run_id"].isin(regression), "train_accuracy"] = np.nan
    target = {"metric": "train_accuracy", "value": 0.1}
    comparison = compare(replace(record, history=history, spec=dict(record.spec) | {"target": target}))
    assert reached(comparison)["arm"].tolist() == ["digits"]
    assert set(times(history, record.runs, "train_accuracy", 0.1)["arm"]) == {"digits"}


def test_an_arm_with_several_runs_on_one_seed_has_no_time_and_the_report_says_why(study):
    relu = study.runs["arm"] == "relu"
    runs = study.runs.assign(seed=study.runs["seed"].where(~relu, 0))
    report = said(replace(study, runs=runs))
    tables = {table.name: table.frame for table in report.tables}
    assert "relu" not in set(tables["target"]["arm"])
    row = tables["summary"].set_index("arm").loc["relu"]
    assert row[["runs", "seeds", "kind"]].tolist() == [5, 0, "none"]
    assert np.isnan(row["test_accuracy_centre"])
    told = " ".join(str(text) for section in report.sections for text in section.paragraphs)
    assert "Of 1 arm (relu) several runs are on one seed" in told
    pairs = tables["pairs"].set_index(["first", "second"])
    assert pairs["absent"].ne("").any()
    assert set(pairs.loc[pairs["absent"] != "", "repeated"]) == {"relu"}
    # All arms: no time at all, and nothing raised.
    every = said(replace(study, runs=study.runs.assign(seed=0)))
    [section] = [each for each in every.sections if each.key == "reached"]
    assert section.paragraphs[0].startswith("Of 4 arms (")


def test_a_target_on_own_loss_ranks_nothing_across_losses(synthetic):
    record = synthetic({"loss": ["mse", "cross_entropy"]}, rates=(0.4,), rows=8)
    report = said(record, target=TARGET)
    [section] = [each for each in report.sections if each.key == "reached"]
    assert "own loss" in section.paragraphs[1]
    assert "performance_profile" not in {drawing.name for drawing in report.drawings}
    assert "target" in {table.name for table in report.tables}
    assert "performance_profile" in {
        drawing.name for drawing in said(record, target=TARGET | {"metric": "train_log_loss"}).drawings
    }
