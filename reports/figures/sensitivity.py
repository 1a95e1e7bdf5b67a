"""A final metric against the tuned value, arm by arm: how the choice came about, and how much hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from harness.errors import unknown
from harness.intervals import Floats
from harness.record import higher_is_better
from reports import prose
from reports.arms import MOST_LINES, Arm, Layout, Panel, shorten
from reports.figures import scales, strips, style
from reports.figures.margins import settle
from reports.figures.marks import mark

MOST_TICKS = 8
CEILING = 20.0
"""Times the median of all means: losses that exceed it leave the picture."""


@style.house_style
@style.needs_rows
def sensitivity(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    role: str | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw the mean of a metric at every value of the tuned key, small multiples by data set and arm axes.

    Parameters
    ----------
    frame : DataFrame
        As `rates.sensitivity_rows` returns it.
    layout : Layout, optional
        Arms, their panels and looks; by default `arms.layout_of(frame)`.
    role : {"tuning", "reported"}, optional
        On which seeds; by default that of the first row.
    title, subtitle : str, optional

    Raises
    ------
    harness.errors.ConfigurationError
        If the frame has no row of that role: the reported seeds of some studies are trained at the chosen
        value alone.
    """
    if role is not None and role not in set(frame["role"]):
        raise unknown("role", role, frame["role"].unique().tolist())
    frame = frame[frame["role"] == (role or frame["role"].iloc[0])]
    layout = strips.arms_of(frame, layout)
    key = prose.key_name(str(frame["over"].iloc[0]))
    metrics = {str(dataset): str(rows["metric"].iloc[0]) for dataset, rows in frame.groupby("dataset")}
    limits = {dataset: _limits(frame[frame["dataset"] == dataset], metrics[dataset]) for dataset in metrics}
    figure, grid = style.sheet(
        title or f"Sensitivity to the {key}",
        about(frame, banded=banded(layout)) if subtitle is None else subtitle,
        -(-len(layout.panels) // layout.columns),
        layout.columns,
        panel_height=2.6 if len(layout.panels) <= layout.columns else 2.1,
        lines=layout.lines,
    )
    for index, axes in enumerate(grid):
        if index >= len(layout.panels):
            axes.remove()
            continue
        panel = layout.panels[index]
        leftmost, lowest = index % layout.columns == 0, index + layout.columns >= len(layout.panels)
        axes.set_title(shorten(panel.title, 48 if layout.columns < 4 else 36))
        _value_axis(axes, frame["value"])
        shown = frame if banded(layout) else frame.assign(low=np.nan, high=np.nan)
        _draw(axes, panel, shown, metrics.get(panel.dataset, ""), limits.get(panel.dataset))
        apart = not leftmost and layout.panels[index - 1].dataset != panel.dataset
        style.label_outer(axes, left=leftmost or apart, bottom=lowest)
        if leftmost:
            axes.set_ylabel(shorten(prose.metric_name(metrics.get(panel.dataset, "")), 32))
        if lowest:
            axes.set_xlabel(shorten(key, style.MOST_LABEL))
    return settle(figure)


def banded(layout: Layout) -> bool:
    """Return whether bands are drawn: of more lines than a panel has by design they hide one another."""
    return max(len(panel.arms) for panel in layout.panels) <= MOST_LINES


def about(frame: pd.DataFrame, *, banded: bool = True) -> str:
    """Say what the curves are, how many seeds stand behind them, and what is marked."""
    least, most = int(frame["seeds"].min()), int(frame["seeds"].max())
    seeds = "tuning seed" if set(frame["role"]) == {"tuning"} else "reported seed"
    behind = prose.counted(most, seeds) if least == most else f"{least} to {most} {seeds}s"
    band = f"band: {prose.PERCENT} t interval of that mean" if most > 1 else "no band: one seed has no spread"
    band = band if banded or most < 2 else "bands are left to the CSV"
    metrics = " or ".join(prose.metric_name(metric) for metric in frame["metric"].unique())
    parts = [f"{behind} an arm and value. Line: mean {metrics}; {band}. Mark with a rim: the chosen value."]
    if ((frame["chosen"] == 1) & (frame["edge"] != "")).any():
        parts.append("A ring around it: it lies at the edge of the grid; a better one may lie beyond.")
    if (frame["dead"] > 0).any():
        parts.append("Cross at the edge: a seed died there, so there is no mean, and no choice.")
    return " ".join(parts)


def _value_axis(axes: Axes, values: pd.Series) -> None:
    tried = np.sort(values.unique())
    if (tried > 0).all() and len(tried) > 1:
        axes.set_xscale("log")
        axes.set_xlim(tried[0] / 1.5, tried[-1] * 1.5)
    axes.xaxis.set_major_locator(FixedLocator(tried[:: -(-len(tried) // MOST_TICKS)].tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(scales.plain))


def _limits(rows: pd.DataFrame, metric: str) -> tuple[float, float] | None:
    """Limits of the metric, shared within a data set, with room for crosses at the worse edge."""
    means = rows["mean"].dropna()
    if means.empty:
        return None
    if higher_is_better(metric):
        low, high = scales.accuracy_limits(means)
        return low - 0.12 * (high - low), high
    found = scales.positive_limits(means, CEILING * float(means.median()))
    return (found[0], found[1] * (found[1] / found[0]) ** 0.2) if found else None


def _draw(
    axes: Axes, panel: Panel, frame: pd.DataFrame, metric: str, limits: tuple[float, float] | None
) -> None:
    rows = frame[frame["arm"].isin([arm.name for arm in panel.arms])]
    if limits is None:
        axes.set_yticks([])
    elif higher_is_better(metric):
        axes.set_ylim(*limits)
        axes.yaxis.set_major_locator(MaxNLocator(5))
    else:
        scales.decades(axes, "y", *limits)
    if rows["mean"].isna().all():
        reason = "a seed died or is missing at every value" if len(rows) else "no run at any value"
        style.without_data(axes, f"nothing to draw: {reason}")
    perished = [arm.name for arm in panel.arms if (rows.loc[rows["arm"] == arm.name, "dead"] > 0).any()]
    spacing = min(0.07, 0.25 / max(1, len(perished)))
    for arm in panel.arms:
        mine = rows[rows["arm"] == arm.name]
        if mine.empty:
            continue
        _curve(axes, arm, mine)
        gone = mine.loc[mine["dead"] > 0, "value"].to_numpy(dtype=float)
        if len(gone):
            off = 0.05 + spacing * perished.index(arm.name)
            _crosses(axes, arm, gone, off if higher_is_better(metric) else 1 - off)


def _curve(axes: Axes, arm: Arm, mine: pd.DataFrame) -> None:
    at, mean, low, high = (mine[name].to_numpy(dtype=float) for name in ("value", "mean", "low", "high"))
    look: dict[str, Any] = {"color": arm.look.colour, "linestyle": arm.look.linestyle}
    (line,) = axes.plot(at, mean, linewidth=1.2, marker=".", markersize=3.5, zorder=2.5, **look)
    mark(line, "curve", arm.line, low=low, high=high)
    bounded = np.isfinite(low) & np.isfinite(high)
    if bounded.sum() > 1:
        bottom, top = axes.get_ylim()
        bounds = np.clip(low, bottom, top), np.clip(high, bottom, top)
        band = axes.fill_between(at, *bounds, where=bounded, color=arm.look.colour, alpha=0.1, linewidth=0)
        mark(band, "band", arm.line)
    best = mine[mine["chosen"] == 1]
    dot: Mapping[str, Any] = {"color": arm.look.colour, "markersize": 6, "mec": "black", "mew": 0.8}
    if len(best):
        (chosen,) = axes.plot(best["value"], best["mean"], arm.look.marker, zorder=4, **dot)
        mark(chosen, "dot", arm.line)
    if (best["edge"] != "").any():
        ring: Mapping[str, Any] = {"color": "black", "fillstyle": "none", "markersize": 12, "mew": 1.1}
        (edge,) = axes.plot(best["value"], best["mean"], "o", zorder=4, clip_on=False, **ring)
        mark(edge, "dot", arm.line)


def _crosses(axes: Axes, arm: Arm, at: Floats, height: float) -> None:
    cross: Mapping[str, Any] = {"color": arm.look.colour, "markersize": 4.5, "mew": 1.2}
    (gone,) = axes.plot(at, np.full(len(at), height), "x", transform=axes.get_xaxis_transform(), **cross)
    mark(gone, "dot", arm.line)
