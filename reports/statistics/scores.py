"""Final scores of arms over their seeds.

Means are given only where all seeds live.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.intervals import t_interval
from reports.statistics.by_seed import BySeed, Metric


def final_scores(
    runs: pd.DataFrame, arms: Sequence[str], metrics: Sequence[str], *, geometric: bool = False
) -> pd.DataFrame:
    """Summarise final metrics of every arm.

    Parameters
    ----------
    runs : DataFrame
        The reported runs at the chosen values.
    arms : sequence of str
        All arms, those without a run included.
    metrics : sequence of str
        Columns of `runs`.
    geometric : bool
        Whether means are geometric, with the t interval of the logarithms. A value without a finite logarithm
        counts as dead then.

    Returns
    -------
    DataFrame
        One row an arm and metric: `arm, metric, runs, seeds, dead, missing, repeated, kind, centre, low,
        high, living_mean`. `seeds` are those of the arm's `runs` that died or have a value, `dead` of them
        dead or infinite; `missing` have neither. `repeated`: the arm, if several of its runs are on one
        seed, of which none is the arm's: there is no seed then. `kind` is "mean" with a t interval (`low`,
        `high`) while all seeds live, else "median" with dead runs counted and no interval, or "none"
        without a seed; `living_mean` is conditional on having lived.
    """
    counts = runs["arm"].value_counts()
    rows = []
    for metric in metrics:
        laid = Metric(runs, metric, logarithmic=geometric)
        rows += [
            {"arm": arm, "metric": metric, "runs": int(counts.get(arm, 0))} | _row(laid.of([arm]), geometric)
            for arm in arms
        ]
    found = pd.DataFrame(rows)
    order = pd.MultiIndex.from_product([list(arms), list(metrics)], names=["arm", "metric"])
    return found.set_index(["arm", "metric"]).reindex(order).reset_index() if len(found) else found


def _row(found: BySeed, geometric: bool) -> dict[str, Any]:
    seeds, alive = len(found.seeds), found.alive
    dead = int((~alive).sum())
    row: dict[str, Any] = {"seeds": seeds, "dead": dead, "missing": found.missing}
    row |= {"repeated": found.repeated, "kind": "none"}
    row |= dict.fromkeys(("centre", "low", "high", "living_mean"), np.nan)
    if seeds and not dead:
        interval = (_linear(end, geometric) for end in t_interval(found.values[:, 0]))
        row |= dict(zip(("centre", "low", "high"), interval, strict=True), kind="mean")
        row["living_mean"] = row["centre"]
    elif seeds:
        row |= {"kind": "median", "centre": float(np.median(found.counted[:, 0]))}
        row["living_mean"] = _linear(found.values[alive, 0].mean(), geometric) if alive.any() else np.nan
    return row


def _linear(value: Any, geometric: bool) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp2(value) if geometric else value)
