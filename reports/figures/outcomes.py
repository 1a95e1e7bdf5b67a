"""How the runs of each arm ended: one bar an arm, over every run."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from reports.arms import Arm, Layout, layout_of, shorten
from reports.figures import style
from reports.figures.forest import INK
from reports.figures.margins import settle
from reports.statistics import OUTCOMES

ROW = 0.2
"""Inches of an arm."""
MOST_ARMS = 40
"""Of more, those are drawn to which something happened."""
UNKNOWN = "unknown"
FILLS = {
    "converged": "white",
    "exhausted": "#e3e3e3",
    UNKNOWN: "#cccccc",
    "stalled": "#8c8c8c",
    "diverged": INK,
    "failed": "white",
}
"""Failed runs are crossed out besides."""
TROUBLES = ("diverged", "failed", "stalled")


@style.house_style
def outcomes(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw how many runs of each arm ended how.

    Parameters
    ----------
    frame : DataFrame
        `statistics.outcome_counts` by arm: `arm`, `runs`, a count for each outcome, `warned`.
    layout : Layout, optional
        A panel a data set.
    title, subtitle : str, optional
    """
    found = layout or layout_of(frame)
    counts = frame.set_index("arm")
    shown = drawn(frame, found)
    panels = {name: [arm for arm in shown if arm.name in _of(found, name)] for name in found.datasets}
    panels = {name: arms for name, arms in panels.items() if arms}
    heights = [ROW * (len(arms) + 0.4) for arms in panels.values()]
    total = sum(heights) + 0.28 * len(heights) + 0.75
    figure, grid = style.sheet(
        title or "How runs ended",
        subtitle or about(frame, found),
        max(1, len(panels)),
        1,
        width=style.WIDTH,
        panel_height=total / max(1, len(panels)) if panels else 1.0,
        height_ratios=heights or None,
    )
    if not panels:
        grid[0].set_axis_off()
        style.without_data(grid[0], "There is no run.")
        return figure
    most = float(counts["runs"].max())
    for at, (axes, (dataset, arms)) in enumerate(zip(grid, panels.items(), strict=True)):
        _panel(axes, arms, counts, most)
        last = at + 1 == len(panels)
        axes.tick_params(labelbottom=last)
        if last:
            axes.set_xlabel("runs")
        if dataset and len(found.datasets) > 1:
            axes.set_title(shorten(dataset, style.MOST_LABEL), loc="left", fontweight="bold")
    _legend(grid[0], counts)
    return settle(figure)


def drawn(frame: pd.DataFrame, layout: Layout) -> list[Arm]:
    """Return the arms that are drawn: all, or of many those to which something happened."""
    known = set(frame["arm"])
    arms = [arm for arm in layout.arms if arm.name in known]
    if len(arms) <= MOST_ARMS:
        return arms
    trouble = frame.set_index("arm")[[*TROUBLES, "warned"]].sum(axis=1)
    arms = [arm for arm in arms if trouble[arm.name] > 0]
    worst = sorted(arms, key=lambda arm: -trouble[arm.name])[:MOST_ARMS]
    return [arm for arm in arms if arm in worst]


def about(frame: pd.DataFrame, layout: Layout) -> str:
    """Say what bars are."""
    total = int(frame["runs"].sum()) if len(frame) else 0
    said = f"{total:,} runs, tuning and reported, at every value tried; none is left out."
    shown = len(drawn(frame, layout))
    if shown < len(frame):
        said += f" Of {len(frame)} arms, the {shown} to which most happened; the table has all."
    return said


def _of(layout: Layout, dataset: str) -> set[str]:
    return {arm.name for panel in layout.panels if panel.dataset == dataset for arm in panel.arms}


def _panel(axes: Axes, arms: Sequence[Arm], counts: pd.DataFrame, most: float) -> None:
    axes.set_xlim(0, most)
    for at, arm in enumerate(arms):
        row = counts.loc[[arm.name]].iloc[0]
        start = 0.0
        for outcome, count in _ended(row):
            place = (start, at - 0.36)
            patch = Rectangle(
                place, count, 0.72, facecolor=FILLS[outcome], edgecolor=style.GREY, linewidth=0.6
            )
            axes.add_patch(patch)
            if outcome == "failed":
                for heights in ((-0.36, 0.36), (0.36, -0.36)):
                    ends = [at + height for height in heights]
                    axes.plot([start, start + count], ends, color=INK, linewidth=0.8)
            start += count
        axes.annotate(
            _told(row),
            (1, at),
            (8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=7.5,
            va="center",
            annotation_clip=False,
        )
    axes.set_ylim(len(arms) - 0.3, -0.7)
    axes.set_yticks(range(len(arms)), [shorten(arm.label, style.MOST_LABEL) for arm in arms])
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))


def _ended(row: pd.Series) -> list[tuple[str, int]]:
    """Return the counts of a bar that are not 0, in the order in which they are drawn."""
    known = {outcome: int(row[outcome]) for outcome in OUTCOMES}
    known[UNKNOWN] = int(row["runs"]) - sum(known.values())
    return [(outcome, known[outcome]) for outcome in FILLS if known[outcome] > 0]


def _told(row: pd.Series) -> str:
    parts = [f"{int(row[outcome]):,} {outcome}" for outcome in TROUBLES if row[outcome]]
    if row["warned"]:
        parts.append(f"{int(row['warned']):,} warned")
    return ", ".join(parts) or "–"


def _legend(axes: Axes, counts: pd.DataFrame) -> None:
    there = {outcome for _, row in counts.iterrows() for outcome, _ in _ended(row)}
    handles = [
        Patch(
            facecolor=fill,
            edgecolor=style.GREY,
            linewidth=0.6,
            label=f"{outcome} (crossed)" if outcome == "failed" else outcome,
        )
        for outcome, fill in FILLS.items()
        if outcome in there
    ]
    figure = axes.get_figure(root=True)
    assert figure is not None  # it came from one
    above = axes.transAxes + ScaledTranslation(0, 0.2, figure.dpi_scale_trans)
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        bbox_transform=above,
        ncols=len(handles),
        frameon=False,
        borderaxespad=0,
        handlelength=1.4,
        columnspacing=1.4,
    )
