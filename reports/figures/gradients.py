"""Back-propagated errors, gradients and units by layer, at the start, at the end and through training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.arms import MOST_COLUMNS, Arm, Layout, Panel, layer_looks, layout_of, shorten
from reports.figures import captions, curves, layers, scales, style
from reports.figures.layers import layered
from reports.figures.margins import settle
from reports.figures.panel_notes import UNMEASURED

MOST_BANDS = 60
"""Curves of the figure through training beyond which it draws lines only."""
MOST_POINTS = 50
MOST_ARMS = 6
"""Arms side by side."""
ERRORS = ("delta_rms", "gradient_norm")
UNITS = ("saturation", "dead_units")
RELU_KINDS = "ReLU kinds do not flatten out and have no saturation."


@style.house_style
def gradients_at_start(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    absent: Mapping[str, str] | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw delta_rms and gradient norm by layer before the first update, one line an arm.

    Parameters
    ----------
    frame : DataFrame
        `harness.bands.bands`; rows of update 0 are drawn.
    layout : Layout, optional
        One block of panels a quantity.
    absent : mapping of str to str, optional
        Why arms have no rows, by arm.
    title, subtitle : str, optional
    """
    layout = layout_of(frame) if layout is None else layout
    rows = layered(frame[frame["update"] == 0])
    rows = rows[rows["quantity"].isin(ERRORS)]
    said = f"{captions.about_gradients(rows)} {captions.levels(rows)}".strip()
    return layers.by_layer(
        rows,
        layout,
        ERRORS,
        title=title or "Gradients by layer at the start",
        subtitle=said if subtitle is None else subtitle,
        absent=absent,
    )


