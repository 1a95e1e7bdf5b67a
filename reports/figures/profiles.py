"""Performance profiles as steps: within a factor of the best cost, and by score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from harness.intervals import Floats
from harness.record import higher_is_better
from reports import prose
from reports.arms import Arm, Layout, layout_of, shorten
from reports.figures import scales, strips, style
from reports.figures.margins import settle
from reports.figures.marks import mark
from reports.profiles import without_data

WIDEST = 1000.0
"""Factor of the best cost up to which a profile is drawn."""
Steps = Sequence[tuple[Arm, Floats, Floats]]
"""Of each curve its arm, and where it steps to what share."""


@style.house_style
@style.needs_rows
def performance_profile(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw the share of problems that a method solves within a factor of the best (Dolan and Moré 2002).

    Parameters
    ----------
    frame : DataFrame
        As `profiles.cost_profiles` returns it: a row of panels for each `cost`.
    layout : Layout, optional
        The arms, or the methods that `profiles.without_data` makes of them; by default all methods in
        one panel.
    title, subtitle : str, optional
    """
    layout = without_data(layout) if layout else layout_of(frame.rename(columns={"method": "arm"}))
    costs = list(frame["cost"].unique())
    figure, grid = style.sheet(
        title or "Performance profiles: target reached within a factor of the best",
        about_profile(frame) if subtitle is None else subtitle,
        len(costs),
        len(layout.panels),
        panel_height=2.5 if len(costs) == 1 else 2.1,
        lines=layout.lines,
    )
    widest = min(WIDEST, max(2.0, 1.15 * float(frame["ratio"].max())))
    for row, cost in enumerate(costs):
        mine = frame[frame["cost"] == cost]
        for column, panel in enumerate(layout.panels):
            axes = grid[row * len(layout.panels) + column]
            scales.decades(axes, "x", 1 / widest**0.02, widest)
            _shares(axes)
            _steps(axes, [(arm, *_profile(mine, arm.name)) for arm in panel.arms], widest)
            if row == 0:
                axes.set_title(shorten(panel.title, 48 if len(layout.panels) < 4 else 30))
            style.label_outer(axes, left=column == 0, bottom=row + 1 == len(costs))
            if column == 0:
                axes.set_ylabel(f"share of problems,\nby {prose.COST_NAMES.get(cost, cost)}")
            if row + 1 == len(costs):
                axes.set_xlabel("times the best method's")
    return settle(figure)


