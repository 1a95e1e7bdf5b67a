"""The leading final score of all arms in one list per data set, best first, every seed drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.record import higher_is_better
from reports.arms import Arm, Layout, shorten
from reports.figures import strips, style
from reports.figures.margins import settle
from reports.figures.marks import mark
from reports.ranks import ranked_by


@style.house_style
@style.needs_rows
def ranking(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw the arms of each data set by their first metric, ranked as `ranks.ranked_by` says.

    Parameters
    ----------
    frame : DataFrame
        As `final_rows.final_rows` returns it.
    layout : Layout, optional
        Arms and their looks; by default `arms.layout_of(frame)`.
    title, subtitle : str, optional
    """
    layout = strips.arms_of(frame, layout)
    arms = {name: [a for p in layout.panels if p.dataset == name for a in p.arms] for name in layout.datasets}
    columns = min(2, len(arms))
    height = max(1.2, strips.ROW_HEIGHT * max(map(len, arms.values())) + 0.6)
    figure, grid = style.sheet(
        title or "Final test scores, best arm first",
        about(frame) if subtitle is None else subtitle,
        -(-len(arms) // columns),
        columns,
        width=style.WIDTH if columns > 1 else 7.5,
        panel_height=height,
    )
    for index, axes in enumerate(grid):
        if index >= len(arms):
            axes.remove()
            continue
        dataset = layout.datasets[index]
        names = {arm.name for arm in arms[dataset]}
        rows = frame[frame["arm"].isin(names) | (frame["arm"].isna() & (frame["dataset"] == dataset))]
        goal = str(rows["metric"].iloc[0])
        rows = rows[rows["metric"] == goal]
        axes.set_xlim(*strips.limits(rows, goal))
        kind, centres = ranked_by(rows)
        ranked = _ranked(arms[dataset], centres, goal)
        # Side by side the labels take width from the strips.
        texts = [arm.label for arm in ranked]
        labels = strips.row_labels(texts, ranked, rows, 44 if columns == 1 else 42)
        strips.draw(axes, ranked, rows, goal, labels)
        if kind == "median":
            _medians(axes, ranked, rows, centres)
        strips.majority_line(axes, rows)
        axes.set_title(shorten(dataset, style.MOST_LABEL), fontweight="bold", loc="left")
        axes.set_xlabel(strips.TITLES.get(goal, goal.replace("_", " ")))
    return settle(figure)


def about(frame: pd.DataFrame) -> str:
    """Say what is drawn, and by what arms are ranked where a seed died."""
    centres = frame[frame["shown"] == "centre"]
    ranked = centres[centres["seeds"] > 0].groupby("dataset")
    said = strips.about(frame)
    if not any((rows["dead"] > 0).any() and (rows["dead"] == 0).any() for _, rows in ranked):
        return said
    where = "of a data set " if centres["dataset"].nunique() > 1 else ""
    return (
        f"{said} Where a seed {where}died, all arms are ranked by their medians: a small open diamond "
        "beside the mean."
    )


def _medians(axes: Axes, arms: list[Arm], rows: pd.DataFrame, medians: pd.Series) -> None:
    """Draw what a living arm is ranked by, beside its mean."""
    alive = set(rows.loc[(rows["shown"] == "centre") & (rows["dead"] == 0), "arm"])
    for row, arm in enumerate(arms):
        if arm.name in alive and np.isfinite(medians[arm.name]):
            (diamond,) = axes.plot(
                [medians[arm.name]],
                [row],
                "D",
                color=arm.look.colour,
                markersize=3.6,
                markerfacecolor="white",
                mew=1.0,
                zorder=5,
            )
            mark(diamond, "dot", arm.line)


def _ranked(arms: list[Arm], centres: pd.Series, goal: str) -> list[Arm]:
    """Order by centre; arms without one come last."""
    sign = -1.0 if higher_is_better(goal) else 1.0

    def place(arm: Arm) -> tuple[bool, float]:
        value = float(centres.get(arm.name, np.nan))
        return bool(np.isnan(value)), 0.0 if np.isnan(value) else sign * value

    return sorted(arms, key=place)
