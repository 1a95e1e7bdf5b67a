"""Gradients by layer."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from reports import prose, tables
from reports.comparison import Comparison
from reports.figures import gradients as drawn
from reports.outline import Drawing, Section
from reports.sections import absence
from reports.sections.lead import lead

ABOUT_GRADIENTS = (
    "delta_rms is the root mean square of the error δ that back-propagation brings to a layer's units, over "
    "the probe's samples; gradient norm is that of the layer's weight gradient, which depends on the layer's "
    "size too."
)


def gradients(comparison: Comparison) -> Section:
    """Show errors and gradients by layer, at the start and through training, and ρ."""
    curves, rho = comparison.curves, tables.rho_frame(comparison.curves)
    layered = drawn.layered(curves)
    drawings = []
    if lead(comparison) != "gradients" and (started := at_start(comparison)) is not None:
        drawings.append(started)
    for quantity in drawn.QUANTITIES:
        rows = layered[layered["quantity"] == quantity]
        if rows.empty:
            continue
        banded = rows.groupby(["arm", "layer"]).ngroups <= drawn.MOST_BANDS
        caption = prose.about_gradients(comparison.chosen, rows, bands_drawn=banded)
        caption = prose.at_one_rate(comparison, caption)

        def draw(rows: pd.DataFrame = rows, quantity: str = quantity, text: str = caption) -> Figure:
            return drawn.through_training(rows, comparison.layout, quantity, text)

        drawings.append(Drawing(f"{quantity}_through_training", caption, rows, draw))
    over_time = curves[curves["metric"] == "rho"]
    if len(over_time):
        text = prose.at_one_rate(
            comparison, prose.about_gradients(comparison.chosen, over_time, levels=False)
        )
        drawings.append(
            Drawing(
                "rho_through_training",
                text,
                over_time,
                lambda: drawn.rho(over_time, comparison.layout, text),
            )
        )
    leads = lead(comparison) == "gradients"
    paragraphs = [ABOUT_GRADIENTS] if drawings or leads else [absence.nothing(comparison)]
    if drawings and over_time.empty:
        paragraphs.append(
            "ρ compares hidden layers: it needs two, and no arm here has them (or it was not measured)."
        )
    table = tables.rho(comparison, rho)
    return Section(
        "gradients", "Gradients by layer", tuple(paragraphs), tuple(drawings), (table,) if table else ()
    )


def at_start(comparison: Comparison) -> Drawing | None:
    """Show errors and gradients by layer before the first update; None where nothing measured them."""
    layered = drawn.layered(comparison.curves)
    start = layered[(layered["update"] == 0) & layered["quantity"].isin(list(drawn.QUANTITIES))]
    if start.empty:
        return None
    about = prose.about_gradients(comparison.chosen, start)
    layout = drawn.once_a_dataset(start, comparison.layout)
    if layout is not comparison.layout:
        about += " Arms that differ only in what has not acted yet (such as the feeding) are drawn once."
    return Drawing("gradients_at_start", about, start, lambda: drawn.at_start(start, layout, about))
