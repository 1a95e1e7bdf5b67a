"""Which value of a tuned key each arm is compared at: chosen on tuning seeds, used on the others."""

from collections.abc import Collection
from math import fsum
from typing import Any

import numpy as np
import pandas as pd

from harness.errors import ConfigurationError
from harness.intervals import t_interval
from harness.record import higher_is_better

TIED = 8
"""Means that differ by so many units in the last place, or fewer, are equal."""


def died(runs: pd.DataFrame) -> pd.Series:
    """Mark the runs that diverged or failed (columns `outcome`, `status`)."""
    return runs["outcome"].isin(["diverged", "failed"]) | (runs["status"] == "FAILED")


def repeated(runs: pd.DataFrame) -> list[str]:
    """Return the arms that have several runs on one seed: none of them is the arm's (`arm`, `seed`)."""
    named = runs.loc[runs["seed"].notna(), ["arm", "seed"]]
    return sorted(set(map(str, named.loc[named.duplicated(), "arm"])))


def sensitivity(
    runs: pd.DataFrame, over: str, metric: str, *, role: str = "tuning", seeds: Collection[int] = ()
) -> pd.DataFrame:
    """Summarise the runs of a role, of every arm at every value of the tuned key.

    Parameters
    ----------
    runs : DataFrame
        Columns `arm`, `seed`, `role`, `status`, `outcome`, `majority_accuracy`, `over` and `metric`.
    over, metric : str
        The tuned key, and the metric of the choice.
    role : {"tuning", "reported"}
        The choice is made on the tuning runs.
    seeds : collection of int
        Those that the study asked for, if it is known.

    Returns
    -------
    DataFrame
        One row an arm and value: `arm, value, seeds, dead, missing, lacking, mean, low, high`. `lacking`
        counts the seeds asked for of which the arm has no run at any value, `missing` the arm's seeds of
        that role without a run or a number here; `mean` is a number only if nothing died or is missing, for
        a mean over survivors would favour the edge of stability.

    Raises
    ------
    ConfigurationError
        If the runs do not have the tuned key, or it is no number.
    """
    mine = runs[runs["role"] == role]
    if over not in runs.columns:
        raise ConfigurationError(f"study.tune.over = {over!r}: no run has it; allowed: a key of the runs")
    words = mine.loc[pd.to_numeric(mine[over], errors="coerce").isna() & mine[over].notna(), over]
    if len(words):
        raise ConfigurationError(
            f"study.tune.over = {over!r}: a run has {words.iloc[0]!r}; allowed: a key whose values "
            "are numbers"
        )
    rows: list[dict[str, Any]] = []
    for arm, group in mine.groupby("arm", sort=False):
        expected = group["seed"].nunique()
        lacking = len(set(seeds) - set(group["seed"].dropna()))
        for value, point in group.groupby(over, sort=True):
            dead = died(point)
            living = point.loc[~dead, metric].to_numpy(dtype=float)
            # Sweep and report read the runs in orders of their own, and must choose the same value.
            living = np.sort(living[np.isfinite(living)])
            lost, missing = int(dead.sum()), expected - int(dead.sum()) - len(living)
            usable = lost == 0 and missing == 0 and len(living) > 0
            row = {"arm": arm, "value": value, "seeds": len(point), "dead": lost, "missing": missing}
            row["lacking"] = lacking
            _, low, high = t_interval(living) if usable else (np.nan, np.nan, np.nan)
            mean = fsum(living / len(living)) if usable else np.nan
            rows.append(row | {"mean": mean, "low": float(low), "high": float(high)})
    columns = ["arm", "value", "seeds", "dead", "missing", "lacking", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def choose(points: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Choose the tuned value of every arm.

    Parameters
    ----------
    points : DataFrame
        As `sensitivity` returns it.
    metric : str
        Decides whether the greatest or the least mean wins. Of means that are equal, but for rounding
        (`TIED`), the smaller value wins: it is the one further from divergence.

    Returns
    -------
    DataFrame
        One row an arm: `arm, value, edge, mean, seeds, lacking, tried, dead, reason`. `lacking` counts the
        tuning seeds asked for that the arm does not have: it was chosen on fewer. `edge` is "lowest" or
        "highest" where the choice is at the edge of the grid that was tried. Without a choice, `value` is
        not a number and `reason` says why.
    """
    rows: list[dict[str, Any]] = []
    for arm, group in points.sort_values(["value"], kind="stable").groupby("arm", sort=False):
        tried, dead = len(group), int((group["dead"] > 0).sum())
        usable = group[np.isfinite(group["mean"])]
        row = {"arm": arm, "value": np.nan, "edge": "", "mean": np.nan, "seeds": 0}
        row |= {"lacking": int(group["lacking"].max()), "tried": tried, "dead": dead, "reason": ""}
        if usable.empty:
            row["reason"] = (
                "a tuning seed diverged or failed at every value"
                if dead == tried
                else f"no value has {metric} of all tuning seeds"
            )
        else:
            score = usable["mean"].to_numpy()
            winner = score.max() if higher_is_better(metric) else score.min()
            best = usable.iloc[int(np.argmax(np.abs(score - winner) <= TIED * np.spacing(np.abs(winner))))]
            row |= {"value": float(best["value"]), "mean": float(best["mean"]), "seeds": int(best["seeds"])}
            if tried > 1 and row["value"] in (group["value"].iloc[0], group["value"].iloc[-1]):
                row["edge"] = "lowest" if row["value"] == group["value"].iloc[0] else "highest"
        rows.append(row)
    columns = ["arm", "value", "edge", "mean", "seeds", "lacking", "tried", "dead", "reason"]
    return pd.DataFrame(rows, columns=columns)


def at_chosen(runs: pd.DataFrame, choices: pd.DataFrame | None, over: str | None) -> pd.DataFrame:
    """Keep the reported runs at the chosen value of their arm; all reported runs where nothing is tuned."""
    reported = runs[runs["role"] == "reported"]
    if choices is None or over is None:
        return reported
    value = reported["arm"].map(choices.set_index("arm")["value"])
    return reported[reported[over] == value]
