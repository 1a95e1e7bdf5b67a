"""The one writer of a sweep: `begin` a run, `append` its rows, `finish` it with its record."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE, MLFLOW_SOURCE_NAME

from harness.record import Array, Record, metric_name
from harness.tracking.maps import maps_beside, write_maps
from harness.tracking.store import connect, experiment_id, search

BATCH = 1000
"""Metrics that one request may carry."""

TAG_LENGTH = 5000
ERROR = "harness.error"
TRACEBACK = "traceback.txt"
NUMBERS = ("best_validation_loss", "constant_loss", "majority_accuracy", "seconds")


@dataclass(frozen=True)
class Header:
    """What is known of a run before it trains."""

    name: str
    arm: str
    labels: Mapping[str, str]
    role: str
    fingerprint: str
    feeding: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Sweep:
    """What is known of a sweep before it trains.

    Attributes
    ----------
    experiment : str
        The study's name.
    grid : str
        The hash of the sorted fingerprints, by which a repeated sweep finds its parent again.
    documents : mapping of str to JSON's types
        Kept as artifacts: the study, the fingerprints of the grid.
    datasets : sequence of (name, digest)
    """

    experiment: str
    grid: str
    note: str
    tags: Mapping[str, str]
    documents: Mapping[str, Any]
    datasets: Sequence[tuple[str, str]]


class Writer:
    """Writes one sweep. Not for several threads at once.

    Parameters
    ----------
    uri : str
        The store.
    sweep : Sweep
    points : int
        Points that each metric series keeps.
    """

    def __init__(self, uri: str, sweep: Sweep, points: int) -> None:
        self.client = connect(uri)
        self.sweep = sweep
        self.points = points
        self.experiment = experiment_id(self.client, uri, sweep.experiment)
        self.parent = self._parent()
        self.abandoned = self._abandoned()
        self.sent: dict[str, set[tuple[str, int]]] = {}

    def _parent(self) -> str:
        query = f"tags.`harness.kind` = 'sweep' and tags.`harness.grid` = '{self.sweep.grid}'"
        found = self.client.search_runs([self.experiment], query, max_results=1)
        if found:
            run_id = str(found[0].info.run_id)
            self.client.update_run(run_id, status="RUNNING")
        else:
            tags = {
                "harness.kind": "sweep",
                "harness.grid": self.sweep.grid,
                "harness.study": self.sweep.experiment,
                MLFLOW_RUN_NOTE: self.sweep.note,
                MLFLOW_SOURCE_NAME: "python -m harness",
            }
            name = f"{self.sweep.experiment} · sweep"
            made = self.client.create_run(self.experiment, tags=tags, run_name=name)
            run_id = str(made.info.run_id)
            self.client.log_inputs(run_id, datasets=_inputs(self.sweep.datasets))
        for key, value in self.sweep.tags.items():
            self.client.set_tag(run_id, key, value)
        for name, document in self.sweep.documents.items():
            self.client.log_dict(run_id, document, name)
        return run_id

    def _abandoned(self) -> dict[str, str]:
        """Return the children, by fingerprint, that a killed launcher of this very sweep left RUNNING.

        Those of another grid are another sweep's, which may be alive.
        """
        query = (
            "tags.`harness.kind` = 'run' and attributes.status = 'RUNNING' "
            f"and tags.`{MLFLOW_PARENT_RUN_ID}` = '{self.parent}'"
        )
        left: dict[str, str] = {}
        for run in search(self.client, self.experiment, query):
            mark, run_id = run.data.tags["harness.fingerprint"], str(run.info.run_id)
            if mark in left:
                self.client.set_terminated(run_id, status="KILLED")
            left.setdefault(mark, run_id)
        return left

    def begin(self, header: Header, history: str) -> str:
        """Return the id of a child run: one that was left RUNNING, else a new one.

        Parameters
        ----------
        history : str
            The artifact that its rows will be in.
        """
        tags = {
            "harness.kind": "run",
            "harness.study": self.sweep.experiment,
            "harness.arm": header.arm,
            "harness.labels": json.dumps(dict(header.labels), ensure_ascii=False),
            "harness.role": header.role,
            "harness.feeding": header.feeding,
            "harness.fingerprint": header.fingerprint,
            "harness.history": history,
            MLFLOW_PARENT_RUN_ID: self.parent,
            MLFLOW_SOURCE_NAME: "python -m harness",
        }
        if header.fingerprint in self.abandoned:
            run_id = self.abandoned.pop(header.fingerprint)
            self._reopen(run_id, tags)
            return run_id
        made = self.client.create_run(self.experiment, tags=tags, run_name=header.name)
        return str(made.info.run_id)

    def _reopen(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Take a run up again: nothing that was sent is sent a second time, no old error stays."""
        run = self.client.get_run(run_id)
        if ERROR in run.data.tags:
            self.client.delete_tag(run_id, ERROR)
        self.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
        # A series is begun at another moment now, so that a store would keep both of its values.
        self.sent[run_id] = {
            (metric.key, metric.step)
            for name in run.data.metrics
            for metric in self.client.get_metric_history(run_id, name)
        }

    def append(self, history: str, tables: Mapping[str, Mapping[str, Any]]) -> None:
        """Write the rows of some runs, by run id, to one artifact of the parent."""
        parts = [
            pa.table({"run_id": [run_id] * len(columns["update"])} | dict(columns))
            for run_id, columns in tables.items()
        ]
        self._keep(history, lambda path: pq.write_table(pa.concat_tables(parts), path))

    def draw(self, history: str, maps: Mapping[str, Mapping[str, Array]]) -> None:
        """Write the decision maps of some runs, by run id, whose rows are in `history`."""
        self._keep(maps_beside(history), lambda path: write_maps(path, maps))

    def _keep(self, artifact: str, write: Callable[[Path], None]) -> None:
        """Keep a file that `write` makes as an artifact of the parent."""
        folder, name = artifact.rsplit("/", 1)
        with TemporaryDirectory() as scratch:
            path = Path(scratch) / name
            write(path)
            self.client.log_artifact(self.parent, str(path), folder)

    def finish(self, run_id: str, header: Header, record: Record) -> None:
        """Write a run's thinned metrics, parameters and outcome, and close it."""
        moment = int(time.time() * 1000)
        metrics = [
            *series(record.columns, self.points, moment),
            *_numbers(record.summary, moment),
        ]
        if sent := self.sent.pop(run_id, None):
            metrics = [metric for metric in metrics if (metric.key, metric.step) not in sent]
        parameters = [Param(key, str(value)) for key, value in header.parameters.items()]
        tags = {
            "harness.outcome": str(record.summary["outcome"]),
            "harness.stopped_by": str(record.summary["stopped_by"]),
            "harness.weights": record.weights_digest,
            "harness.timed": str(record.summary["timing"]),
            "harness.initializers": str(record.summary["initializers"]),
        }
        if record.warnings:
            tags["harness.warning"] = "; ".join(record.warnings)
        if record.complaints:
            tags["harness.complaints"] = ", ".join(complaint.name for complaint in record.complaints)
        # Once at least: a run whose metrics were all sent before still lacks its tags.
        for low in range(0, max(1, len(metrics)), BATCH):
            first = low == 0
            self.client.log_batch(
                run_id,
                metrics=metrics[low : low + BATCH],
                params=parameters if first else [],
                tags=[RunTag(key, value) for key, value in tags.items()] if first else [],
            )
        self.client.set_terminated(run_id, status="FINISHED")

    def fail(self, header: Header, reason: str, traceback: str) -> None:
        """Write a run that could not be trained: why in a line, and the traceback as an artifact."""
        run_id = self.begin(header, "")
        tags = {"harness.outcome": "failed", "harness.stopped_by": "error", ERROR: reason}
        self.client.log_batch(
            run_id,
            params=[Param(key, str(value)) for key, value in header.parameters.items()],
            tags=[RunTag(key, value[:TAG_LENGTH]) for key, value in tags.items()],
        )
        self.client.log_text(run_id, traceback, TRACEBACK)
        self.client.set_terminated(run_id, status="FAILED")

    def close(self, status: str, totals: Mapping[str, int]) -> None:
        """Write a sweep's totals and close its parent, and what is still RUNNING of an earlier start."""
        for run_id in self.abandoned.values():
            # Another launcher of this grid may have been alive after all, and have finished it.
            if self.client.get_run(run_id).info.status == "RUNNING":
                self.client.set_terminated(run_id, status="KILLED")
        moment = int(time.time() * 1000)
        metrics = [Metric(f"runs/{name}", count, moment, 0) for name, count in totals.items()]
        self.client.log_batch(self.parent, metrics=metrics)
        self.client.set_terminated(self.parent, status=status)


