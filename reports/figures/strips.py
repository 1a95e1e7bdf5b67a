"""Strips of final values: every seed a dot, the centre and its interval a bar, one arm a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from harness.choosing import died
from harness.intervals import Floats
from harness.record import higher_is_better
from reports.arms import Arm, shorten
from reports.figures import scales
from reports.statistics import counted

TITLES = {
    "test_accuracy": "test accuracy",
    "test_log_loss": "test log loss",
    "test_squared_error": "test squared error",
    "test_loss": "own test loss",
}
ROW_HEIGHT = 0.27
"""Inches of one arm."""


def limits(scores: pd.DataFrame, runs: pd.DataFrame, metric: str) -> tuple[float, float]:
    """Limits of the value axis that show every seed and interval of `runs`."""
    mine = scores[(scores["metric"] == metric) & scores["arm"].isin(runs["arm"])]
    values = pd.concat([pd.Series(counted(runs, metric)), mine["centre"], mine["low"], mine["high"]])
    if higher_is_better(metric):
        return scales.accuracy_limits(values)
    found = scales.positive_limits(
        pd.concat([pd.Series(counted(runs, metric)), mine["centre"], mine["high"]])
    )
    low, high = found or (0.1, 10.0)
    # Room at the right for the crosses of infinite losses.
    return low, high * (high / low) ** 0.05


def draw(
    axes: Axes,
    arms: Sequence[Arm],
    runs: pd.DataFrame,
    scores: pd.DataFrame,
    metric: str,
    labels: Sequence[str],
    absent: Mapping[str, str],
) -> None:
    """Draw one row an arm, the first on top.

    Parameters
    ----------
    axes : Axes
        With the limits of x set.
    arms : sequence of Arm
    runs : DataFrame
        The reported runs at the chosen values.
    scores : DataFrame
        `statistics.final_scores` of them.
    metric : str
    labels : sequence of str
        One an arm; empty for none.
    absent : mapping of str to str
        Why an arm has nothing to draw.
    """
    low_limit, high_limit = axes.get_xlim()
    by_arm = dict(iter(runs.groupby("arm", sort=False)))
    table = scores[scores["metric"] == metric].set_index("arm")
    for row, arm in enumerate(arms):
        group = by_arm.get(arm.name)
        if group is None or not (np.isfinite(counted(group, metric)).any() or died(group).any()):
            reason = absent.get(arm.name, "no reported run" if group is None else "not measured")
            note = axes.text(0.02, row, reason, transform=axes.get_yaxis_transform(), va="center", fontsize=7)
            note.set_in_layout(False)
            continue
        dead = died(group).to_numpy(dtype=bool)
        values = np.clip(counted(group, metric), low_limit, high_limit)
        heights = row + _spread(len(group))
        axes.plot(
            values[~dead], heights[~dead], "o", color=arm.look.colour, markersize=3.2, alpha=0.55, mew=0
        )
        if dead.any():
            # Not clipped: an infinite loss stands on the edge. (An empty line without clipping would reach
            # to the figure's corner and upset the layout.)
            cross: dict[str, Any] = {"color": arm.look.colour, "clip_on": False, "zorder": 4}
            axes.plot(values[dead], heights[dead], "x", markersize=5, mew=1.2, **cross)
        _centre(axes, row, arm, table.loc[[arm.name]].iloc[0], (low_limit, high_limit))
    axes.set_ylim(len(arms) - 0.4, -0.6)
    axes.set_yticks(range(len(arms)), list(labels) or [""] * len(arms))
    axes.grid(visible=False, axis="y")
    if higher_is_better(metric):
        axes.xaxis.set_major_locator(MaxNLocator(5))
    else:
        scales.decades(axes, "x", low_limit, high_limit)


def row_labels(texts: Sequence[str], arms: Sequence[Arm], scores: pd.DataFrame, most: int) -> list[str]:
    """Cut labels to `most` characters and add the share of dead seeds where there are any."""
    first = scores.drop_duplicates("arm")
    counts = dict(zip(first["arm"], zip(first["dead"], first["seeds"], strict=True), strict=True))
    labels = []
    for text, arm in zip(texts, arms, strict=True):
        dead, seeds = counts[arm.name]
        labels.append(shorten(text, most) + (f"\n({dead} of {seeds} seeds died)" if dead else ""))
    return labels


def _centre(axes: Axes, row: int, arm: Arm, score: pd.Series, limits: tuple[float, float]) -> None:
    centre = float(score["centre"])
    if not np.isfinite(centre):
        return
    if score["kind"] == "median":
        axes.plot([centre], [row], "D", color=arm.look.colour, markersize=6, markerfacecolor="white", mew=1.3)
        return
    low, high = np.clip([float(score["low"]), float(score["high"])], *limits)
    if np.isfinite([low, high]).all():
        axes.plot([low, high], [row, row], color=arm.look.colour, linewidth=2.2, solid_capstyle="butt")
    axes.plot([centre], [row], arm.look.marker, color=arm.look.colour, markersize=5.5, mec="white", mew=0.7)


def _spread(seeds: int) -> Floats:
    """Heights of the dots around their row: a fixed zigzag, so that equal values stay visible."""
    if seeds == 1:
        return np.zeros(1)
    return np.where(np.arange(seeds) % 2 == 0, 0.16, -0.16) * np.linspace(1.4, 0.7, seeds)