@style.house_style
def units(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    absent: Mapping[str, str] | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw saturation and dead units by layer at the end of training, one line an arm.

    Parameters
    ----------
    frame : DataFrame
        `harness.bands.bands`; the last row of each arm and metric is drawn.
    layout, absent, title, subtitle
        As `gradients_at_start` takes them.
    """
    layout = layout_of(frame) if layout is None else layout
    rows = at_end(layered(frame))
    rows = rows[rows["quantity"].isin(UNITS)]
    return layers.by_layer(
        rows,
        layout,
        [quantity for quantity in UNITS if (rows["quantity"] == quantity).any()] or UNITS,
        title=title or "Saturation and dead units by layer at the end",
        subtitle=about_units(rows) if subtitle is None else subtitle,
        absent=absent,
    )


def at_end(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the last row of every arm and metric."""
    return rows.sort_values("update", kind="stable").drop_duplicates(["arm", "metric"], keep="last")


def about_units(rows: pd.DataFrame) -> str:
    """Say what stands behind a figure of `units`, and what saturation is not."""
    said = captions.about_gradients(rows)
    saturated = rows[rows["quantity"] == "saturation"]
    pairs = [set(zip(part["arm"], part["layer"], strict=True)) for part in (rows, saturated)]
    return f"{said} {RELU_KINDS}" if pairs[0] - pairs[1] else said


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
def through_training(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    quantity: str = "delta_rms",
    x: str = "update",
    absent: Mapping[str, str] | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw one quantity over time, one panel an arm, one line a layer.

    Parameters
    ----------
    frame : DataFrame
        `harness.bands.bands`.
    layout : Layout, optional
    quantity : {"delta_rms", "gradient_norm", "saturation", "dead_units"}
        Arms that have others of these and not this one are left out, and the subtitle counts them.
    x : {"update", "epoch", "samples", "multiply_adds"}
    absent, title, subtitle
        As `gradients_at_start` takes them.

    Raises
    ------
    harness.errors.ConfigurationError
        If `quantity` is none of the four.
    """
    about = layers.known(quantity)
    layout = layout_of(frame) if layout is None else layout
    table = layered(frame)
    rows = table[(table["quantity"] == quantity) & table[x].notna()]
    arms = panels_of(layout, table, rows)
    banded = rows.groupby(["arm", "layer"]).ngroups <= MOST_BANDS
    looks = layer_looks(int(rows["layer"].max()) if len(rows) else 1)
    columns = columns_for(arms)
    figure, grid = style.sheet(
        title or f"{about.title} by layer through training",
        about_layers(table, rows, layout, banded) if subtitle is None else subtitle,
        -(-len(arms) // columns),
        columns,
        panel_height=1.55 if len(arms) > 8 else 2.1,
        lines={f"layer {layer}": look for layer, look in looks.items()},
    )
    by_curve = dict(iter(rows.groupby(["arm", "layer"], sort=False)))
    scale = curves.Scale(about.label, about.logarithmic, _limits(about, rows), lambda _panel: "")
    for index, axes in enumerate(grid):
        if index >= len(arms):
            axes.remove()
            continue
        panel, arm = arms[index]
        title_panel(axes, panel, arm, columns)
        scales.progress_scale(axes, rows[x].to_numpy(dtype=float), most_ticks=4)
        scale.set(axes, panel)
        drawn = [layer for layer in looks if (arm.name, layer) in by_curve]
        for layer in drawn:
            curve = _thinned(by_curve[arm.name, layer])
            curve = curve if banded else curve.assign(low=np.nan, high=np.nan)
            curves.draw_curve(axes, curve, x, looks[layer], f"layer {layer}")
        if not drawn:
            style.without_data(axes, f"nothing to draw: {(absent or {}).get(arm.name, UNMEASURED)}")
        style.label_outer(axes, left=index % columns == 0, bottom=index + columns >= len(arms))
        if index % columns == 0:
            axes.set_ylabel(about.label)
        if index + columns >= len(arms):
            axes.set_xlabel(curves.AXIS_TITLES[x])
    return settle(figure)


def panels_of(layout: Layout, table: pd.DataFrame, rows: pd.DataFrame) -> list[tuple[Panel, Arm]]:
    """Return the arms that get a panel: those in `rows`, and those that have no row in `table` either."""
    shown, other = set(rows["arm"]), set(table["arm"])
    pairs = [(panel, arm) for panel in layout.panels for arm in panel.arms]
    kept = [(panel, arm) for panel, arm in pairs if arm.name in shown or arm.name not in other]
    return kept or pairs or [(Panel("", "", "", ()), Arm("", "", "", layer_looks(1)[1]))]


def columns_for(arms: Sequence[tuple[Panel, Arm]]) -> int:
    """Return how many arms stand side by side: those of one panel of other figures, where that fits."""
    sizes = set(Counter(panel.title for panel, _ in arms).values())
    if len(sizes) == 1 and 3 <= (size := sizes.pop()) <= MOST_ARMS:
        return size
    return min(len(arms), 3 if len(arms) in (3, 5, 6, 9) else 4)


def about_layers(table: pd.DataFrame, rows: pd.DataFrame, layout: Layout, banded: bool) -> str:
    """Say what stands behind a figure with a panel an arm, and how many arms it leaves out."""
    parts = [captions.about_gradients(rows, bands_drawn=banded)]
    if len(rows) and layers.QUANTITIES[str(rows["quantity"].iloc[0])].logarithmic:
        parts.append(captions.levels(rows))
    left = {arm.name for arm in layout.arms} & set(table["arm"]) - set(rows["arm"])
    if left and len(rows):
        what = (
            "ReLU kinds have none" if (rows["quantity"] == "saturation").all() else "they did not measure it"
        )
        parts.append(f"Left out: {len(left)} of {len(layout.arms)} arms ({what}).")
    return " ".join(part for part in parts if part)


def title_panel(axes: Axes, panel: Panel, arm: Arm, columns: int) -> None:
    """Name a panel that is one arm's, in two lines."""
    width = {1: 80, 2: 60, 3: 44, 4: 34, 5: 26}.get(columns, 21)
    axes.set_title("\n".join(shorten(text, width) for text in (panel.title, arm.line) if text), fontsize=7.5)


def _limits(about: layers.Quantity, rows: pd.DataFrame) -> dict[str, tuple[float, float]]:
    found = about.limits(rows)
    return {"": found} if found else {}


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """Keep about `MOST_POINTS` rows, evenly, first and last included: more cannot be told apart on paper."""
    if len(curve) <= MOST_POINTS:
        return curve
    keep = np.unique(np.linspace(0, len(curve) - 1, MOST_POINTS).round().astype(int))
    return curve.iloc[keep]
