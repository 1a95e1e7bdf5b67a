"""Back-propagated errors and gradients by layer, at the start and through training, and their ratio rho."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.arms import MOST_COLUMNS, Layout, Look, Panel, shorten
from reports.figures import curves, scales, style
from reports.figures.margins import settle
from reports.statistics import EXPLODING, VANISHING

QUANTITIES = {"delta_rms": "delta_rms", "gradient_norm": "gradient norm"}
TITLES = {"delta_rms": "delta_rms", "gradient_norm": "Gradient norm"}
MOST_BANDS = 60
"""Curves of the figure through training beyond which it draws lines only."""
MOST_POINTS = 50


def layered(bands: pd.DataFrame) -> pd.DataFrame:
    """Split metrics such as `delta_rms_2` into the columns `quantity` and `layer` (from 1, input first)."""
    parts = bands["metric"].str.extract(r"^(?P<quantity>.+)_(?P<layer>\d+)$")
    table = bands.assign(quantity=parts["quantity"], layer=parts["layer"]).dropna(subset=["layer"])
    return table.assign(layer=table["layer"].astype(int))


def once_a_dataset(bands: pd.DataFrame, layout: Layout) -> Layout:
    """Keep one panel a data set if all its panels show the same numbers before the first update.

    Axes such as the feeding have not acted by then.
    """
    start = bands[bands["update"] == 0].sort_values(["quantity", "layer"], kind="stable")
    centres = {arm: tuple(rows["centre"]) for arm, rows in start.groupby("arm", sort=False)}
    distinct = {
        (panel.dataset, tuple((arm.line, centres.get(arm.name)) for arm in panel.arms)): panel
        for panel in reversed(layout.panels)
    }
    if len(distinct) > len(layout.datasets) or len(distinct) == len(layout.panels):
        return layout
    panels = [replace(panel, title=panel.dataset) for panel in reversed(distinct.values())]
    return Layout(tuple(panels), min(len(panels), MOST_COLUMNS))


@style.house_style
def at_start(bands: pd.DataFrame, layout: Layout, subtitle: str) -> Figure:
    """Draw the quantities by layer before the first update, one line an arm.

    Parameters
    ----------
    bands : DataFrame
        `layered` bands; rows of update 0 are drawn.
    layout : Layout
        One row of the figure a quantity, one column a panel (wrapped).
    subtitle : str
    """
    start = bands[bands["update"] == 0]
    per_row = layout.columns
    blocks = -(-len(layout.panels) // per_row)
    figure, grid = style.sheet(
        "Gradients by layer at the start", subtitle, blocks * len(QUANTITIES), per_row, lines=layout.lines
    )
    deepest = int(start["layer"].max()) if len(start) else 1
    for axes in grid:
        axes.set_visible(False)
    for block, (quantity, name) in enumerate(QUANTITIES.items()):
        rows = start[start["quantity"] == quantity]
        limits = scales.positive_limits(pd.concat([rows["centre"], rows["high"]]))
        for index, panel in enumerate(layout.panels):
            axes = grid[block * blocks * per_row + index]
            axes.set_visible(True)
            axes.set_title(shorten(panel.title, 48 if per_row < 4 else 36))
            axes.set_xlim(0.7, deepest + 0.3)
            axes.set_xticks(range(1, deepest + 1))
            axes.grid(visible=False, axis="x")
            if limits:
                scales.decades(axes, "y", *limits)
            _by_layer(axes, panel, rows)
            lowest = index + per_row >= len(layout.panels)
            style.label_outer(axes, left=index % per_row == 0, bottom=lowest)
            if index % per_row == 0:
                axes.set_ylabel(name)
            if block + 1 == len(QUANTITIES) and lowest:
                axes.set_xlabel("layer (1: at the input)")
    return settle(figure)


def _by_layer(axes: Axes, panel: Panel, rows: pd.DataFrame) -> None:
    bottom, top = axes.get_ylim()
    found = False
    for arm in panel.arms:
        mine = rows[rows["arm"] == arm.name].sort_values("layer")
        if mine.empty:
            continue
        found = True
        layer, centre = mine["layer"].to_numpy(), mine["centre"].to_numpy(dtype=float)
        ends = mine[["low", "high"]].to_numpy(dtype=float)
        known = np.isfinite(ends).all(axis=1)
        low, high = np.clip(ends[known], bottom, top).T
        axes.fill_between(layer[known], low, high, color=arm.look.colour, alpha=0.16, linewidth=0)
        axes.plot(
            layer,
            centre,
            color=arm.look.colour,
            linestyle=arm.look.linestyle,
            marker=arm.look.marker,
            markersize=4,
            mec="white",
            mew=0.5,
        )
    if not found:
        style.without_data(axes, "nothing to draw: no reported run at a chosen rate")


@style.house_style
def through_training(bands: pd.DataFrame, layout: Layout, quantity: str, subtitle: str) -> Figure:
    """Draw one quantity over the updates, one panel an arm, one line a layer.

    Parameters
    ----------
    bands : DataFrame
        `layered` bands.
    layout : Layout
    quantity : {"delta_rms", "gradient_norm"}
    subtitle : str
    """
    rows = bands[bands["quantity"] == quantity]
    deepest = int(rows["layer"].max()) if len(rows) else 1
    looks = _layer_looks(deepest)
    arms = [(panel, arm) for panel in layout.panels for arm in panel.arms]
    columns = min(len(arms), 3 if len(arms) in (3, 5, 6, 9) else 4)
    height = 1.55 if len(arms) > 8 else 2.1
    figure, grid = style.sheet(
        f"{TITLES[quantity]} by layer through training",
        subtitle,
        -(-len(arms) // columns),
        columns,
        panel_height=height,
        lines={f"layer {layer}": look for layer, look in looks.items()},
    )
    by_curve = dict(iter(rows.groupby(["arm", "layer"], sort=False)))
    limits = scales.positive_limits(pd.concat([rows["centre"], rows["high"]]))
    updates = rows["update"].to_numpy(dtype=float)
    with_bands = len(by_curve) <= MOST_BANDS
    for index, axes in enumerate(grid):
        if index >= len(arms):
            axes.remove()
            continue
        panel, arm = arms[index]
        width = 34 if columns > 3 else 44
        axes.set_title(
            "\n".join(shorten(text, width) for text in (panel.title, arm.line) if text), fontsize=7.5
        )
        scales.progress_scale(axes, updates, most_ticks=4)
        if limits:
            scales.decades(axes, "y", *limits)
        drawn = [layer for layer in looks if (arm.name, layer) in by_curve]
        for layer in drawn:
            curve = _thinned(by_curve[arm.name, layer])
            curve = curve if with_bands else curve.assign(low=np.nan, high=np.nan)
            curves.draw_curve(axes, curve, "update", looks[layer])
        if not drawn:
            style.without_data(axes, "nothing to draw: no reported run at a chosen rate")
        style.label_outer(axes, left=index % columns == 0, bottom=index + columns >= len(arms))
        if index % columns == 0:
            axes.set_ylabel(QUANTITIES[quantity])
        if index + columns >= len(arms):
            axes.set_xlabel("updates")
    return settle(figure)


def _layer_looks(deepest: int) -> dict[int, Look]:
    """Layers are ordered, so their colours are: dark at the input."""
    colours = sns.color_palette("viridis", max(deepest + 1, 3)).as_hex()
    return {layer: Look(colours[layer - 1], (), "o") for layer in range(1, deepest + 1)}


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """Keep about `MOST_POINTS` rows, evenly, first and last included: more cannot be told apart on paper."""
    if len(curve) <= MOST_POINTS:
        return curve
    keep = np.unique(np.linspace(0, len(curve) - 1, MOST_POINTS).round().astype(int))
    return curve.iloc[keep]


@style.house_style
def rho(bands: pd.DataFrame, layout: Layout, subtitle: str) -> Figure:
    """Draw rho over the updates, with the lines below which gradients vanish and above which they explode.

    Parameters
    ----------
    bands : DataFrame
        `bands.bands` of `rho`.
    layout : Layout
    subtitle : str
    """
    values = pd.concat([bands["centre"], bands["high"], pd.Series([VANISHING, 1.0])])
    limits = scales.positive_limits(values)
    assert limits is not None  # 0.5 and 1 are among the values

    def mark(axes: Axes, _panel: Panel) -> None:
        for level, name, side in ((VANISHING, "vanishing", "top"), (EXPLODING, "exploding", "bottom")):
            if limits[0] < level < limits[1]:
                axes.axhline(level, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 2)))
                axes.annotate(
                    name,
                    (0.99, level),
                    xycoords=("axes fraction", "data"),
                    ha="right",
                    va=side,
                    fontsize=6.5,
                    color=style.GREY,
                    bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.6},
                )

    drawn = set(bands["arm"])
    panels = tuple(panel for panel in layout.panels if any(arm.name in drawn for arm in panel.arms))
    return curves.small_multiples(
        bands,
        Layout(panels, min(layout.columns, len(panels))),
        "update",
        title="ρ through training: change of delta_rms from one hidden layer to the one before it",
        subtitle=subtitle,
        ylabel="ρ",
        limits={"": limits},
        logarithmic=True,
        group=lambda _panel: "",
        dress=mark,
    )
