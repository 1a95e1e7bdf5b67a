"""Which arms of a study are compared in pairs, and what they differ by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.record import higher_is_better
from reports import statistics
from reports.arms import MINUS, SEPARATOR, Arm, natural, shorten
from reports.statistics import counted

if TYPE_CHECKING:
    from reports.comparison import Comparison

MOST_ARMS = 6
"""Up to so many arms of a data set, every pair of them is compared."""
MOST_PAIRS = 600
"""Beyond so many pairs of a data set, those alone that have its best arm."""
LONGEST = 27
"""Characters that a label keeps of either side: it has to tell the two apart."""
SEVERAL = "several"
"""What pairs are called that differ in more than one compared key."""
TESTED = ("p", "p_holm", "p_note")
OWN_LOSS = "test_loss"
"""Own losses of different kinds do not compare."""


@dataclass(frozen=True)
class Pair:
    """Two arms of a data set.

    Attributes
    ----------
    first, second : str
        Names of arms; the difference is first less second.
    axis : str
        The compared key that they differ in, or `SEVERAL`.
    label : str
        What they differ in, and what they have in common.
    """

    first: str
    second: str
    axis: str
    label: str


def pairs(comparison: Comparison, dataset: str) -> list[Pair]:
    """Return the pairs of arms of a data set to compare, by the key that they differ in.

    Pairs that differ in one compared key; every pair where arms are few. Never across data sets.
    """
    arms = [arm for panel in comparison.layout.panels if panel.dataset == dataset for arm in panel.arms]
    axes = [axis for axis in comparison.axes if axis in comparison.runs.columns and axis != "dataset"]
    values = comparison.runs.drop_duplicates("arm").set_index("arm")[axes].fillna("").astype(str)
    few = len(arms) <= MOST_ARMS
    found = []
    for one, other in combinations(arms, 2):
        differ = [axis for axis in axes if str(values.at[one.name, axis]) != str(values.at[other.name, axis])]
        if few or len(differ) == 1:
            found.append(_pair(one, other, differ, values))
    if len(found) > MOST_PAIRS:
        best = _best(comparison, dataset, [arm.name for arm in arms])
        found = [pair for pair in found if best in (pair.first, pair.second)]
    order = {axis: place for place, axis in enumerate([*axes, SEVERAL])}
    return sorted(found, key=lambda pair: (order[pair.axis], natural(pair.label.rpartition(": ")[2])))


def frame(comparison: Comparison, dataset: str, metric: str, ratios: Mapping[str, float]) -> pd.DataFrame:
    """Compare the pairs of a data set by a metric: exploratory, so without p-values.

    Returns
    -------
    DataFrame
        `dataset, axis, label`, and the columns of `statistics.differences` but those of tests.
    """
    asked = pairs(comparison, dataset)
    draw = statistics.generator(str(comparison.spec["name"]), f"differences {dataset} {metric}")
    found = statistics.differences(
        comparison.chosen,
        [(pair.first, pair.second) for pair in asked],
        metric,
        generator=draw,
        ratios=ratios,
    )
    found = found.drop(columns=list(TESTED))
    found.insert(0, "dataset", dataset)
    found.insert(1, "axis", [pair.axis for pair in asked])
    found.insert(2, "label", [pair.label for pair in asked])
    return found


def by_goal(comparison: Comparison, place: int) -> pd.DataFrame:
    """Compare the pairs of every data set by its leading metric (`place` 0), or by its second one (1).

    Returns
    -------
    DataFrame
        As `frame` returns it. Without columns where there is no pair, or no metric that compares.
    """
    frames = []
    for dataset in comparison.layout.datasets:
        goals = comparison.goals(dataset)
        metric = goals[place] if place < len(goals) else OWN_LOSS
        if metric != OWN_LOSS:
            found = frame(comparison, dataset, metric, ratios(comparison, dataset, metric))
            if len(found):
                frames.append(found)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def ratios(comparison: Comparison, dataset: str, metric: str) -> dict[str, float]:
    """Return samples that score a metric by training samples, by arm; none where they are not known.

    The study's claims tell of the arms that they compare, the store of a data set that all runs split alike.
    """
    split, arms = metric.partition("_")[0], comparison.names(dataset)
    found: dict[str, float] = {}
    data = comparison.origins.data
    data = data[data["dataset"] == dataset] if len(data) else data
    if len(data) == 1:
        scored, trained = (pd.to_numeric(data[name], errors="coerce").iloc[0] for name in (split, "train"))
        # As many as train: they are the training samples, of which nothing is held out.
        if scored < trained:
            found |= dict.fromkeys(arms, float(scored / trained))
    for claim in comparison.spec.get("claims") or []:
        if str(claim["metric"]).partition("_")[0] == split:
            for cell in claim.get("cells") or []:
                if cell.get("test_per_training"):
                    found |= dict.fromkeys(map(str, cell["weights"]), float(cell["test_per_training"]))
    return {arm: found[arm] for arm in arms if arm in found}


def _pair(one: Arm, other: Arm, differ: list[str], values: pd.DataFrame) -> Pair:
    if len(differ) != 1:
        label = f"{shorten(one.label, LONGEST)} {MINUS} {shorten(other.label, LONGEST)}"
        return Pair(one.name, other.name, SEVERAL, label)
    (axis,) = differ
    varying = [name for name in values.columns if name != axis and values[name].nunique() > 1]
    shared = [text for name in varying if (text := str(values.at[one.name, name]))]
    first, second = (shorten(str(values.at[arm.name, axis]), LONGEST) for arm in (one, other))
    compared = f"{first} {MINUS} {second}"
    return Pair(one.name, other.name, axis, f"{SEPARATOR.join(shared)}: {compared}" if shared else compared)


def _best(comparison: Comparison, dataset: str, arms: list[str]) -> str:
    goal = comparison.goals(dataset)[0]
    runs = comparison.chosen[comparison.chosen["arm"].isin(arms)]
    middle = pd.Series(counted(runs, goal), index=runs["arm"]).groupby(level=0).median()
    if middle.empty:
        return arms[0]
    return str(middle.idxmax() if higher_is_better(goal) else middle.replace(np.nan, np.inf).idxmin())
