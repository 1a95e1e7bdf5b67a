"""The training loss from one update to the next, of one seed: smooth or restless."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reports.arms import Arm, Layout, shorten
from reports.figures import scales, strips, style
from reports.figures.margins import settle
from reports.figures.marks import mark

COLUMNS = 2
MOST_NAMED = 3
"""Arms that the caption names of those that ended within the window."""


@style.house_style
@style.needs_rows
def loss_in_window(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw the training loss after every update of the window, a panel of the layout and a line an arm.

    Parameters
    ----------
    frame : DataFrame
        As `windows.window_rows` returns it.
    layout : Layout, optional
    title, subtitle : str, optional
    """
    layout = strips.arms_of(frame, layout)
    columns = min(COLUMNS, len(layout.panels))
    rows = -(-len(layout.panels) // columns)
    looks = {arm.line: arm.look for panel in layout.panels for arm in panel.arms}
    figure, grid = style.sheet(
        title or "Training loss from one update to the next",
        about(frame) if subtitle is None else subtitle,
        rows,
        columns,
        panel_height=2.4,
        lines=looks,
    )
    limits = scales.positive_limits(frame["relative"]) or (0.1, 1.0)
    for place, axes in enumerate(grid):
        if place >= len(layout.panels):
            axes.remove()
            continue
        panel = layout.panels[place]
        scales.decades(axes, "y", *limits)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        for arm in panel.arms:
            _line(axes, frame[frame["arm"] == arm.name], arm)
        if panel.title:
            axes.set_title(shorten(panel.title, 60), loc="left")
        if place % columns == 0:
            axes.set_ylabel("training loss by that\nat the window's start")
        if place >= len(layout.panels) - columns:
            axes.set_xlabel("updates")
    return settle(figure)


def about(frame: pd.DataFrame) -> str:
    """Say which seed is drawn, and where."""
    first, last = int(frame["update"].min()), int(frame["update"].max())
    cut = list(map(str, frame.loc[~frame["whole"].astype(bool), "arm"].unique()))
    more = f" and {len(cut) - MOST_NAMED} more" if len(cut) > MOST_NAMED else ""
    ended = f" Ended before the window did: {', '.join(cut[:MOST_NAMED])}{more}." if cut else ""
    return (
        f"One seed, {int(frame['seed'].iloc[0])}, no mean: a mean over seeds is smooth whatever they do. "
        f"Every update from {first:,} to {last:,} is drawn, by the loss of all training samples.{ended}"
    )


def _line(axes: Axes, rows: pd.DataFrame, arm: Arm) -> None:
    at, value = (rows[name].to_numpy(dtype=float) for name in ("update", "relative"))
    look = arm.look
    (drawn,) = axes.plot(at, value, color=look.colour, linestyle=look.linestyle, linewidth=1.1)
    mark(drawn, "curve", arm.line)
