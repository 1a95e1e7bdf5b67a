"""Time to target: when a curve, and when each run, first is as good as a value."""

import numpy as np
import pandas as pd

from harness.choosing import died
from harness.intervals import Floats
from harness.record import higher_is_better


def crossing(updates: Floats, values: Floats, target: float, *, upward: bool) -> tuple[float, float]:
    """Return when a curve first is as good as `target`.

    Parameters
    ----------
    updates, values : ndarray, shape (rows,)
        In order of updates; a value that is no number is as good as nothing.
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
        Columns `run_id`, `update` and `metric`, sorted by update.
    runs : DataFrame
        Columns `run_id`, `arm`, `outcome`, `status`.

    Returns
    -------
    DataFrame
        `run_id, arm, updates, apart`, a row for each run that died or left a history. A run that
        missed the target, or died after it, has infinite updates.
    """
    rows = {str(run): group for run, group in history.groupby("run_id", sort=False)}
    found = []
    for (_, run), dead in zip(runs.iterrows(), died(runs), strict=True):
        mine = rows.get(str(run["run_id"]))
        if dead:
            updates, apart = float("inf"), float("nan")
        elif mine is not None:
            curve = mine["update"].to_numpy(float), mine[metric].to_numpy(float)
            updates, apart = crossing(*curve, target, upward=higher_is_better(metric))
        else:
            continue
        found.append({"run_id": run["run_id"], "arm": run["arm"], "updates": updates, "apart": apart})
    return pd.DataFrame(found, columns=["run_id", "arm", "updates", "apart"])
