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
        `statistics.outcome_counts`; `reported` seeds at the value chosen, a run that names none being one;
        those `missing` of the ones that the study or another arm has, none of an arm that names no seeds, or
        of which none was asked for since it chose no value.
    """
    order = {arm.name: place for place, arm in enumerate(comparison.layout.arms)}
    frame = outcome_counts(comparison.runs, ["arm"])
    frame = frame.sort_values("arm", key=lambda names: names.map(order), kind="stable").reset_index(drop=True)
    seeds = comparison.chosen.groupby("arm")["seed"]
    named, nameless = (
        frame["arm"].map(each).fillna(0).astype(int) for each in (seeds.nunique(), unnamed(comparison))
    )
    frame["reported"] = named + nameless
    wanted = (named > 0) | (nameless == 0)
    if comparison.at_chosen_alone:
        wanted &= ~frame["arm"].isin(comparison.unchosen)
    return frame.assign(missing=(len(asked(comparison)) - named).where(wanted, 0))


def asked(comparison: Comparison) -> set[int]:
    """Return the seeds that the study names, or some arm has at the value chosen."""
    reported = {int(seed) for seed in comparison.chosen["seed"].dropna()}
    return reported | {int(seed) for seed in comparison.spec.get("seeds") or []}


def unnamed(comparison: Comparison) -> pd.Series:
    """Count the reported runs of each arm that name no seed."""
    return comparison.chosen["seed"].isna().groupby(comparison.chosen["arm"]).sum()
