"""A sweep that was killed goes on with the very runs that it left open."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from harness.record import Record
from harness.tracking import read
from harness.tracking.batches import Batch, Header, Sweep
from harness.tracking.series import series, thin
from harness.tracking.store import connect, search
from harness.tracking.writer import Writer
from tests.tracking.stacks_to_deliver import (
    POINTS,
    SWEEP,
    everything,
    held,
    in_legs,
    metrics,
    trained,
    underway,
    whole,
)

COUNT = 20
RUN = ("dataset=moons", "dataset.samples=60", "stopping.epochs=2", "diagnostics=off")
GRID = (*RUN, "executor=serial", f"seed=range(0,{COUNT})", "-m")


def children(store: str) -> list[Run]:
    client = connect(store)
    experiment = client.get_experiment_by_name("adhoc").experiment_id
    return list(search(client, experiment, "tags.`harness.kind` = 'run'"))


def statuses(store: str) -> Counter[str]:
    """Count children by status, past MLflow: fast enough to strike between two of them."""
    query = (
        "select status, count(*) from runs join tags on tags.run_uuid = runs.run_uuid "
        "where tags.key = 'harness.kind' and tags.value = 'run' group by status"
    )
    database = sqlite3.connect(f"file:{store.removeprefix('sqlite:///')}?mode=ro", uri=True, timeout=30)
    try:
        return Counter(dict(database.execute(query).fetchall()))
    finally:
        database.close()


def logged(client: MlflowClient, run: Run) -> Counter[tuple[str, int]]:
    return Counter(
        (metric.key, metric.step)
        for name in run.data.metrics
        for metric in client.get_metric_history(run.info.run_id, name)
    )


@pytest.mark.slow
def test_a_launcher_killed_while_it_writes_leaves_runs_that_the_next_start_continues(
    app: Callable[..., object], store: str, tmp_path: Path
) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-m", "harness", *GRID],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 90
        while not statuses(store)["FINISHED"] and time.monotonic() < deadline and launcher.poll() is None:
            time.sleep(0.01)
    finally:
        os.kill(launcher.pid, signal.SIGKILL)
        launcher.wait()
    before = {run.info.run_id: run.info.status for run in children(store)}
    assert len(before) == COUNT
    assert set(before.values()) == {"RUNNING", "FINISHED"}
    said = app(*GRID)
    # What was trained lay on the disk: it is delivered, and nothing is trained again.
    assert f"0 runs trained, {COUNT} were done already" in said.out
    after = children(store)
    assert {run.info.run_id for run in after} == set(before)
    assert {run.info.status for run in after} == {"FINISHED"}
    assert len({run.data.tags["harness.fingerprint"] for run in after}) == COUNT
    client = connect(store)
    counts = [logged(client, run) for run in after if before[run.info.run_id] == "RUNNING"]
    assert all(set(count.values()) == {1} for count in counts)
    found = read.study("adhoc", uri=store)
    assert len(found.runs) == COUNT
    assert set(found.history["run_id"]) == set(before)


def bring(writer: Writer, batch: Batch) -> str:
    """Deliver a batch of one run, close the sweep, and return the run's id."""
    writer.deliver(batch)
    writer.close("FINISHED", {}, 0)
    mark = batch.runs[0].header.fingerprint
    ids = [
        run.info.run_id
        for run in held(writer.uri)
        if run.data.tags["harness.fingerprint"] == mark
        and run.data.tags["mlflow.parentRunId"] == writer.parent
        and run.info.status != "KILLED"
    ]
    (run_id,) = ids
    return run_id


def left_open(store: str, pair: tuple[Header, Record], rows: int = 1, sweep: Sweep = SWEEP) -> str:
    """Leave a run as a killed launcher does, with its first rows sent, and return its id."""
    before = {run.info.run_id for run in held(store)}
    start = Batch(history="histories/killed-1.parquet", runs=[underway(*pair, rows)])
    Writer(store, sweep, POINTS).deliver(start)
    (run_id,) = {run.info.run_id for run in held(store)} - before
    return run_id


