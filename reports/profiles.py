"""Performance profiles of a study: over data sets and seeds by cost, and by score for each data set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.choosing import repeated
from harness.record import higher_is_better
from reports.arms import SEPARATOR, Arm, Layout, Panel
from reports.statistics import counted, profiles, score_profiles
from reports.statistics.comparable import incomparable
from reports.times import proportional

if TYPE_CHECKING:
    from reports.comparison import Comparison

COSTS = ("updates", "multiply_adds")
_SAMPLES = re.compile(r" ?\(all [\d,]+(?: or [\d,]+)*\)")


def methods(layout: Layout) -> dict[str, tuple[str, str]]:
    """Return the method of every arm: its panel's axes less the data set, and its line.

    Feedings of all samples are one method, however many samples a data set has.
    """
    return {
        arm.name: (_SAMPLES.sub("", _less_data(panel)), _SAMPLES.sub("", arm.line))
        for panel in layout.panels
        for arm in panel.arms
    }


def without_data(layout: Layout) -> Layout:
    """Return a layout of methods: the panels of all data sets fall together, lines keep their looks."""
    found: dict[str, dict[str, Arm]] = {}
    of_arm = methods(layout)
    for arm in layout.arms:
        group, line = of_arm[arm.name]
        name = method_name(group, line)
        found.setdefault(group, {})[name] = Arm(name, name, arm.line, arm.look)
    panels = tuple(Panel(group, "", "", tuple(arms.values())) for group, arms in found.items())
    return Layout(panels, min(3, len(panels)))


def method_name(group: str, line: str) -> str:
    """Write a method as one text."""
    return SEPARATOR.join(filter(None, (group, line)))


def own_losses(comparison: Comparison) -> bool:
    """Tell whether the target is on own loss and arms of one data set differ in theirs: no ranking then."""
    target, runs = comparison.spec.get("target"), comparison.chosen
    return target is not None and any(
        incomparable(group, list(group["arm"].unique()), str(target["metric"]))
        for _, group in runs.groupby("dataset", sort=False)
    )


def cost_profiles(comparison: Comparison) -> pd.DataFrame | None:
    """Return the performance profiles of methods by their cost to the study's target.

    A problem is a data set with a seed; a method has its arm there.

    Returns
    -------
    DataFrame or None
        `statistics.profiles` with the `cost` counted, of those of `COSTS` that differ, and `free`, the
        problems that a method solved at no cost: it started there, and no other is within a factor of
        it. None without a target, with one method, or where `own_losses`.
    """
    times = comparison.times
    if times is None or own_losses(comparison):
        return None
    seeds = times[(times["shown"] == "seed") & times["seed"].notna()]
    of_arm = methods(comparison.layout)
    named = seeds.assign(
        method=[method_name(*of_arm[arm]) for arm in seeds["arm"]],
        problem=seeds["dataset"] + SEPARATOR + "seed " + seeds["seed"].astype(int).astype(str),
    )
    if named["method"].nunique() < 2:
        return None
    frames = [
        profiles(named[["method", "problem"]].assign(cost=named[cost])).assign(
            cost=cost, free=named.loc[named[cost] == 0, "problem"].nunique()
        )
        for cost in COSTS
        if named[cost].notna().any() and (cost == COSTS[0] or not proportional(named, cost, COSTS[0]))
    ]
    return pd.concat(frames, ignore_index=True) if frames else None


def score_shares(comparison: Comparison) -> pd.DataFrame | None:
    """Return the share of every arm's reported runs that score at least as well as each score.

    Returns
    -------
    DataFrame or None
        `statistics.score_profiles` of the leading test metric of each data set, with `arm`, `dataset` and
        `metric`. None where no run has a score; an arm with several runs on one seed has no share.
    """
    frames = []
    for dataset in comparison.layout.datasets:
        metric = comparison.goals(dataset)[0]
        names = set(comparison.names(dataset)) - set(repeated(comparison.chosen))
        runs = comparison.chosen[comparison.chosen["arm"].isin(names)]
        scores = pd.DataFrame({"method": runs["arm"], "score": counted(runs, metric)})
        if np.isfinite(scores["score"]).any():
            found = score_profiles(scores, higher=higher_is_better(metric))
            frames.append(found.rename(columns={"method": "arm"}).assign(dataset=dataset, metric=metric))
    return pd.concat(frames, ignore_index=True) if frames else None


def _less_data(panel: Panel) -> str:
    return panel.title.removeprefix(panel.dataset).removeprefix(SEPARATOR)
