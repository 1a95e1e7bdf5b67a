"""Shares, final scores and outcomes of the arms.

Labelled frames in, labelled frames out. A run that died (diverged or failed) has infinite loss and the
accuracy of the majority class, and stays in every denominator. Means are given only where all seeds live.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from harness.choosing import died
from harness.intervals import CONFIDENCE, Floats, t_interval
from harness.record import higher_is_better

VANISHING, EXPLODING = 0.5, 2.0
"""Values of ρ (delta_rms from one hidden layer to the one before it) beyond which gradients do so."""
OUTCOMES = ("converged", "exhausted", "stalled", "diverged", "failed")


def wilson(count: int, seeds: int, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """Share `count / seeds` with its Wilson interval; not numbers without seeds."""
    if seeds == 0:
        return float("nan"), float("nan"), float("nan")
    interval = stats.binomtest(count, seeds).proportion_ci(confidence, method="wilson")
    return count / seeds, float(interval.low), float(interval.high)


def counted(runs: pd.DataFrame, metric: str) -> Floats:
    """Values of `metric`, shape (runs,), as they count in medians and ranks: dead runs included."""
    values = runs[metric].to_numpy(dtype=float, copy=True)
    dead = died(runs).to_numpy()
    if higher_is_better(metric):
        values[dead] = runs["majority_accuracy"].to_numpy(dtype=float)[dead]
    else:
        values[dead] = np.inf
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


def outcome_counts(runs: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Count outcomes by the columns `by`.

    Returns
    -------
    DataFrame
        `by`, `runs`, a count for each of `OUTCOMES`, `warned`, and `died_share` with its Wilson interval
        `died_low`, `died_high` (diverged or failed, over all runs).
    """
    flags = runs[list(by)].copy()
    for outcome in OUTCOMES:
        flags[outcome] = runs["outcome"] == outcome
    flags["warned"] = runs["warnings"].fillna("").astype(str).str.strip() != ""
    flags["died"] = died(runs)
    flags["runs"] = 1
    table = flags.groupby(list(by), sort=False).sum().reset_index()
    shares = [wilson(int(dead), int(n)) for dead, n in zip(table["died"], table["runs"], strict=True)]
    table[["died_share", "died_low", "died_high"]] = np.array(shares, dtype=float).reshape(-1, 3)
    return table[[*by, "runs", *OUTCOMES, "warned", "died_share", "died_low", "died_high"]].copy()
