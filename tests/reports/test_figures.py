"""Figures: what they draw, what they say, and that nothing lies on anything else."""

from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from reports.comparison import compare
from reports.contents import contents
from reports.figures.style import SETTINGS

ARMS = {
    1: {"activation": ["relu"]},
    2: {"activation": ["relu", "sigmoid"]},
    5: {"activation": ["relu", "sigmoid", "tanh", "leaky_relu", "softsign"]},
    12: {"architecture.width": [str(2**power) for power in range(12)]},
    24: {
        "dataset": ["moons", "digits"],
        "activation": ["sigmoid", "relu"],
        "loss": ["mse", "cross_entropy"],
        "optimizer": ["gd", "sgd", "batch"],
    },
}


ELSEWHERE = {"score_distribution", "sensitivity", "sensitivity_reported", "at_one_rate"}
"""Figures that other modules test: their seeds are not those of an arm, or they have no interval."""


def drawn(record, *names):
    """Draw the figures `names` of a study, or all: name to figure and what the report says of it."""
    return {
        drawing.name: (drawing.draw(), drawing)
        for drawing in contents(compare(record)).drawings
        if not names or drawing.name in names
    }


def shown_texts(figure):
    """Return every text of a figure that is visible within its limits, with its extent in pixels."""
    canvas = FigureCanvasAgg(figure)
    with rc_context(SETTINGS):
        canvas.draw()
        renderer = canvas.get_renderer()
        texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
        for axes in figure.axes:
            if not axes.get_visible():
                continue
            texts += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                texts += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        texts = [
            text
            for text in texts
            if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
        ]
        return [(text.get_text(), text.get_window_extent(renderer)) for text in texts]


@pytest.mark.parametrize(
    "arms", [arms if arms < 20 else pytest.param(arms, marks=pytest.mark.slow) for arms in ARMS]
)
def test_no_text_covers_another_or_leaves_the_paper(synthetic, arms):
    record = synthetic(ARMS[arms], layers=3 if arms < 24 else 2, rows=8, diverged=[("relu", 3.0, 100)])
    for name, (figure, _) in drawn(record).items():
        texts = shown_texts(figure)
        width, height = figure.bbox.width, figure.bbox.height
        for text, box in texts:
            inside = box.x0 >= -0.5 and box.y0 >= -0.5 and box.x1 <= width + 0.5 and box.y1 <= height + 0.5
            assert inside, f"{name}: {text!r} leaves the paper"
        for (one, box), (other, beside) in combinations(texts, 2):
            apart = (
                box.x1 <= beside.x0 + 0.5
                or beside.x1 <= box.x0 + 0.5
                or box.y1 <= beside.y0 + 0.5
                or beside.y1 <= box.y0 + 0.5
            )
            assert apart, f"{name}: {one!r} and {other!r} overlap"


def test_long_names_stay_on_the_paper(synthetic):
    names = [
        f"{name} with a name that is much longer than any label has room for" for name in ("relu", "tanh")
    ]
    for name, (figure, _) in drawn(synthetic({"activation": names}, rows=8)).items():
        for text, box in shown_texts(figure):
            assert box.x0 >= -0.5, f"{name}: {text!r}"
            assert box.x1 <= figure.bbox.width + 0.5, f"{name}: {text!r}"


@pytest.mark.parametrize(("seeds", "said"), [((0, 1, 2, 3, 4), "5 seeds an arm"), ((0,), "1 seed an arm")])
def test_every_figure_says_how_many_seeds_and_what_its_band_is(synthetic, seeds, said):
    record = synthetic(ARMS[2], layers=3, rows=8, seeds=seeds)
    for name, (figure, drawing) in drawn(record).items():
        if name in ELSEWHERE:
            continue
        on_paper = " ".join(" ".join(text.get_text() for text in figure.texts).split())
        for text in (on_paper, drawing.caption):
            assert said in text, name
            assert ("interval of that mean" in text) == (len(seeds) > 1), name
            assert ("no band" in text or "no interval" in text) == (len(seeds) == 1), name


