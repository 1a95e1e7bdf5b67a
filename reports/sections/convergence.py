"""Convergence at the tuned values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
from matplotlib.figure import Figure

from reports import prose
from reports.arms import Layout, split_by_loss
from reports.comparison import Comparison, kinds
from reports.figures import captions
from reports.figures.convergence import OWN, own_loss
from reports.figures.convergence import convergence as across_losses
from reports.figures.curves import AXIS_TITLES
from reports.figures.windows import about as about_window
from reports.figures.windows import loss_in_window
from reports.outline import Drawing, Section
from reports.sections import absence

MOST_SEED_LINES = 600
"""Curves of single seeds that a figure holds; of more, none is offered."""
UNITS = {"update": "an update", "epoch": "an epoch", "samples": "a sample", "multiply_adds": "a multiply-add"}
SAME = 0.02
"""Two axes are one where their ratio varies by less than this (a last batch may be smaller)."""


def convergence(comparison: Comparison) -> Section:
    """Show what compares across losses, and each loss by itself, by what training costs."""
    curves = comparison.curves
    compared = [f"validation_{kind}" for kind in kinds(comparison)]
    shown = curves[curves["metric"].isin([*compared, OWN])]
    axes, most, told = cost_axes(shown)
    drawings: list[Drawing] = []
    for number, metric in enumerate(compared):
        # One figure by each of two costs says how fast; the same of a second metric would say it again.
        open_axes = axes[: most if number == 0 else 1]
        layout = comparison.layout.of(_datasets(comparison, metric))
        name = f"convergence_{metric.removeprefix('validation_')}"
        drawings += _by_cost(comparison, name, metric, axes, open_axes, layout, "")
    layout = split_by_loss(comparison.layout, comparison.reported_first)
    several = len({panel.loss for panel in layout.panels}) > 1
    note = " Own losses of different kinds or scales do not compare: each has panels of its own."
    note = note if several else ""
    drawings += _by_cost(comparison, "own_loss", OWN, axes, axes[:1], layout, note)
    drawings += _in_window(comparison)
    heading = "Convergence at the tuned values" if comparison.over else "Convergence"
    if not drawings:
        return Section("convergence", heading, (absence.nothing(comparison),))
    missing = [metric for metric in [*compared, OWN] if not (shown["metric"] == metric).any()]
    lacking = f"No reported run measured {' and '.join(map(prose.metric_name, missing))}." if missing else ""
    return Section("convergence", heading, tuple(filter(None, (told, lacking))), tuple(drawings))


def cost_axes(rows: pd.DataFrame) -> tuple[list[str], int, str]:
    """Return the costs to draw curves by, how many of them tell most, and a sentence on those left out.

    Where an axis is a multiple of another, the same in every arm, its curves look the same. Epochs are drawn
    all the same, for they are what people think in, and samples and multiply-adds are not.

    Parameters
    ----------
    rows : DataFrame
        `Comparison.curves` of what is drawn.
    """
    later = rows.loc[rows["update"] > 0, list(AXIS_TITLES)]
    distinct, repeated = ["update"], []
    said: dict[str, list[str]] = {}
    for axis in (axis for axis in AXIS_TITLES if axis != "update" and later[axis].notna().any()):
        same = next((other for other in distinct if _repeats(later[axis], later[other])), None)
        if same is None:
            distinct.append(axis)
        elif axis == "epoch":
            repeated.append(axis)
        else:
            unit, factor = _factor(later, same, axis)
            said.setdefault(unit, []).append(factor)
    axes, most = [*distinct, *repeated], min(len(distinct), 2)
    if not said:
        return axes, most, ""
    equal = ", and ".join(f"{unit} is {' and '.join(factors)}" for unit, factors in said.items())
    return axes, most, f"In every arm {equal}: curves by those would look the same, and are not repeated."


def _repeats(one: pd.Series, other: pd.Series) -> bool:
    ratio = (one / other).dropna()
    return bool(len(ratio) and ratio.max() <= (1 + SAME) * ratio.min())


def _factor(later: pd.DataFrame, drawn_by: str, axis: str) -> tuple[str, str]:
    """Return the greater of two units of cost, and how much of the other it is."""
    last = later[[drawn_by, axis]].dropna().iloc[-1]
    one, other = (drawn_by, axis) if last[axis] >= last[drawn_by] else (axis, drawn_by)
    return UNITS[one], f"{prose.number(float(last[other] / last[one]))} {AXIS_TITLES[other]}"


def _by_cost(
    comparison: Comparison,
    name: str,
    metric: str,
    axes: Sequence[str],
    open_axes: Sequence[str],
    layout: Layout,
    note: str,
) -> list[Drawing]:
    """Draw a metric by each of `axes`; those that are not among `open_axes` are folded."""
    rows = comparison.curves[comparison.curves["metric"] == metric]
    rows = rows[rows["arm"].isin([arm.name for arm in layout.arms])]
    if rows.empty:
        return []
    caption = prose.at_one_rate(comparison, captions.about_bands(rows) + note)
    few = comparison.chosen["run_id"].nunique() <= MOST_SEED_LINES and (rows["seeds"] > 1).any()
    with_seeds = pd.concat([rows, comparison.seed_curves(metric)], ignore_index=True) if few else rows
    # Single seeds are many points: they are offered once a metric.
    return [
        Drawing(
            f"{name}_by_{x}",
            caption,
            frame := with_seeds if x == axes[0] else rows,
            _figure(comparison, metric, x, frame, layout, caption),
            folded=x not in open_axes,
        )
        for x in axes
    ]


def _figure(
    comparison: Comparison, metric: str, x: str, frame: pd.DataFrame, layout: Layout, text: str
) -> Callable[[], Figure]:
    absent = absence.reasons(comparison)
    if metric == OWN:
        return lambda: own_loss(frame, layout, x=x, absent=absent, subtitle=text)
    return lambda: across_losses(frame, layout, metric=metric, x=x, absent=absent, subtitle=text)


def _in_window(comparison: Comparison) -> list[Drawing]:
    """Draw the loss within the window of every update, where the study has one."""
    rows = comparison.in_window
    if rows.empty:
        return []
    caption = prose.at_one_rate(comparison, about_window(rows))

    def draw() -> Figure:
        return loss_in_window(rows, comparison.layout, subtitle=caption)

    return [Drawing("loss_in_window", caption, rows, draw)]


def _datasets(comparison: Comparison, metric: str) -> list[str]:
    """Return the data sets that a metric is for: squared error is shown of regressions."""
    regressed = metric.endswith("squared_error")
    return [
        dataset
        for dataset in comparison.layout.datasets
        if (comparison.goals(dataset)[0] != "test_accuracy") == regressed
    ]
