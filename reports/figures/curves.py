"""One curve with its band, and the panels of curves that convergence and gradients share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.arms import Layout, Look, Panel, shorten
from reports.figures import scales, style
from reports.figures.margins import settle

AXIS_TITLES = {"update": "updates", "epoch": "epochs"}


def draw_curve(axes: Axes, band: pd.DataFrame, x: str, look: Look) -> None:
    """Draw centre and band of one arm.

    Parameters
    ----------
    axes : Axes
        Its limits are set already: an infinite bound is drawn to the edge.
    band : DataFrame
        Rows of `bands.bands` for one arm and metric.
    x : {"update", "epoch"}
    look : Look

    Notes
    -----
    A cross marks the first row at which a seed is dead; from there the line is a thinner median, and it ends
    where the median itself is infinite.
    """
    at = band[x].to_numpy(dtype=float)
    centre, low, high = (band[name].to_numpy(dtype=float) for name in ("centre", "low", "high"))
    median = (band["kind"] == "median").to_numpy()
    bottom, top = axes.get_ylim()
    shown = np.isfinite(centre)
    bounded = shown & ~np.isnan(low) & ~np.isnan(high)
    axes.fill_between(
        at[bounded],
        np.clip(low[bounded], bottom, top),
        np.clip(high[bounded], bottom, top),
        color=look.colour,
        alpha=0.16,
        linewidth=0,
    )
    axes.plot(at[shown & ~median], centre[shown & ~median], color=look.colour, linestyle=look.linestyle)
    if median.any():
        turn = int(median.argmax())
        later = shown & (np.arange(len(at)) >= max(turn - 1, 0))
        axes.plot(at[later], centre[later], color=look.colour, linestyle=look.linestyle, linewidth=0.8)
        # At the last value known before: where the curve leaves the picture, the mark stays in it.
        height = centre[turn] if shown[turn] else centre[max(turn - 1, 0)]
        if np.isfinite(height):
            axes.plot([at[turn]], [np.clip(height, bottom, top)], "x", color=look.colour, markersize=6)


def small_multiples(
    bands: pd.DataFrame,
    layout: Layout,
    x: str,
    *,
    title: str,
    subtitle: str,
    ylabel: str,
    limits: Mapping[str, tuple[float, float]],
    logarithmic: bool,
    group: Callable[[Panel], str],
    dress: Callable[[Axes, Panel], None] | None = None,
) -> Figure:
    """Draw every panel of a layout, one line an arm.

    Parameters
    ----------
    bands : DataFrame
        As `bands.bands` returns it, of one metric.
    layout : Layout
    x : {"update", "epoch"}
    title, subtitle, ylabel : str
    limits : mapping of str to (float, float)
        Limits of y for each group of panels that share it.
    logarithmic : bool
        Whether y is.
    group : function of a Panel
        Names the group whose limits a panel takes.
    dress : function of Axes and Panel
        Adds reference lines.
    """
    rows = -(-len(layout.panels) // layout.columns)
    height = 2.7 if rows == 1 else 2.1
    figure, grid = style.sheet(title, subtitle, rows, layout.columns, panel_height=height, lines=layout.lines)
    by_arm = dict(iter(bands.groupby("arm", sort=False)))
    shown = bands[x].to_numpy(dtype=float)
    for index, axes in enumerate(grid):
        if index >= len(layout.panels):
            axes.remove()
            continue
        panel = layout.panels[index]
        axes.set_title(shorten(panel.title, 48 if layout.columns < 4 else 36))
        scales.progress_scale(axes, shown, most_ticks=6 if layout.columns < 4 else 4)
        if group(panel) in limits:
            low, high = limits[group(panel)]
            if logarithmic:
                scales.decades(axes, "y", low, high)
            else:
                axes.set_ylim(low, high)
        found = [arm for arm in panel.arms if arm.name in by_arm]
        for arm in found:
            draw_curve(axes, by_arm[arm.name], x, arm.look)
        if not found:
            style.without_data(axes, "nothing to draw: no reported run at a chosen rate")
            axes.set_yticks([])
        elif dress:
            dress(axes, panel)
        first = panel if index % layout.columns == 0 else layout.panels[index - 1]
        leftmost = index % layout.columns == 0
        lowest = index + layout.columns >= len(layout.panels)
        style.label_outer(axes, left=leftmost or group(panel) != group(first), bottom=lowest)
        if leftmost:
            axes.set_ylabel(ylabel)
        if lowest:
            axes.set_xlabel(AXIS_TITLES[x])
    return settle(figure)
