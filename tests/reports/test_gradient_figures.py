"""Gradients and units by layer: lines, pictures of cells, ρ over time and against depth."""

from dataclasses import replace

import matplotlib
import numpy as np
import pytest

from harness.errors import ConfigurationError
from reports import figures
from reports.comparison import compare
from reports.figures.heat_maps import cells
from reports.figures.layers import layered
from reports.figures.marks import marked
from reports.figures.rho import by_depth
from reports.sections.gradients import at_start
from reports.sections.gradients import gradients as section

TWO = {"activation": ["relu", "sigmoid"]}
DEPTHS = {"activation": ["relu", "sigmoid"], "layers": ["3", "6", "11"]}
RELU_KINDS = ("relu", "leaky_relu")


@pytest.fixture(name="study", scope="module")
def study_fixture(synthetic):
    """Compare a study of given axes, in which ReLU kinds have no saturation, as they have none."""
    made = {}

    def study(axes, **about):
        if (key := repr((axes, about))) not in made:
            made[key] = make(axes, **about)
        return made[key]

    def make(axes, **about):
        record = synthetic(axes, **{"rows": 8, "rates": (0.3,), "layers": 4, **about})
        kinds = record.runs.set_index("run_id")["activation"].isin(RELU_KINDS)
        relu = record.history["run_id"].map(kinds).to_numpy(dtype=bool)
        history = record.history.copy()
        history.loc[relu, [name for name in history.columns if name.startswith("saturation")]] = np.nan
        return compare(replace(record, history=history))

    return study


def kinds(figure, kind):
    return [(artist, mark) for artist, mark in marked(figure) if mark.kind == kind]


def said(axes):
    return " ".join(" ".join(text.get_text().split()) for text in [axes.title, *axes.texts])


def drawn(comparison):
    """Return what is drawn of a study by name; its start too where that leads the page instead."""
    start = at_start(comparison, layered(comparison.curves))
    return {drawing.name: drawing for drawing in (*start, *section(comparison).drawings)}


def test_the_start_has_a_panel_a_quantity_and_a_line_an_arm(study):
    comparison = study(TWO)
    figure = figures.gradients_at_start(comparison.curves, comparison.layout)
    assert [axes.get_ylabel() for axes in figure.axes] == ["delta_rms", "gradient norm"]
    assert figure.axes[-1].get_xlabel() == "layer (1: at the input)"
    rows = layered(comparison.curves)
    rows = rows[(rows["update"] == 0) & (rows["arm"] == "relu")]
    lines = [(line, mark) for line, mark in kinds(figure, "curve") if mark.label == "relu"]
    for quantity, (line, _) in zip(("delta_rms", "gradient_norm"), lines, strict=True):
        mine = rows[rows["quantity"] == quantity].sort_values("layer")
        assert list(line.get_xdata()) == [1, 2, 3, 4]
        assert np.array_equal(line.get_ydata(), mine["centre"])


def test_through_training_has_a_panel_an_arm_and_a_line_a_layer(study):
    comparison = study({"activation": ["relu"], "layers": ["1", "3", "8"]})
    figure = figures.through_training(comparison.curves, comparison.layout, quantity="delta_rms")
    assert [len(axes.lines) for axes in figure.axes] == [1, 3, 8]
    assert [axes.get_yscale() for axes in figure.axes] == ["log"] * 3


def test_a_cell_shows_the_measurement_nearest_to_it_and_nothing_after_the_end(study):
    curves = study(TWO).curves
    rows = layered(curves[curves["arm"] == "relu"])
    rows = rows[rows["quantity"] == "delta_rms"]
    updates = np.sort(rows["update"].unique())
    found = cells(rows, "update", np.append(updates, [updates[-1] * 3]), 5)
    for layer in (1, 2, 3, 4):
        mine = rows[rows["layer"] == layer].sort_values("update")
        assert np.array_equal(found[layer - 1, :-1], mine["centre"])
    assert np.isnan(found[:, -1]).all()  # after its end
    assert np.isnan(found[4]).all()  # a layer that it does not have


