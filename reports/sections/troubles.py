"""What went wrong, counted in every denominator."""

from __future__ import annotations

from matplotlib.figure import Figure

from reports import prose
from reports import troubles as counts
from reports.comparison import Comparison
from reports.figures.outcomes import TROUBLES, about, outcomes
from reports.outline import Drawing, Section


def troubles(comparison: Comparison) -> Section:
    """Show diverged, stalled, failed, warned and missing runs, with what the doctor advises."""
    found = (
        counts.by_arm(comparison),
        counts.by_value(comparison),
        counts.complaints(comparison),
        counts.advice(comparison),
        counts.warnings(comparison),
    )
    return Section(
        "troubles",
        "What went wrong",
        (prose.troubles(comparison.runs), *counts.absent(comparison)),
        _drawings(comparison),
        tuple(table for table in found if table is not None and table.rows),
    )


def _drawings(comparison: Comparison) -> tuple[Drawing, ...]:
    """Draw how runs ended, if any ended badly."""
    frame = comparison.outcomes
    if not frame[[*TROUBLES, "warned"]].any(axis=None):
        return ()
    caption = about(frame, comparison.layout)

    def draw() -> Figure:
        return outcomes(frame, comparison.layout, title="How runs ended", subtitle=caption)

    return (Drawing("outcomes", caption, frame, draw),)
