"""What arms score at every value of the tuned key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness import choosing
from reports.statistics import counted, final_scores

if TYPE_CHECKING:
    from reports.comparison import Comparison

COLUMNS = [
    "arm", "dataset", "over", "value", "role", "metric", "seeds", "dead", "missing", "mean", "low", "high",
    "chosen", "edge",
]  # fmt: skip


def sensitivity_rows(comparison: Comparison) -> pd.DataFrame | None:
    """Return mean scores of every arm at every value of the tuned key; None where nothing is tuned.

    Returns
    -------
    DataFrame
        `COLUMNS`: by the metric of the choice on tuning seeds (`role` "tuning"), and by the leading test
        metric of the data set on the reported ones ("reported"), unless those were trained at the chosen
        value of their arm alone. `mean` is not a number where a seed
        died or is missing; `chosen` is 1 at the chosen value, whose `edge` is "lowest" or "highest"
        where it is the last of the grid that was tried.
    """
    over, metric = comparison.over, comparison.metric
    if over is None or metric is None or comparison.points is None or comparison.choices is None:
        return None
    datasets = {arm.name: panel.dataset for panel in comparison.layout.panels for arm in panel.arms}
    frames = [comparison.points.assign(role="tuning", metric=metric)]
    for dataset in () if comparison.at_chosen_alone else comparison.layout.datasets:
        goal = comparison.goals(dataset)[0]
        mine = comparison.runs[comparison.runs["dataset"] == dataset]
        found = choosing.sensitivity(mine, over, goal, role="reported")
        frames.append(found.assign(role="reported", metric=goal))
    frame = pd.concat([each for each in frames if len(each)], ignore_index=True)
    choice = comparison.choices.set_index("arm")
    chosen = frame["value"] == frame["arm"].map(choice["value"])
    edges = frame["arm"].map(choice["edge"]).where(chosen, "").fillna("")
    frame = frame.assign(over=over, dataset=frame["arm"].map(datasets), chosen=chosen.astype(int), edge=edges)
    return frame[COLUMNS]


def one_rate_rows(comparison: Comparison) -> pd.DataFrame | None:
    """Return what every arm scores at each value of the tuned key, on the reported seeds.

    Returns
    -------
    DataFrame or None
        `arm, dataset, over, value` and what `statistics.final_scores` says of the leading test metric of
        the data set there: its mean, or its median where a seed died; and `median`, dead seeds counted, of
        every arm. None where nothing is tuned, the reported seeds were trained at one value alone or at
        that of their arm, or no data set has two arms.
    """
    over = comparison.over
    if over is None or comparison.at_chosen_alone:
        return None
    if all(len(comparison.names(dataset)) < 2 for dataset in comparison.layout.datasets):
        return None
    reported = comparison.runs[comparison.runs["role"] == "reported"]
    frames = []
    for dataset in comparison.layout.datasets:
        goal, names = comparison.goals(dataset)[0], comparison.names(dataset)
        mine = reported[reported["dataset"] == dataset]
        for value, runs in mine.groupby(over, sort=True):
            scores = final_scores(runs, names, [goal])
            medians = pd.Series(counted(runs, goal), index=runs["arm"]).groupby(level=0).median()
            scores["median"] = scores["arm"].map(medians).where(scores["centre"].notna())
            frames.append(scores.assign(dataset=dataset, over=over, value=value))
    if not frames:
        return None
    frame = pd.concat(frames, ignore_index=True)
    if frame["value"].nunique() < 2:
        return None
    order = ["arm", "dataset", "over", "value"]
    return frame[[*order, *(name for name in frame.columns if name not in order)]]


def at_edges(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the chosen values of `sensitivity_rows` that lie at an edge of the grid, an arm a row."""
    return frame[(frame["role"] == "tuning") & (frame["chosen"] == 1) & (frame["edge"] != "")]


def tried(frame: pd.DataFrame) -> list[float]:
    """Return the values tried, sorted."""
    return [float(value) for value in np.sort(frame["value"].unique())]
