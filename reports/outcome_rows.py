"""How the runs of each arm ended, over every run of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from reports.statistics import outcome_counts

if TYPE_CHECKING:
    from reports.comparison import Comparison


def outcome_rows(comparison: Comparison) -> pd.DataFrame:
    """Count outcomes by arm over all runs, in drawing order.

    Returns
    -------
    DataFrame
        `statistics.outcome_counts`; `reported` seeds at the value chosen; those `missing` of the ones that
        the study or another arm has.
    """
    order = {arm.name: place for place, arm in enumerate(comparison.layout.arms)}
    frame = outcome_counts(comparison.runs, ["arm"])
    frame = frame.sort_values("arm", key=lambda names: names.map(order), kind="stable").reset_index(drop=True)
    asked = {int(seed) for seed in comparison.spec.get("seeds") or []} | set(comparison.chosen["seed"])
    have = comparison.chosen.groupby("arm")["seed"].nunique()
    frame["reported"] = frame["arm"].map(have).fillna(0).astype(int)
    return frame.assign(missing=len(asked) - frame["reported"])
