"""When runs reached a target: in updates, epochs, samples and multiply-adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.choosing import repeated
from reports.statistics.targets import COSTS, times

if TYPE_CHECKING:
    from reports.comparison import Comparison

SAME = 0.1
"""Two costs whose ratio varies by less among the runs of a data set draw the same picture: a left-over batch
is an update like others, and fewer samples."""


def time_rows(comparison: Comparison) -> pd.DataFrame | None:
    """Return every reported run's time to the study's target, and the median of each arm.

    Returns
    -------
    DataFrame or None
        None if the study states no target, or nothing measured it. An arm with several runs on one seed
        has no time. `arm, dataset, shown, seed, outcome`,
        the costs, `apart`, `seeds`, `reached`, `metric` and `target`. By `shown`: "seed", a run as `times`
        has it; "median", of the `seeds` of an arm, of which `reached` did: a miss is infinite in it,
        `apart` is the coarsest.
    """
    target = comparison.spec.get("target")
    if target is None or target["metric"] not in comparison.history.columns:
        return None
    metric, value = str(target["metric"]), float(target["value"])
    runs = comparison.chosen[~comparison.chosen["arm"].isin(repeated(comparison.chosen))]
    found = times(comparison.history, runs, metric, value)
    if found.empty:
        return None
    found = found.assign(shown="seed", reached=np.isfinite(found["updates"]).astype(int))
    datasets = {arm.name: panel.dataset for panel in comparison.layout.panels for arm in panel.arms}
    groups = dict(iter(found.groupby("arm", sort=False)))
    medians = [_median(arm.name, groups.get(arm.name, found.iloc[:0])) for arm in comparison.layout.arms]
    frame = pd.concat([pd.DataFrame(medians), found], ignore_index=True)
    frame = frame.assign(dataset=frame["arm"].map(datasets), metric=metric, target=value)
    order = [
        "arm",
        "dataset",
        "shown",
        "seed",
        "outcome",
        *COSTS,
        "apart",
        "seeds",
        "reached",
        "metric",
        "target",
    ]
    return frame.reindex(columns=order)


def distinct_costs(frame: pd.DataFrame) -> list[str]:
    """Return the costs that draw pictures of their own.

    Parameters
    ----------
    frame : DataFrame
        Columns `dataset` and those of `COSTS`.

    Returns
    -------
    list of str
        In the order of `COSTS`: of costs that are proportional to each other within every data set (epochs
        and samples, say) the first.
    """
    kept: list[str] = []
    for cost in COSTS:
        known = cost in frame.columns and np.isfinite(frame[cost]).any()
        if known and not any(proportional(frame, cost, other) for other in kept):
            kept.append(cost)
    return kept or ["updates"]


def proportional(frame: pd.DataFrame, cost: str, other: str) -> bool:
    """Return whether two costs are proportional to each other within every data set, to `SAME`."""
    both = frame[[cost, other]].to_numpy(dtype=float)
    positive = frame[(np.isfinite(both) & (both > 0)).all(axis=1)]
    ratio = (positive[cost] / positive[other]).groupby(positive["dataset"])
    return bool((ratio.max() <= (1 + SAME) * ratio.min()).all())


def _median(arm: str, mine: pd.DataFrame) -> dict[str, Any]:
    row: dict[str, Any] = {"arm": arm, "shown": "median", "seeds": len(mine), "reached": 0}
    if len(mine):
        row |= {cost: float(np.median(mine[cost])) for cost in COSTS}
        row |= {"reached": int(mine["reached"].sum()), "apart": float(mine["apart"].max())}
    return row
