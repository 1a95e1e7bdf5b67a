"""Final scores of arms over their seeds.

A run that died (diverged or failed) has infinite loss and the accuracy of the majority class, and stays in
every denominator. Means are given only where all seeds live.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.choosing import died
from harness.intervals import Floats, t_interval
from harness.record import higher_is_better

LOSSES = ("loss", "squared_error")
"""How the names of metrics end of which a dead run's is infinite."""


def counted(runs: pd.DataFrame, metric: str) -> Floats:
    """Values of `metric`, shape (runs,), as they count in medians and ranks.

    A dead run has the accuracy of the majority class, and infinite loss; what is no score (`rho`, norms
    of gradients) it has not at all, unless the frame says that it is infinite, as of a time to target.
    """
    values = runs[metric].to_numpy(dtype=float, copy=True)
    dead = died(runs).to_numpy(dtype=bool)
    if higher_is_better(metric):
        values[dead] = runs["majority_accuracy"].to_numpy(dtype=float)[dead]
    elif metric.endswith(LOSSES):
        values[dead] = np.inf
    else:
        values[dead & np.isfinite(values)] = np.nan
    return values


def final_scores(runs: pd.DataFrame, arms: Sequence[str], metrics: Sequence[str]) -> pd.DataFrame:
    """Summarise final metrics of every arm.

    Parameters
    ----------
    runs : DataFrame
        The reported runs at the chosen values.
    arms : sequence of str
        All arms, those without a run included.
    metrics : sequence of str
        Columns of `runs`.

    Returns
    -------
    DataFrame
        One row an arm and metric: `arm, metric, seeds, dead, kind, centre, low, high, living_mean`. `kind`
        is "mean" with a t interval (`low`, `high`) while all seeds live and else "median" with dead runs
        counted and no interval; `living_mean` is conditional on having lived.
    """
    groups = dict(iter(runs.groupby("arm")))
    rows: list[dict[str, Any]] = []
    for arm in arms:
        group = groups.get(arm, runs.iloc[:0])
        dead = died(group).to_numpy(dtype=bool)
        for metric in metrics:
            values = counted(group, metric)
            row: dict[str, Any] = {"arm": arm, "metric": metric, "seeds": len(group), "dead": int(dead.sum())}
            row |= {"kind": "none", "centre": np.nan, "low": np.nan, "high": np.nan, "living_mean": np.nan}
            if len(values) and not dead.any():
                interval = map(float, t_interval(values))
                row |= dict(zip(("centre", "low", "high"), interval, strict=True), kind="mean")
                row["living_mean"] = row["centre"]
            elif len(values):
                row |= {"kind": "median", "centre": float(np.median(values))}
                row["living_mean"] = float(values[~dead].mean()) if not dead.all() else np.nan
            rows.append(row)
    return pd.DataFrame(rows)
