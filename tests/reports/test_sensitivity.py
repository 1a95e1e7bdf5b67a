"""Sensitivity to the tuned key: what is marked, and what one value for all would have shown."""

from dataclasses import replace

import numpy as np
import pytest

from reports.comparison import RATE, compare
from reports.figures.one_rate import at_one_rate
from reports.figures.sensitivity import sensitivity as drawn
from reports.sections.sensitivity import sensitivity

ARMS = {"activation": ["relu", "sigmoid"]}


def words(figure):
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def at(lines, **looks):
    return [
        list(line.get_xdata())
        for line in lines
        if all(getattr(line, f"get_{k}")() == v for k, v in looks.items())
    ]


@pytest.fixture(scope="module")
def some_died(synthetic):
    return compare(synthetic(ARMS, rows=6, diverged=[("relu", 3.0, 101), ("sigmoid", 3.0, 2)]))


def rows(comparison, role):
    frame = comparison.sensitivity
    return frame[frame["role"] == role]


def test_it_is_drawn_of_one_role_the_tuning_seeds_unless_asked(some_died):
    whole, layout = some_died.sensitivity, some_died.layout
    for asked, role in ((None, "tuning"), ("reported", "reported")):
        figure = drawn(whole, layout, role=asked)
        alone = drawn(rows(some_died, role), layout)
        assert words(figure) == words(alone)
        assert f"5 {role} seeds" in words(figure) or f"3 {role} seeds" in words(figure)
        assert len(figure.axes[0].lines) == len(alone.axes[0].lines)


def test_the_chosen_value_and_the_values_where_seeds_died_are_marked(some_died):
    axes = drawn(rows(some_died, "tuning"), some_died.layout).axes[0]
    assert at(axes.lines, marker="x") == [[3.0]]
    assert at(axes.lines, markeredgecolor="black") == [[0.3], [0.3]]
    points = rows(some_died, "tuning").set_index(["arm", "value"])
    assert points.loc[("relu", 3.0), "dead"] == 1
    assert np.isnan(points.loc[("relu", 3.0), "mean"])
    assert points["chosen"].sum() == 2


def test_the_reported_metric_is_drawn_at_all_values_too(some_died):
    frame = rows(some_died, "reported")
    assert frame["metric"].unique().tolist() == ["test_accuracy"]
    axes = drawn(frame, some_died.layout).axes[0]
    assert axes.get_ylabel() == "test accuracy"
    # Accuracies are worst below: there the value at which a reported seed died is marked.
    [cross] = [line for line in axes.lines if line.get_marker() == "x"]
    assert cross.get_ydata()[0] < 0.2
    runs = some_died.runs
    mine = runs[(runs["arm"] == "relu") & (runs["role"] == "reported") & (runs[RATE] == 0.03)]
    found = frame.set_index(["arm", "value"]).loc[("relu", 0.03), "mean"]
    assert found == pytest.approx(mine["test_accuracy"].mean())


def test_every_figure_says_which_seeds_and_what_its_band_is(some_died, synthetic):
    assert "3 tuning seeds an arm and value." in words(drawn(rows(some_died, "tuning"), some_died.layout))
    assert "interval of that mean" in words(drawn(rows(some_died, "reported"), some_died.layout))
    single = compare(synthetic(ARMS, rows=6, seeds=(0,)))
    assert "1 reported seed an arm" in words(drawn(rows(single, "reported"), single.layout))
    assert "no band" in words(drawn(rows(single, "reported"), single.layout))


def test_a_choice_at_the_edge_is_flagged_in_figure_sentence_and_table(synthetic):
    comparison = compare(synthetic(ARMS, rows=6, rates=(0.3, 3.0)))
    section = sensitivity(comparison)
    assert "Of 2 arms with a chosen learning rate, 2 have it at an edge" in section.paragraphs[0]
    assert "relu (lowest tried, 0.3)" in section.paragraphs[0]
    figure = section.drawings[0].draw()
    assert len(at(figure.axes[0].lines, markersize=12)) == 2
    assert "edge of the grid" in words(figure)
    assert all("lowest" in [part.text for cell in row for part in cell] for row in section.tables[0].rows)


def test_choices_within_the_grid_are_said_to_be(some_died):
    section = sensitivity(some_died)
    assert "none has it at an edge" in section.paragraphs[0]
    assert "edge of the grid" not in words(section.drawings[0].draw())


def test_all_arms_at_one_value_are_no_comparison_of_methods(some_died):
    frame = some_died.one_rate
    figure = at_one_rate(frame, some_died.layout)
    assert "At one rate for all: not a comparison of methods." in words(figure)
    axes = figure.axes[0]
    cells = np.array([text.get_text() for text in axes.texts]).reshape(3, 2).T  # by columns
    table = frame.set_index(["arm", "value"])
    assert cells[0, 0] == f"{100 * table.loc[('relu', 0.03), 'centre']:.1f}"
    # A dead reported seed marks its cell; a dead tuning seed concerns the choice alone.
    assert [text.startswith("×") for text in cells[:, 2]] == [False, True]
    best = [box.get_x() for box in axes.patches]
    assert sorted(round(x) for x in best) == [0, 1, 2]


def test_a_key_that_is_no_rate_is_tuned_as_well(synthetic):
    record = synthetic(ARMS, rows=6, rates=(0.1, 0.3, 3.0))
    key, values = "update.momentum", record.runs[RATE].replace({0.1: 0.0, 0.3: 0.5, 3.0: 0.9})
    spec = dict(record.spec) | {"tune": dict(record.spec["tune"]) | {"over": key}}
    comparison = compare(replace(record, spec=spec, runs=record.runs.assign(**{key: values})))
    section = sensitivity(comparison)
    assert section.heading == "Sensitivity to the momentum"
    axes = section.drawings[0].draw().axes[0]
    assert (axes.get_xlabel(), axes.get_xscale()) == ("momentum", "linear")  # 0 is no place on a log axis
    figure = section.drawings[2].draw()
    assert "At one momentum for all: not a comparison of methods." in words(figure)


def test_where_nothing_is_tuned_one_line_says_so(synthetic):
    record = synthetic(ARMS, rates=(0.4,), rows=6)
    section = sensitivity(compare(record))
    assert not section.drawings
    assert section.paragraphs[0].startswith("Nothing is tuned, so there is no sensitivity to show.")
    spec = dict(record.spec) | {"arms": ["activation", RATE]}
    runs = record.runs.assign(**{RATE: record.runs[RATE].astype(str)})
    assert (
        "one of the axes compared"
        in sensitivity(compare(replace(record, spec=spec, runs=runs))).paragraphs[0]
    )


def test_reported_seeds_of_the_chosen_value_alone_leave_no_other_to_show(synthetic):
    record = synthetic(ARMS, rows=6)
    kept = record.runs[(record.runs["role"] == "tuning") | (record.runs[RATE] == 0.3)]
    section = sensitivity(compare(replace(record, runs=kept)))
    assert [drawing.name for drawing in section.drawings] == ["sensitivity"]
    assert "at one learning rate only" in section.paragraphs[1]


def test_where_every_value_kills_a_seed_the_panel_says_so(synthetic):
    comparison = compare(synthetic(ARMS, rows=6, diverged="all"))
    figure = drawn(rows(comparison, "tuning"), comparison.layout)
    assert "at every value" in " ".join(text.get_text() for text in figure.axes[0].texts).replace("\n", " ")
    assert len(at(figure.axes[0].lines, marker="x")) == 2