def test_axes_are_labelled_and_logarithmic_where_it_serves(synthetic):
    figures = {
        name: figure
        for name, (figure, _) in drawn(
            synthetic(ARMS[2], layers=3, rows=8),
            "convergence_log_loss_by_update",
            "convergence_accuracy_by_epoch",
            "gradients_at_start",
        ).items()
    }
    by_update = figures["convergence_log_loss_by_update"].axes[0]
    assert (by_update.get_xlabel(), by_update.get_ylabel()) == ("updates", "validation log loss")
    assert (by_update.get_xscale(), by_update.get_yscale()) == ("symlog", "log")
    assert by_update.get_xlim()[0] < 0 < by_update.get_xlim()[1]  # the start is on the paper
    by_epoch = figures["convergence_accuracy_by_epoch"].axes[0]
    assert (by_epoch.get_xlabel(), by_epoch.get_ylabel()) == ("epochs", "validation accuracy")
    assert by_epoch.get_yscale() == "linear"
    assert figures["gradients_at_start"].axes[-1].get_xlabel() == "layer (1: at the input)"


def test_a_panel_has_one_line_an_arm_and_one_band(synthetic):
    record = synthetic(ARMS[24], rows=8)
    figure, drawing = drawn(record, "convergence_log_loss_by_update")["convergence_log_loss_by_update"]
    assert len(figure.axes) == 6
    for axes in figure.axes:
        assert len([line for line in axes.lines if len(line.get_xdata()) > 1]) == 4
        assert len(axes.collections) == 4
    assert drawing.frame["arm"].nunique() == 24


def test_the_line_drawn_is_the_mean_of_the_frame(synthetic):
    record = synthetic(ARMS[1], rows=8)
    figure, drawing = drawn(record, "convergence_log_loss_by_update")["convergence_log_loss_by_update"]
    line = figure.axes[0].lines[0]
    assert np.array_equal(line.get_ydata(), drawing.frame["centre"])
    runs = compare(record).chosen["run_id"]
    rows = record.history[record.history["run_id"].isin(runs)]
    mean = rows.groupby("update")["validation_log_loss"].mean()
    assert np.allclose(drawing.frame["centre"], mean)


def test_through_training_has_a_panel_an_arm_and_a_line_a_layer(synthetic):
    figure, _ = drawn(synthetic({"layers": ["1", "3", "8"]}, rows=8), "delta_rms_through_training")[
        "delta_rms_through_training"
    ]
    assert [len(axes.lines) for axes in figure.axes] == [1, 3, 8]


def test_feedings_that_start_alike_are_drawn_once(synthetic):
    axes = {
        "activation": ["relu", "sigmoid"],
        "loss": ["mse", "cross_entropy"],
        "optimizer": ["gd", "sgd", "batch"],
    }
    record = synthetic(axes, rows=8)
    arms = record.runs.set_index("run_id")["arm"]
    alike = record.history.copy()
    starts = alike["update"] == 0
    fed = alike.loc[starts, "run_id"].map(arms).str.rpartition(" · ")[0]
    for column in ("delta_rms_1", "delta_rms_2", "gradient_norm_1", "gradient_norm_2"):
        alike.loc[starts, column] = fed.str.len() / 10
    same = type(record)(record.spec, record.runs, alike, record.provenance, None)
    figure, drawing = drawn(same, "gradients_at_start")["gradients_at_start"]
    assert len(figure.axes) == 2  # one panel a quantity
    assert drawing.frame["arm"].nunique() == 12
    assert "drawn once" in drawing.caption
    figure, drawing = drawn(record, "gradients_at_start")["gradients_at_start"]
    assert len(figure.axes) == 6  # where feedings differ, they are kept apart
    assert "drawn once" not in drawing.caption


def test_rho_marks_where_gradients_vanish(synthetic):
    figure, drawing = drawn(synthetic(ARMS[2], layers=4, rows=8), "rho_through_training")[
        "rho_through_training"
    ]
    levels = [line.get_ydata()[0] for line in figure.axes[0].lines if len(set(line.get_ydata())) == 1]
    assert 0.5 in levels
    assert "Levels" not in drawing.caption


def test_drawing_leaves_matplotlibs_settings_alone(synthetic):
    before = dict(matplotlib.rcParams)
    drawn(synthetic(ARMS[1], rows=8))
    assert dict(matplotlib.rcParams) == before
