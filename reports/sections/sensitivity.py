"""Sensitivity: what hangs on the tuned value, and what one value for all would have shown."""

from __future__ import annotations

import pandas as pd

from reports import prose, rates, tables
from reports.comparison import Comparison
from reports.figures import one_rate
from reports.figures.sensitivity import about, banded
from reports.figures.sensitivity import sensitivity as drawn
from reports.outline import Drawing, Section

NAMES = {"tuning": "sensitivity", "reported": "sensitivity_reported"}


def sensitivity(comparison: Comparison) -> Section:
    """Show the metrics at every value of the tuned key; in one line where nothing is tuned."""
    frame = comparison.sensitivity
    if frame is None or comparison.over is None:
        return Section("sensitivity", "Sensitivity", (_untuned(comparison),))
    key = prose.key_name(comparison.over)
    drawings = [
        _drawing(comparison, rows, role, key)
        for role in NAMES
        if (rows := frame[frame["role"] == role].reset_index(drop=True))["value"].nunique() > 1
    ]
    if (together := comparison.one_rate) is not None:
        caption = one_rate.about(together)
        drawings.append(
            Drawing(
                "at_one_rate",
                caption,
                together,
                lambda: one_rate.at_one_rate(together, comparison.layout, subtitle=caption),
            )
        )
    paragraphs = [_edges(comparison, rates.at_edges(frame), key)]
    if comparison.at_chosen_alone:
        paragraphs.append(
            f"The reported seeds were trained at the {key} that their arm chose, and at no other: what other "
            "values come to is shown by the tuning seeds alone."
        )
    elif frame.loc[frame["role"] == "reported", "value"].nunique() < 2:
        paragraphs.append(f"The reported seeds were trained at one {key} only: there is no other to show.")
    table = tables.tuning(comparison)
    return Section(
        "sensitivity",
        f"Sensitivity to the {key}",
        tuple(paragraphs),
        tuple(drawings),
        (table,) if table else (),
    )


def _drawing(comparison: Comparison, rows: pd.DataFrame, role: str, key: str) -> Drawing:
    caption = about(rows, banded=banded(comparison.layout))
    metrics = " or ".join(prose.metric_name(metric) for metric in rows["metric"].unique())
    seeds = "tuning seeds, by which it is chosen" if role == "tuning" else "reported seeds"
    title = f"Mean {metrics} by {key}, on the {seeds}"
    return Drawing(
        NAMES[role],
        caption,
        rows,
        lambda: drawn(rows, comparison.layout, title=title, subtitle=caption),
    )


def _untuned(comparison: Comparison) -> str:
    compared = [axis for axis in comparison.axes if "learning_rate" in axis]
    if compared:
        return (
            f"Nothing is tuned: {prose.key_name(compared[0])} is one of the axes compared, so that "
            "its arms in the final scores are the sensitivity to it."
        )
    return f"Nothing is tuned, so there is no sensitivity to show. {prose.rate_notice(comparison)}".strip()


def _edges(comparison: Comparison, edges: pd.DataFrame, key: str) -> str:
    """Say which choices lie at an edge of the grid."""
    choices = comparison.choices
    arms = 0 if choices is None else int(choices["value"].notna().sum())
    if edges.empty:
        return f"Of {prose.counted(arms, 'arm')} with a chosen {key}, none has it at an edge of the grid."
    labels = prose.arm_labels(comparison)
    named = [
        f"{labels[str(row['arm'])]} ({row['edge']} tried, {prose.number(float(row['value']))})"
        for _, row in edges.head(prose.MOST_NAMED).iterrows()
    ]
    rest = len(edges) - len(named)
    more = f"; and {rest:,} more" if rest else ""
    have = "has" if len(edges) == 1 else "have"
    return (
        f"Of {prose.counted(arms, 'arm')} with a chosen {key}, {len(edges):,} {have} it at an edge of the "
        f"grid, beyond which a better one may lie: {'; '.join(named)}{more}."
    )
