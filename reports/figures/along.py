"""Final scores along a compared number, such as depth or the size of batches: a line for all else."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from harness import quantities
from harness.intervals import Floats
from harness.record import higher_is_better
from reports import prose
from reports.arms import Layout, Look, look, natural, shorten
from reports.figures import scales, strips, style
from reports.figures.margins import settle
from reports.figures.marks import mark
from reports.statistics.quantities import START

MOST_TICKS = 8
LABEL_LINE = 30
"""Characters of a line beside an axis."""
APART = 0.012
"""Share of the axis by which neighbouring lines stand apart, so that none hides behind another."""


@style.house_style
@style.needs_rows
def final_along(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw final scores against a compared number: a row a panel of lines, a column a metric.

    Parameters
    ----------
    frame : DataFrame
        As `along.along_rows` or `trends.trend_rows` returns it, of one key; of several the first is drawn.
    layout : Layout, optional
        Looks of lines whose arms all have one.
    title, subtitle : str, optional
    """
    key = str(frame["key"].iloc[0])
    frame = frame[frame["key"] == key]
    drawn = frame.dropna(subset=["line"])
    panels = list(dict.fromkeys(zip(drawn["dataset"], drawn["panel"], strict=True)))
    metrics = {name: list(rows["metric"].unique()) for name, rows in drawn.groupby("dataset", sort=False)}
    columns = max(map(len, metrics.values()))
    looks = _looks(drawn, layout)
    figure, grid = style.sheet(
        title or f"Final test scores by {prose.key_name(key)}",
        about(frame) if subtitle is None else subtitle,
        len(panels),
        columns,
        width=style.WIDTH if columns > 1 else 7.5,
        panel_height=3.0 if len(panels) == 1 else 2.3,
        lines=looks,
    )
    for index, (dataset, panel) in enumerate(panels):
        last = index + 1 == len(panels) or panels[index + 1][0] != dataset
        here = frame[frame["dataset"] == dataset]
        for column, axes in enumerate(grid[index * columns : (index + 1) * columns]):
            if column >= len(metrics[dataset]):
                axes.remove()
                continue
            _panel(axes, here[here["metric"] == metrics[dataset][column]], str(panel), looks)
            axes.tick_params(labelbottom=last)
            if last:
                axes.set_xlabel(shorten(prose.key_name(key), style.MOST_LABEL))
        grid[index * columns].set_title(shorten(str(panel), 60), loc="left")
    return settle(figure)


def about(frame: pd.DataFrame) -> str:
    """Say what lines, bars and dots are, and how many seeds stand behind them."""
    centres = frame[(frame["shown"] == "centre") & (frame["seeds"] > 0)]
    if centres.empty:
        return "No seed behind it."
    parts = [prose.seeds_an_arm(centres.drop_duplicates("arm")["seeds"])]
    means = centres[centres["kind"] == "mean"]
    if len(means):
        bar = f"bar: {prose.PERCENT} t interval of that mean" if (means["seeds"] > 1).any() else "no interval"
        parts.append(f"Faint dots: every seed; line and mark: mean over seeds; {bar}.")
    if (centres["kind"] == "median").any():
        parts.append(
            "Open diamond: a seed died (diverged or failed), at the majority class's accuracy or at infinite "
            "loss; the median of all seeds stands for the mean."
        )
    if (frame["shown"] == "majority").any():
        parts.append("Dashed line: the majority class's accuracy.")
    return " ".join(parts)


def geometric(values: Floats) -> bool:
    """Return whether numbers lie more evenly by ratio than by difference."""
    ordered = np.unique(values)
    if len(ordered) < 3 or ordered[0] <= 0:
        return False
    steps, ratios = np.diff(ordered), np.diff(np.log(ordered))
    return bool(ratios.std() / ratios.mean() < steps.std() / steps.mean())


def _title(metric: str) -> str:
    """Return how an axis calls a column."""
    name = metric.removeprefix(START)
    return strips.TITLES.get(metric) or quantities.title(name, "end" if name == metric else "start")


