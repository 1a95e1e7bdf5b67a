"""Strips of final values: every seed a dot, the centre and its interval a bar, one arm a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from harness.intervals import Floats
from harness.record import higher_is_better
from reports import prose
from reports.arms import Arm, Layout, layout_of, shorten
from reports.figures import scales, style
from reports.figures.marks import mark

TITLES = {
    "test_accuracy": "test accuracy",
    "test_log_loss": "test log loss",
    "test_squared_error": "test squared error",
    "test_loss": "own test loss",
}
ROW_HEIGHT = 0.27
"""Inches of one arm."""
LOSS_AT_EDGE = 0.05
"""Share of a loss's axis that is left for the crosses of infinite ones."""


def arms_of(frame: pd.DataFrame, layout: Layout | None) -> Layout:
    """Return the layout of the arms of a frame, whose other rows (a reference line) belong to none."""
    return layout if layout is not None else layout_of(frame.dropna(subset=["arm"]))


def panel_heights(layout: Layout) -> list[float]:
    """Inches of each panel of a layout whose rows are arms."""
    return [max(1.0, ROW_HEIGHT * len(panel.arms) + 0.5) for panel in layout.panels]


def limits(rows: pd.DataFrame, metric: str) -> tuple[float, float]:
    """Limits of the value axis that show every seed and interval of the rows of one metric."""
    drawn = rows[rows["shown"].isin(["seed", "centre"])]
    if higher_is_better(metric):
        return scales.accuracy_limits(pd.concat([drawn["value"], drawn["low"], drawn["high"]]))
    low, high = scales.positive_limits(pd.concat([drawn["value"], drawn["high"]])) or (0.1, 10.0)
    return low, high * (high / low) ** LOSS_AT_EDGE


def draw(axes: Axes, arms: Sequence[Arm], rows: pd.DataFrame, metric: str, labels: Sequence[str]) -> None:
    """Draw one row an arm, the first on top.

    Parameters
    ----------
    axes : Axes
        With the limits of x set.
    arms : sequence of Arm
    rows : DataFrame
        `final_rows.final_rows` of one metric.
    metric : str
    labels : sequence of str
        One an arm; empty for none.
    """
    between = axes.get_xlim()
    seeds = dict(iter(rows[rows["shown"] == "seed"].groupby("arm", sort=False)))
    centres = rows[rows["shown"] == "centre"].set_index("arm")
    for row, arm in enumerate(arms):
        if arm.name not in centres.index:
            say(axes, row, "no reported run")
            continue
        centre = centres.loc[[arm.name]].iloc[0]
        if centre["reason"]:
            say(axes, row, str(centre["reason"]))
            continue
        _seeds(axes, row, arm, seeds[arm.name], between)
        _centre(axes, row, arm, centre, between)
    as_rows(axes, len(arms), labels)
    if higher_is_better(metric):
        axes.xaxis.set_major_locator(MaxNLocator(5))
    else:
        scales.decades(axes, "x", *between)


