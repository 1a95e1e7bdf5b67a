"""Forest plots: what stands in a row, and that nothing is cut off or left out without a word."""

import io
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from reports.figures.forest import INK, about, forest
from reports.figures.style import SETTINGS
from reports.statistics import differences

ROW = {"label": "a \N{MINUS SIGN} b", "metric": "test_log_loss", "effect": 0.2, "low": 0.1, "high": 0.3}
LONG = "a name that is much longer than any label or any title has room for, and goes on and on and on, "


def frame_of(*rows, **shared):
    return pd.DataFrame([{**ROW, "seeds": 5, "dead": 0, **shared, **row} for row in rows])


def bars(axes):
    """Return the ends of the intervals, in the order of their rows."""
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_color() == INK]
    return [tuple(line.get_xdata()) for line in lines if line.get_ydata()[0] == line.get_ydata()[1]]


def marks(axes):
    return [line for line in axes.lines if len(line.get_xdata()) == 1]


def words(figure):
    return " ".join(" ".join(text.get_text() for text in figure.findobj(Text)).split())


def extents(figure):
    """Return every visible text with its extent in pixels."""
    with rc_context(SETTINGS):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        inside = []
        for text in texts:
            axes = text.axes
            if axes is not None and text in axes.get_xticklabels():
                low, high = axes.get_xlim()
                if (
                    not low <= text.get_position()[0] <= high
                    or not axes.xaxis.get_tick_params()["labelbottom"]
                ):
                    continue
            inside.append((text.get_text(), text.get_window_extent(canvas.get_renderer())))
        return inside


def test_a_row_has_its_interval_and_the_same_numbers_in_words():
    figure = forest(frame_of({}, {"effect": -0.05, "low": -0.15, "high": 0.05}))
    (axes,) = figure.axes
    assert bars(axes) == [(0.1, 0.3), (-0.15, 0.05)]
    assert [mark.get_xdata()[0] for mark in marks(axes)] == [0.2, -0.05]
    shown = words(figure)
    assert "+0.2 (+0.1 to +0.3)" in shown
    assert "\N{MINUS SIGN}0.05 (\N{MINUS SIGN}0.15 to +0.05)" in shown
    assert "95\N{NO-BREAK SPACE}% t interval of that mean" in about(frame_of({}))


def test_differences_of_accuracies_are_in_percentage_points():
    figure = forest(frame_of({"metric": "test_accuracy"}))
    (axes,) = figure.axes
    assert bars(axes) == [(pytest.approx(10), pytest.approx(30))]
    assert axes.get_xlabel() == "difference of test accuracy (percentage points)"
    assert "+20.0 (+10.0 to +30.0)" in words(figure)


def test_a_margin_is_shaded_and_marked_and_the_verdict_is_a_word_and_a_shape():
    verdicts = ["supported", "refuted", "inconclusive"]
    rows = [{"verdict": verdict, "margin": 0.15, "direction": "lower"} for verdict in verdicts]
    figure = forest(frame_of(*rows, level=1 - 0.05 / 3))
    (axes,) = figure.axes
    shades = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [(shade.get_x(), shade.get_x() + shade.get_width()) for shade in shades] == [(-0.15, 0.15)]
    assert 0.15 in [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    assert len({mark.get_marker() for mark in marks(axes)}) == 3
    shown = words(figure)
    assert all(f" {verdict}" in shown for verdict in verdicts)
    assert "98.33 % t interval" in shown
    assert axes.get_xlabel() == "test log loss lower by"


def test_a_comparison_of_which_a_seed_died_has_no_interval_but_the_rest_and_its_seeds():
    nothing = {"effect": np.nan, "low": np.nan, "high": np.nan}
    figure = forest(frame_of({**nothing, "dead": 2, "living_effect": 0.12}, {}))
    (axes,) = figure.axes
    assert bars(axes) == [(0.1, 0.3)]
    diamond = marks(axes)[0]
    assert (diamond.get_marker(), diamond.get_xdata()[0]) == ("D", 0.12)
    assert same_color(diamond.get_markerfacecolor(), "white")
    assert "+0.12 where none died" in words(figure)
    assert "5, 2 died" in words(figure)
    assert "no interval" in about(frame_of({**nothing, "dead": 2}))


@pytest.mark.parametrize(("dead", "said"), [(5, "On every seed an arm died."), (0, "No seed in common.")])
def test_a_plot_without_a_number_says_why(dead, said):
    nothing = dict.fromkeys(("effect", "low", "high", "living_effect"), np.nan)
    figure = forest(frame_of({**nothing, "dead": dead}, {**nothing, "dead": dead}))
    assert said in words(figure)
    assert "There is nothing to compare." in words(forest(frame_of({}).iloc[:0]))


def test_one_seed_has_a_difference_and_no_interval():
    rows = frame_of({"low": np.nan, "high": np.nan, "seeds": 1})
    assert "no interval: one seed has no spread" in about(rows)
    figure = forest(rows)
    assert bars(figure.axes[0]) == []
    assert marks(figure.axes[0])[0].get_xdata()[0] == 0.2


def test_a_very_wide_interval_does_not_hide_the_others_and_goes_on_by_an_arrow():
    rows = frame_of(*[{}] * 6, {"low": -40.0, "high": 40.0})
    figure = forest(rows)
    low, high = figure.axes[0].get_xlim()
    assert -3 < low < 0.1 < 0.3 < high < 3
    assert {mark.get_marker() for mark in marks(figure.axes[0])} >= {"<", ">"}
    assert "An arrow: the interval goes on." in words(figure)
    assert "\N{MINUS SIGN}40 to +40" in words(figure)


def test_arms_that_never_differ_are_drawn_at_0():
    figure = forest(frame_of({"effect": 0.0, "low": 0.0, "high": 0.0}))
    assert figure.axes[0].get_xlim()[0] < 0 < figure.axes[0].get_xlim()[1]
    assert "0 (0 to 0)" in words(figure)


def test_panels_of_one_metric_share_their_limits_and_others_do_not():
    figure = forest(frame_of({"group": "x"}, {"group": "y", "high": 0.9}, {"group": "z", "metric": "rho"}))
    first, second, third = (axes.get_xlim() for axes in figure.axes)
    assert first == second != third


def test_rows_of_another_metric_direction_or_margin_stand_in_panels_of_their_own():
    shared = {"group": "x", "sentence": "The first is better.", "direction": "lower", "margin": 0.15}
    figure = forest(
        frame_of(
            shared,
            {**shared, "margin": 0.02, "metric": "test_accuracy"},
            {**shared, "direction": "higher", "effect": -0.2, "low": -0.3, "high": -0.1},
        )
    )
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "test log loss lower by",
        "test accuracy lower by (percentage points)",
        "test log loss higher by",
    ]
    shades = [patch.get_width() / 2 for axes in figure.axes for patch in axes.patches]
    assert shades == pytest.approx([0.15, 2.0, 0.15])
    assert words(figure).count("The first is better.") == 3


