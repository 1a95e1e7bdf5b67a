"""What went wrong: diverged, failed, stalled and warned runs, counted over every run of the study."""

from __future__ import annotations

import pandas as pd

from reports import prose
from reports.analysis import Analysis
from reports.cells import Cell, Table, arm_labels, interval, shown, words
from reports.statistics import outcome_counts


def by_arm(analysis: Analysis) -> Table:
    """Count diverged, stalled, failed and warned runs by arm, over all values and seeds."""
    frame = outcome_counts(analysis.runs, ["arm"])
    return _table(analysis, frame, "troubles_by_arm", "All runs, tuning and reported, at every value tried.")


def by_value(analysis: Analysis) -> Table | None:
    """Count troubles by arm and tuned value; the page shows the rows that have any."""
    if analysis.over is None:
        return None
    frame = outcome_counts(analysis.runs.rename(columns={analysis.over: "value"}), ["arm", "value"])
    frame = frame.sort_values(["arm", "value"], kind="stable").reset_index(drop=True)
    caption = "By arm and tuned value; values without trouble are left to the CSV."
    return _table(analysis, frame, "troubles_by_value", caption)


def _table(analysis: Analysis, frame: pd.DataFrame, name: str, caption: str) -> Table:
    labels = arm_labels(analysis)
    has_value = "value" in frame.columns
    kinds = ("diverged", "failed", "stalled", "warned")
    rows = []
    for _, row in frame.iterrows():
        if has_value and not any(row[kind] for kind in kinds):
            continue
        cells: list[Cell] = [words(labels[str(row["arm"])])]
        if has_value:
            cells.append((shown(float(row["value"])),))
        cells += [(shown(int(row[kind])),) for kind in ("runs", *kinds)]
        cells.append(interval(row, ["died_share", "died_low", "died_high"], "accuracy"))
        rows.append(tuple(cells))
    over = [prose.metric_name(str(analysis.over).rpartition(".")[2])] if has_value else []
    headers = ("arm", *over, "runs", *kinds, f"died, with {prose.PERCENT} Wilson interval")
    return Table(name, caption, frame, headers, tuple(rows))


def warnings(analysis: Analysis) -> Table | None:
    """List the texts of warnings and errors with the number of runs that have them."""
    texts = analysis.runs["warnings"].fillna("").astype(str).str.strip()
    texts = texts[texts != ""]
    if texts.empty:
        return None
    counts = texts.value_counts().rename_axis("warning").reset_index(name="runs")
    counts = counts.sort_values(["runs", "warning"], ascending=[False, True]).reset_index(drop=True)
    rows = tuple(
        ((shown(int(row["runs"])),), words(str(row["warning"])[:500]))
        for _, row in counts.head(20).iterrows()
    )
    return Table("warnings", "The most frequent warnings.", counts, ("runs", "warning"), rows)