@style.house_style
@style.needs_rows
def score_distribution(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw the share of an arm's runs that are at least as good as a score (Agarwal et al. 2021).

    Parameters
    ----------
    frame : DataFrame
        As `profiles.score_shares` returns it.
    layout : Layout, optional
        Arms, their panels and looks; by default `arms.layout_of(frame)`.
    title, subtitle : str, optional
    """
    layout = strips.arms_of(frame, layout)
    metrics = {str(dataset): str(rows["metric"].iloc[0]) for dataset, rows in frame.groupby("dataset")}
    only = " or ".join(prose.metric_name(metric) for metric in dict.fromkeys(metrics.values()))
    figure, grid = style.sheet(
        title or f"Distribution of {only}",
        about_distribution(frame) if subtitle is None else subtitle,
        -(-len(layout.panels) // layout.columns),
        layout.columns,
        panel_height=2.5 if len(layout.panels) <= layout.columns else 2.1,
        lines=layout.lines,
    )
    for index, axes in enumerate(grid):
        if index >= len(layout.panels):
            axes.remove()
            continue
        panel = layout.panels[index]
        leftmost, lowest = index % layout.columns == 0, index + layout.columns >= len(layout.panels)
        axes.set_title(shorten(panel.title, 48 if layout.columns < 4 else 36))
        _shares(axes)
        mine = frame[frame["dataset"] == panel.dataset]
        found = mine[mine["arm"].isin([arm.name for arm in panel.arms])]
        if found.empty:
            style.without_data(axes, "nothing to draw: no reported run with a score")
            axes.set_xticks([])
        else:
            metric = metrics[panel.dataset]
            _score_axis(axes, mine["score"], metric)
            _scores(axes, panel.arms, found, higher_is_better(metric))
        # Scales differ by data set: each panel has ticks of its own where its neighbour below differs.
        below = index + layout.columns
        apart = lowest or layout.panels[below].dataset != panel.dataset
        style.label_outer(axes, left=leftmost, bottom=apart)
        if leftmost:
            axes.set_ylabel("share of runs")
        if lowest:
            label = f"{prose.metric_name(metrics.get(panel.dataset, only))}"
            axes.set_xlabel(f"{label}, or better")
    return settle(figure)


def about_profile(frame: pd.DataFrame) -> str:
    """Say what the steps are, how many problems stand behind them, and how many nobody solved."""
    problems, unsolved = int(frame["problems"].max()), int(frame["unsolved"].max())
    parts = [
        f"{prose.counted(problems, 'problem')}: a data set with a seed. At x, the share of them on which a "
        "method reached the target within x times the cost of the best method; no interval. Misses keep a "
        "curve below 1."
    ]
    if frame["ratio"].max() > WIDEST:
        parts.append(f"Factors beyond {WIDEST:,.0f} stand in the CSV.")
    if unsolved:
        parts.append(f"No method reached it on {unsolved:,}.")
    if frame["free"].any():
        parts.append(
            f"On {int(frame['free'].max()):,} a method started there: no other is within a factor of it."
        )
    missing = frame.groupby("method", sort=False)["missing"].max()
    if missing.any():
        without = int((missing > 0).sum())
        parts.append(
            f"{prose.counted(without, 'method')} lack a run on some problem, which counts as a miss."
        )
    return " ".join(parts)


def about_distribution(frame: pd.DataFrame) -> str:
    """Say what the steps are and how many runs stand behind them."""
    seeds = prose.seeds_an_arm(frame.groupby("arm")["runs"].max())
    return (
        f"{seeds} At x, the share of an arm's runs that are as good "
        "as x or better, dead ones counted; Wilson's interval of each share stands in the CSV, no band."
    )


def _profile(frame: pd.DataFrame, method: str) -> tuple[Floats, Floats]:
    mine = frame[frame["method"] == method].sort_values("ratio")
    return mine["ratio"].to_numpy(dtype=float), mine["share"].to_numpy(dtype=float)


def _shares(axes: Axes) -> None:
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_locator(MultipleLocator(0.25))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f} %"))


def _steps(axes: Axes, curves: Steps, last: float) -> None:
    for arm, steps, shares in curves:
        at, share = steps[steps <= last], shares[steps <= last]
        if not len(at):
            continue
        look: dict[str, Any] = {"color": arm.look.colour, "linestyle": arm.look.linestyle, "linewidth": 1.4}
        ends = np.append(at, last), np.append(share, share[-1])
        (line,) = axes.plot(*ends, drawstyle="steps-post", **look)
        mark(line, "curve", arm.line)


def _score_axis(axes: Axes, scores: pd.Series, metric: str) -> None:
    if higher_is_better(metric):
        axes.set_xlim(*scales.accuracy_limits(scores))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        return
    low, high = scales.positive_limits(scores) or (0.1, 10.0)
    scales.decades(axes, "x", low, high)


def _scores(axes: Axes, arms: Sequence[Arm], frame: pd.DataFrame, higher: bool) -> None:
    """Draw steps that hold on the side where scores are easier: at a score, runs that equal it count."""
    first, last = axes.get_xlim()
    for arm in arms:
        mine = frame[frame["arm"] == arm.name].sort_values("score")
        if mine.empty:
            continue
        at, share = mine["score"].to_numpy(dtype=float), mine["share"].to_numpy(dtype=float)
        whole = float(mine["count"].max() / mine["runs"].max())
        if higher:
            at, share = np.concatenate([[first], at, [last]]), np.concatenate([[whole], share, [0.0]])
        else:
            at, share = np.concatenate([[first], at, [last]]), np.concatenate([[0.0], share, [whole]])
        look: dict[str, Any] = {"color": arm.look.colour, "linestyle": arm.look.linestyle, "linewidth": 1.4}
        (line,) = axes.plot(at, share, drawstyle="steps-pre" if higher else "steps-post", **look)
        mark(line, "curve", arm.line)
