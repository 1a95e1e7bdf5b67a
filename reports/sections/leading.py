"""The one figure that shows the answer."""

from __future__ import annotations

from reports import prose
from reports.comparison import Comparison
from reports.figures import layers
from reports.outline import Section
from reports.sections import final, gradients
from reports.sections.lead import lead
from reports.sections.verdicts import claims_drawing


def leading(comparison: Comparison) -> Section | None:
    """Show what answers the study's question; None where nothing was reported."""
    shows = lead(comparison)
    if shows == "claims":
        return Section("leading", "The study's claims", drawings=claims_drawing(comparison))
    if shows == "gradients":
        start = tuple(gradients.at_start(comparison, layers.layered(comparison.curves)))
        return Section("leading", "Gradients at the start", drawings=start)
    if shows == "target" and (times := final.who_reached(comparison)) is not None:
        return Section("leading", f"Who reached {prose.target(comparison)}", drawings=(times,))
    if comparison.chosen.empty:
        return None
    return Section("leading", final.heading(comparison), drawings=(final.ranking(comparison),))
