"""What waits is delivered once: whoever is killed, however often it is sent, in however many legs."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from harness.tracking.background import Background, Closed
from harness.tracking.batches import Batch
from harness.tracking.delivering import Delivered, deliver, deliver_all
from harness.tracking.series import thin
from harness.tracking.settings import spool_folder
from harness.tracking.spool import Spool
from harness.tracking.store import connect
from harness.tracking.writer import Writer
from tests.tracking.stacks_to_deliver import (
    GRID,
    POINTS,
    SWEEP,
    ended,
    everything,
    failed,
    held,
    in_legs,
    many,
    metrics,
    results,
    trained,
    underway,
    whole,
)


@pytest.fixture
def spool(store: str) -> Spool:
    made = Spool(spool_folder(store, GRID))
    made.describe(SWEEP, store, POINTS)
    return made


def connecting(store: str) -> Callable[[], Writer]:
    return lambda: Writer(store, SWEEP, POINTS)


def without_history(store: str) -> dict[str, object]:
    """Return results less the legs in which the runs ended."""
    kept = results(store)
    for _, tags, _, _ in kept.values():
        tags.pop("harness.history")
    return kept


def artifacts(store: str) -> dict[str, bytes]:
    client = connect(store)
    (parent,) = held(store, "sweep")
    return {
        each.path: Path(client.download_artifacts(parent.info.run_id, each.path)).read_bytes()
        for folder in ("histories", "maps")
        for each in client.list_artifacts(parent.info.run_id, folder)
    }


def test_what_is_put_is_in_the_store_when_the_sweep_is_closed(store: str, spool: Spool) -> None:
    written: list[int] = []
    delivery = Background(connecting(store), spool, written.append)
    pairs = trained(4)
    delivery.put(whole("s", pairs[:2]))
    delivery.put(
        Batch(history="histories/t-1.parquet", runs=[failed(pairs[2][0]), underway(*pairs[3], rows=3)])
    )
    assert delivery.close("FAILED", {"exhausted": 2, "failed": 1}) == Closed()
    assert delivery.error is None
    assert written == [2, 1]
    assert [path.name for path in spool.folder.iterdir()] == []
    status = {run.data.tags["harness.fingerprint"]: run.info.status for run in held(store)}
    marks = [header.fingerprint for header, _ in pairs]
    assert status == dict(zip(marks, ["FINISHED", "FINISHED", "FAILED", "KILLED"], strict=True))
    (parent,) = held(store, "sweep")
    assert parent.info.status == "FAILED"
    assert parent.data.metrics == {"runs/exhausted": 2, "runs/failed": 1}
    assert parent.data.tags["harness.command"] == SWEEP.tags["harness.command"]
    lost = next(run for run in held(store) if run.info.status == "FAILED")
    assert lost.data.tags["harness.error"] == "OSError: no luck"
    path = connect(store).download_artifacts(lost.info.run_id, "traceback.txt")
    assert Path(path).read_text() == "Traceback: no luck at all"


def test_a_sweep_with_nothing_to_train_has_a_parent_all_the_same(store: str, spool: Spool) -> None:
    assert Background(connecting(store), spool, lambda _: None).close("FINISHED", {}) == Closed()
    (parent,) = held(store, "sweep")
    assert parent.info.status == "FINISHED"


def test_the_next_start_delivers_what_an_earlier_one_left(store: str, spool: Spool) -> None:
    first, second, third = in_legs("s", trained(3), 4, 9)
    for batch in (first, second):
        spool.put(batch)
    with spool.lock():
        later = Spool(spool.folder)
        later.describe(SWEEP, store, POINTS)
        delivery = Background(connecting(store), later, lambda _: None)
        delivery.put(third)
        assert delivery.close("FINISHED", {}) == Closed()
    assert {run.info.status for run in held(store)} == {"FINISHED"}
    assert all(set(found.values()) == {1} for _, _, _, found in results(store).values())


def test_whoever_asks_what_is_done_can_deliver_all_that_waits_for_a_store(store: str) -> None:
    spools = {grid: Spool(spool_folder(store, grid)) for grid in ("a1", "b2", "c3", "d4", "e5")}
    for grid, each in spools.items():
        each.describe(replace(SWEEP, grid=grid), "http://elsewhere" if grid == "c3" else store, POINTS)
        each.put(whole(f"stack-{grid}", many(2, grid)))
    (spools["e5"].folder / "sweep.json").unlink()
    with spools["b2"].lock():
        assert deliver_all(store) == [Delivered("adhoc", 2, [])] * 2
    assert [grid for grid, each in spools.items() if each.waiting()] == ["b2", "c3", "e5"]
    assert deliver_all(store) == [Delivered("adhoc", 2, [])]
    assert len(results(store)) == 6


def test_a_batch_delivered_twice_changes_nothing(store: str) -> None:
    pairs = trained(4)
    runs = [ended(*pairs[0]), failed(pairs[1][0]), underway(*pairs[2], rows=5), ended(*pairs[3])]
    batch = Batch(history="histories/s-1.parquet", runs=runs)
    writer = Writer(store, SWEEP, POINTS)
    writer.deliver(batch)
    before, files = everything(store), artifacts(store)
    assert len(before) == 4
    assert list(files) == ["histories/s-1.parquet", "maps/s-1.parquet"]
    for again in (writer, Writer(store, SWEEP, POINTS)):
        again.deliver(batch)
        again.deliver(batch)
        found = everything(store)
        # A run underway is taken up again: it is still RUNNING, and still has no end.
        assert {run: (state[0], *rest) for run, (state, *rest) in found.items()} == {
            run: (state[0], *rest) for run, (state, *rest) in before.items()
        }
        assert {run: (*state[:2], state[2] or None) for run, (state, *_) in found.items()} == {
            run: state[:3] for run, (state, *_) in before.items()
        }
        assert artifacts(store) == files
    for _, _, _, points in before.values():
        assert set(points.values()) <= {1}


@pytest.mark.parametrize("points", [1, 4, 10, 60])
def test_a_run_sent_leg_by_leg_has_the_metrics_of_one_sent_as_a_whole(
    store: str, tmp_path: Path, points: int, store_template: Path
) -> None:
    pairs = trained(3)
    rows = len(pairs[0][1].columns["update"])
    assert rows > 9
    other = tmp_path / "other.db"
    other.write_bytes(store_template.read_bytes())
    going = Writer(store, SWEEP, points)
    for leg in in_legs("legs", pairs, 4, 9):
        going.deliver(leg)
    once = Writer(f"sqlite:///{other}", SWEEP, points)
    once.deliver(whole("once", pairs))
    live, reference = without_history(store), without_history(once.uri)
    assert live == reference
    for _, _, _, found in live.values():
        assert set(found.values()) == {1}
        losses = [step for name, step, _ in found if name == "train/loss"]
        assert len(losses) == len(thin(rows, points))


def test_a_run_underway_can_be_watched(store: str) -> None:
    header, record = trained(1)[0]
    first, second, last = in_legs("s", [(header, record)], 4, 9)
    writer = Writer(store, SWEEP, 60)
    seen = []
    for leg in (first, second, last):
        writer.deliver(leg)
        (run,) = held(store)
        assert run.data.params["activation"] == header.parameters["activation"]
        assert ("harness.history" in run.data.tags) == (run.info.status == "FINISHED") == (leg is last)
        seen.append(sum(name == "train/loss" for name, _, _ in metrics(store, run)))
    assert seen == [4, 9, len(record.columns["update"])]
    assert list(artifacts(store)) == ["histories/s-3.parquet", "maps/s-3.parquet"]


def test_a_run_that_fails_while_it_is_underway_is_one_run(store: str) -> None:
    header, record = trained(1)[0]
    writer = Writer(store, SWEEP, POINTS)
    writer.deliver(Batch(history="histories/s-1.parquet", runs=[underway(header, record, rows=5)]))
    writer.deliver(Batch(history="histories/s-2.parquet", runs=[failed(header)]))
    (run,) = held(store)
    assert run.info.status == "FAILED"
    assert run.data.tags["harness.outcome"] == "failed"
    assert run.data.metrics


def test_metrics_bear_the_moment_at_which_their_run_began(store: str) -> None:
    for leg in in_legs("s", trained(1), 4):
        Writer(store, SWEEP, POINTS).deliver(leg)
    (run,) = held(store)
    client = connect(store)
    moments = {
        point.timestamp
        for name in run.data.metrics
        for point in client.get_metric_history(run.info.run_id, name)
    }
    assert moments == {run.info.start_time}


def statuses(store: str) -> Counter[str]:
    """Count children by status, past MLflow: fast enough to strike between two of them."""
    query = (
        "select status, count(*) from runs join tags on tags.run_uuid = runs.run_uuid "
        "where tags.key = 'harness.kind' and tags.value = 'run' group by status"
    )
    address = f"file:{store.removeprefix('sqlite:///')}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
        return Counter(dict(database.execute(query).fetchall()))


def start_delivering(store: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "harness.tracking", "deliver", "--uri", store]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_when(store: str, finished: int) -> None:
    """Deliver in a process of its own, and kill it once so many runs are finished."""
    process = start_delivering(store)
    try:
        deadline = time.monotonic() + 120
        while statuses(store)["FINISHED"] < finished and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.005)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    "moments",
    [(1, 14), *((each, each + 9, each + 13) for each in range(1, 20))],
)
def test_who_is_killed_while_it_delivers_leaves_what_the_next_one_completes(
    store: str, spool: Spool, tmp_path: Path, store_template: Path, moments: tuple[int, ...]
) -> None:
    batches = [whole(stack, many(12, stack)) for stack in "stu"]
    undisturbed = tmp_path / "undisturbed.db"
    undisturbed.write_bytes(store_template.read_bytes())
    writer = Writer(f"sqlite:///{undisturbed}", SWEEP, POINTS)
    for batch in batches:
        spool.put(batch)
        writer.deliver(batch)
    for moment in moments:
        kill_when(store, moment)
    left = spool.runs_waiting()
    assert left > 0
    assert deliver(spool, store) == Delivered("adhoc", left, [])
    assert spool.waiting() == []
    assert results(store) == results(writer.uri)
    (parent,) = held(store, "sweep")
    assert parent.info.status == "KILLED"