def _looks(drawn: pd.DataFrame, layout: Layout | None) -> dict[str, Look]:
    """Return the look of each line: its arms' own where they share one, and no two lines do."""
    names = sorted(map(str, drawn["line"].unique()), key=natural)
    own = {arm.name: arm.look for arm in layout.arms} if layout is not None else {}
    shared = {name: {own.get(arm) for arm in drawn.loc[drawn["line"] == name, "arm"]} for name in names}
    single = [next(iter(found)) for found in shared.values() if len(found) == 1]
    if len(single) == len(names) == len(set(single)) and None not in single:
        return {name: found for name, found in zip(names, single, strict=True) if found is not None}
    return {name: look(index) for index, name in enumerate(names)}


def _panel(axes: Axes, rows: pd.DataFrame, panel: str, looks: Mapping[str, Look]) -> None:
    """Draw one metric of one panel's lines; the limits are those of all panels of the metric."""
    metric = str(rows["metric"].iloc[0])
    _number_axis(axes, rows["at"].dropna().to_numpy(dtype=float))
    low, high = strips.limits(rows, metric)
    if higher_is_better(metric):
        axes.set_ylim(low, high)
    else:
        scales.decades(axes, "y", low, high)
    levels = rows.loc[rows["shown"] == "majority", "value"]
    for level in levels[levels.between(low, high)]:
        axes.axhline(level, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    axes.set_ylabel(textwrap.fill(_title(metric), LABEL_LINE))
    mine = rows[rows["panel"] == panel]
    lines = [name for name in looks if (mine["line"] == name).any()]
    for place, name in enumerate(lines):
        aside = APART * (place - (len(lines) - 1) / 2)
        _line(axes, mine[mine["line"] == name], name, looks[name], aside)


def _number_axis(axes: Axes, values: Floats) -> None:
    tried = np.unique(values)
    if geometric(tried):
        axes.set_xscale("log")
        margin = (tried[-1] / tried[0]) ** 0.06
        axes.set_xlim(tried[0] / margin, tried[-1] * margin)
    else:
        margin = 0.06 * (tried[-1] - tried[0]) or 1.0
        axes.set_xlim(tried[0] - margin, tried[-1] + margin)
    axes.xaxis.set_major_locator(FixedLocator(tried[:: -(-len(tried) // MOST_TICKS)].tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(scales.plain))


def _line(axes: Axes, rows: pd.DataFrame, name: str, look: Look, aside: float) -> None:
    """Draw a line's seeds, its centres with their intervals, and what joins them."""
    between = axes.get_ylim()
    seeds = rows[rows["shown"] == "seed"]
    centres = rows[(rows["shown"] == "centre") & rows["value"].notna()]
    faint: dict[str, Any] = {"color": look.colour, "markersize": 2.4, "alpha": 0.3, "mew": 0}
    (dots,) = axes.plot(_beside(axes, seeds["at"], aside), np.clip(seeds["value"], *between), "o", **faint)
    mark(dots, "dot", name)
    at = _beside(axes, centres["at"], aside)
    value = np.clip(centres["value"].to_numpy(dtype=float), *between)
    low, high = (centres[end].to_numpy(dtype=float) for end in ("low", "high"))
    (joined,) = axes.plot(at, value, color=look.colour, linestyle=look.linestyle, linewidth=1.3)
    mark(joined, "curve", name, low=low, high=high)
    for place, least, most in zip(at, low, high, strict=True):
        if np.isfinite(least) and np.isfinite(most):
            (bar,) = axes.plot([place] * 2, np.clip([least, most], *between), color=look.colour, linewidth=2)
            mark(bar, "band", name)
    whole = (centres["kind"] == "mean").to_numpy()
    for some, marker, inside in ((whole, look.marker, look.colour), (~whole, "D", "white")):
        rim: dict[str, Any] = {
            "color": look.colour,
            "markersize": 4.5,
            "markerfacecolor": inside,
            "zorder": 4,
        }
        (dot,) = axes.plot(at[some], value[some], marker, **rim)
        mark(dot, "dot", name)


def _beside(axes: Axes, values: pd.Series, aside: float) -> Floats:
    """Move values along the axis by a share of its length."""
    transform = axes.transData + axes.transAxes.inverted()
    points = np.column_stack([values.to_numpy(dtype=float), np.full(len(values), axes.get_ylim()[0])])
    moved = transform.transform(points) + np.array([aside, 0.0])
    placed: Floats = transform.inverted().transform(moved)[:, 0]
    return placed
