"""Curves of convergence: what they draw, by which cost, and what a panel says of arms that it cannot show."""

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import ConfigurationError
from reports import figures
from reports.comparison import compare
from reports.figures import captions
from reports.figures.marks import marked
from reports.sections.convergence import convergence as section

TWO = {"activation": ["relu", "sigmoid"]}
FIVE = {"activation": ["relu", "sigmoid", "tanh", "leaky_relu", "softsign"]}
TWELVE = {"architecture.width": [str(2**power) for power in range(12)]}
FEEDINGS = {"activation": ["relu", "sigmoid"], "optimizer": ["gd", "sgd", "batch"]}
LOSS, ACCURACY = "validation_log_loss", "validation_accuracy"


@pytest.fixture(name="study", scope="module")
def study_fixture(synthetic):
    """Compare a study of given axes, drawn from few rows."""
    made = {}

    def study(axes, **about):
        if (key := repr((axes, about))) not in made:
            made[key] = compare(synthetic(axes, **{"rows": 8, "rates": (0.3,), **about}))
        return made[key]

    return study


def kinds(figure, kind):
    return [(artist, mark) for artist, mark in marked(figure) if mark.kind == kind]


def said(axes):
    return " ".join(" ".join(text.get_text().split()) for text in [axes.title, *axes.texts])


@pytest.mark.parametrize(
    ("x", "label"),
    [
        ("update", "updates"),
        ("epoch", "epochs"),
        ("samples", "samples"),
        ("multiply_adds", "multiply-adds"),
    ],
)
def test_curves_are_drawn_by_each_cost_of_training(study, x, label):
    comparison = study(TWO)
    figure = figures.convergence(comparison.curves, comparison.layout, x=x)
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == (label, "validation log loss")
    assert (axes.get_xscale(), axes.get_yscale()) == ("symlog", "log")
    assert axes.get_xlim()[0] < 0 < axes.get_xlim()[1]  # the start is on the paper
    rows = comparison.curves[(comparison.curves["metric"] == LOSS) & (comparison.curves["arm"] == "relu")]
    lines = {mark.label: artist for artist, mark in kinds(figure, "curve")}
    assert np.array_equal(lines["relu"].get_xdata(), rows[x])
    assert np.array_equal(lines["relu"].get_ydata(), rows["centre"])


def test_the_line_drawn_is_the_mean_over_seeds_and_shows_its_interval(study):
    comparison = study(TWO)
    figure = figures.convergence(comparison.curves, comparison.layout)
    line, mark = next(pair for pair in kinds(figure, "curve") if pair[1].label == "relu")
    runs = comparison.chosen.loc[comparison.chosen["arm"] == "relu", "run_id"]
    rows = comparison.history[comparison.history["run_id"].isin(runs)]
    assert np.allclose(line.get_ydata(), rows.groupby("update")[LOSS].mean())
    assert (mark.low <= line.get_ydata()).all()
    assert (line.get_ydata() <= mark.high).all()


def test_accuracies_have_a_linear_axis(study):
    comparison = study(TWO)
    axes = figures.convergence(comparison.curves, comparison.layout, metric=ACCURACY).axes[0]
    assert axes.get_yscale() == "linear"
    assert axes.get_ylabel() == "validation accuracy"


def test_a_panel_has_one_line_and_one_band_an_arm(study):
    axes = {
        "dataset": ["moons", "digits"],
        "activation": ["sigmoid", "relu"],
        "loss": ["mse", "cross_entropy"],
        "optimizer": ["gd", "sgd", "batch"],
    }
    comparison = study(axes, seeds=(0, 1))
    figure = figures.convergence(comparison.curves, comparison.layout)
    assert len(figure.axes) == 6
    for panel in figure.axes:
        assert len(panel.lines) == len(panel.collections) == 4


def test_each_loss_has_panels_of_its_own_though_the_layout_does_not_say_so(study):
    comparison = study(TWO | {"loss": ["mse", "cross_entropy"]}, seeds=(0, 1))
    figure = figures.own_loss(comparison.curves, comparison.layout)
    assert sorted(axes.get_title() for axes in figure.axes) == ["cross_entropy", "mse"]
    shown = {axes.get_title(): axes for axes in figure.axes}
    for artist, mark in kinds(figure, "curve"):
        assert artist.axes is shown[mark.label.rpartition(" · ")[2]]


