"""Who reached the target, in one look: every arm one mark at its median time, a row a panel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports import prose
from reports.arms import Arm, Layout, shorten
from reports.figures import strips, style, times
from reports.figures.margins import settle
from reports.figures.marks import mark

ROW_HEIGHT = 0.36
"""Inches of one row."""


@style.house_style
@style.needs_rows
def reached(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw the median time of every arm in updates, those of a panel of the layout in one row.

    Parameters
    ----------
    frame : DataFrame
        As `times.time_rows` returns it.
    layout : Layout, optional
        Arms, their panels and looks; by default `arms.layout_of(frame)`.
    title, subtitle : str, optional
    """
    layout = strips.arms_of(frame, layout)
    medians = frame[frame["shown"] == "median"].set_index("arm")
    target = prose.target_of(str(frame["metric"].iloc[0]), float(frame["target"].iloc[0]))
    figure, [axes] = style.sheet(
        title or f"Which arms reached {target}",
        about(frame) if subtitle is None else subtitle,
        1,
        1,
        width=style.WIDTH,
        panel_height=ROW_HEIGHT * len(layout.panels) + 0.6,
        lines=layout.lines,
    )
    if figure.legends:
        for entry, look in zip(figure.legends[0].get_lines(), layout.lines.values(), strict=True):
            entry.set(marker=look.marker, linestyle="none", markersize=6)
    times.time_limits(axes, medians["updates"])
    labels = []
    for row, panel in enumerate(layout.panels):
        mine = medians.reindex([arm.name for arm in panel.arms])
        whole = (mine["reached"] == mine["seeds"]) & (mine["seeds"] > 0)
        missed = f" ({int((~whole).sum())} of {len(mine)} missed it)" if not whole.all() else ""
        labels.append(shorten(panel.title or panel.dataset, style.MOST_LABEL) + missed)
        for place, arm in enumerate(panel.arms):
            height = row + 0.56 * ((place + 0.5) / len(panel.arms) - 0.5)
            _mark(axes, arm, height, mine.loc[[arm.name]].iloc[0])
    strips.as_rows(axes, len(layout.panels), labels)
    axes.set_xlabel("median updates to target")
    return settle(figure)


def about(frame: pd.DataFrame) -> str:
    """Say what is drawn, how many seeds stand behind it, and how many arms missed."""
    medians = frame[frame["shown"] == "median"]
    some, whole = medians["seeds"] > 0, medians["reached"] == medians["seeds"]
    behind = prose.seeds_an_arm(medians.loc[some, "seeds"].astype(int))
    parts = [f"{behind} Each mark: an arm, at its median over all seeds; no interval."]
    if (medians["updates"] == 0).any():
        parts.append(times.AT_START)
    if (some & whole).all():
        return " ".join([*parts, "Every seed of every arm reached it."])
    parts.append(
        f"{prose.counted(int((some & whole).sum()), 'arm')} of {len(medians):,} reached it with every seed. "
        "Open mark: a seed of the arm missed the target or died; in the grey strip: the median did."
    )
    return " ".join(parts)


def _mark(axes: Axes, arm: Arm, height: float, median: pd.Series) -> None:
    if not median["seeds"] > 0:
        return
    low, _ = axes.get_xlim()
    time = float(median["updates"])
    at = max(time, low) if np.isfinite(time) else times.edge(axes)
    whole = median["reached"] == median["seeds"]
    look: dict[str, Any] = {"color": arm.look.colour, "markersize": 6, "mew": 1.2, "zorder": 4}
    fill = {"mec": "white", "mew": 0.6} if whole else {"markerfacecolor": "white"}
    (dot,) = axes.plot([at], [height], arm.look.marker, **(look | fill))
    mark(dot, "dot", arm.line)
