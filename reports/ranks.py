"""By which of their centres arms are ranked, and which are best: all by the same one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.record import higher_is_better

SAME = 1e-9
"""Centres that differ by less, relatively, are tied: they are sums of the same numbers in another order."""


def ranked_by(rows: pd.DataFrame) -> tuple[str, pd.Series]:
    """Return what the arms of a data set are ranked by: their means, or all their medians once a seed died.

    An arm of which a seed died has no mean; its median beside the means of the others would be no rank.

    Parameters
    ----------
    rows : DataFrame
        `final_rows.final_rows` of one data set and metric.

    Returns
    -------
    kind : str
        "mean" or "median".
    centres : Series
        By arm; a dead run counts as `final_rows` says. Not a number for an arm without a centre.
    """
    centres = rows[rows["shown"] == "centre"].set_index("arm")
    means = centres["value"].astype(float)
    if not (centres["dead"] > 0).any():
        return "mean", means
    seeds = rows[rows["shown"] == "seed"]
    medians = seeds["value"].astype(float).groupby(seeds["arm"]).median()
    return "median", medians.reindex(means.index).where(means.notna())


def best(centres: pd.Series, metric: str) -> list[str]:
    """Return the arms whose centre is the best, several if they tie; none where no centre is finite."""
    known = centres[np.isfinite(centres)]
    if known.empty:
        return []
    most = known.max() if higher_is_better(metric) else known.min()
    return [str(arm) for arm in known.index[np.isclose(known, most, rtol=SAME, atol=0.0)]]
