"""The leading figure: arms at their tuned rates, and how the choice of each rate came about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from reports.arms import Layout, Panel, shorten
from reports.figures import scales, strips, style
from reports.figures.margins import settle


@style.house_style
def tuned(
    runs: pd.DataFrame,
    scores: pd.DataFrame,
    points: pd.DataFrame | None,
    choices: pd.DataFrame | None,
    layout: Layout,
    goals: Callable[[str], tuple[str, str]],
    *,
    title: str,
    subtitle: str,
    over: str = "",
    metric: str = "",
) -> Figure:
    """Draw final scores by arm and, where a key was tuned, the sensitivity curves beside them.

    Parameters
    ----------
    runs, scores : DataFrame
        The reported runs at the chosen values, and `statistics.final_scores` of them.
    points, choices : DataFrame or None
        `statistics.sensitivity` and `statistics.choose`.
    layout : Layout
        One row of the figure a panel.
    goals : function
        The two final metrics of a data set.
    title, subtitle : str
    over, metric : str
        The tuned key and the metric that chose its value.
    """
    columns = 3 if points is not None else 2
    heights = [max(1.25, strips.ROW_HEIGHT * len(panel.arms) + 0.55) for panel in layout.panels]
    figure, grid = style.sheet(
        title,
        subtitle,
        len(layout.panels),
        columns,
        width=style.WIDTH,
        panel_height=float(np.mean(heights)),
        lines=layout.lines if points is not None else None,
        width_ratios=[1.0, 1.0, 1.1][:columns],
        height_ratios=heights,
    )
    reasons = _reasons(choices)
    scale = _loss_limits(points, layout) if points is not None else {}
    for index, panel in enumerate(layout.panels):
        last = index + 1 == len(layout.panels) or layout.panels[index + 1].dataset != panel.dataset
        names = [arm.name for other in layout.panels if other.dataset == panel.dataset for arm in other.arms]
        together = runs[runs["arm"].isin(names)]
        for column, goal in enumerate(goals(panel.dataset)):
            axes = grid[index * columns + column]
            axes.set_xlim(*strips.limits(scores, together, goal))
            texts = [arm.line for arm in panel.arms]
            labels = strips.row_labels(texts, panel.arms, scores, 36) if column == 0 else []
            strips.draw(axes, panel.arms, runs, scores, goal, labels, reasons)
            style.label_outer(axes, left=True, bottom=last)
            if last:
                axes.set_xlabel(strips.TITLES[goal])
        if panel.title:
            grid[index * columns].set_title(shorten(panel.title, 60), loc="left", fontweight="bold")
        if points is not None and choices is not None:
            axes = grid[index * columns + 2]
            _sensitivity(axes, panel, points, choices, scale.get(panel.dataset))
            axes.set_ylabel(shorten(metric.replace("_", " ").replace("validation", "valid."), 40))
            style.label_outer(axes, left=True, bottom=last)
            if last:
                axes.set_xlabel(shorten(over.rpartition(".")[2].replace("_", " "), style.MOST_LABEL))
    return settle(figure)


def _reasons(choices: pd.DataFrame | None) -> dict[str, str]:
    if choices is None:
        return {}
    return {str(arm): "no value chosen (see table)" for arm in choices.loc[choices["reason"] != "", "arm"]}


def _loss_limits(points: pd.DataFrame, layout: Layout) -> dict[str, tuple[float, float]]:
    """Limits of the sensitivity axis, shared within a data set."""
    limits = {}
    for dataset in layout.datasets:
        names = [arm.name for panel in layout.panels if panel.dataset == dataset for arm in panel.arms]
        means = points.loc[points["arm"].isin(names), "mean"].dropna()
        if len(means):
            found = scales.positive_limits(means, 20 * float(means.median()))
            if found:
                limits[dataset] = (found[0], found[1] * (found[1] / found[0]) ** 0.25)
    return limits


def _sensitivity(
    axes: Axes, panel: Panel, points: pd.DataFrame, choices: pd.DataFrame, limits: tuple[float, float] | None
) -> None:
    """Draw the metric against the tuned value; values at which a seed died stand at the top edge."""
    rates = np.sort(points["value"].unique())
    if (rates > 0).all():
        axes.set_xscale("log")
        axes.set_xlim(rates[0] / 1.5, rates[-1] * 1.5)
    axes.xaxis.set_major_locator(FixedLocator(rates[:: -(-len(rates) // 8)].tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(scales.plain))
    if limits:
        scales.decades(axes, "y", *limits)
    else:
        axes.set_yticks([])
    chosen = choices.set_index("arm")["value"]
    perished = [arm.name for arm in panel.arms if (points.loc[points["arm"] == arm.name, "dead"] > 0).any()]
    spacing = min(0.08, 0.25 / max(1, len(perished)))
    for arm in panel.arms:
        mine = points[points["arm"] == arm.name]
        top = axes.get_ylim()[1]
        heights = np.minimum(mine["mean"].to_numpy(dtype=float), top)
        axes.plot(
            mine["value"],
            heights,
            color=arm.look.colour,
            linestyle=arm.look.linestyle,
            linewidth=1.1,
            zorder=2,
        )
        best = mine[mine["value"] == chosen.get(arm.name)]
        mark: dict[str, Any] = {"color": arm.look.colour, "markersize": 6, "mec": "black", "mew": 0.7}
        axes.plot(best["value"], best["mean"], arm.look.marker, **mark)
        gone = mine.loc[mine["dead"] > 0, "value"].to_numpy(dtype=float)
        if len(gone):
            edge = np.full(len(gone), 0.95 - spacing * perished.index(arm.name))
            cross: dict[str, Any] = {"color": arm.look.colour, "markersize": 4.5, "mew": 1.2}
            axes.plot(gone, edge, "x", transform=axes.get_xaxis_transform(), **cross)
