"""Two-dimensional data: what the networks answer over the plane."""

from __future__ import annotations

from string import ascii_lowercase

import pandas as pd

from reports import maps, prose
from reports.arms import Layout, Panel
from reports.comparison import Comparison
from reports.figures import regions as drawn
from reports.outline import Drawing, Section

MOST_FIGURES = 4


def regions(comparison: Comparison) -> Section | None:
    """Show decision regions of each arm's first reported seed; None without two-dimensional data."""
    frame = comparison.maps
    if frame.empty:
        return None
    sheets = _sheets(comparison.layout, set(frame["arm"]))
    names = ["decision_regions", *(f"decision_regions_{letter}" for letter in ascii_lowercase[1:])]
    drawings = [
        _drawing(comparison, frame, sheet, name, folded=sheet is not sheets[0])
        for name, sheet in zip(names, sheets[:MOST_FIGURES], strict=False)
    ]
    left = [arm for sheet in sheets[MOST_FIGURES:] for arm in sheet.arms]
    paragraphs = (
        [f"Of {prose.counted(frame['arm'].nunique(), 'arm')}, {len(left):,} are left to the store."]
        if left
        else []
    )
    return Section("regions", "Decision regions", tuple(paragraphs), tuple(drawings))


def _sheets(layout: Layout, there: set[str]) -> list[Panel]:
    """Cut the panels into figures of few enough rows."""
    sheets = []
    for panel in layout.panels:
        arms = [arm for arm in panel.arms if arm.name in there]
        for start in range(0, len(arms), drawn.MOST_ARMS):
            few = tuple(arms[start : start + drawn.MOST_ARMS])
            sheets.append(Panel(panel.title, panel.dataset, panel.loss, few))
    return sheets


def _drawing(
    comparison: Comparison, frame: pd.DataFrame, sheet: Panel, name: str, *, folded: bool
) -> Drawing:
    rows = frame[frame["arm"].isin([arm.name for arm in sheet.arms])].reset_index(drop=True)
    caption = prose.at_one_rate(comparison, drawn.about(rows))
    title = f"Decision regions: {sheet.title or sheet.dataset}"
    return Drawing(
        name,
        caption,
        maps.as_text(rows),
        lambda: drawn.decision_regions(rows, Layout((sheet,), 1), title=title, subtitle=caption),
        folded=folded,
    )