def majority_line(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the majority class's accuracy, if it is known and in view."""
    for level in _majority(rows, str(rows["metric"].iloc[0])):
        axes.axvline(level, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)


def as_rows(axes: Axes, count: int, labels: Sequence[str]) -> None:
    """Make the y axis one of `count` rows, the first on top."""
    axes.set_ylim(count - 0.4, -0.6)
    axes.set_yticks(range(count), list(labels) or [""] * count)
    axes.grid(visible=False, axis="y")


def say(axes: Axes, row: int, reason: str) -> None:
    """Say why a row is empty."""
    note = axes.text(0.02, row, reason, transform=axes.get_yaxis_transform(), va="center", fontsize=7)
    note.set_color(style.GREY)
    note.set_in_layout(False)


def row_labels(texts: Sequence[str], arms: Sequence[Arm], rows: pd.DataFrame, most: int) -> list[str]:
    """Cut labels to `most` characters and add the share of dead seeds where there are any."""
    first = rows[rows["shown"] == "centre"].drop_duplicates("arm")
    counts = {str(row["arm"]): (int(row["dead"]), int(row["seeds"])) for _, row in first.iterrows()}
    labels = []
    for text, arm in zip(texts, arms, strict=True):
        dead, seeds = counts.get(arm.name, (0, 0))
        labels.append(shorten(text, most) + (f"\n({dead} of {seeds} seeds died)" if dead else ""))
    return labels


def about(rows: pd.DataFrame) -> str:
    """Say what dots, bars and marks are, and how many seeds stand behind them."""
    centres = rows[rows["shown"] == "centre"].drop_duplicates("arm")
    centres = centres[centres["seeds"] > 0]
    if centres.empty:
        return "No seed behind it."
    parts = [prose.seeds_an_arm(centres["seeds"])]
    if "mean" in set(centres["kind"]):
        several = (centres.loc[centres["kind"] == "mean", "seeds"] > 1).any()
        bar = (
            f"bar: {prose.PERCENT} t interval of that mean."
            if several
            else "no interval: one seed has no spread."
        )
        parts.append(f"Small dots: every seed; large mark: mean over seeds; {bar}")
    if "median" in set(centres["kind"]):
        parts.append(
            "Cross: a seed that died (diverged or failed), at the majority class's accuracy or at infinite "
            "loss. Such an arm has an open diamond, the median of all its seeds, and no interval."
        )
    by_panel = list(rows.groupby(["dataset", "metric"], sort=False))
    if any(_majority(panel, str(metric)) for (_, metric), panel in by_panel):
        parts.append("Dashed line: the majority class's accuracy.")
    if any(_cut(panel, str(metric)) for (_, metric), panel in by_panel):
        parts.append("A bar that reaches the left edge goes on beyond it.")
    return " ".join(parts)


def _majority(rows: pd.DataFrame, metric: str) -> list[float]:
    """Return the majority class's accuracy if it is known, and in view of all that is drawn."""
    low, high = limits(rows, metric)
    return [level for level in rows.loc[rows["shown"] == "majority", "value"] if low <= level <= high]


def _cut(rows: pd.DataFrame, metric: str) -> bool:
    """Return whether an interval of a loss leaves the picture: near 0 it would take all of a log axis."""
    return bool((rows["low"] < limits(rows, metric)[0]).any())


def heights(seeds: int) -> Floats:
    """Heights of the dots around their row: a fixed zigzag, so that equal values stay visible."""
    if seeds == 1:
        return np.zeros(1)
    return np.where(np.arange(seeds) % 2 == 0, 0.16, -0.16) * np.linspace(1.4, 0.7, seeds)


def _seeds(axes: Axes, row: int, arm: Arm, seeds: pd.DataFrame, between: tuple[float, float]) -> None:
    dead = seeds["dead"].to_numpy(dtype=float) > 0
    values = np.clip(seeds["value"].to_numpy(dtype=float), *between)
    at = row + heights(len(seeds))
    dot: dict[str, Any] = {"color": arm.look.colour, "markersize": 3.2, "alpha": 0.55, "mew": 0}
    (living,) = axes.plot(values[~dead], at[~dead], "o", **dot)
    mark(living, "dot", arm.line)
    if dead.any():
        # Not clipped: an infinite loss stands on the edge. (An empty line without clipping would reach
        # to the figure's corner and upset the layout.)
        cross: dict[str, Any] = {"color": arm.look.colour, "clip_on": False, "zorder": 4}
        (died,) = axes.plot(values[dead], at[dead], "x", markersize=5, mew=1.2, **cross)
        mark(died, "dot", arm.line)


def _centre(axes: Axes, row: int, arm: Arm, score: pd.Series, between: tuple[float, float]) -> None:
    centre, colour = float(score["value"]), arm.look.colour
    if not np.isfinite(centre):
        return
    if score["kind"] == "median":
        (diamond,) = axes.plot(
            [centre], [row], "D", color=colour, markersize=6, markerfacecolor="white", mew=1.3
        )
        mark(diamond, "dot", arm.line)
        return
    low, high = np.clip([float(score["low"]), float(score["high"])], *between)
    bounds: dict[str, Floats] = {}
    if np.isfinite([low, high]).all():
        (bar,) = axes.plot([low, high], [row, row], color=colour, linewidth=2.2, solid_capstyle="butt")
        mark(bar, "band", arm.line)
        bounds = {"low": np.array([float(score["low"])]), "high": np.array([float(score["high"])])}
    (dot,) = axes.plot([centre], [row], arm.look.marker, color=colour, markersize=5.5, mec="white", mew=0.7)
    mark(dot, "dot", arm.line, **bounds)
