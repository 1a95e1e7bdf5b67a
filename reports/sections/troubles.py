"""What went wrong, counted in every denominator."""

from __future__ import annotations

from reports import prose
from reports import troubles as counts
from reports.comparison import Comparison
from reports.outline import Section


def troubles(comparison: Comparison) -> Section:
    """Show diverged, stalled, failed and warned runs."""
    found = (
        counts.by_arm(comparison),
        counts.by_value(comparison),
        counts.complaints(comparison),
        counts.warnings(comparison),
    )
    return Section(
        "troubles",
        "What went wrong",
        (prose.troubles(comparison.runs),),
        tables=tuple(table for table in found if table is not None and table.rows),
    )
