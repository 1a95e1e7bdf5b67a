"""A quantity over layers and time as a picture for each arm."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from harness.intervals import Floats
from reports.arms import Layout, layout_of
from reports.figures import captions, curves, gradients, layers, scales, style
from reports.figures.layers import layered
from reports.figures.margins import settle
from reports.figures.panel_notes import UNMEASURED
from reports.figures.panel_notes import by_arm as by_arm_of

COLUMNS = 80
"""Cells of a picture from the start to the end of the longest training."""
COLOURS = "viridis"
_BAR, _BAR_HEIGHT = 0.85, 1.9
"""Inches that the colour bar takes at the right, and its height."""


@style.house_style
def layer_heat_map(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    quantity: str = "delta_rms",
    x: str = "update",
    absent: Mapping[str, str] | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw one quantity by layer and time in colours, one panel an arm, one scale for all.

    A cell shows the measurement nearest to it on the axis. What was not measured, and what lies after the end
    of an arm's training, is blank.

    Parameters
    ----------
    frame : DataFrame
        `harness.bands.bands`.
    layout : Layout, optional
    quantity : {"delta_rms", "gradient_norm", "saturation", "dead_units"}
    x : {"update", "epoch", "samples", "multiply_adds"}
    absent : mapping of str to str, optional
        Why arms have no rows, by arm.
    title, subtitle : str, optional

    Raises
    ------
    harness.errors.ConfigurationError
        If `quantity` is none of the four.
    """
    about = layers.known(quantity)
    layout = layout_of(frame) if layout is None else layout
    table = layered(frame)
    rows = table[(table["quantity"] == quantity) & table[x].notna()]
    arms = gradients.panels_of(layout, table, rows)
    columns = gradients.columns_for(arms)
    deepest = int(rows["layer"].max()) if len(rows) else 1
    figure, grid = style.sheet(
        title or f"{about.title} by layer and {curves.AXIS_TITLES[x]}",
        about_cells(table, rows, layout) if subtitle is None else subtitle,
        -(-len(arms) // columns),
        columns,
        width=style.WIDTH,
        panel_height=(1.15 if len(arms) > 8 else 1.6) + 0.04 * deepest,
    )
    middles, ticks = scales.progress_grid(rows[x].to_numpy(dtype=float), COLUMNS, most_ticks=4)
    norm = _norm(rows, about.logarithmic)
    by_arm = by_arm_of(rows)
    for index, axes in enumerate(grid):
        if index >= len(arms):
            axes.remove()
            continue
        panel, arm = arms[index]
        gradients.title_panel(axes, panel, arm, columns)
        axes.set(xlim=(-0.5, len(middles) - 0.5), ylim=(0.5, deepest + 0.5))
        axes.set_xticks(list(ticks), list(ticks.values()))
        axes.set_yticks(range(1, deepest + 1, 1 + deepest // 7))
        axes.grid(visible=False)
        if arm.name in by_arm:
            _cells(axes, cells(by_arm[arm.name], x, middles, deepest), norm)
        else:
            style.without_data(axes, f"nothing to draw: {(absent or {}).get(arm.name, UNMEASURED)}")
        style.label_outer(axes, left=index % columns == 0, bottom=index + columns >= len(arms))
        if index % columns == 0:
            axes.set_ylabel("layer (1: input)")
        if index + columns >= len(arms):
            axes.set_xlabel(curves.AXIS_TITLES[x])
    if norm:
        _make_room(figure, grid[0])
    settle(figure)
    if norm:
        _colour_bar(figure, grid[0], norm, about.label)
    return figure


def about_cells(table: pd.DataFrame, rows: pd.DataFrame, layout: Layout) -> str:
    """Say what stands behind the colours."""
    kinds = set(rows["kind"]) & {"geometric mean"}
    several = bool((rows["seeds"] > 1).any())
    what = f"{'geometric mean' if kinds else 'mean'} over seeds" if several else "the one seed"
    parts = [captions.seeds_behind(rows), f"Colour: {what}; blank: not measured, or after the end."]
    if len(rows) and layers.QUANTITIES[str(rows["quantity"].iloc[0])].logarithmic:
        if (rows["centre"] <= 0).any():
            parts.append("A value of 0 has the darkest colour.")
        parts.append(captions.levels(rows))
    left = {arm.name for arm in layout.arms} & set(table["arm"]) - set(rows["arm"])
    if left and len(rows):
        parts.append(f"Left out: {len(left)} of {len(layout.arms)} arms, which have none of it.")
    return " ".join(part for part in parts if part)


def cells(rows: pd.DataFrame, x: str, middles: Floats, deepest: int) -> Floats:
    """Return the values of an arm by layer and column, shape (deepest, columns); not a number where blank.

    Parameters
    ----------
    rows : DataFrame
        `layered` bands of one arm and quantity.
    x : str
    middles : ndarray, shape (columns,)
        The value of `x` in the middle of each column.
    deepest : int
    """
    wide = rows.pivot_table(index=x, columns="layer", values="centre", dropna=False).sort_index()
    at = wide.index.to_numpy(dtype=float)
    found = np.full((deepest, len(middles)), np.nan)
    between = np.sqrt(np.maximum(at[1:] * at[:-1], 0.0))
    between = np.where(between == 0, (at[1:] + at[:-1]) / 2, between)
    nearest = np.searchsorted(between, middles)
    # The last column of an arm is the one that its end lies in.
    within = middles <= max(at[-1], middles[0])
    values = wide.to_numpy(dtype=float)[nearest].T
    found[wide.columns.to_numpy() - 1] = np.where(within, values, np.nan)
    return found


def _norm(rows: pd.DataFrame, logarithmic: bool) -> Normalize | None:
    values = rows["centre"].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    if not logarithmic:
        return Normalize(0.0, max(float(values.max()), 0.1), clip=True) if len(values) else None
    values = values[values > 0]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    # One value alone has a colour too.
    return LogNorm(low, high if high > low else low * 10, clip=True)


def _cells(axes: Axes, values: Floats, norm: Normalize | None) -> None:
    if norm is None:
        return
    if isinstance(norm, LogNorm):
        values = np.where(values <= 0, float(norm.vmin or 0.0), values)
    colours = matplotlib.colormaps[COLOURS](norm(np.ma.masked_invalid(values)), bytes=True)
    colours[np.isnan(values)] = 0
    axes.imshow(colours, origin="lower", aspect="auto", interpolation="none",
                extent=(-0.5, values.shape[1] - 0.5, 0.5, values.shape[0] + 0.5))  # fmt: skip


def _make_room(figure: Figure, axes: Axes) -> None:
    spec = axes.get_subplotspec()
    assert spec is not None  # it came from a sheet
    spec.get_gridspec().update(right=1 - _BAR / float(figure.get_size_inches()[0]))  # type: ignore[attr-defined]


def _colour_bar(figure: Figure, beside: Axes, norm: Normalize, label: str) -> None:
    width, height = figure.get_size_inches()
    top = beside.get_position().y1
    tall = min(_BAR_HEIGHT / height, top - 0.25 / height)
    bar = figure.add_axes((1 - (_BAR - 0.12) / width, top - tall, 0.13 / width, tall))
    assert norm.vmin is not None  # both ends are set
    assert norm.vmax is not None
    ramp = matplotlib.colormaps[COLOURS](np.linspace(0, 1, 128), bytes=True)[:, None]
    low, high = (np.log10([norm.vmin, norm.vmax])) if isinstance(norm, LogNorm) else (norm.vmin, norm.vmax)
    bar.imshow(ramp, origin="lower", aspect="auto", interpolation="none", extent=(0, 1, low, high))
    bar.set_xticks([])
    bar.grid(visible=False)
    bar.yaxis.tick_right()
    if isinstance(norm, LogNorm):
        decades = np.arange(np.ceil(low), np.floor(high) + 1)
        decades = decades[:: max(1, -(-len(decades) // 7))]
        if len(decades) > 1:
            bar.set_yticks(decades, [scales.plain(10.0**decade) for decade in decades])
        else:
            inner = np.geomspace(norm.vmin, norm.vmax, 4)
            bar.set_yticks(np.log10(inner), [f"{value:.2g}" for value in inner])
    bar.set_ylim(low, high)
    bar.set_title(label, fontsize=7.5, loc="right", pad=5)