def test_the_pictures_of_all_arms_share_one_logarithmic_scale_of_colours(study):
    comparison = study(DEPTHS, seeds=(0, 1))
    figure = figures.layer_heat_map(comparison.curves, comparison.layout)
    panels, bar = figure.axes[:-1], figure.axes[-1]
    assert len(panels) == 6
    shown = np.concatenate([axes.images[0].get_array().reshape(-1, 4) for axes in panels])
    viridis = matplotlib.colormaps["viridis"]
    for end in (0.0, 1.0):
        assert (shown == viridis(end, bytes=True)).all(axis=1).any()
    blank = [int((axes.images[0].get_array()[:, 0, 3] == 0).sum()) for axes in panels]
    assert sorted(set(blank)) == [0, 5, 8]  # of 11 layers, networks of 11, 6 and 3
    rows = comparison.curves[comparison.curves["metric"].str.startswith("delta_rms")]["centre"]
    assert 10 ** np.array(bar.get_ylim()) == pytest.approx([rows.min(), rows.max()])
    assert {text.get_text() for text in bar.get_yticklabels()} >= {"0.01", "0.1", "1"}
    assert bar.get_title(loc="right") == "delta_rms"


def test_deep_networks_are_shown_as_cells_and_shallow_ones_as_lines(study):
    deep, shallow = drawn(study(DEPTHS, seeds=(0, 1))), drawn(study(TWO, layers=2))
    for found, folded in ((deep, False), (shallow, True)):
        assert found["delta_rms_cells"].folded == folded
        assert found["delta_rms_through_training"].folded != folded


def test_rho_marks_where_gradients_vanish_and_names_its_lines(study):
    comparison = study(TWO)
    figure = figures.rho(comparison.curves, comparison.layout)
    levels = [line.get_ydata()[0] for line in figure.axes[0].lines if len(set(line.get_ydata())) == 1]
    assert 0.5 in levels
    assert "Levels" not in drawn(comparison)["rho_through_training"].caption
    assert {mark.label for _, mark in kinds(figure, "label")} == {"relu", "sigmoid"}


def test_arms_with_too_few_hidden_layers_for_rho_are_said_on_the_panel(study):
    comparison = study({"activation": ["relu"], "layers": ["2", "4"]})
    panel = drawn(comparison)["rho_through_training"].draw().axes[0]
    assert "fewer than two hidden layers: layers 2" in said(panel)


def test_depth_is_the_number_of_hidden_layers_that_were_measured(study):
    table = by_depth(study(DEPTHS, seeds=(0, 1)).curves)
    assert sorted(table["hidden_layers"].unique()) == [2, 5, 10]
    assert sorted(table["line"].unique()) == ["relu", "sigmoid"]
    assert set(table["moment"]) == {"start", "end"}


@pytest.mark.parametrize("activations", [["relu"], ["relu", "sigmoid"]])
def test_rho_against_depth_has_a_line_for_what_arms_have_in_common(study, faults, activations):
    comparison = study({"activation": activations, "layers": ["3", "6", "11"]}, seeds=(0, 1))
    figure = figures.rho_by_depth(comparison.curves, comparison.layout)
    assert [axes.get_title() for axes in figure.axes] == ["at the start", "at the end"]
    assert {axes.get_xlabel() for axes in figure.axes} == {"hidden layers"}
    rho = comparison.curves[(comparison.curves["metric"] == "rho") & (comparison.curves["update"] == 0)]
    for axes in figure.axes[:1]:
        lines = [line for line in axes.lines if list(line.get_xdata()) == [2, 5, 10]]
        assert len(lines) == len(activations)
        points = np.concatenate([line.get_ydata() for line in lines])
        assert sorted(points) == sorted(rho["centre"])
        assert 0.5 in [line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1]
    dots = {mark.label for _, mark in kinds(figure, "dot")}
    assert dots == set(comparison.layout.lines)
    assert not faults(figure)


def test_arms_of_equal_depth_have_no_figure_against_it(study):
    assert "rho_by_depth" not in drawn(study(TWO))


def test_units_are_shown_as_they_are_at_the_end_and_relu_kinds_without_saturation(study):
    comparison = study(TWO)
    drawing = drawn(comparison)["units_at_end"]
    figure = drawing.draw()
    saturation, dead = figure.axes
    assert (saturation.get_ylabel(), dead.get_ylabel()) == ("saturation", "dead units")
    assert (saturation.get_yscale(), dead.get_yscale()) == ("linear", "linear")
    assert "no saturation (ReLU kinds): relu" in said(saturation)
    assert "ReLU" not in said(dead)
    assert "ReLU kinds do not flatten out and have no saturation." in drawing.caption
    last = layered(comparison.curves[comparison.curves["update"] == comparison.curves["update"].max()])
    last = last[(last["arm"] == "relu") & (last["quantity"] == "dead_units")].sort_values("layer")
    line = next(line for line, mark in kinds(figure, "curve") if mark.label == "relu")
    assert np.array_equal(line.get_ydata(), last["centre"])