def test_scales_of_one_loss_share_no_panel_and_no_level(study):
    comparison = study({"activation": ["relu", "sigmoid"], "loss.scale": ["half", "sum"]}, seeds=(0, 1))
    (own,) = (each for each in section(comparison).drawings if each.name == "own_loss_by_update")
    assert (
        "Own losses of different kinds or scales do not compare: each has panels of its own." in own.caption
    )
    assert [axes.get_title() for axes in own.draw().axes if axes.get_title()] == ["half", "sum"]
    assert captions.levels(comparison.curves) == captions.LEVELS
    assert captions.levels(study(TWO).curves) == ""


def test_a_line_is_named_at_its_end_beside_its_colour(study):
    comparison = study(FIVE)
    figure = figures.convergence(comparison.curves, comparison.layout)
    names = [artist.get_text() for artist, _ in kinds(figure, "label") if hasattr(artist, "get_text")]
    assert sorted(names) == sorted(FIVE["activation"])
    ends = {mark.label: artist.get_ydata()[-1] for artist, mark in kinds(figure, "curve")}
    heights = {
        artist.get_text(): artist.xy[1] for artist, _ in kinds(figure, "label") if hasattr(artist, "xy")
    }
    assert sorted(heights, key=heights.get) == sorted(ends, key=ends.get)
    for name, look in comparison.layout.lines.items():
        beside = [a for a, mark in kinds(figure, "label") if mark.label == name and hasattr(a, "get_xdata")]
        assert {line.get_color() for line in beside} == {look.colour}


@pytest.mark.parametrize("axes", [TWO, FIVE, TWELVE, FEEDINGS], ids=["2", "5", "12", "6 in panels"])
def test_nothing_lies_on_anything_else(study, faults, axes):
    comparison = study(axes, seeds=(0, 1), diverged=[("relu", 0.3, 0)])
    assert not faults(figures.convergence(comparison.curves, comparison.layout))


def test_where_names_do_not_fit_the_legend_alone_has_them(study, faults):
    names = [f"{name} with a name that is much longer than any label has room for" for name in ("a", "b")]
    comparison = study({"activation": names})
    figure = figures.convergence(comparison.curves, comparison.layout)
    assert not kinds(figure, "label")
    assert len(figure.legends[0].get_texts()) == 2
    assert not faults(figure)


def test_single_seeds_are_thin_lines_drawn_on_request(study):
    comparison = study(TWO)
    curves, layout = comparison.curves, comparison.layout
    assert not kinds(figures.convergence(curves, layout), "seed")
    seeds = comparison.seed_curves(LOSS)
    figure = figures.convergence(curves, layout, seeds=seeds)
    drawn = {mark.label: artist for artist, mark in kinds(figure, "seed")}
    assert set(drawn) == {"relu", "sigmoid"}
    line = drawn["relu"]
    values = line.get_ydata()
    assert np.isnan(values).sum() == 4  # gaps between five seeds
    assert sorted(values[~np.isnan(values)]) == sorted(seeds.loc[seeds["arm"] == "relu", "centre"])
    assert line.get_linewidth() < min(a.get_linewidth() for a, _ in kinds(figure, "curve"))


def test_the_seeds_of_a_frame_are_those_that_its_csv_has(study):
    comparison = study(TWO)
    drawing = section(comparison).drawings[0]
    again = figures.convergence(drawing.frame, comparison.layout)
    assert len(kinds(again, "seed")) == 2
    single = drawing.frame[drawing.frame["kind"] == "seed"]
    assert sorted(single["seed"].unique()) == [0, 1, 2, 3, 4]
    bands = drawing.frame[drawing.frame["kind"] != "seed"]
    assert np.allclose(
        single.groupby(["arm", "update"])["centre"].mean(), bands.set_index(["arm", "update"])["centre"]
    )


def test_arms_whose_seeds_all_died_or_are_one_are_said_on_the_panel(study):
    comparison = study(FIVE, diverged=[("tanh", 0.3, seed) for seed in range(5)])
    axes = figures.convergence(comparison.curves, comparison.layout).axes[0]
    assert "all 5 seeds died: tanh" in said(axes)
    comparison = study(TWO, seeds=(0,))
    axes = figures.convergence(comparison.curves, comparison.layout).axes[0]
    assert "one seed, no band" in said(axes)
    comparison = study(TWO, diverged="all")
    assert "all 5 seeds died: every arm" in said(
        figures.convergence(comparison.curves, comparison.layout).axes[0]
    )


