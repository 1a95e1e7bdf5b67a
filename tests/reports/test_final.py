"""Final scores: every seed, what counts of a dead one, and what a reader sees first."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reports import prose
from reports.comparison import compare
from reports.figures.final import final
from reports.figures.one_rate import at_one_rate
from reports.figures.ranking import about, ranking
from reports.sections.lead import lead
from reports.sections.leading import leading
from reports.sections.pairwise import pairwise
from reports.tables import summary

ARMS = {"activation": ["relu", "sigmoid"]}


@pytest.fixture(scope="module")
def one_died(synthetic):
    return compare(synthetic(ARMS, rows=6, diverged=[("relu", 0.3, 4)]))


def count(axes, **looks):
    lines = [line for line in axes.lines if all(getattr(line, f"get_{k}")() == v for k, v in looks.items())]
    return sum(len(line.get_xdata()) for line in lines)


@pytest.mark.parametrize("draw", [final, ranking])
def test_every_seed_is_drawn_and_a_dead_one_is_a_cross(one_died, draw):
    axes = draw(one_died.finals, one_died.layout).axes[0]
    assert count(axes, markersize=3.2) == 9
    assert count(axes, marker="x") == 1
    assert any("1 of 5 seeds died" in label.get_text() for label in axes.get_yticklabels())


def test_what_is_drawn_stands_in_the_frame(one_died):
    frame = one_died.finals
    seeds = frame[(frame["shown"] == "seed") & (frame["metric"] == "test_log_loss")]
    assert np.isinf(seeds.loc[seeds["dead"] == 1, "value"]).tolist() == [True]
    accuracies = frame[(frame["shown"] == "seed") & (frame["metric"] == "test_accuracy")]
    majority = frame.loc[frame["shown"] == "majority", "value"].unique()
    assert accuracies.loc[accuracies["dead"] == 1, "value"].tolist() == pytest.approx(majority.tolist())
    alive = frame[(frame["shown"] == "centre") & (frame["arm"] == "sigmoid")]
    assert alive["kind"].unique().tolist() == ["mean"]
    for metric, value in zip(alive["metric"], alive["value"], strict=True):
        mine = frame[(frame["shown"] == "seed") & (frame["arm"] == "sigmoid") & (frame["metric"] == metric)]
        assert value == pytest.approx(mine["value"].mean())


def test_a_frame_alone_is_drawn_as_with_its_layout(one_died):
    assert len(final(one_died.finals).axes) == len(final(one_died.finals, one_died.layout).axes)


def test_both_metrics_of_a_classification_stand_side_by_side(one_died):
    figure = final(one_died.finals, one_died.layout)
    assert [axes.get_xlabel() for axes in figure.axes] == ["test accuracy", "test log loss"]
    assert figure.axes[1].get_xscale() == "log"


@pytest.mark.parametrize("key", ["loss", "loss.scale"])
def test_own_losses_of_a_regression_stand_on_one_axis_only_if_they_are_one_loss(synthetic, key):
    record = synthetic({key: ["mse", "huber"]}, regression=True, rates=(0.3,), rows=5, seeds=(0, 1))
    comparison = compare(record)
    assert comparison.goals("digits") == ("test_squared_error",)
    assert set(comparison.finals["metric"]) == {"test_squared_error"}
    figure = final(comparison.finals, comparison.layout)
    assert [axes.get_xlabel() for axes in figure.axes] == ["test squared error"]
    assert not any("test loss" in header for header in summary(comparison).headers)
    assert [table.name for table in pairwise(comparison).tables] == ["pairs"]
    same = compare(replace(record, runs=record.runs.assign(**{key: "mse"})))
    assert same.goals("digits") == ("test_squared_error", "test_loss")


def test_the_best_arm_stands_on_top(synthetic):
    comparison = compare(synthetic({"activation": ["relu", "sigmoid", "tanh"]}, rows=6))
    axes = ranking(comparison.finals, comparison.layout).axes[0]
    scores = comparison.scores[comparison.scores["metric"] == "test_accuracy"]
    expected = scores.sort_values("centre", ascending=False)["arm"].tolist()
    assert [label.get_text() for label in axes.get_yticklabels()] == expected


def scored(synthetic, scores, *, diverged=(), **keys):
    """Make a study at one rate of which each arm has the accuracies given, one a seed."""
    record = synthetic({"activation": list(scores)}, rates=(0.3,), rows=5, diverged=diverged, **keys)
    values = [scores[arm][seed] for arm, seed in zip(record.runs["arm"], record.runs["seed"], strict=True)]
    return compare(replace(record, runs=record.runs.assign(test_accuracy=values)))


def said(comparison):
    return prose.explored(comparison, pd.DataFrame(), "").replace("\N{NO-BREAK SPACE}", " ")


# Of its five seeds relu has the better mean; sigmoid, of which two died, the better median.
HURT = {"relu": [0.97] * 5, "sigmoid": [0.98] * 5, "tanh": [0.5, 0.96, 0.96, 0.96, 0.96]}
DEAD = [("sigmoid", 0.3, 0), ("sigmoid", 0.3, 1)]


def test_arms_are_ranked_by_one_statistic_the_median_once_a_seed_of_any_died(synthetic):
    hurt = {**HURT, "elu": [0.99, 0.99, 0.94, 0.94, 0.94]}
    comparison = scored(synthetic, hurt, diverged=DEAD)
    figure = ranking(comparison.finals, comparison.layout)
    # By means elu (0.96) would stand before tanh (0.868).
    ranked = [label.get_text().partition("\n")[0] for label in figure.axes[0].get_yticklabels()]
    assert ranked == ["sigmoid", "relu", "tanh", "elu"]
    assert count(figure.axes[0], markersize=3.6) == 3
    assert "ranked by their medians" in about(comparison.finals)
    sentence = said(comparison)
    assert "sigmoid has the highest median test accuracy, 98.0 % (5 seeds, of which 2 died; " in sentence
    assert "medians are compared, without intervals, as seeds of 1 arm died" in sentence
    unhurt = scored(synthetic, hurt)
    assert "medians" not in about(unhurt.finals)
    assert count(ranking(unhurt.finals, unhurt.layout).axes[0], markersize=3.6) == 0


def test_at_one_rate_a_column_with_a_dead_seed_has_medians_alone(synthetic):
    record = synthetic({"activation": list(HURT)}, rates=(0.3, 3.0), rows=5, diverged=DEAD)
    accuracies = [
        HURT[arm][seed % 100] for arm, seed in zip(record.runs["arm"], record.runs["seed"], strict=True)
    ]
    comparison = compare(replace(record, runs=record.runs.assign(test_accuracy=accuracies)))
    axes = at_one_rate(comparison.one_rate, comparison.layout).axes[0]
    cells = np.array([text.get_text() for text in axes.texts]).reshape(2, 3)
    assert cells.tolist() == [["97.0", "× 98.0", "96.0"], ["97.0", "98.0", "86.8"]]
    assert [(round(box.get_x()), round(box.get_y())) for box in axes.patches] == [(0, 1), (1, 1)]


def test_arms_that_tie_are_all_named_the_best(synthetic):
    tied = scored(
        synthetic, {"relu": [0.9, 0.8, 0.9], "tanh": [0.8, 0.9, 0.9], "elu": [0.1] * 3}, seeds=range(3)
    )
    sentence = said(tied)
    assert "relu (95 % t interval" in sentence
    assert "and tanh (95 % t interval" in sentence
    assert "share the highest test accuracy, 86.7 %." in sentence
    names = [f"arm{number}" for number in range(8)]
    sentence = said(scored(synthetic, {name: [0.9] for name in names}, seeds=(0,)))
    assert "arm4 (1 seed, no interval) and 3 more share the highest test accuracy, 90.0 %." in sentence


def test_where_every_seed_of_every_arm_died_none_is_the_best(synthetic):
    sentence = said(scored(synthetic, HURT, diverged="all"))
    assert "On digits, every reported seed of every arm died, so none is best." in sentence
    assert "highest" not in sentence


def test_others_without_an_interval_are_counted_and_not_passed_over(synthetic):
    scores = {"relu": [0.9, 0.8, 0.9], "tanh": [0.8, 0.8, 0.9], "elu": [0.8] * 3}
    record = synthetic({"activation": list(scores)}, rates=(0.3,), rows=5, seeds=range(3))
    values = [scores[arm][seed] for arm, seed in zip(record.runs["arm"], record.runs["seed"], strict=True)]
    runs = record.runs.assign(test_accuracy=values)
    runs = runs[(runs["arm"] != "elu") | (runs["seed"] == 0)]
    assert "; 1 of the other 2 overlaps, 1 has no interval)" in said(compare(replace(record, runs=runs)))


def test_an_arm_without_a_chosen_value_or_a_score_says_why(synthetic):
    dead = [("sigmoid", rate, 100) for rate in (0.03, 0.3, 3.0)]
    record = synthetic(ARMS, rows=6, diverged=dead)
    comparison = compare(record)
    texts = [text.get_text() for text in ranking(comparison.finals, comparison.layout).axes[0].texts]
    assert "no value chosen (see table)" in texts
    unmeasured = record.runs.assign(test_accuracy=np.nan)
    comparison = compare(replace(record, runs=unmeasured))
    texts = [text.get_text() for text in final(comparison.finals, comparison.layout).axes[0].texts]
    assert "not measured" in texts


def test_a_majority_out_of_view_is_not_spoken_of(synthetic):
    record = synthetic(ARMS, rows=6)
    near = record.runs.assign(majority_accuracy=record.runs["test_accuracy"].mean())
    for runs, said in ((record.runs, False), (near, True)):
        comparison = compare(replace(record, runs=runs))
        figure = ranking(comparison.finals, comparison.layout)
        assert ("Dashed line" in " ".join(text.get_text() for text in figure.texts)) == said
        assert (count(figure.axes[0], color="#595959") > 0) == said


def test_dollar_signs_are_no_mathematics(synthetic):
    comparison = compare(synthetic({"activation": ["$\\frac$", "cost $x^$"]}, rows=6))
    figure = ranking(comparison.finals, comparison.layout)
    FigureCanvasAgg(figure).draw()
    assert "$\\frac$" in [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_a_tuned_study_is_led_by_its_ranking(one_died):
    assert lead(one_died) == "final"
    [drawing] = leading(one_died).drawings
    assert drawing.name == "ranking"
    assert drawing.frame["metric"].unique().tolist() == ["test_accuracy"]


def test_at_rates_that_nobody_tuned_gradients_lead_and_else_who_reached_the_target(synthetic):
    record = synthetic(ARMS, rates=(0.4,), rows=6)
    assert [each.name for each in leading(compare(record)).drawings] == ["gradients_at_start"]
    scores = [name for name in record.history if not str(name).startswith(("delta", "gradient"))]
    spec = dict(record.spec) | {"target": {"metric": "train_loss", "value": 0.5}}
    blind = replace(record, history=record.history[scores])
    assert [each.name for each in leading(compare(replace(blind, spec=spec))).drawings] == ["time_to_target"]
    [drawing] = leading(compare(blind)).drawings
    assert drawing.name == "ranking"
    assert "not a comparison of methods" in drawing.caption


def test_without_a_reported_run_nothing_leads(synthetic):
    assert leading(compare(synthetic(ARMS, rows=6, diverged="all"))) is None