def test_arms_without_saturation_have_no_panel_over_time_and_are_counted(study):
    comparison = study({"activation": ["relu", "sigmoid", "leaky_relu", "tanh"]})
    figure = figures.through_training(comparison.curves, comparison.layout, quantity="saturation")
    assert [axes.get_title() for axes in figure.axes] == ["sigmoid", "tanh"]
    paper = " ".join(" ".join(text.get_text() for text in figure.texts).split())
    assert "Left out: 2 of 4 arms (ReLU kinds have none)." in paper


def test_an_arm_without_a_history_keeps_its_panel_which_says_so(study):
    comparison = study({"activation": ["relu", "sigmoid", "tanh"]})
    gone = comparison.chosen.loc[comparison.chosen["arm"] == "tanh", "run_id"]
    lost = replace(comparison, history=comparison.history[~comparison.history["run_id"].isin(gone)])
    for name in ("delta_rms_through_training", "delta_rms_cells"):
        panels = {axes.get_title(): axes for axes in drawn(lost)[name].draw().axes}
        assert "nothing to draw: no history" in said(panels["tanh"])
        assert "nothing" not in said(panels["relu"])
    assert "no history: tanh" in said(drawn(lost)["gradients_at_start"].draw().axes[0])


def test_feedings_that_start_alike_are_drawn_once(study):
    axes = {
        "activation": ["relu", "sigmoid"],
        "loss": ["mse", "cross_entropy"],
        "optimizer": ["gd", "sgd", "batch"],
    }
    comparison = study(axes, layers=2)
    arms = comparison.chosen.set_index("run_id")["arm"]
    alike = comparison.history.copy()
    starts = alike["update"] == 0
    fed = alike.loc[starts, "run_id"].map(arms).str.rpartition(" · ")[0]
    for column in ("delta_rms_1", "delta_rms_2", "gradient_norm_1", "gradient_norm_2"):
        alike.loc[starts, column] = fed.str.len() / 10
    drawing = drawn(replace(comparison, history=alike))["gradients_at_start"]
    assert len(drawing.draw().axes) == 2  # one panel a quantity
    assert drawing.frame["arm"].nunique() == 12
    assert "drawn once" in drawing.caption
    drawing = drawn(comparison)["gradients_at_start"]
    assert len(drawing.draw().axes) == 6  # where feedings differ, they are kept apart
    assert "drawn once" not in drawing.caption


@pytest.mark.parametrize(
    ("axes", "seeds"),
    [
        ({"activation": ["relu"]}, (0,)),
        (DEPTHS, (0, 1)),
        pytest.param(
            {
                "activation": ["relu", "leaky_relu", "sigmoid", "tanh", "softplus", "elu"],
                "layers": ["2", "4", "7", "11"],
            },
            (0, 1),
            marks=pytest.mark.slow,
        ),
        ({"activation": [f"{name} with a very long name, longer than any label" for name in "abc"]}, (0, 1)),
    ],
    ids=["one arm, one seed", "deep", "24 arms", "long names"],
)
def test_nothing_lies_on_anything_else(study, faults, axes, seeds):
    for name, drawing in drawn(study(axes, seeds=seeds)).items():
        assert not faults(drawing.draw()), name


def test_every_figure_works_from_a_frame_alone_and_says_what_it_is(study):
    curves = study(TWO, seeds=(0, 1)).curves
    for draw in (
        figures.gradients_at_start,
        figures.through_training,
        figures.layer_heat_map,
        figures.rho,
        figures.units,
    ):
        paper = " ".join(" ".join(text.get_text() for text in draw(curves).texts).split())
        assert "2 seeds an arm." in paper, draw.__name__
        assert "nothing to draw" in said(draw(curves.iloc[:0]).axes[0]), draw.__name__


def test_a_quantity_that_nobody_knows_is_refused(study):
    curves = study(TWO).curves
    for draw in (figures.through_training, figures.layer_heat_map):
        with pytest.raises(ConfigurationError, match="quantity = 'deltas'"):
            draw(curves, quantity="deltas")


def test_dead_seeds_and_no_runs_leave_no_figure_without_a_word(study):
    dead = study(TWO, diverged="all")
    for drawing in section(dead).drawings:
        drawing.draw()
    assert "A line ends where a seed of its arm dies." in drawn(dead)["delta_rms_through_training"].caption
    nothing = study(TWO, rates=(0.03, 0.3), diverged="all")
    assert section(nothing).paragraphs[0].startswith("Nothing to draw: no arm has a reported run")
    assert not section(nothing).drawings
