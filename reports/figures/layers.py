"""What is measured by layer: its rows, names and axes, and how it is drawn over the layers at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.errors import unknown
from reports.arms import Layout, Panel, shorten
from reports.figures import panel_notes, scales, style
from reports.figures.margins import settle
from reports.figures.marks import mark

NO_SATURATION = "no saturation (ReLU kinds)"


@dataclass(frozen=True)
class Quantity:
    """A measure by layer: as an axis and a title name it, and whether it spans decades or is a share."""

    label: str
    title: str
    logarithmic: bool

    def limits(self, rows: pd.DataFrame) -> tuple[float, float] | None:
        """Return the limits around bands."""
        values = pd.concat([rows["centre"], rows["high"]])
        return scales.positive_limits(values) if self.logarithmic else scales.share_limits(values)


QUANTITIES = {
    "delta_rms": Quantity("delta_rms", "delta_rms", True),
    "gradient_norm": Quantity("gradient norm", "Gradient norm", True),
    "saturation": Quantity("saturation", "Saturation", False),
    "dead_units": Quantity("dead units", "Dead units", False),
}


def layered(bands: pd.DataFrame) -> pd.DataFrame:
    """Split metrics such as `delta_rms_2` into the columns `quantity` and `layer` (from 1, input first)."""
    if {"quantity", "layer"} <= set(bands.columns):
        return bands
    parts = bands["metric"].astype(str).str.extract(r"^(?P<quantity>.+)_(?P<layer>\d+)$")
    table = bands.assign(quantity=parts["quantity"], layer=parts["layer"]).dropna(subset=["layer"])
    return table.assign(layer=table["layer"].astype(int))


def known(quantity: str) -> Quantity:
    """Return a quantity by its name.

    Raises
    ------
    harness.errors.ConfigurationError
        If there is none of it.
    """
    if quantity not in QUANTITIES:
        raise unknown("quantity", quantity, QUANTITIES)
    return QUANTITIES[quantity]


def by_layer(
    rows: pd.DataFrame,
    layout: Layout,
    quantities: Sequence[str],
    *,
    title: str,
    subtitle: str,
    absent: Mapping[str, str] | None = None,
) -> Figure:
    """Draw quantities over the layers at one moment, one line an arm.

    Parameters
    ----------
    rows : DataFrame
        `layered` bands, one row a quantity, arm and layer.
    layout : Layout
        One block of panels a quantity.
    quantities : sequence of str
    title, subtitle : str
    absent : mapping of str to str, optional
        Why arms have no rows at all.
    """
    layout = layout if layout.panels else Layout((Panel("", "", "", ()),), 1)
    per_row = layout.columns
    blocks = -(-len(layout.panels) // per_row)
    figure, grid = style.sheet(title, subtitle, blocks * len(quantities), per_row, lines=layout.lines)
    deepest = int(rows["layer"].max()) if len(rows) else 1
    width = float(figure.get_size_inches()[0]) / per_row - 0.4
    measured = set(rows["arm"])
    for axes in grid:
        axes.set_visible(False)
    for block, quantity in enumerate(quantities):
        mine = rows[rows["quantity"] == quantity]
        by_arm = panel_notes.by_arm(mine)
        why = dict(absent or {})
        if quantity == "saturation":
            why |= dict.fromkeys(measured - set(by_arm), NO_SATURATION)
        limits = QUANTITIES[quantity].limits(mine)
        for index, panel in enumerate(layout.panels):
            axes = grid[block * blocks * per_row + index]
            axes.set_visible(True)
            said = panel_notes.notes(panel, by_arm, why, width)
            panel_notes.head(axes, shorten(panel.title, 48 if per_row < 4 else 36), said)
            axes.set_xlim(0.7, deepest + 0.3)
            axes.set_xticks(range(1, deepest + 1, 1 + deepest // 13))
            axes.grid(visible=False, axis="x")
            if limits and QUANTITIES[quantity].logarithmic:
                scales.decades(axes, "y", *limits)
            elif limits:
                axes.set_ylim(*limits)
            if not _lines(axes, panel, by_arm):
                style.without_data(axes, panel_notes.reason(panel, why))
            lowest = index + per_row >= len(layout.panels)
            style.label_outer(axes, left=index % per_row == 0, bottom=lowest)
            if said:
                axes.set_in_layout(True)
            if index % per_row == 0:
                axes.set_ylabel(QUANTITIES[quantity].label)
            if block + 1 == len(quantities) and lowest:
                axes.set_xlabel("layer (1: at the input)")
    return settle(figure)


def _lines(axes: Axes, panel: Panel, by_arm: Mapping[str, pd.DataFrame]) -> bool:
    """Draw the arms of a panel that have rows; tell whether any has."""
    bottom, top = axes.get_ylim()
    found = [arm for arm in panel.arms if arm.name in by_arm]
    for arm in found:
        mine = by_arm[arm.name].sort_values("layer")
        layer, centre = mine["layer"].to_numpy(), mine["centre"].to_numpy(dtype=float)
        ends = mine[["low", "high"]].to_numpy(dtype=float)
        bounded = np.isfinite(ends).all(axis=1)
        if bounded.any():
            low, high = np.clip(ends[bounded], bottom, top).T
            filled = axes.fill_between(
                layer[bounded], low, high, color=arm.look.colour, alpha=0.16, linewidth=0
            )
            mark(filled, "band", arm.line)
        for place, bounds in zip(layer[_alone(bounded)], ends[_alone(bounded)], strict=True):
            bar = axes.plot(
                [place, place], np.clip(bounds, bottom, top), color=arm.look.colour, linewidth=1.0
            )
            mark(bar[0], "band", arm.line)
        line = axes.plot(
            layer,
            centre,
            color=arm.look.colour,
            linestyle=arm.look.linestyle,
            marker=arm.look.marker,
            markersize=4,
            mec="white",
            mew=0.5,
        )
        mark(line[0], "curve", arm.line, low=ends[:, 0], high=ends[:, 1])
    return bool(found)


def _alone(bounded: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the bounds without a neighbour to draw a band to."""
    before, after = np.append(False, bounded[:-1]), np.append(bounded[1:], False)
    return np.asarray(bounded & ~before & ~after)
