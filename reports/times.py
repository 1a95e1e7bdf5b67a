"""When runs reached a target: in updates, epochs, samples and multiply-adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.choosing import died
from harness.intervals import Floats
from harness.record import higher_is_better

if TYPE_CHECKING:
    from reports.comparison import Comparison

COSTS = {"updates": "update", "epochs": "epoch", "samples": "samples", "multiply_adds": "multiply_adds"}
"""What a time is counted in, and the column of a history that counts it."""
SAME = 0.1
"""Two costs whose ratio varies by less among the runs of a data set draw the same picture: a left-over batch
is an update like others, and fewer samples."""


def crossing(updates: Floats, values: Floats, target: float, *, upward: bool) -> tuple[float, float]:
    """Return when a curve first is as good as `target`.

    Parameters
    ----------
    updates, values : ndarray, shape (rows,)
        In order of updates (or of another cost); a value that is no number is as good as nothing.
    upward : bool
        Whether higher values are better.

    Returns
    -------
    update : float
        Interpolated linearly between the first row that is as good and the row before it; infinite
        if none is.
    apart : float
        The updates between the two: how finely the time is resolved. Not a number on a miss.
    """
    good = values >= target if upward else values <= target
    if not good.any():
        return float("inf"), float("nan")
    after = int(good.argmax())
    if after == 0:
        return float(updates[0]), 0.0
    before = after - 1
    apart = float(updates[after] - updates[before])
    if not np.isfinite(values[[before, after]]).all():
        return float(updates[after]), apart
    share = (target - values[before]) / (values[after] - values[before])
    return float(updates[before] + share * apart), apart


def times(history: pd.DataFrame, runs: pd.DataFrame, metric: str, target: float) -> pd.DataFrame:
    """Return when each run reached a target.

    Parameters
    ----------
    history : DataFrame
        Columns `run_id`, `update`, `metric` and those of `COSTS` that are known, sorted by update.
    runs : DataFrame
        Columns `run_id`, `arm`, `seed`, `outcome`, `status`.

    Returns
    -------
    DataFrame
        `run_id, arm, seed, outcome`, a column for each of `COSTS`, and `apart`, in updates: a row for
        each run that died or left a history. A run that missed the target, or died after it, has
        infinite times; a cost that the history does not count is not a number.
    """
    rows = {str(run): group for run, group in history.groupby("run_id", sort=False)}
    known = {c: column for c, column in COSTS.items() if column in history and history[column].notna().any()}
    upward = higher_is_better(metric)
    found = []
    for (_, run), dead in zip(runs.iterrows(), died(runs), strict=True):
        mine = rows.get(str(run["run_id"]))
        row: dict[str, Any] = {name: run[name] for name in ("run_id", "arm", "seed", "outcome")}
        if dead:
            row |= dict.fromkeys(known, float("inf"))
        elif mine is not None:
            values = mine[metric].to_numpy(float)
            reached = {
                cost: crossing(mine[column].to_numpy(float), values, target, upward=upward)
                for cost, column in known.items()
            }
            row |= {cost: time for cost, (time, _) in reached.items()} | {"apart": reached["updates"][1]}
        else:
            continue
        found.append(row)
    frame = pd.DataFrame(found, columns=["run_id", "arm", "seed", "outcome", *COSTS, "apart"])
    return frame.astype(dict.fromkeys([*COSTS, "apart"], float))


def time_rows(comparison: Comparison) -> pd.DataFrame | None:
    """Return every reported run's time to the study's target, and the median of each arm.

    Returns
    -------
    DataFrame or None
        None if the study states no target, or nothing measured it. `arm, dataset, shown, seed, outcome`,
        the costs, `apart`, `seeds`, `reached`, `metric` and `target`. By `shown`: "seed", a run as `times`
        has it; "median", of the `seeds` of an arm, of which `reached` did: a miss is infinite in it,
        `apart` is the coarsest.
    """
    target = comparison.spec.get("target")
    if target is None or target["metric"] not in comparison.history.columns:
        return None
    metric, value = str(target["metric"]), float(target["value"])
    found = times(comparison.history, comparison.chosen, metric, value)
    found = found.assign(shown="seed", reached=np.isfinite(found["updates"]).astype(int))
    datasets = {arm.name: panel.dataset for panel in comparison.layout.panels for arm in panel.arms}
    groups = dict(iter(found.groupby("arm", sort=False)))
    medians = [_median(arm.name, groups.get(arm.name, found.iloc[:0])) for arm in comparison.layout.arms]
    frame = (
        pd.concat([pd.DataFrame(medians), found], ignore_index=True) if len(found) else pd.DataFrame(medians)
    )
    frame = frame.assign(dataset=frame["arm"].map(datasets), metric=metric, target=value)
    order = [
        "arm",
        "dataset",
        "shown",
        "seed",
        "outcome",
        *COSTS,
        "apart",
        "seeds",
        "reached",
        "metric",
        "target",
    ]
    return frame.reindex(columns=order)


def distinct_costs(frame: pd.DataFrame) -> list[str]:
    """Return the costs that draw pictures of their own.

    Parameters
    ----------
    frame : DataFrame
        Columns `dataset` and those of `COSTS`.

    Returns
    -------
    list of str
        In the order of `COSTS`: of costs that are proportional to each other within every data set (epochs
        and samples, say) the first.
    """
    kept: list[str] = []
    for cost in COSTS:
        known = cost in frame.columns and np.isfinite(frame[cost]).any()
        if known and not any(proportional(frame, cost, other) for other in kept):
            kept.append(cost)
    return kept or ["updates"]


def proportional(frame: pd.DataFrame, cost: str, other: str) -> bool:
    """Return whether two costs are proportional to each other within every data set, to `SAME`."""
    both = frame[[cost, other]].to_numpy(dtype=float)
    positive = frame[(np.isfinite(both) & (both > 0)).all(axis=1)]
    ratio = (positive[cost] / positive[other]).groupby(positive["dataset"])
    return bool((ratio.max() <= (1 + SAME) * ratio.min()).all())


def _median(arm: str, mine: pd.DataFrame) -> dict[str, Any]:
    row: dict[str, Any] = {"arm": arm, "shown": "median", "seeds": len(mine), "reached": 0}
    if len(mine):
        row |= {cost: float(np.median(mine[cost])) for cost in COSTS}
        row |= {"reached": int(mine["reached"].sum()), "apart": float(mine["apart"].max())}
    return row
