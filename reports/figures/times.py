"""Time to target: every seed's, in all costs that tell arms apart; a miss stands at the edge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports import prose
from reports.arms import Arm, Layout, shorten
from reports.figures import scales, strips, style
from reports.figures.margins import settle
from reports.figures.marks import mark
from reports.prose import COST_NAMES
from reports.times import distinct_costs

AT_START = "At the left edge: before the first update."
BEYOND = 0.07
"""Share of the axis, at its right, where misses stand."""


@style.house_style
@style.needs_rows
def time_to_target(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw when every seed reached the target, a cost a column and a panel of the layout a row.

    Parameters
    ----------
    frame : DataFrame
        As `times.time_rows` returns it.
    layout : Layout, optional
        Arms, their panels and looks; by default `arms.layout_of(frame)`.
    title, subtitle : str, optional
    """
    layout = strips.arms_of(frame, layout)
    costs = distinct_costs(frame)
    heights = strips.panel_heights(layout)
    target = prose.target_of(str(frame["metric"].iloc[0]), float(frame["target"].iloc[0]))
    figure, grid = style.sheet(
        title or f"Time to {target}",
        about(frame) if subtitle is None else subtitle,
        len(layout.panels),
        len(costs),
        width=style.WIDTH if len(costs) > 1 else 7.5,
        panel_height=sum(heights) / len(heights),
        height_ratios=heights,
    )
    for index, panel in enumerate(layout.panels):
        last = index + 1 == len(layout.panels) or layout.panels[index + 1].dataset != panel.dataset
        here = frame[frame["dataset"] == panel.dataset]
        for column, cost in enumerate(costs):
            axes = grid[index * len(costs) + column]
            time_limits(axes, here[cost])
            _strips(axes, panel.arms, here, cost)
            labels = _labels(panel.arms, here) if column == 0 else []
            strips.as_rows(axes, len(panel.arms), labels)
            style.label_outer(axes, left=True, bottom=last)
            if last:
                axes.set_xlabel(f"{COST_NAMES[cost]} to target")
        if panel.title:
            grid[index * len(costs)].set_title(shorten(panel.title, 60), loc="left", fontweight="bold")
    return settle(figure)


def about(frame: pd.DataFrame) -> str:
    """Say what is drawn, how many seeds stand behind it, how many missed, and how fine the times are."""
    seeds, medians = frame[frame["shown"] == "seed"], frame[frame["shown"] == "median"]
    behind = medians.loc[medians["seeds"] > 0, "seeds"]
    missed = int((seeds["reached"] == 0).sum())
    parts = [
        prose.seeds_an_arm(behind.astype(int)),
        "Small dots: every seed; large mark: median over all seeds; no interval.",
    ]
    if missed:
        parts.append(
            f"Cross in the grey strip: a seed that missed the target or died, {missed:,} of "
            f"{prose.counted(len(seeds), 'seed')} in all; an open diamond there: the median itself is a miss."
        )
    elif len(seeds):
        parts.append("No seed missed it.")
    if (seeds["updates"] == 0).any():
        parts.append(AT_START)
    apart = seeds["apart"].max()
    if np.isfinite(apart):
        parts.append(
            f"Times are interpolated between rows, at most {prose.number(float(apart))} updates apart "
            f"({prose.number(float(seeds['apart'].median()))} in the median)."
        )
    drawn = distinct_costs(frame)
    left = [name for name in COST_NAMES if name not in drawn and np.isfinite(frame[name]).any()]
    if left and len(drawn):
        same = " and ".join(COST_NAMES[name] for name in left)
        parts.append(f"Within a data set {same} are proportional to what is drawn; the CSV has them.")
    return " ".join(parts)


def time_limits(axes: Axes, values: pd.Series) -> None:
    """Set a logarithmic axis for what was reached, and a grey strip at its right for what was not."""
    low, high = scales.positive_limits(values) or (1.0, 10.0)
    last = high * (high / low) ** BEYOND
    scales.decades(axes, "x", low, last)
    if np.isinf(values).any():
        axes.axvspan(high, last, color=style.GREY, alpha=0.12, linewidth=0, zorder=0)


def edge(axes: Axes) -> float:
    """Return where misses stand on an axis that `time_limits` set: in the middle of its grey strip."""
    low, high = np.log(axes.get_xlim())
    return float(np.exp(high - (high - low) * BEYOND / (2 + 2 * BEYOND)))


def _strips(axes: Axes, arms: tuple[Arm, ...], frame: pd.DataFrame, cost: str) -> None:
    low, missing = axes.get_xlim()[0], edge(axes)
    seeds = dict(iter(frame[frame["shown"] == "seed"].groupby("arm", sort=False)))
    medians = frame[frame["shown"] == "median"].set_index("arm")[cost]
    for row, arm in enumerate(arms):
        mine = seeds.get(arm.name)
        if mine is None:
            strips.say(axes, row, "no reported run with a time")
            continue
        values = mine[cost].to_numpy(dtype=float)
        if np.isnan(values).all():
            strips.say(axes, row, "not measured")
            continue
        missed, at = ~np.isfinite(values), row + strips.heights(len(values))
        dot: dict[str, Any] = {"color": arm.look.colour, "markersize": 3.2, "alpha": 0.55, "mew": 0}
        (there,) = axes.plot(np.maximum(values[~missed], low), at[~missed], "o", **dot)
        mark(there, "dot", arm.line)
        if missed.any():
            cross: dict[str, Any] = {"color": arm.look.colour, "markersize": 4.5, "mew": 1.1, "zorder": 4}
            (gone,) = axes.plot(np.full(missed.sum(), missing), at[missed], "x", **cross)
            mark(gone, "dot", arm.line)
        centre = float(medians[arm.name])
        if np.isfinite(centre):
            large: dict[str, Any] = {"color": arm.look.colour, "markersize": 6, "mec": "white", "mew": 0.7}
            (middle,) = axes.plot([max(centre, low)], [row], arm.look.marker, zorder=5, **large)
        else:
            hollow: dict[str, Any] = {"color": arm.look.colour, "markersize": 6, "markerfacecolor": "white"}
            (middle,) = axes.plot([missing], [row], "D", mew=1.3, zorder=5, **hollow)
        mark(middle, "dot", arm.line)


def _labels(arms: tuple[Arm, ...], frame: pd.DataFrame) -> list[str]:
    medians = frame[frame["shown"] == "median"].set_index("arm")
    labels = []
    for arm in arms:
        text = shorten(arm.line, 44)
        if arm.name in medians.index:
            seeds, reached = (int(medians[name][arm.name]) for name in ("seeds", "reached"))
            text += f"\n({seeds - reached} of {seeds} seeds missed it)" if reached < seeds else ""
        labels.append(text)
    return labels