def test_an_arm_without_a_history_is_said_on_the_panel(study):
    comparison = study(TWO)
    gone = comparison.chosen.loc[comparison.chosen["arm"] == "relu", "run_id"]
    lost = replace(comparison, history=comparison.history[~comparison.history["run_id"].isin(gone)])
    assert "no history: relu" in said(section(lost).drawings[0].draw().axes[0])
    assert "not measured: relu" in said(figures.convergence(lost.curves, comparison.layout).axes[0])


def test_an_arm_without_a_chosen_rate_is_said_on_the_panel(study):
    rates = (0.03, 0.3)
    dead = [("sigmoid", rate, 100) for rate in rates]
    comparison = study(TWO, rates=rates, diverged=dead)
    assert "no value chosen: sigmoid" in said(section(comparison).drawings[0].draw().axes[0])


def test_a_metric_that_nobody_measured_is_said_to_be_missing(study):
    comparison = study(TWO)
    bare = replace(comparison, history=comparison.history.assign(**{ACCURACY: np.nan}))
    assert "No reported run measured validation accuracy." in section(bare).paragraphs
    assert not [drawing for drawing in section(bare).drawings if "accuracy" in drawing.name]
    axes = figures.convergence(bare.curves, comparison.layout, metric=ACCURACY).axes[0]
    assert "nothing to draw: not measured" in said(axes)
    nothing = figures.convergence(bare.curves.iloc[:0])
    assert "nothing to draw" in said(nothing.axes[0])


def test_regressions_are_shown_by_squared_error(study):
    names = [drawing.name for drawing in section(study(TWO, regression=True)).drawings]
    assert "convergence_squared_error_by_update" in names
    assert not [name for name in names if "accuracy" in name or "log_loss" in name]


def test_an_axis_that_nobody_knows_is_refused_with_those_that_there_are(study):
    comparison = study(TWO)
    with pytest.raises(ConfigurationError, match=r"x = 'epochs'.*did you mean 'epoch'"):
        figures.convergence(comparison.curves, x="epochs")


def test_feedings_are_shown_by_all_costs_of_which_few_are_open(study):
    comparison = study(FEEDINGS | {"dataset": ["moons", "digits"]}, seeds=(0, 1))
    runs = comparison.chosen.set_index("run_id")["dataset"]
    # Networks for moons are smaller, and have fewer samples an epoch.
    moons = np.where(comparison.history["run_id"].map(runs) == "moons", 0.25, 1.0)
    history = comparison.history.assign(
        epoch=comparison.history["epoch"] / moons, multiply_adds=comparison.history["multiply_adds"] * moons
    )
    drawings = section(replace(comparison, history=history)).drawings
    for name in ("convergence_log_loss", "convergence_accuracy", "own_loss"):
        found = {d.name.removeprefix(f"{name}_by_") for d in drawings if d.name.startswith(name)}
        assert found == {"update", "epoch", "samples", "multiply_adds"}
    opened = [drawing.name for drawing in drawings if not drawing.folded]
    assert opened == [
        "convergence_log_loss_by_update",
        "convergence_log_loss_by_epoch",
        "convergence_accuracy_by_update",
        "own_loss_by_update",
    ]


def test_costs_that_are_multiples_of_updates_are_told_and_not_drawn_again(study):
    found = section(study(TWO))
    assert found.paragraphs == (
        "In every arm an update is 32 samples and 76,800 multiply-adds: curves by those would look the same, "
        "and are not repeated.",
    )
    assert {drawing.name: drawing.folded for drawing in found.drawings if "log_loss" in drawing.name} == {
        "convergence_log_loss_by_update": False,
        "convergence_log_loss_by_epoch": True,
    }


def test_every_curve_says_how_many_seeds_and_what_its_band_is(study):
    for seeds, count, band in (
        ((0, 1), "2 seeds an arm.", "band: 95 % t interval of that mean."),
        ((0,), "1 seed an arm.", "no band."),
    ):
        comparison = study(TWO, seeds=seeds)
        alone = figures.convergence(comparison.curves)
        paper = " ".join(" ".join(text.get_text() for text in alone.texts).split())
        assert count in paper
        assert band in paper
        for drawing in section(comparison).drawings:
            assert count in drawing.caption
            assert band in drawing.caption.replace("\N{NO-BREAK SPACE}", " ")
