"""The frames of a study: one row a run, one row a measurement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from harness.record import SCORES, SPLITS
from harness.tracking.origins import Origin, Origins
from harness.tracking.thinning import thin

if TYPE_CHECKING:
    from mlflow.entities import Run

RATE = "optimizer.learning_rate"
FINAL = (
    "epoch",
    "update",
    "samples",
    "multiply_adds",
    *(f"{split}_{score}" for split in SPLITS for score in SCORES),
    "rho",
)


@dataclass(frozen=True, eq=False)
class Child:
    """What is kept of a run of a store, which is small beside the run.

    Attributes
    ----------
    row : dict
        As `row_of` returns it.
    history : tuple of str, or None
        Where its rows lie: a run's id and a path among its artifacts.
    origin : Origin
        What made it.
    """

    row: dict[str, Any]
    history: tuple[str, str] | None
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, eq=False)
class StudyRecord:
    """Everything that a store holds of a study.

    Attributes
    ----------
    spec : mapping
        The study as it was asked, and how many ``runs`` that is. Of runs trained elsewhere, ``elsewhere``
        is true, and ``method`` says what is known of them.
    runs : DataFrame
        One row a run: ``run_id``, ``fingerprint``, ``arm``, ``seed``, ``role``, ``status``,
        ``outcome``, ``stopped_by``, ``warnings`` (sentences joined by "; ", the doctor's last),
        ``complaints`` (names joined by ", "), ``dataset``, ``feeding``, a column for each compared
        key, the tuned key, the learning rate, and the final value of every score.
    history : DataFrame
        One row a measurement, with ``run_id``.
    provenance : mapping of str to str
    parent_run_id : str or None
        The latest sweep, to which a report is attached.
    origins : Origins
        What made the runs, in configuration, platform and data.
    uri : str or None
        The store, where decision maps are fetched from when they are drawn; None of a record made by hand.
    """

    spec: Mapping[str, Any]
    runs: pd.DataFrame
    history: pd.DataFrame
    provenance: Mapping[str, str]
    parent_run_id: str | None
    origins: Origins = field(default_factory=Origins)
    # An address may hold a password.
    uri: str | None = field(default=None, repr=False)


def rows_of(file: BinaryIO, run_ids: Sequence[str]) -> pd.DataFrame:
    """Return the rows that a history's Parquet holds of some runs."""
    rows: pd.DataFrame = pq.ParquetFile(file).read().to_pandas()
    return rows[rows["run_id"].isin(run_ids)]


def updates_of(file: BinaryIO, run_ids: Sequence[str]) -> pd.DataFrame:
    """Return the updates alone of the rows that a history's Parquet holds of some runs."""
    rows: pd.DataFrame = pq.ParquetFile(file).read(columns=["run_id", "update"]).to_pandas()
    return rows[rows["run_id"].isin(run_ids)]


def thinned(rows: pd.DataFrame, arms: Mapping[str, str], points: int) -> pd.Series:
    """Return which rows are kept of histories thinned to some points, by (run_id, update).

    Parameters
    ----------
    rows : DataFrame
        ``run_id`` and ``update`` of all rows.
    arms : mapping of str to str
        By run id. Runs of an arm keep the same updates, each its last row besides.

    Returns
    -------
    Series of bool
        In the order of `rows`.
    """
    of_arm = rows["run_id"].map(arms)
    last = rows.groupby("run_id")["update"].transform("max")
    kept = rows["update"] == last
    for _, group in rows.groupby(of_arm, sort=False):
        counts = group["update"].value_counts().sort_index()
        ends = np.sort(group.groupby("run_id")["update"].max().to_numpy())
        reached = len(ends) - np.searchsorted(ends, counts.index.to_numpy())
        # An update at which one run ended and the others were not measured has no mean.
        known = counts.index[counts.to_numpy() == reached]
        kept.loc[group.index] |= group["update"].isin(known[thin(len(known), points)])
    return kept


def runs_of(children: Sequence[Child], history: pd.DataFrame) -> pd.DataFrame:
    """Return one row a run, with the final values that its history ends with."""
    frame = pd.DataFrame([child.row for child in children])
    if history.empty:
        renamed = ["epochs", "updates", *FINAL[2:]]
        return frame.reindex(columns=[*frame.columns, *renamed])
    # The last row, not MLflow's last metric: an infinity or NaN is never logged as a metric.
    last = history.sort_values("update", kind="stable").drop_duplicates("run_id", keep="last")
    final = last.reindex(columns=["run_id", *FINAL])
    final = final.rename(columns={"epoch": "epochs", "update": "updates"})
    return frame.merge(final, on="run_id", how="left")


def row_of(run: "Run", spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run's row says but for its final values."""
    tuned = (spec.get("tune") or {}).get("over")
    tags, parameters, metrics = run.data.tags, run.data.params, run.data.metrics
    row: dict[str, Any] = {
        "run_id": run.info.run_id,
        "fingerprint": tags["harness.fingerprint"],
        "arm": tags["harness.arm"],
        "seed": int(parameters["seed"]),
        "role": tags["harness.role"],
        "status": run.info.status,
        "outcome": tags.get("harness.outcome", ""),
        "stopped_by": tags.get("harness.stopped_by", ""),
        "warnings": tags.get("harness.warning", ""),
        "complaints": tags.get("harness.complaints", ""),
        "dataset": parameters["dataset"],
        "feeding": tags["harness.feeding"],
        "majority_accuracy": metrics.get("majority_accuracy", float("nan")),
        "best_validation_loss": metrics.get("best_validation_loss", float("nan")),
    }
    row |= _labels(run, spec)
    if tuned is not None:
        row[tuned] = float(parameters[tuned])
    row.setdefault(RATE, float(parameters[RATE]))
    return row


def _labels(run: "Run", spec: Mapping[str, Any]) -> dict[str, str]:
    """Return what tells a run's arm from others, by key."""
    try:
        return {
            _whole(key): _whole(value) for key, value in json.loads(run.data.tags["harness.labels"]).items()
        }
    except ValueError:
        # A store cuts long tags short: the parameters say the same, if less well.
        return {key: run.data.params[key] for key in spec["arms"] if key in run.data.params}


def _whole(text: object) -> str:
    """Return a text that a frame can hold: JSON may have halves of characters."""
    return str(text).encode(errors="backslashreplace").decode()
