"""Performance profiles: how often a method is within a factor of the best, or as good as a score."""

import numpy as np
import pandas as pd

from harness.intervals import CONFIDENCE
from reports.statistics.shares import wilson

PROFILE_COLUMNS = ["method", "ratio", "share", "solved", "problems", "unsolved", "missing"]
SCORE_COLUMNS = ["method", "score", "share", "low", "high", "count", "runs"]


def profiles(costs: pd.DataFrame) -> pd.DataFrame:
    """Return the performance profile of each method (Dolan and Moré 2002).

    Parameters
    ----------
    costs : DataFrame
        `method, problem, cost`: one row a method and problem; infinite: the method missed the problem.

    Returns
    -------
    DataFrame
        The steps of each profile, `PROFILE_COLUMNS`: the `share` of the problems (`solved` of `problems`)
        that the method solved within `ratio` times the best method's cost, at the same ratios for all
        methods, from 1 on. Methods that tie for the best are all within 1. `unsolved` counts the problems
        that no method solved, `missing` those of which the method has no cost, which it misses; both
        stay in `problems`. Where the best cost is 0, only those that cost 0 too are within a factor of it.

    Raises
    ------
    ValueError
        If a cost is negative, or a method has two on one problem.
    """
    if costs.duplicated(["method", "problem"]).any():
        double = costs.loc[costs.duplicated(["method", "problem"]), ["method", "problem"]].iloc[0]
        raise ValueError(f"costs: {double['method']} has two on {double['problem']}; allowed: one")
    if (costs["cost"] < 0).any():
        raise ValueError(f"costs: {costs['cost'].min():g}; allowed: from 0 on, infinite for a miss")
    of_method, methods = pd.factorize(costs["method"])
    of_problem, problems = pd.factorize(costs["problem"])
    table = np.full((len(methods), len(problems)), np.nan)
    table[of_method, of_problem] = costs["cost"].to_numpy(dtype=float)
    missing = np.isnan(table).sum(axis=1)
    table[np.isnan(table)] = np.inf
    best = table.min(axis=0, initial=np.inf)
    ratios = np.full_like(table, np.inf)
    np.divide(table, best, out=ratios, where=np.isfinite(table) & (best > 0))
    ratios[np.isfinite(table) & (table == best)] = 1.0
    steps = np.unique(np.append(ratios[np.isfinite(ratios)], 1.0))
    rows = [
        pd.DataFrame({"method": method, "ratio": steps, "missing": int(missing[place])}).assign(
            solved=np.searchsorted(np.sort(ratios[place]), steps, side="right")
        )
        for place, method in enumerate(methods)
    ]
    if not rows:
        return pd.DataFrame(columns=PROFILE_COLUMNS)
    found = pd.concat(rows, ignore_index=True)
    found = found.assign(problems=len(problems), unsolved=int(np.isinf(best).sum()))
    return found.assign(share=found["solved"] / len(problems))[PROFILE_COLUMNS]


def score_profiles(scores: pd.DataFrame, *, higher: bool, confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Return the share of each method's runs that are at least as good as a score (Agarwal et al. 2021).

    Parameters
    ----------
    scores : DataFrame
        `method, score`: one row a run, dead ones with what they count as; a run without a score is as good
        as none.
    higher : bool
        Whether higher scores are better.

    Returns
    -------
    DataFrame
        `SCORE_COLUMNS`: the `share` of a method's `runs`, `count` of them, whose score is at least `score`
        (at most, if lower is better), at each finite score that was found and for all methods, in order
        of scores. `low` and `high` are Wilson's, at each score by itself.
    """
    thresholds = np.unique(scores["score"].to_numpy(dtype=float))
    thresholds = thresholds[np.isfinite(thresholds)]
    rows = []
    for method, group in scores.groupby("method", sort=False):
        values = np.sort(group["score"].dropna().to_numpy(dtype=float))
        if higher:
            counts = len(values) - np.searchsorted(values, thresholds, side="left")
        else:
            counts = np.searchsorted(values, thresholds, side="right")
        bands = [wilson(int(count), len(group), confidence) for count in counts]
        frame = pd.DataFrame(bands, columns=["share", "low", "high"], dtype=float)
        rows.append(frame.assign(method=method, score=thresholds, count=counts, runs=len(group)))
    return pd.concat(rows, ignore_index=True)[SCORE_COLUMNS] if rows else pd.DataFrame(columns=SCORE_COLUMNS)
