"""Intervals, the choice of the tuned value, and the final scores of the arms.

Labelled frames in, labelled frames out. A run that died (diverged or failed) has infinite loss and the
accuracy of the majority class, and stays in every denominator. Means are given only where all seeds live.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from harness.intervals import half_width
from harness.record import higher_is_better

CONFIDENCE = 0.95
VANISHING, EXPLODING = 0.5, 2.0
"""Values of ρ (delta_rms from one hidden layer to the one before it) beyond which gradients do so."""
OUTCOMES = ("converged", "exhausted", "stalled", "diverged", "failed")
Floats = NDArray[np.float64]


def died(runs: pd.DataFrame) -> pd.Series:
    """Mark the runs that diverged or failed (columns `outcome`, `status`)."""
    return runs["outcome"].isin(["diverged", "failed"]) | (runs["status"] == "FAILED")


def t_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> tuple[Floats, Floats, Floats]:
    """Mean and Student-t interval over the last axis.

    Parameters
    ----------
    values : array_like, shape (..., n)
        One value a seed.
    confidence : float
        Coverage asked for.

    Returns
    -------
    mean, low, high : arrays, shape (...)
        `low` and `high` are not numbers for n < 2: one seed says nothing about its spread.
    """
    table = np.asarray(values, dtype=float)
    seeds = table.shape[-1]
    mean = table.mean(axis=-1)
    deviation = table.std(axis=-1, ddof=1) if seeds > 1 else np.full_like(mean, np.nan)
    half = half_width(deviation, seeds, confidence)
    return mean, mean - half, mean + half


def geometric_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> tuple[Floats, Floats, Floats]:
    """Geometric mean and interval over the last axis: `t_interval` of the logarithms.

    For positive quantities that span decades, such as gradients: the interval never reaches below 0. Where a
    value is 0, so is the mean, and there is no interval.
    """
    table = np.asarray(values, dtype=float)
    zero = (table == 0).any(axis=-1)
    with np.errstate(invalid="ignore"):
        logarithms = np.log(np.where(table == 0, 1.0, table))
    mean, low, high = (np.exp(bound) for bound in t_interval(logarithms, confidence))
    return np.where(zero, 0.0, mean), np.where(zero, np.nan, low), np.where(zero, np.nan, high)


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


def sensitivity(runs: pd.DataFrame, over: str, metric: str) -> pd.DataFrame:
    """Summarise the tuning runs of every arm at every value of the tuned key.

    Parameters
    ----------
    runs : DataFrame
        Columns `arm`, `seed`, `role`, `status`, `outcome`, `majority_accuracy`, `over` and `metric`.
    over, metric : str
        The tuned key, and the metric of the choice.

    Returns
    -------
    DataFrame
        One row an arm and value: `arm, value, seeds, dead, missing, mean, low, high`. `missing` counts the
        arm's tuning seeds without a run or a number here; `mean` is a number only if nothing died or is
        missing, for a mean over survivors would favour the edge of stability.
    """
    tuning = runs[runs["role"] == "tuning"]
    rows: list[dict[str, Any]] = []
    for arm, group in tuning.groupby("arm", sort=False):
        expected = group["seed"].nunique()
        for value, point in group.groupby(over, sort=True):
            dead = died(point)
            living = point.loc[~dead, metric].to_numpy(dtype=float)
            living = living[np.isfinite(living)]
            lost, missing = int(dead.sum()), expected - int(dead.sum()) - len(living)
            usable = lost == 0 and missing == 0
            row = {"arm": arm, "value": value, "seeds": len(point), "dead": lost, "missing": missing}
            interval = t_interval(living) if usable else (np.nan, np.nan, np.nan)
            rows.append(row | dict(zip(("mean", "low", "high"), map(float, interval), strict=True)))
    columns = ["arm", "value", "seeds", "dead", "missing", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def choose(points: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Choose the tuned value of every arm.

    Parameters
    ----------
    points : DataFrame
        As `sensitivity` returns it.
    metric : str
        Decides whether the greatest or the least mean wins. Of equal means the smaller value wins: it is
        the one further from divergence.

    Returns
    -------
    DataFrame
        One row an arm: `arm, value, edge, mean, seeds, tried, dead, reason`. `edge` is "lowest" or "highest"
        where the choice is at the edge of the grid that was tried. Without a choice, `value` is not a number
        and `reason` says why.
    """
    rows: list[dict[str, Any]] = []
    for arm, group in points.sort_values(["value"], kind="stable").groupby("arm", sort=False):
        tried, dead = len(group), int((group["dead"] > 0).sum())
        usable = group[np.isfinite(group["mean"])]
        row = {"arm": arm, "value": np.nan, "edge": "", "mean": np.nan, "seeds": 0}
        row |= {"tried": tried, "dead": dead, "reason": ""}
        if usable.empty:
            row["reason"] = (
                "a tuning seed diverged or failed at every value"
                if dead == tried
                else f"no value has {metric} of all tuning seeds"
            )
        else:
            score = usable["mean"].to_numpy()
            best = usable.iloc[int(np.argmax(score) if higher_is_better(metric) else np.argmin(score))]
            row |= {"value": float(best["value"]), "mean": float(best["mean"]), "seeds": int(best["seeds"])}
            if tried > 1 and row["value"] in (group["value"].iloc[0], group["value"].iloc[-1]):
                row["edge"] = "lowest" if row["value"] == group["value"].iloc[0] else "highest"
        rows.append(row)
    return pd.DataFrame(rows, columns=["arm", "value", "edge", "mean", "seeds", "tried", "dead", "reason"])


def at_chosen(runs: pd.DataFrame, choices: pd.DataFrame | None, over: str | None) -> pd.DataFrame:
    """Keep the reported runs at the chosen value of their arm; all reported runs where nothing is tuned."""
    reported = runs[runs["role"] == "reported"]
    if choices is None or over is None:
        return reported
    value = reported["arm"].map(choices.set_index("arm")["value"])
    return reported[reported[over] == value]


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