def test_what_was_sent_before_the_kill_is_not_there_twice(store: str) -> None:
    header, record = trained(1)[0]
    run_id = left_open(store, (header, record))
    client = connect(store)
    start = client.get_run(run_id).info.start_time
    sent = series(record.columns, thin(len(record.columns["update"]), POINTS), start)
    client.log_batch(run_id, metrics=sent[: len(sent) // 2])
    batch = whole("s", [(header, record)])
    assert bring(Writer(store, SWEEP, POINTS), batch) == run_id
    reference = bring(Writer(store, replace(SWEEP, grid="c3"), POINTS), batch)
    assert reference != run_id
    count = metrics(store, client.get_run(run_id))
    assert count == metrics(store, client.get_run(reference))
    assert set(count.values()) == {1}
    assert client.get_run(run_id).data.metrics == client.get_run(reference).data.metrics


def test_a_run_whose_every_metric_was_sent_still_gets_its_outcome(store: str) -> None:
    batch = whole("s", trained(1))
    killed = Writer(store, SWEEP, POINTS)
    run_id = bring(killed, batch)
    killed.client.update_run(run_id, status="RUNNING")
    killed.client.delete_tag(run_id, "harness.outcome")
    assert bring(Writer(store, SWEEP, POINTS), batch) == run_id
    run = connect(store).get_run(run_id)
    assert run.data.tags["harness.outcome"] == trained(1)[0][1].summary["outcome"]
    assert set(metrics(store, run).values()) == {1}


def test_the_runs_of_another_grid_are_left_to_it(store: str) -> None:
    its = left_open(store, trained(1)[0])
    mine = bring(Writer(store, replace(SWEEP, grid="c3"), POINTS), whole("s", trained(1)))
    assert mine != its
    assert connect(store).get_run(its).info.status == "RUNNING"


def test_a_run_that_failed_but_was_not_closed_loses_its_error_when_it_trains(store: str) -> None:
    run_id = left_open(store, trained(1)[0])
    connect(store).set_tag(run_id, "harness.error", "OSError: no space left")
    assert bring(Writer(store, SWEEP, POINTS), whole("s", trained(1))) == run_id
    assert "harness.error" not in connect(store).get_run(run_id).data.tags


def test_what_nobody_continues_is_closed_with_the_sweep(store: str) -> None:
    header, record = trained(1)[0]
    start = Batch(history="histories/killed-1.parquet", runs=[underway(header, record, 1)])
    launchers = [Writer(store, SWEEP, POINTS) for _ in range(2)]
    for launcher in launchers:
        launcher.deliver(start)
    twins = {run.info.run_id for run in held(store)}
    assert len(twins) == 2
    gone = left_open(store, (replace(header, fingerprint="finished elsewhere"), record))
    kept = bring(Writer(store, SWEEP, POINTS), whole("s", [(header, record)]))
    assert kept in twins
    status = {run.info.run_id: run.info.status for run in held(store)}
    assert status == {kept: "FINISHED", gone: "KILLED"} | dict.fromkeys(twins - {kept}, "KILLED")


def test_a_run_that_its_sweep_left_underway_is_killed_and_goes_on_with_the_next_start(store: str) -> None:
    header, record = trained(1)[0]
    first, last = in_legs("s", [(header, record)], 5)
    stopped = Writer(store, SWEEP, POINTS)
    stopped.deliver(first)
    stopped.close("KILLED", {}, 0)
    (killed,) = held(store)
    assert (killed.info.status, killed.info.end_time is None) == ("KILLED", False)
    going = Writer(store, SWEEP, POINTS)
    going.deliver(first)
    (again,) = held(store)
    assert (again.info.run_id, again.info.status) == (killed.info.run_id, "RUNNING")
    assert not again.info.end_time
    assert "harness.outcome" not in again.data.tags
    assert bring(going, last) == killed.info.run_id
    (over,) = held(store)
    assert (over.info.status, over.info.start_time) == ("FINISHED", killed.info.start_time)
    assert over.info.end_time >= killed.info.end_time
    assert set(metrics(store, over).values()) == {1}


def test_a_running_child_is_taken_up_before_a_killed_one(store: str) -> None:
    pair = trained(1)[0]
    old = left_open(store, pair)
    Writer(store, SWEEP, POINTS).close("FAILED", {}, 0)
    (killed,) = held(store)
    twin = connect(store).create_run(killed.info.experiment_id, start_time=1, tags=killed.data.tags)
    young = twin.info.run_id
    assert bring(Writer(store, SWEEP, POINTS), whole("s", [pair])) == young
    assert {run.info.run_id: run.info.status for run in held(store)} == {old: "KILLED", young: "FINISHED"}


def test_to_train_a_finished_run_anew_makes_a_run_of_its_own(store: str) -> None:
    first = bring(Writer(store, SWEEP, POINTS), whole("s", trained(1)))
    before = everything(store)
    Writer(store, SWEEP, POINTS).deliver(whole("forced", trained(1)))
    after = everything(store)
    assert len(after) == 2
    assert after[first] == before[first]
    assert {run.info.status for run in held(store)} == {"FINISHED"}
