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

from mlflow import MlflowClient
from mlflow.entities import Run

from harness import compose, train
from harness.record import Record
from harness.tracking import read
from harness.tracking.store import connect, search
from harness.tracking.writer import Header, Sweep, Writer, series

COUNT = 20
RUN = ("dataset=moons", "dataset.samples=60", "stopping.epochs=2", "diagnostics=off")
GRID = (*RUN, "executor=serial", f"seed=range(0,{COUNT})", "-m")
SWEEP = Sweep("adhoc", "this grid", "", {}, {}, [])
POINTS = 60


def children(store: str) -> list[Run]:
    client = connect(store)
    experiment = client.get_experiment_by_name("adhoc").experiment_id
    return search(client, experiment, "tags.`harness.kind` = 'run'")


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
    done = Counter(before.values())["FINISHED"]
    said = app(*GRID)
    assert f"{COUNT - done} runs trained, {done} were done already" in said.out
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


def trained() -> tuple[Header, Record]:
    run = compose([*RUN, "seed=0"])
    record = train([run])[0]
    return Header("name", "arm", {}, "reported", record.fingerprint, "SGD (1)", run.flat), record


def write(writer: Writer, header: Header, record: Record) -> str:
    run_id = writer.begin(header, "histories/a-1.parquet")
    writer.append("histories/a-1.parquet", {run_id: record.columns})
    writer.finish(run_id, header, record)
    writer.close("FINISHED", {})
    return run_id


def test_what_was_sent_before_the_kill_is_not_there_twice(store: str) -> None:
    header, record = trained()
    killed = Writer(store, SWEEP, POINTS)
    run_id = killed.begin(header, "histories/a-1.parquet")
    sent = series(record.columns, POINTS, moment=1)
    killed.client.log_batch(run_id, metrics=sent[: len(sent) // 2])
    assert write(Writer(store, SWEEP, POINTS), header, record) == run_id
    reference = write(Writer(store, replace(SWEEP, grid="another"), POINTS), header, record)
    client = connect(store)
    count = logged(client, client.get_run(run_id))
    assert count == logged(client, client.get_run(reference))
    assert client.get_run(run_id).data.metrics == client.get_run(reference).data.metrics


def test_a_run_whose_every_metric_was_sent_still_gets_its_outcome(store: str) -> None:
    header, record = trained()
    killed = Writer(store, SWEEP, POINTS)
    run_id = write(killed, header, record)
    killed.client.update_run(run_id, status="RUNNING")
    killed.client.delete_tag(run_id, "harness.outcome")
    assert write(Writer(store, SWEEP, POINTS), header, record) == run_id
    run = connect(store).get_run(run_id)
    assert run.data.tags["harness.outcome"] == record.summary["outcome"]
    assert set(logged(connect(store), run).values()) == {1}


def test_the_runs_of_another_grid_are_left_to_it(store: str) -> None:
    header, record = trained()
    alive = Writer(store, SWEEP, POINTS)
    its = alive.begin(header, "histories/a-1.parquet")
    mine = write(Writer(store, replace(SWEEP, grid="a larger grid"), POINTS), header, record)
    assert mine != its
    assert connect(store).get_run(its).info.status == "RUNNING"


def test_a_run_that_failed_but_was_not_closed_loses_its_error_when_it_trains(store: str) -> None:
    header, record = trained()
    killed = Writer(store, SWEEP, POINTS)
    run_id = killed.begin(header, "")
    killed.client.set_tag(run_id, "harness.error", "OSError: no space left")
    assert write(Writer(store, SWEEP, POINTS), header, record) == run_id
    assert "harness.error" not in connect(store).get_run(run_id).data.tags


def test_what_nobody_continues_is_closed_with_the_sweep(store: str) -> None:
    header, record = trained()
    killed = Writer(store, SWEEP, POINTS)
    twins = {killed.begin(header, "histories/a-1.parquet") for _ in range(2)}
    gone = killed.begin(replace(header, fingerprint="finished elsewhere"), "histories/a-1.parquet")
    kept = write(Writer(store, SWEEP, POINTS), header, record)
    assert kept in twins
    status = {run.info.run_id: run.info.status for run in children(store)}
    assert status == {kept: "FINISHED", gone: "KILLED"} | dict.fromkeys(twins - {kept}, "KILLED")
