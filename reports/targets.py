"""The target of a study: which arms reached it, after how many updates, and which missed it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from harness.record import higher_is_better
from reports import prose
from reports.cells import Cell, Part, Table, arm_labels, shown, words
from reports.comparison import Comparison
from reports.statistics import counted, times

COLUMNS = ["arm", "seeds", "reached", "median_updates", "rows_apart", "worst"]


def reached(comparison: Comparison) -> pd.DataFrame | None:
    """Return which arms reached the study's target; None if it states none, or nothing measured it.

    Returns
    -------
    DataFrame
        A row an arm, in drawing order: `arm, seeds, reached, median_updates, rows_apart, worst`, over the
        reported seeds. A miss is infinite in the median; `rows_apart` is the coarsest resolution of a
        time, `worst` the worst final value, a dead run's being infinite or the majority class's accuracy.
    """
    target = comparison.spec.get("target")
    if target is None or target["metric"] not in comparison.history.columns:
        return None
    metric = str(target["metric"])
    found = times(comparison.history, comparison.chosen, metric, float(target["value"]))
    final = pd.Series(counted(comparison.chosen, metric), index=comparison.chosen["run_id"])
    rows: list[dict[str, Any]] = []
    for arm in comparison.layout.arms:
        mine = found[found["arm"] == arm.name]
        row = {"arm": arm.name, "seeds": len(mine), "reached": int(np.isfinite(mine["updates"]).sum())}
        row |= dict.fromkeys(COLUMNS[3:], float("nan"))
        if len(mine):
            ends = final[mine["run_id"]]
            row["median_updates"] = float(np.median(mine["updates"]))
            row["rows_apart"] = float(mine["apart"].max())
            row["worst"] = float(ends.min() if higher_is_better(metric) else ends.max())
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def missed(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the arms of `reached` of which a seed missed the target, or that have no seed; worst first."""
    found = frame[(frame["reached"] < frame["seeds"]) | (frame["seeds"] == 0)]
    share = found["reached"] / found["seeds"].clip(lower=1)
    return found.loc[share.sort_values(kind="stable").index]


def tables(comparison: Comparison, frame: pd.DataFrame) -> tuple[Table, ...]:
    """Show `reached`, and by themselves the arms that missed the target: a page folds long tables."""
    metric = str(comparison.spec["target"]["metric"])
    headers = ("arm", "seeds that reached it", "median updates", "rows apart", "worst final value")
    caption = (
        f"Seeds with {prose.target(comparison)}, and the updates until then, interpolated between rows; a "
        "seed that missed it, or died, counts as ∞."
    )
    every = Table("target", caption, frame, headers, _rows(comparison, frame, metric))
    some = missed(frame)
    if some.empty or len(some) == len(frame):
        return (every,)
    title = f"The arms that missed the target, {prose.target(comparison)}, with a seed or more."
    return (Table("target_missed", title, some, headers, _rows(comparison, some, metric)), every)


def _rows(comparison: Comparison, frame: pd.DataFrame, metric: str) -> tuple[tuple[Cell, ...], ...]:
    labels = arm_labels(comparison)
    return tuple(
        (
            words(labels[str(row["arm"])]),
            (shown(int(row["reached"])), Part(" of "), shown(int(row["seeds"]))),
            (shown(row["median_updates"]),),
            (shown(row["rows_apart"]),),
            (shown(row["worst"], metric),),
        )
        for _, row in frame.iterrows()
    )
