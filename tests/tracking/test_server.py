"""A tracking server may go, come back, or lose its answers: each run is there once in the end."""

import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import requests

from harness.tracking import background
from harness.tracking.__main__ import main
from harness.tracking.background import Background, Closed
from harness.tracking.batches import Batch, Sweep
from harness.tracking.delivering import Delivered, deliver
from harness.tracking.settings import spool_folder
from harness.tracking.spool import Spool
from harness.tracking.store import connect
from harness.tracking.writer import Writer
from tests.tracking.servers import LOST, Server, on_the_way, unused_port
from tests.tracking.stacks_to_deliver import (
    POINTS,
    SWEEP,
    ended,
    everything,
    failed,
    held,
    in_legs,
    many,
    results,
)

NUMBERS = count(1)
SEARCH = "api/2.0/mlflow/experiments/search?max_results=1"


@pytest.fixture
def server(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, and a working folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(background, "RETRY_SECONDS", 0.2)
    return server


@pytest.fixture
def sweep() -> Sweep:
    """A sweep with an experiment of its own, since the server is everyone's."""
    number = next(NUMBERS)
    return replace(SWEEP, experiment=f"study-{number}", grid=f"{number:04x}")


def batches(sweep: Sweep, runs: int = 3) -> list[Batch]:
    """Return stacks of which each run is another: some go on, one failed."""
    pairs = many(2 * runs + 1, sweep.grid)
    legs = in_legs(f"{sweep.grid}a", pairs[:runs], 5)
    last = [*(ended(*pair) for pair in pairs[runs:-1]), failed(pairs[-1][0])]
    return [*legs, Batch(history=f"histories/{sweep.grid}b-1.parquet", runs=last)]


def begun(sweep: Sweep, uri: str) -> Spool:
    spool = Spool(spool_folder(uri, sweep.grid))
    spool.describe(sweep, uri, POINTS)
    return spool


def undisturbed(sweep: Sweep, store_template: Path, tmp_path: Path) -> dict[str, object]:
    """Return what a store should hold of the sweep."""
    path = tmp_path / "undisturbed.db"
    shutil.copy(store_template, path)
    writer = Writer(f"sqlite:///{path}", sweep, POINTS)
    for batch in batches(sweep):
        writer.deliver(batch)
    return results(writer.uri, sweep.experiment)


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def finished(server: Server, sweep: Sweep) -> int:
    found = held(server.store, experiment=sweep.experiment)
    return Counter(run.info.status for run in found)["FINISHED"]


def test_who_was_told_of_no_hosts_answers_this_machines_and_private_addresses_alone(server: Server) -> None:
    def status(host: str) -> int:
        return requests.get(f"{server.uri}/{SEARCH}", headers={"Host": host}, timeout=30).status_code

    assert status("elsewhere.example") == 403
    assert {status(host) for host in ("localhost", f"127.0.0.1:{server.port}", "192.168.1.1")} == {200}


def test_a_batch_delivered_twice_to_a_server_changes_nothing(server: Server, sweep: Sweep) -> None:
    *_, last = batches(sweep)
    Writer(server.uri, sweep, POINTS).deliver(last)
    before = everything(server.store, sweep.experiment)
    assert len(before) == len(last.runs)
    Writer(server.uri, sweep, POINTS).deliver(last)
    assert everything(server.store, sweep.experiment) == before
    assert all(set(points.values()) <= {1} for _, _, _, points in before.values())


def test_an_experiment_that_another_sweep_makes_at_the_same_moment_is_shared(
    server: Server, sweep: Sweep
) -> None:
    made: list[str] = []

    def judge(number: int, method: str, path: str) -> int | None:
        if path.endswith("/experiments/create"):
            made.append(connect(server.store).create_experiment(sweep.experiment))
        return None

    with on_the_way(server.port, judge) as uri:
        writer = Writer(uri, sweep, POINTS)
    assert made == [writer.experiment]


def test_a_killed_run_is_taken_up_again_through_a_server_with_no_end(server: Server, sweep: Sweep) -> None:
    first, *_ = batches(sweep)
    writer = Writer(server.uri, sweep, POINTS)
    writer.deliver(first)
    writer.close("KILLED", {}, 0)
    killed = held(server.uri, experiment=sweep.experiment)
    assert {(run.info.status, run.info.end_time is None) for run in killed} == {("KILLED", False)}
    Writer(server.uri, sweep, POINTS).deliver(first)
    again = held(server.uri, experiment=sweep.experiment)
    assert {(run.info.status, run.info.end_time) for run in again} == {("RUNNING", None)}
    assert {run.info.run_id for run in again} == {run.info.run_id for run in killed}


@pytest.mark.slow
@pytest.mark.parametrize("moments", [(2,), (0, 5), (1, 4), (3, 6)])
def test_a_server_killed_in_the_middle_and_started_again_gets_everything_once(
    server: Server, sweep: Sweep, store_template: Path, tmp_path: Path, moments: tuple[int, ...]
) -> None:
    expected = undisturbed(sweep, store_template, tmp_path)
    written: list[int] = []
    spool = begun(sweep, server.uri)
    delivery = Background(lambda: Writer(server.uri, sweep, POINTS), spool, written.append)
    for batch in batches(sweep):
        delivery.put(batch)
    for moment in moments:
        wait_for(lambda moment=moment: finished(server, sweep) >= moment)
        server.stop()
        assert spool.waiting()
        time.sleep(0.5)
        assert delivery.error is None
        server.start()
    assert delivery.close("FINISHED", {}) == Closed()
    assert sum(written) == 7
    assert results(server.store, sweep.experiment) == expected


def test_a_sweep_that_ends_while_the_server_is_away_is_delivered_by_the_command(
    server: Server,
    sweep: Sweep,
    store_template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    port = unused_port()
    uri = f"http://127.0.0.1:{port}"
    written: list[int] = []
    spool = begun(sweep, uri)
    delivery = Background(lambda: Writer(uri, sweep, POINTS), spool, written.append)
    for batch in batches(sweep):
        delivery.put(batch)
    began = time.monotonic()
    assert delivery.close("FAILED", {"exhausted": 6, "failed": 1}).waiting == 7
    assert time.monotonic() - began < 20
    assert (written, delivery.error) == ([], None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert main(["deliver"]) == 1
    assert "no answer; 7 runs wait in" in capfd.readouterr().err
    with on_the_way(server.port, lambda *_: None, at=port):
        assert main(["deliver"]) == 0
    assert capfd.readouterr().out == f"{sweep.experiment}: 7 runs delivered\n"
    assert results(server.store, sweep.experiment) == undisturbed(sweep, store_template, tmp_path)
    (parent,) = held(server.store, "sweep", sweep.experiment)
    assert (parent.info.status, parent.data.metrics["runs/exhausted"]) == ("FAILED", 6)


@pytest.mark.parametrize(
    "apart", [4, *(pytest.param(each, marks=pytest.mark.slow) for each in range(5, 18, 2))]
)
def test_requests_whose_answers_are_lost_are_carried_out_once(
    server: Server, sweep: Sweep, store_template: Path, tmp_path: Path, apart: int
) -> None:
    # Ever farther apart: whoever looks at the store again comes farther each time.
    lost = {apart * place + place**2 for place in range(12)}
    seen: list[str] = []

    def judge(number: int, method: str, path: str) -> int | None:
        if number in lost:
            seen.append(path.rsplit("/", 1)[-1])
        return LOST if number in lost else None

    with on_the_way(server.port, judge) as uri:
        spool = begun(sweep, uri)
        delivery = Background(lambda: Writer(uri, sweep, POINTS), spool, lambda _: None)
        for batch in batches(sweep):
            delivery.put(batch)
        wait_for(lambda: not spool.waiting(), 120)
        while delivery.close("FINISHED", {}) != Closed():
            delivery = Background(lambda: Writer(uri, sweep, POINTS), spool, lambda _: None)
    assert len(seen) > 2
    assert results(server.store, sweep.experiment) == undisturbed(sweep, store_template, tmp_path)
    assert len(held(server.store, "sweep", sweep.experiment)) == 1


@pytest.mark.parametrize(
    "status", [503, *(pytest.param(each, marks=pytest.mark.slow) for each in (408, 429, 500, 502, 504))]
)
def test_a_server_that_fails_is_waited_for(
    server: Server, sweep: Sweep, store_template: Path, tmp_path: Path, status: int
) -> None:
    with on_the_way(server.port, lambda number, *_: status if 9 <= number < 12 else None) as uri:
        spool = begun(sweep, uri)
        delivery = Background(lambda: Writer(uri, sweep, POINTS), spool, lambda _: None)
        for batch in batches(sweep):
            delivery.put(batch)
        wait_for(lambda: not spool.waiting())
        assert delivery.close("FINISHED", {}) == Closed()
    assert results(server.store, sweep.experiment) == undisturbed(sweep, store_template, tmp_path)


def test_a_server_that_refuses_is_asked_no_more(server: Server, sweep: Sweep) -> None:
    asked: list[int] = []
    refusing = True

    def judge(number: int, method: str, path: str) -> int | None:
        asked.append(number)
        return 403 if refusing and number >= 9 else None

    with on_the_way(server.port, judge) as uri:
        spool = begun(sweep, uri)
        delivery = Background(lambda: Writer(uri, sweep, POINTS), spool, lambda _: None)
        for batch in batches(sweep):
            delivery.put(batch)
        wait_for(lambda: delivery.error)
        assert delivery.close("FINISHED", {}).waiting == 7
        told = str(delivery.error)
        assert told.startswith(f"tracking.uri = {uri}: ")
        assert "403" in told
        assert "\n" not in told
        assert max(asked) == 9
        refusing = False
        assert deliver(spool, uri) == Delivered(sweep.experiment, 7, [])
    assert len(results(server.store, sweep.experiment)) == 7
