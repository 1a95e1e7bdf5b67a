"""Tracking: what it takes to give finished runs to MLflow, beside plain `mlflow.log_metric` each epoch."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.sweeps.delivered import PLAIN, WARM_RUNS
from benchmarks.sweeps.processes import BrokenError, run
from benchmarks.sweeps.sections import Entry, Section, Table
from benchmarks.targets import Target
from harness.tracking.store import connect, search

FINAL, SOME = 1, 10
MILLISECONDS_A_RUN = {FINAL: 50.0, SOME: 90.0}
WHAT = {FINAL: "final values", SOME: f"{SOME} points a series"}
SECONDS = 120
HELD = "attributes.status = 'FINISHED'"

METHOD = f"""\
Runs that are finished already (moons, two hidden layers, 30 epochs; one record under many names, 50 a
batch and an arm) are given to MLflow by the harness's writer: tags, parameters, metrics, whole histories as
Parquet, and at the end a line for each arm, of what is read back of the store; all of it is counted.
Beside it plain MLflow: `log_params`, and `log_metric` of {len(PLAIN)} metrics ({", ".join(PLAIN)}) at each
of 30 epochs, on few runs, **scaled**. Seconds of the processor of the process that writes, all its threads,
once everything is imported, the schema made and two runs were written; what the server and PostgreSQL take
stands apart, with the two. PostgreSQL is a cluster in a temporary folder, without fsync, the server one
worker on this machine. The stores are asked whether they hold every run."""


def section(quick: bool) -> Section:
    """Write to each store that there is, in both ways."""
    runs, few = (100, 2) if quick else (1_000, 20)
    rows: list[tuple[Entry, ...]] = []
    targets: list[Target] = []
    for store in ("SQLite", "PostgreSQL", "server on PostgreSQL"):
        plain = measured(store, "plain", few, SOME)
        if plain is None:
            rows.append((f"{store}: not to be had here", *(None,) * 5))
            continue
        for points, wanted in MILLISECONDS_A_RUN.items():
            ours = measured(store, "writer", runs, points)
            assert ours is not None
            rows.append(_row(store, f"writer, {WHAT[points]}", runs, ours, plain))
            targets.append(
                Target(
                    f"ms a run, {WHAT[points]}, {store}", f"{runs:,} runs", ours["each"], wanted, at_most=True
                )
            )
        rows.append(_row(store, f"log_metric each epoch, measured on {few} runs", few, plain, plain))
    columns = (
        "store", "what", "runs", "ms a run, writing process", "ms a run, server and database",
        "times less than log_metric",
    )  # fmt: skip
    return Section("Tracking", METHOD, {"tracking": Table(columns, rows)}, targets)


def _row(
    store: str, what: str, runs: int, found: Mapping[str, float], plain: Mapping[str, float]
) -> tuple[Entry, ...]:
    return store, what, runs, found["each"], found["others"], plain["each"] / found["each"]


def measured(store: str, way: str, runs: int, points: int) -> Mapping[str, float] | None:
    """Return milliseconds a run, of the writing process and of others, None where there is no such store.

    Raises
    ------
    BrokenError
        If it failed, or the store lacks a run.
    """
    with TemporaryDirectory() as folder, ExitStack() as opened:
        place = Path(folder)
        if store == "SQLite":
            (place / "mlruns").mkdir()
            uri, others = f"sqlite:///{place / 'mlruns' / 'mlflow.db'}", []
        else:
            found = opened.enter_context(_postgresql())
            if found is None:
                return None
            uri, others = found
            if store != "PostgreSQL":
                uri, server = opened.enter_context(_served(uri, place))
                others = [*others, server]
        # A fresh store's schema is made now.
        connect(uri).search_experiments(max_results=1)
        before = sum(map(_spent, others))
        given = run("benchmarks.sweeps.delivered", [way, uri, str(runs), str(points)], place)
        spent = sum(map(_spent, others)) - before
        check(uri, str(given.told["experiment"]), way, runs)
        return {"each": 1e3 * given.told["processor"] / runs, "others": 1e3 * spent / (runs + WARM_RUNS)}


@contextmanager
def _postgresql() -> Iterator[tuple[str, list[psutil.Process]] | None]:
    """Yield the address of an empty database and the process that serves it, None where there is none."""
    try:
        from benchmarks.postgresql import binaries, running
    except ImportError:
        yield None
        return
    if binaries() is None:
        yield None
        return
    with running() as cluster:
        yield cluster.address(cluster.make()), [psutil.Process(cluster.pid)]


@contextmanager
def _served(store: str, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Yield the address of a server over a store, and its process."""
    from benchmarks.postgresql import unused_port

    uri = f"http://127.0.0.1:{(port := unused_port())}"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"),
            *("--artifacts-destination", str(folder / "artifacts")),
        ],
        env=os.environ | {"MLFLOW_BACKEND_STORE_URI": store, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(uri, process)
        yield uri, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(uri: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{uri}/health", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise BrokenError(f"tracking: no server at {uri}")


def _spent(process: psutil.Process) -> float:
    """Return the processor's seconds of a process and all that it started."""
    times: list[Any] = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    # Those of children that ended are counted in their parent.
    return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))


def check(uri: str, experiment: str, way: str, runs: int) -> None:
    """Refuse timings of another number of runs.

    Raises
    ------
    BrokenError
        If the store holds fewer finished runs, or more.
    """
    query = HELD + (" and tags.`harness.kind` = 'run'" if way == "writer" else "")
    held = sum(1 for _ in search(connect(uri), experiment, query))
    if held != runs:
        raise BrokenError(f"tracking: the store holds {held:,} finished runs of {runs:,}")