def test_an_arrow_is_spoken_of_if_any_axis_has_one():
    wide = {"direction": "higher", "effect": 0.2, "low": 0.1, "high": 9.0}
    row = {"direction": "higher", "low": 0.15, "high": 0.25}
    other = {"direction": "lower", "low": -9.0, "high": 9.0}
    # On the one axis the interval goes on; together with those of the other it would not.
    assert "An arrow" in about(frame_of(wide, row, row, row, row, other, other, other))


def test_paired_differences_are_drawn_as_they_come():
    values = {"relu": [0.9, 0.91, 0.92, 0.9, 0.93], "tanh": [0.8, 0.82, 0.81, 0.83, 0.8]}
    runs = pd.DataFrame(
        [
            {"arm": arm, "seed": seed, "status": "FINISHED", "outcome": "exhausted", "majority_accuracy": 0.1}
            | {"test_accuracy": value}
            for arm, each in values.items()
            for seed, value in enumerate(each)
        ]
    )
    found = differences(runs, [("relu", "tanh")], "test_accuracy", generator=np.random.default_rng(0))
    figure = forest(found)
    assert bars(figure.axes[0]) == [pytest.approx((100 * found["low"][0], 100 * found["high"][0]))]
    assert "relu \N{MINUS SIGN} tanh" in words(figure)


def test_data_sets_have_panels_of_their_own():
    figure = forest(frame_of({"dataset": "moons"}, {"dataset": "digits"}, {"dataset": "moons"}))
    assert [len(bars(axes)) for axes in figure.axes] == [2, 1]
    assert "moons" in words(figure)
    assert "digits" in words(figure)


@pytest.mark.parametrize("rows", [1, 2, 12, 40])
def test_no_text_covers_another_or_leaves_the_paper(rows):
    each = [
        {
            "label": f"{LONG}{row}",
            "group": f"{LONG * 2}{row // 9}",
            "verdict": "inconclusive",
            "dead": row % 4,
        }
        | {"effect": np.nan if row % 4 else 0.2, "margin": 0.05, "direction": "lower"}
        for row in range(rows)
    ]
    figure = forest(frame_of(*each, seeds=30))
    texts = extents(figure)
    assert len(texts) > 4 * rows
    for text, box in texts:
        inside = box.x0 >= -0.5 and box.y0 >= -0.5
        assert inside, text
        assert box.x1 <= figure.bbox.width + 0.5, text
        assert box.y1 <= figure.bbox.height + 0.5, text
    for (one, box), (other, beside) in combinations(texts, 2):
        apart_x = box.x1 <= beside.x0 + 0.5 or beside.x1 <= box.x0 + 0.5
        apart_y = box.y1 <= beside.y0 + 0.5 or beside.y1 <= box.y0 + 0.5
        assert apart_x or apart_y, f"{one!r} and {other!r} overlap"


def test_from_python_it_is_saved_as_if_its_texts_had_never_been_measured():
    figure = forest(frame_of({"label": "mini-batch (32)"}, {"label": "GD (all 1,077)"}))
    saved = [io.BytesIO(), io.BytesIO()]
    figure.savefig(saved[0], dpi=100)
    FigureCanvasAgg(figure)
    figure.savefig(saved[1], dpi=100)
    assert saved[0].getvalue() == saved[1].getvalue()
