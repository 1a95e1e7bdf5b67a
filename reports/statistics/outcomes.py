"""How the runs of arms ended, counted over every run."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.choosing import died
from reports.statistics.shares import wilson

OUTCOMES = ("converged", "exhausted", "stalled", "diverged", "failed")


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
