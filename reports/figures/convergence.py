"""Convergence at the tuned rates: what compares across losses, and each loss on panels of its own."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from reports.arms import Layout, Panel
from reports.figures import curves, scales, style

NAMES = {"accuracy": "accuracy", "log_loss": "log loss", "squared_error": "squared error", "loss": "own loss"}


@style.house_style
def across_losses(bands: pd.DataFrame, layout: Layout, metric: str, x: str, subtitle: str) -> Figure:
    """Draw a metric that compares across losses, small multiples by data set and arm axes.

    Parameters
    ----------
    bands : DataFrame
        `bands.bands` of the reported runs, of the one metric drawn.
    layout : Layout
    metric : str
        `validation_log_loss`, `validation_accuracy` or `validation_squared_error`.
    x : {"update", "epoch"}
    subtitle : str
    """
    split, _, kind = metric.partition("_")
    layout = _measured(bands, layout)
    accuracy = kind == "accuracy"
    limits = {
        dataset: found
        for dataset in layout.datasets
        if (found := _limits(bands, [p for p in layout.panels if p.dataset == dataset], accuracy))
    }
    return curves.small_multiples(
        bands,
        layout,
        x,
        title=f"{split.capitalize()} {NAMES[kind]} by {curves.AXIS_TITLES[x]}",
        subtitle=subtitle,
        ylabel=f"{split} {NAMES[kind]}",
        limits=limits,
        logarithmic=not accuracy,
        group=lambda panel: panel.dataset,
    )


@style.house_style
def own_loss(bands: pd.DataFrame, layout: Layout, x: str, subtitle: str) -> Figure:
    """Draw the training loss that each arm descends; `layout` has each loss on panels of its own.

    Parameters
    ----------
    bands : DataFrame
        `bands.bands` of `train_loss`.
    layout : Layout
        From `arms.split_by_loss`.
    x : {"update", "epoch"}
    subtitle : str
    """
    layout = _measured(bands, layout)
    limits = {}
    for panel in layout.panels:
        together = [p for p in layout.panels if (p.dataset, p.loss) == (panel.dataset, panel.loss)]
        if found := _limits(bands, together, accuracy=False):
            limits[_own(panel)] = found

    return curves.small_multiples(
        bands,
        layout,
        x,
        title=f"Own training loss by {curves.AXIS_TITLES[x]}",
        subtitle=subtitle,
        ylabel="own training loss",
        limits=limits,
        logarithmic=True,
        group=_own,
    )


def _own(panel: Panel) -> str:
    return f"{panel.dataset}\n{panel.loss}"


def _measured(bands: pd.DataFrame, layout: Layout) -> Layout:
    """Leave out data sets on which the metric does not exist (accuracy of a regression)."""
    there = set(bands["arm"])
    known = {panel.dataset for panel in layout.panels if any(arm.name in there for arm in panel.arms)}
    panels = tuple(panel for panel in layout.panels if panel.dataset in known)
    return Layout(panels, min(layout.columns, len(panels)))


def _limits(bands: pd.DataFrame, panels: list[Panel], accuracy: bool) -> tuple[float, float] | None:
    rows = bands[bands["arm"].isin([arm.name for panel in panels for arm in panel.arms])]
    if rows.empty:
        return None
    if accuracy:
        return scales.accuracy_limits(pd.concat([rows["centre"], rows["low"], rows["high"]]))
    # On the way to divergence a loss takes any value: far above the start, a line may leave the picture.
    start = rows.loc[rows["update"] == rows["update"].min(), "centre"]
    values = pd.concat([rows["centre"], rows["high"]])
    return scales.positive_limits(values, 100 * float(start.max()))
