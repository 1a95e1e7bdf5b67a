"""Runs of a small stack as a sweep hands them to tracking, and all that a store holds of them."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from harness import compose, train
from harness.record import Record
from harness.tracking.batches import Batch, Ended, Failed, Header, Samples, Sweep, Underway
from harness.tracking.settings import SQLITE
from harness.tracking.store import connect, search

if TYPE_CHECKING:
    from mlflow.entities import Run

GRID = "a1b2"
MOONS = Samples("moons", "0" * 64, features=2, classes=2, samples=60, train=36, validation=12, test=12)
SWEEP = Sweep(
    "adhoc",
    GRID,
    "A note.",
    {"harness.started": "2030-01-01", "harness.command": "python -m harness -m"},
    {"study.json": {"name": "adhoc"}, "grid.json": {"fingerprints": ["0", "1"]}},
    [MOONS],
)
RUN = ("dataset=moons", "dataset.samples=60", "stopping.epochs=8", "architecture.width=4")
POINTS = 10

Pairs = Sequence[tuple[Header, Record]]


@lru_cache
def trained(runs: int = 2, *overrides: str) -> Pairs:
    """Return the headers and records of some runs that differ in their seeds."""
    configs = [compose([*RUN, *overrides, f"seed={seed}"]) for seed in range(runs)]
    return [
        (
            Header(
                f"run {run.seed}", "arm", {"a": "b"}, "reported", record.fingerprint, "SGD", run.flat, MOONS
            ),
            record,
        )
        for run, record in zip(configs, train(configs), strict=True)
    ]


def many(runs: int, stack: str = "s") -> Pairs:
    """Return as many runs as asked for with the records of two: to deliver them is what matters."""
    made = trained()
    return [
        (
            replace(made[place % 2][0], name=f"{stack} {place}", fingerprint=f"{stack}{place:063}"),
            made[place % 2][1],
        )
        for place in range(runs)
    ]


def whole(stack: str, pairs: Pairs) -> Batch:
    """Return runs that ended in their first leg."""
    return Batch(history=f"histories/{stack}-1.parquet", runs=[ended(*pair) for pair in pairs])


def ended(header: Header, record: Record, since: int = 0) -> Ended:
    return Ended(header=header, record=record, since=since, planned=len(record.columns["update"]))


def underway(header: Header, record: Record, rows: int, since: int = 0) -> Underway:
    columns = {name: values[:rows] for name, values in record.columns.items()}
    return Underway(header=header, columns=columns, since=since, planned=len(record.columns["update"]))


def failed(header: Header) -> Failed:
    return Failed(header=header, reason="OSError: no luck", traceback="Traceback: no luck at all")


def in_legs(stack: str, pairs: Pairs, *cuts: int) -> list[Batch]:
    """Return the batches of legs that end after so many rows, and of the last one."""
    edges = [0, *cuts]
    legs: list[Sequence[Underway | Ended]] = [
        [underway(*pair, rows, since) for pair in pairs] for since, rows in zip(edges, cuts, strict=False)
    ]
    legs.append([ended(*pair, since=edges[-1]) for pair in pairs])
    return [
        Batch(history=f"histories/{stack}-{leg}.parquet", runs=runs) for leg, runs in enumerate(legs, start=1)
    ]


def held(uri: str, kind: str = "run", experiment: str = "adhoc") -> "list[Run]":
    """Return all runs of a kind that a store holds."""
    client = connect(uri)
    found = client.get_experiment_by_name(experiment)
    return list(search(client, found.experiment_id, f"tags.`harness.kind` = '{kind}'")) if found else []


def metrics(uri: str, run: "Run") -> Counter[tuple[str, int, float]]:
    """Count what a store holds of a run's series: each point should be there once."""
    if uri.startswith(SQLITE):
        # Past MLflow, which takes a request for each series.
        with closing(sqlite3.connect(uri.removeprefix(SQLITE))) as database:
            query = "SELECT key, step, value FROM metrics WHERE run_uuid = ?"
            return Counter(database.execute(query, [run.info.run_id]).fetchall())
    client = connect(uri)
    return Counter(
        (point.key, point.step, point.value)
        for name in run.data.metrics
        for point in client.get_metric_history(run.info.run_id, name)
    )


def everything(uri: str, experiment: str = "adhoc") -> Mapping[str, Any]:
    """Return all that a store holds of the runs of a sweep, by run id."""
    return {
        run.info.run_id: (
            (run.info.status, run.info.start_time, run.info.end_time, run.info.run_name),
            run.data.tags,
            run.data.params,
            metrics(uri, run),
        )
        for run in held(uri, experiment=experiment)
    }


def results(uri: str, experiment: str = "adhoc") -> dict[str, Any]:
    """Return what a store holds of each fingerprint, but ids and times; once is all that may be there."""
    found = held(uri, experiment=experiment)
    assert len({run.data.tags["harness.fingerprint"] for run in found}) == len(found)
    ids = {"mlflow.parentRunId"}
    return {
        run.data.tags["harness.fingerprint"]: (
            run.info.status,
            {key: value for key, value in run.data.tags.items() if key not in ids},
            run.data.params,
            metrics(uri, run),
        )
        for run in found
    }
