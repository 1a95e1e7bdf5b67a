"""One curve with its band, and the panels of curves that convergence and gradients share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reports.arms import Arm, Layout, Look, Panel, shorten
from reports.figures import direct_labels, panel_notes, scales, style
from reports.figures.direct_labels import End
from reports.figures.margins import settle
from reports.figures.marks import mark

AXIS_TITLES = {
    "update": "updates",
    "epoch": "epochs",
    "samples": "samples",
    "multiply_adds": "multiply-adds",
}
SEED = "seed"
"""The `kind` of rows that are one seed's."""


@dataclass(frozen=True)
class Scale:
    """A y axis: its label, whether it is logarithmic, and the limits of each group of panels."""

    label: str
    logarithmic: bool
    limits: Mapping[str, tuple[float, float]]
    group: Callable[[Panel], str]

    def set(self, axes: Axes, panel: Panel) -> None:
        """Set the limits of a panel, if its group has any."""
        found = self.limits.get(self.group(panel))
        if found and self.logarithmic:
            scales.decades(axes, "y", *found)
        elif found:
            axes.set_ylim(*found)


def draw_curve(axes: Axes, band: pd.DataFrame, x: str, look: Look, label: str) -> None:
    """Draw centre and band of one arm.

    Parameters
    ----------
    axes : Axes
        Its limits are set already: an infinite bound is drawn to the edge.
    band : DataFrame
        Rows of `bands.bands` for one arm and metric.
    x : {"update", "epoch", "samples", "multiply_adds"}
    look : Look
    label : str
        Of the line.

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
    if bounded.any():
        filled = axes.fill_between(
            at[bounded],
            np.clip(low[bounded], bottom, top),
            np.clip(high[bounded], bottom, top),
            color=look.colour,
            alpha=0.16,
            linewidth=0,
        )
        mark(filled, "band", label)

    def line(rows: NDArray[np.bool_], width: float) -> None:
        drawn = axes.plot(
            at[rows], centre[rows], color=look.colour, linestyle=look.linestyle, linewidth=width
        )
        mark(drawn[0], "curve", label, low=low[rows], high=high[rows])

    if (shown & ~median).any() or not median.any():
        line(shown & ~median, 1.5)
    if median.any():
        turn = int(median.argmax())
        line(shown & (np.arange(len(at)) >= max(turn - 1, 0)), 0.8)
        # At the last value known before: where the curve leaves the picture, the mark stays in it.
        height = centre[turn] if shown[turn] else centre[max(turn - 1, 0)]
        if np.isfinite(height):
            cross = axes.plot(
                [at[turn]], [np.clip(height, bottom, top)], "x", color=look.colour, markersize=6
            )
            mark(cross[0], "dot", label)


def draw_seeds(axes: Axes, rows: pd.DataFrame, x: str, look: Look, label: str) -> None:
    """Draw the curve of every seed of an arm, thin, as one line with gaps.

    Parameters
    ----------
    rows : DataFrame
        Columns `seed`, `centre` and `x`, ordered by update within a seed.
    """
    rows = rows.sort_values(["seed", "update"], kind="stable")
    at, value = (rows[name].to_numpy(dtype=float) for name in (x, "centre"))
    value = np.where(np.isfinite(value), value, np.nan)
    begins = np.flatnonzero(np.diff(rows["seed"].to_numpy())) + 1
    line = axes.plot(
        np.insert(at, begins, np.nan),
        np.insert(value, begins, np.nan),
        color=look.colour,
        linewidth=0.5,
        alpha=0.6,
        zorder=1.8,
    )
    mark(line[0], "seed", label)


def small_multiples(
    bands: pd.DataFrame,
    layout: Layout,
    x: str,
    scale: Scale,
    *,
    title: str,
    subtitle: str,
    seeds: pd.DataFrame | None = None,
    absent: Mapping[str, str] | None = None,
    dress: Callable[[Axes, Panel], None] | None = None,
) -> Figure:
    """Draw every panel of a layout, one line an arm, named at its end where that fits.

    Parameters
    ----------
    bands : DataFrame
        As `bands.bands` returns it, of one metric.
    layout : Layout
    x : {"update", "epoch", "samples", "multiply_adds"}
    scale : Scale
    title, subtitle : str
    seeds : DataFrame, optional
        The curve of each seed: `arm`, `seed`, `update`, `x` and `centre`.
    absent : mapping of str to str, optional
        Why arms have no curve.
    dress : function of Axes and Panel
        Adds reference lines.
    """
    layout = layout if layout.panels else Layout((Panel("", "", "", ()),), 1)
    bands, columns = bands[bands[x].notna()], layout.columns
    rows = -(-len(layout.panels) // columns)
    height = 2.7 if rows == 1 else 2.1
    figure, grid = style.sheet(title, subtitle, rows, columns, panel_height=height, lines=layout.lines)
    by_arm = panel_notes.by_arm(bands)
    by_seed = panel_notes.by_arm(seeds) if seeds is not None else {}
    named = [[arm.line for arm in panel.arms if arm.name in by_arm] for panel in layout.panels]
    labelled = len(layout.arms) > 0 and direct_labels.fit(figure, named, columns, height)
    width = float(figure.get_size_inches()[0]) / columns - 0.4
    shown = bands[x].to_numpy(dtype=float)
    reserved = []
    for index, axes in enumerate(grid):
        if index >= len(layout.panels):
            axes.remove()
            continue
        panel = layout.panels[index]
        said = panel_notes.notes(panel, by_arm, absent or {}, width)
        panel_notes.head(axes, shorten(panel.title, 48 if columns < 4 else 36), said)
        scales.progress_scale(axes, shown, most_ticks=6 if columns < 4 else 4)
        scale.set(axes, panel)
        found = [arm for arm in panel.arms if arm.name in by_arm]
        for arm in found:
            if arm.name in by_seed:
                draw_seeds(axes, by_seed[arm.name], x, arm.look, arm.line)
            draw_curve(axes, by_arm[arm.name], x, arm.look, arm.line)
        if not found:
            style.without_data(axes, panel_notes.reason(panel, absent or {}))
            axes.set_yticks([])
        elif dress:
            dress(axes, panel)
        leftmost = index % columns == 0
        lowest = index + columns >= len(layout.panels)
        first = panel if leftmost else layout.panels[index - 1]
        style.label_outer(axes, left=leftmost or scale.group(panel) != scale.group(first), bottom=lowest)
        if said or labelled:
            axes.set_in_layout(True)
        if leftmost:
            axes.set_ylabel(scale.label)
        if lowest:
            axes.set_xlabel(AXIS_TITLES[x])
        if labelled:
            ends = [end for arm in found if (end := _end(axes, by_arm[arm.name], x, arm))]
            reserved.append((axes, direct_labels.reserve(axes, ends)))
    settle(figure)
    for axes, labels in reserved:
        direct_labels.place(axes, labels)
    return figure


def _end(axes: Axes, band: pd.DataFrame, x: str, arm: Arm) -> End | None:
    """Return where a curve ends, within the picture; None where it has no finite value."""
    last = band[np.isfinite(band["centre"])].tail(1)
    if last.empty:
        return None
    bottom, top = axes.get_ylim()
    height = float(np.clip(last["centre"].iloc[0], bottom, top))
    return End(arm.line, arm.look, float(last[x].iloc[0]), height)
