"""What went wrong: diverged, failed, stalled and warned runs, counted over every run of the study."""

from __future__ import annotations

import pandas as pd

from reports import prose
from reports.cells import Cell, Part, Table, arm_labels, interval, shown, words
from reports.comparison import Comparison
from reports.statistics import outcome_counts

MOST_ROWS = 20
"""Rows that the page shows of a table whose length has no bound."""


def by_arm(comparison: Comparison) -> Table:
    """Count diverged, stalled, failed and warned runs by arm, over all values and seeds."""
    frame = outcome_counts(comparison.runs, ["arm"])
    return _table(
        comparison, frame, "troubles_by_arm", "All runs, tuning and reported, at every value tried."
    )


def by_value(comparison: Comparison) -> Table | None:
    """Count troubles by arm and tuned value; the page shows the rows that have any."""
    if comparison.over is None:
        return None
    frame = outcome_counts(comparison.runs.rename(columns={comparison.over: "value"}), ["arm", "value"])
    frame = frame.sort_values(["arm", "value"], kind="stable").reset_index(drop=True)
    caption = "By arm and tuned value; values without trouble are left to the CSV."
    return _table(comparison, frame, "troubles_by_value", caption)


def _table(comparison: Comparison, frame: pd.DataFrame, name: str, caption: str) -> Table:
    labels = arm_labels(comparison)
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
    over = [prose.metric_name(str(comparison.over).rpartition(".")[2])] if has_value else []
    headers = ("arm", *over, "runs", *kinds, f"died, with {prose.PERCENT} Wilson interval")
    return Table(name, caption, frame, headers, tuple(rows))


def complaints(comparison: Comparison) -> Table | None:
    """Count the runs of each arm that have a complaint, with one of its sentences as an example."""
    told = _told(comparison.runs)
    if told.empty:
        return None
    runs = comparison.runs.groupby("arm").size()
    counts = told.groupby(["complaint", "arm"], sort=False).agg(
        complained=("run_id", "size"), example=("sentence", "first")
    )
    frame = counts.reset_index().assign(runs=lambda table: table["arm"].map(runs))
    frame["share"] = frame["complained"] / frame["runs"]
    frame = frame.sort_values(
        ["complained", "complaint", "arm"], ascending=[False, True, True], kind="stable"
    )
    frame = frame[["complaint", "arm", "complained", "runs", "share", "example"]].reset_index(drop=True)
    labels = arm_labels(comparison)
    rows = tuple(
        (
            words(row["complaint"]),
            words(labels[str(row["arm"])]),
            (shown(int(row["complained"])), Part(" of "), shown(int(row["runs"]))),
            (shown(float(row["share"]), "accuracy"),),
            words(row["example"]),
        )
        for _, row in frame.head(MOST_ROWS).iterrows()
    )
    caption = "What the doctor found, by arm, over all runs at every value tried; a run may have several."
    if len(frame) > MOST_ROWS:
        caption += f" The {MOST_ROWS} most frequent of {len(frame)}; the CSV has all."
    return Table("complaints", caption, frame, ("complaint", "arm", "runs", "share", "for example"), rows)


def _told(runs: pd.DataFrame) -> pd.DataFrame:
    """Return one row a complaint: `run_id, arm, complaint, sentence`."""
    rows = [
        {"run_id": row["run_id"], "arm": row["arm"], "complaint": name, "sentence": sentence}
        for _, row in runs.iterrows()
        for name, sentence in zip(_names(row), _sentences(row)[1], strict=False)
    ]
    return pd.DataFrame(rows, columns=["run_id", "arm", "complaint", "sentence"])


def _names(row: pd.Series) -> list[str]:
    return [name for name in str(row["complaints"]).split(", ") if name]


def _sentences(row: pd.Series) -> tuple[str, list[str]]:
    """Return a run's other warnings, and the sentences of its complaints, which stand last."""
    count = len(_names(row))
    if not count:
        return str(row["warnings"]).strip(), []
    parts = str(row["warnings"]).split("; ")
    return "; ".join(parts[:-count]), parts[-count:]


def warnings(comparison: Comparison) -> Table | None:
    """List the texts of all other warnings, and of errors, with the number of runs that have them."""
    texts = comparison.runs.apply(lambda row: _sentences(row)[0], axis=1)
    texts = texts[texts != ""]
    if texts.empty:
        return None
    counts = texts.value_counts().rename_axis("warning").reset_index(name="runs")
    counts = counts.sort_values(["runs", "warning"], ascending=[False, True]).reset_index(drop=True)
    rows = tuple(
        ((shown(int(row["runs"])),), words(row["warning"])) for _, row in counts.head(MOST_ROWS).iterrows()
    )
    return Table("warnings", "The most frequent other warnings.", counts, ("runs", "warning"), rows)
