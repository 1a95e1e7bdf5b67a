"""Time to target: when a curve, and when each run, first is as good as a value."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.choosing import died
from harness.intervals import Floats
from harness.quantities import COSTS as COSTS
from harness.record import higher_is_better


def crossing(updates: Floats, values: Floats, target: float, *, upward: bool) -> tuple[float, float]:
    """Return when a curve first is as good as `target`.

    Parameters
    ----------
    updates, values : ndarray, shape (rows,)
        In order of updates (or of another cost). What is not a number was not measured there, or is of
        weights that overflowed and never come back: it is as if there were no row. An infinite value is as
        good as nothing.
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
    measured = ~np.isnan(values)
    start = updates[:1]
    updates, values = updates[measured], values[measured]
    good = values >= target if upward else values <= target
    if not good.any():
        return float("inf"), float("nan")
    after = int(good.argmax())
    if after == 0:
        return float(updates[0]), float(updates[0] - start[0])
    before = after - 1
    apart = float(updates[after] - updates[before])
    if not np.isfinite(values[[before, after]]).all():
        return float(updates[after]), apart
    share = (target - values[before]) / (values[after] - values[before])
    return float(updates[before] + share * apart), apart


def times(
    history: pd.DataFrame, runs: pd.DataFrame, metric: str, target: float | Mapping[str, float]
) -> pd.DataFrame:
    """Return when each run reached a target.

    Parameters
    ----------
    history : DataFrame
        Columns `run_id`, `update`, `metric` and those of `COSTS` that are known, sorted by update.
    runs : DataFrame
        Columns `run_id`, `arm`, `seed`, `outcome`, `status`.
    target : float or mapping of str to float
        Of all runs, or of each by its id: one that has none, or none that is finite, has no time.

    Returns
    -------
    DataFrame
        `run_id, arm, seed, outcome`, a column for each of `COSTS`, and `apart`, in updates: a row for
        each run that measured the metric, or died in an arm that does. A run that missed the target, or died
        after it, has infinite times; a cost that the history does not count is not a number.
    """
    rows = {str(run): group for run, group in history.groupby("run_id", sort=False)}
    known = {c: column for c, column in COSTS.items() if column in history and history[column].notna().any()}
    upward = higher_is_better(metric)
    measured = set(history.loc[history[metric].notna(), "run_id"].astype(str))
    goals = target if isinstance(target, Mapping) else dict.fromkeys(measured, target)
    measured = {run for run in measured if np.isfinite(goals.get(run, np.nan))}
    of_run = runs["run_id"].astype(str)
    able = set(runs.loc[of_run.isin(measured) | ~of_run.isin(rows), "arm"])
    found = []
    for (_, run), dead in zip(runs.iterrows(), died(runs), strict=True):
        mine = rows.get(str(run["run_id"]))
        row: dict[str, Any] = {name: run[name] for name in ("run_id", "arm", "seed", "outcome")}
        if dead and run["arm"] in able:
            row |= dict.fromkeys(known, float("inf"))
        elif mine is not None and not dead and str(run["run_id"]) in measured:
            values = mine[metric].to_numpy(float)
            goal = goals[str(run["run_id"])]
            reached = {
                cost: crossing(mine[column].to_numpy(float), values, goal, upward=upward)
                for cost, column in known.items()
            }
            row |= {cost: time for cost, (time, _) in reached.items()} | {"apart": reached["updates"][1]}
        else:
            continue
        found.append(row)
    frame = pd.DataFrame(found, columns=["run_id", "arm", "seed", "outcome", *COSTS, "apart"])
    return frame.astype(dict.fromkeys([*COSTS, "apart"], float))
