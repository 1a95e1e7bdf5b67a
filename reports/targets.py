"""The target of a study: which arms reached it, at what cost, and which missed it."""

from __future__ import annotations

import pandas as pd

from harness.record import higher_is_better
from reports import prose
from reports.cells import Cell, Part, Table, arm_labels, shown, words
from reports.comparison import Comparison
from reports.statistics import counted
from reports.statistics.targets import COSTS

COLUMNS = ["arm", "seeds", "reached", *(f"median_{cost}" for cost in COSTS), "rows_apart", "worst"]


def reached(comparison: Comparison) -> pd.DataFrame | None:
    """Return which arms reached the study's target; None if it states none, or nothing measured it.

    Returns
    -------
    DataFrame
        A row an arm, in drawing order: `COLUMNS`, over the reported seeds; none of an arm whose runs
        measured no such metric, or are several on one seed: it neither reached nor missed. A miss is infinite
        in the medians; `rows_apart` is the coarsest resolution of a time, in updates, `worst` the worst final
        value, a dead run's being infinite or the majority class's accuracy.
    """
    times = comparison.times
    if times is None:
        return None
    metric = str(times["metric"].iloc[0])
    frame = times[times["shown"] == "median"].drop(columns=["metric", "shown"])
    frame = frame.rename(columns={"apart": "rows_apart"} | {cost: f"median_{cost}" for cost in COSTS})
    untold = set(comparison.chosen["arm"]) - set(times.loc[times["shown"] == "seed", "arm"])
    frame = frame[~frame["arm"].isin(untold)]
    timed = times[times["shown"] == "seed"].set_index(["arm", "seed"]).index
    ends = comparison.chosen.set_index(["arm", "seed"])[[]].assign(value=counted(comparison.chosen, metric))
    of_arm = ends[ends.index.isin(timed)].groupby(level="arm")["value"]
    worst = of_arm.min() if higher_is_better(metric) else of_arm.max()
    frame = frame.assign(worst=frame["arm"].map(worst)).reset_index(drop=True)
    return frame.astype({"seeds": int, "reached": int})[COLUMNS]


def missed(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the arms of `reached` of which a seed missed the target, or that have no seed; worst first."""
    found = frame[(frame["reached"] < frame["seeds"]) | (frame["seeds"] == 0)]
    share = found["reached"] / found["seeds"].clip(lower=1)
    return found.loc[share.sort_values(kind="stable").index]


def tables(comparison: Comparison, frame: pd.DataFrame) -> tuple[Table, ...]:
    """Show `reached`, and by themselves the arms that missed the target: a page folds long tables."""
    costs = [cost for cost in COSTS if frame[f"median_{cost}"].notna().any()]
    headers = (
        "arm",
        "seeds that reached it",
        *(f"median {prose.COST_NAMES[cost]}" for cost in costs),
        "rows apart",
        "worst final value",
    )
    caption = (
        f"Seeds with {prose.target(comparison)}, and what it took until then, interpolated between rows that "
        "are as many updates apart as the table says; a seed that missed it, or died, counts as ∞."
    )
    every = Table("target", caption, frame, headers, _rows(comparison, frame, costs))
    some = missed(frame)
    if some.empty or len(some) == len(frame):
        return (every,)
    title = f"The arms that missed the target, {prose.target(comparison)}, with a seed or more."
    return (Table("target_missed", title, some, headers, _rows(comparison, some, costs)), every)


def _rows(comparison: Comparison, frame: pd.DataFrame, costs: list[str]) -> tuple[tuple[Cell, ...], ...]:
    labels, metric = arm_labels(comparison), str(comparison.spec["target"]["metric"])
    return tuple(
        (
            words(labels[str(row["arm"])]),
            (shown(int(row["reached"])), Part(" of "), shown(int(row["seeds"]))),
            *((shown(row[f"median_{cost}"]),) for cost in costs),
            (shown(row["rows_apart"]),),
            (shown(row["worst"], metric),),
        )
        for _, row in frame.iterrows()
    )