def thin(rows: int, points: int) -> list[int]:
    """Return at most `points` places of `rows`: the first, the last, and log-spaced ones between.

    One point is the last.
    """
    if points >= rows:
        return list(range(rows))
    if points == 1:
        return [rows - 1]
    spaced = np.geomspace(1, rows, points).round().astype(int) - 1
    return sorted({*spaced.tolist(), 0, rows - 1})


def series(columns: Mapping[str, Any], points: int, moment: int) -> list[Metric]:
    """Return a history's metrics at thinned rows; what is no finite number is left out."""
    places = thin(len(columns["update"]), points)
    steps = [int(columns["update"][place]) for place in places]
    found = []
    for column, values in columns.items():
        name = metric_name(column)
        if name is None:
            continue
        for place, step in zip(places, steps, strict=True):
            value = float(values[place])
            if np.isfinite(value):
                found.append(Metric(name, value, moment, step))
    return found


def _numbers(summary: Mapping[str, Any], moment: int) -> list[Metric]:
    step = int(summary["updates"])
    return [
        Metric(name, float(summary[name]), moment, step)
        for name in NUMBERS
        if name in summary and np.isfinite(summary[name])
    ]


def _inputs(datasets: Sequence[tuple[str, str]]) -> list[DatasetInput]:
    return [
        DatasetInput(
            Dataset(
                name=name,
                digest=digest[:36],
                source_type="code",
                source=json.dumps({"tags": {"mlflow.source.name": "harness.data"}}),
            ),
            tags=[InputTag("mlflow.data.context", "training")],
        )
        for name, digest in datasets
    ]
