"""What strips of final scores draw: every seed, the centre of each arm, and the majority class's accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.choosing import died
from harness.record import higher_is_better
from reports.statistics import counted
from reports.statistics.contrasts import REPEATED

if TYPE_CHECKING:
    from reports.comparison import Comparison

COLUMNS = [
    "arm", "dataset", "metric", "shown", "seed", "outcome", "tuned_value", "value", "low", "high", "kind",
    "seeds", "dead", "missing", "reason",
]  # fmt: skip
NO_CHOICE = "no value chosen (see table)"


def final_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the final test scores of every reported run and arm, a row each and metric.

    Returns
    -------
    DataFrame
        `COLUMNS`; the metrics of a data set are those of `goals`, the leading one first. By `shown`:

        - "seed": a run's `value` as it counts (a dead run's is infinite, or the majority class's
          accuracy), its `outcome`, and `dead` 1 if it died;
        - "centre": an arm's `value` with `low` and `high`, of a `kind` as `statistics.final_scores` has it,
          or the `reason` why there is none;
        - "majority": the accuracy of always answering the majority class, where it is known.
    """
    frames = [
        rows
        for dataset in comparison.layout.datasets
        for metric in comparison.goals(dataset)
        for rows in _of(comparison, dataset, metric)
    ]
    return pd.concat(frames, ignore_index=True).reindex(columns=COLUMNS)


def _of(comparison: Comparison, dataset: str, metric: str) -> list[pd.DataFrame]:
    names = comparison.names(dataset)
    runs = comparison.chosen[comparison.chosen["arm"].isin(names)]
    about = {"dataset": dataset, "metric": metric}
    seeds = runs[["arm", "seed", "outcome"]].assign(
        **about,
        shown="seed",
        tuned_value=runs[comparison.over] if comparison.over else np.nan,
        value=counted(runs, metric),
        dead=died(runs).astype(int),
    )
    scores = (
        comparison.scores[comparison.scores["metric"] == metric].set_index("arm").loc[names].reset_index()
    )
    reasons = _reasons(comparison, scores)
    centres = scores.rename(columns={"centre": "value"}).assign(**about, shown="centre", reason=reasons)
    frames = [centres]
    if len(seeds):
        frames.append(seeds)
    majority = comparison.majority(dataset)
    if higher_is_better(metric) and np.isfinite(majority):
        frames.append(pd.DataFrame([about | {"shown": "majority", "value": majority}]))
    return frames


def _reasons(comparison: Comparison, scores: pd.DataFrame) -> Sequence[str]:
    """Say of each arm why nothing of it is drawn; empty where something is."""
    unchosen: set[Any] = set()
    if comparison.choices is not None:
        unchosen = set(comparison.choices.loc[comparison.choices["reason"] != "", "arm"])
    return [
        NO_CHOICE
        if row["arm"] in unchosen
        else "no reported run"
        if row["runs"] == 0
        else REPEATED
        if row["repeated"]
        else "not measured"
        if np.isnan(row["centre"]) and row["dead"] == 0
        else ""
        for _, row in scores.iterrows()
    ]
