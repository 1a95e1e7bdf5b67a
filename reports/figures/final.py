"""Final test scores of all arms in one list per data set, best first, every seed drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from harness.record import higher_is_better
from reports.arms import Arm, Layout, shorten
from reports.figures import strips, style
from reports.figures.margins import settle


@style.house_style
def final(
    runs: pd.DataFrame,
    scores: pd.DataFrame,
    layout: Layout,
    goals: Callable[[str], tuple[str, str]],
    majority: Mapping[str, float],
    *,
    title: str,
    subtitle: str,
) -> Figure:
    """Draw the leading metric of every arm, ranked.

    Parameters
    ----------
    runs, scores : DataFrame
        The reported runs at the chosen values, and `statistics.final_scores` of them.
    layout : Layout
    goals : function
        The final metrics of a data set; the first is drawn.
    majority : mapping of str to float
        The majority class's accuracy by data set: a dashed line.
    title, subtitle : str
    """
    arms = {name: [a for p in layout.panels if p.dataset == name for a in p.arms] for name in layout.datasets}
    columns = min(2, len(arms))
    rows = -(-len(arms) // columns)
    height = max(1.2, strips.ROW_HEIGHT * max(map(len, arms.values())) + 0.6)
    figure, grid = style.sheet(
        title, subtitle, rows, columns, width=style.WIDTH if columns > 1 else 7.5, panel_height=height
    )
    for index, axes in enumerate(grid):
        if index >= len(arms):
            axes.remove()
            continue
        dataset = layout.datasets[index]
        goal = goals(dataset)[0]
        names = [arm.name for arm in arms[dataset]]
        axes.set_xlim(*strips.limits(scores, runs[runs["arm"].isin(names)], goal))
        ranked = _ranked(arms[dataset], scores[scores["metric"] == goal], goal)
        # Side by side the labels take width from the strips.
        texts = [arm.label for arm in ranked]
        labels = strips.row_labels(texts, ranked, scores, 44 if columns == 1 else 42)
        strips.draw(axes, ranked, runs, scores, goal, labels, {})
        level = majority.get(dataset, np.nan)
        low, high = axes.get_xlim()
        if low <= level <= high:
            axes.axvline(level, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        axes.set_title(shorten(dataset, style.MOST_LABEL), fontweight="bold", loc="left")
        axes.set_xlabel(strips.TITLES[goal])
    return settle(figure)


def _ranked(arms: list[Arm], scores: pd.DataFrame, goal: str) -> list[Arm]:
    """Order by mean, or median where a seed died; arms without a run come last."""
    centre = scores.set_index("arm")["centre"]
    sign = -1.0 if higher_is_better(goal) else 1.0

    def place(arm: Arm) -> tuple[bool, float]:
        value = float(centre.get(arm.name, np.nan))
        return bool(np.isnan(value)), 0.0 if np.isnan(value) else sign * value

    return sorted(arms, key=place)
