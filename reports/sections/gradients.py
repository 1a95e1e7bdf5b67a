"""Gradients and units by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd
from matplotlib.figure import Figure

from reports import prose, tables
from reports.comparison import Comparison
from reports.figures import captions, heat_maps, layers
from reports.figures import gradients as drawn
from reports.figures.rho import ABOUT, about_depth, by_depth, rho, rho_by_depth
from reports.outline import Drawing, Section
from reports.sections import absence
from reports.sections.lead import lead

ABOUT_GRADIENTS = (
    "delta_rms is the root mean square of the error δ that back-propagation brings to a layer's units, over "
    "the probe's samples; gradient norm is that of the layer's weight gradient, which depends on the layer's "
    "size too."
)
ABOUT_UNITS = (
    "Saturation is the share of units and samples at which an activation that flattens out has less than a "
    "tenth of its greatest slope; ReLU kinds do not flatten out and have none. Dead units are those whose "
    "slope is 0 (of those that flatten out: saturated) at every sample of the probe."
)
NEEDS_TWO = "ρ compares hidden layers: it needs two, and no arm here has them (or it was not measured)."
FEW_LAYERS = "fewer than two hidden layers"
DEEP = 4
"""Layers from which on pictures of cells are clearer than lines."""


def gradients(comparison: Comparison) -> Section:
    """Show errors and gradients by layer, at the start and through training, ρ, and what units do."""
    table = layers.layered(comparison.curves)
    measured = set(table["quantity"])
    leads = lead(comparison) == "gradients"
    drawings = [] if leads else [*at_start(comparison, table)]
    drawings += [*_ratio(comparison), *_over_time(comparison, table), *_units(comparison, table)]
    paragraphs = [ABOUT_GRADIENTS] if drawings or leads else [absence.nothing(comparison)]
    if measured & set(drawn.UNITS):
        paragraphs.append(ABOUT_UNITS)
    if drawings and not (comparison.curves["metric"] == "rho").any():
        paragraphs.append(NEEDS_TWO)
    by_arm = tables.rho(comparison, tables.rho_frame(comparison.curves))
    return Section(
        "gradients", "Gradients by layer", tuple(paragraphs), tuple(drawings), (by_arm,) if by_arm else ()
    )


def at_start(comparison: Comparison, table: pd.DataFrame) -> Iterator[Drawing]:
    """Show errors and gradients by layer before the first update, if they were measured.

    Parameters
    ----------
    comparison : Comparison
    table : DataFrame
        `layers.layered` of its curves.
    """
    start = table[(table["update"] == 0) & table["quantity"].isin(drawn.ERRORS)]
    if start.empty:
        return
    about = _caption(comparison, start)
    layout = drawn.once_a_dataset(start, comparison.layout)
    if layout is not comparison.layout:
        about += " Arms that differ only in what has not acted yet (such as the feeding) are drawn once."
    absent = absence.reasons(comparison)
    yield Drawing(
        "gradients_at_start",
        about,
        start,
        lambda: drawn.gradients_at_start(start, layout, absent=absent, subtitle=about),
    )


def _ratio(comparison: Comparison) -> Iterator[Drawing]:
    curves = comparison.curves
    over_time = curves[curves["metric"] == "rho"]
    if over_time.empty:
        return
    table = by_depth(curves, comparison.axes)
    if table["hidden_layers"].nunique() > 1:
        about = prose.at_one_rate(comparison, about_depth(table))
        yield Drawing(
            "rho_by_depth", about, table, lambda: rho_by_depth(table, comparison.layout, subtitle=about)
        )
    text = f"{ABOUT} {_caption(comparison, over_time, levels=False, trained=True)}"
    shallow = set(layers.layered(curves)["arm"]) - set(over_time["arm"])
    absent = absence.reasons(comparison) | dict.fromkeys(shallow, FEW_LAYERS)
    yield Drawing(
        "rho_through_training",
        text,
        over_time,
        lambda: rho(over_time, comparison.layout, absent=absent, subtitle=text),
    )


def _over_time(comparison: Comparison, table: pd.DataFrame) -> Iterator[Drawing]:
    """Draw errors and gradients over time: in deep networks as cells, else as lines; the other is folded."""
    for quantity in drawn.ERRORS:
        rows = table[table["quantity"] == quantity]
        if rows.empty:
            continue
        deep = int(rows["layer"].max()) >= DEEP
        about = prose.at_one_rate(comparison, heat_maps.about_cells(rows, rows, comparison.layout))
        yield _layer_drawing(
            comparison, f"{quantity}_cells", about, rows, quantity, heat_maps.layer_heat_map, folded=not deep
        )
        banded = rows.groupby(["arm", "layer"]).ngroups <= drawn.MOST_BANDS
        about = _caption(comparison, rows, trained=True, bands_drawn=banded)
        yield _layer_drawing(
            comparison,
            f"{quantity}_through_training",
            about,
            rows,
            quantity,
            drawn.through_training,
            folded=deep,
        )


def _units(comparison: Comparison, table: pd.DataFrame) -> Iterator[Drawing]:
    rows = table[table["quantity"].isin(drawn.UNITS)]
    if rows.empty:
        return
    end, absent = drawn.at_end(rows), absence.reasons(comparison)
    about = prose.at_one_rate(comparison, drawn.about_units(end))
    yield Drawing(
        "units_at_end",
        about,
        end,
        lambda: drawn.units(end, comparison.layout, absent=absent, subtitle=about),
    )
    for quantity in (each for each in drawn.UNITS if (rows["quantity"] == each).any()):
        # The rows of both tell an arm without saturation from one without a history.
        mine = rows[rows["quantity"] == quantity]
        banded = mine.groupby(["arm", "layer"]).ngroups <= drawn.MOST_BANDS
        text = prose.at_one_rate(comparison, drawn.about_layers(rows, mine, comparison.layout, banded))
        yield _layer_drawing(
            comparison,
            f"{quantity}_through_training",
            text,
            mine,
            quantity,
            drawn.through_training,
            folded=True,
            table=rows,
        )


def _layer_drawing(
    comparison: Comparison,
    name: str,
    caption: str,
    rows: pd.DataFrame,
    quantity: str,
    draw: Callable[..., Figure],
    *,
    folded: bool,
    table: pd.DataFrame | None = None,
) -> Drawing:
    absent, frame = absence.reasons(comparison), rows if table is None else table
    return Drawing(
        name,
        caption,
        rows,
        lambda: draw(frame, comparison.layout, quantity=quantity, absent=absent, subtitle=caption),
        folded=folded,
    )


def _caption(
    comparison: Comparison,
    rows: pd.DataFrame,
    *,
    levels: bool = True,
    trained: bool = False,
    bands_drawn: bool = True,
) -> str:
    died = trained and bool(comparison.chosen["outcome"].isin(["diverged", "failed"]).any())
    parts = [captions.about_gradients(rows, bands_drawn=bands_drawn, some_died=died)]
    parts.append(captions.levels(rows) if levels else "")
    text = " ".join(part for part in parts if part)
    # What is measured before the first update depends on no rate.
    return prose.at_one_rate(comparison, text) if trained else text
