"""Convergence at the tuned values."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from reports import prose
from reports.arms import split_by_loss
from reports.comparison import Comparison, kinds
from reports.figures import convergence as drawn
from reports.outline import Drawing, Section
from reports.sections import absence

X_AXES = ("update", "epoch")


def convergence(comparison: Comparison) -> Section:
    """Show what compares across losses, and each loss by itself."""
    curves = comparison.curves
    drawings = []
    for kind in kinds(comparison):
        metric = f"validation_{kind}"
        rows = curves[curves["metric"] == metric]
        for x in (x for x in X_AXES if rows[x].notna().any()):
            caption = prose.at_one_rate(comparison, prose.about_bands(comparison.chosen, rows))

            def draw(
                rows: pd.DataFrame = rows, metric: str = metric, x: str = x, text: str = caption
            ) -> Figure:
                return drawn.across_losses(rows, comparison.layout, metric, x, text)

            drawings.append(Drawing(f"convergence_{kind}_by_{x}", caption, rows, draw))
    own = curves[curves["metric"] == "train_loss"]
    if len(own):
        text = prose.at_one_rate(comparison, prose.about_bands(comparison.chosen, own))
        layout = split_by_loss(comparison.layout, comparison.runs)
        if len({panel.loss for panel in layout.panels}) > 1:
            text += " Own losses of different kinds are not comparable: each has panels of its own."
        drawings.append(
            Drawing("own_loss_by_update", text, own, lambda: drawn.own_loss(own, layout, "update", text))
        )
    heading = "Convergence at the tuned values" if comparison.over else "Convergence"
    return Section(
        "convergence", heading, () if drawings else (absence.nothing(comparison),), tuple(drawings)
    )
