"""Profiles of methods over data sets and seeds, and distributions of scores."""

from dataclasses import replace

import numpy as np
import pytest

from reports.arms import lay_out
from reports.comparison import compare
from reports.figures.profiles import performance_profile, score_distribution
from reports.profiles import methods, without_data

AXES = {"dataset": ["moons", "digits"], "activation": ["relu", "sigmoid"], "optimizer": ["gd", "sgd"]}


@pytest.fixture(scope="module")
def study(synthetic):
    record = synthetic(AXES, rows=8, seeds=(0, 1, 2), diverged=[("digits · sigmoid · SGD", 0.3, 1)])
    return compare(
        replace(record, spec=dict(record.spec) | {"target": {"metric": "train_loss", "value": 0.3}})
    )


def test_a_method_is_an_arm_less_its_data(study):
    found = methods(study.layout)
    assert set(found.values()) == {("", f"{a} · {o}") for a in ("relu", "sigmoid") for o in ("GD", "SGD (1)")}
    alike = [found[arm.name] for arm in study.layout.arms if arm.label.startswith("relu · GD")]
    assert len(alike) == 2  # 1,077 and 300 samples: one method
    assert len(set(alike)) == 1


def test_axes_that_are_panels_stay_panels_of_methods(synthetic):
    axes = AXES | {"loss": ["mse", "cross_entropy"]}
    runs = synthetic(axes, rows=4, seeds=(0,), tuning_seeds=(100,)).runs
    layout = without_data(lay_out(runs, list(axes)))
    assert [panel.title for panel in layout.panels] == ["GD", "SGD (1)"]
    assert [len(panel.arms) for panel in layout.panels] == [4, 4]
    assert len({arm.name for arm in layout.arms}) == 8


def test_a_problem_is_a_data_set_with_a_seed_and_misses_keep_a_curve_below_one(study):
    frame = study.cost_profiles
    assert set(frame["problems"]) == {6}
    assert set(frame["cost"]) == {"updates", "multiply_adds"}
    last = frame.groupby(["cost", "method"])["share"].max()
    assert (last <= 1).all()
    times = study.times
    reached = (
        times[times["shown"] == "median"]
        .groupby(
            times["arm"].map(
                {arm: " · ".join(filter(None, pair)) for arm, pair in methods(study.layout).items()}
            )
        )["reached"]
        .sum()
    )
    for (_, method), share in last.items():
        assert share == pytest.approx(reached[method] / 6)
    assert last.min() < 1


def test_profiles_are_steps_that_begin_at_the_best(study):
    figure = performance_profile(study.cost_profiles, study.layout)
    assert len(figure.axes) == 2
    of_methods = performance_profile(study.cost_profiles, without_data(study.layout))
    assert [line.get_color() for axes in figure.axes for line in axes.lines] == [
        line.get_color() for axes in of_methods.axes for line in axes.lines
    ]
    said = " ".join(text.get_text() for text in figure.texts)
    assert "6 problems" in said
    for axes in figure.axes:
        assert len(axes.lines) == 4
        for line in axes.lines:
            assert line.get_drawstyle() == "steps-post"
            assert line.get_xdata()[0] == 1
            assert (np.diff(line.get_ydata()) >= 0).all()


def test_one_method_has_no_profile(synthetic):
    record = synthetic({"dataset": ["moons", "digits"]}, rows=4, seeds=(0,))
    spec = dict(record.spec) | {"target": {"metric": "train_loss", "value": 0.3}}
    assert compare(replace(record, spec=spec)).cost_profiles is None


def test_a_distribution_says_what_share_of_runs_is_at_least_as_good(study):
    frame = study.score_shares
    for (arm, _), rows in frame.groupby(["arm", "dataset"]):
        values = study.finals[
            (study.finals["shown"] == "seed")
            & (study.finals["arm"] == arm)
            & (study.finals["metric"] == "test_accuracy")
        ]["value"]
        for score, share in zip(rows["score"], rows["share"], strict=True):
            assert share == pytest.approx((values >= score).mean())
    figure = score_distribution(frame, study.layout)
    for axes in figure.axes:
        for line in axes.lines:
            assert line.get_ydata()[0] == 1  # every run is as good as the worst
            assert line.get_ydata()[-1] == 0
    assert "3 seeds an arm." in " ".join(text.get_text() for text in figure.texts)


def test_losses_are_better_the_smaller(synthetic):
    comparison = compare(synthetic({"activation": ["relu", "sigmoid"]}, rows=6, regression=True))
    figure = score_distribution(comparison.score_shares, comparison.layout)
    for line in figure.axes[0].lines:
        assert (line.get_ydata()[0], line.get_ydata()[-1]) == (0, 1)
