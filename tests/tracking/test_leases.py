"""Of several launchers of one grid one writes: what the others are told, and when they take over."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.tracking import background, leases
from harness.tracking.__main__ import main
from harness.tracking.background import Background, Closed
from harness.tracking.leases import ALIVE, LASTS, LAUNCHER, HeldError, Lease, refuse_if_held
from harness.tracking.spool import Spool
from harness.tracking.store import connect
from harness.tracking.writer import Writer
from tests.tracking.servers import Server, on_the_way
from tests.tracking.stacks_to_deliver import GRID, POINTS, SWEEP, everything, held, many, results, whole

Popen = subprocess.Popen[str]


def here(tmp_path: Path, name: str) -> Lease:
    """Return the lease of a launcher in a folder of its own."""
    return Lease(GRID, tmp_path / name / "spool" / GRID)


def writer(store: str, lease: Lease) -> Writer:
    return Writer(store, SWEEP, POINTS, lease)


def aged(store: str, milliseconds: int) -> None:
    """Let the launcher of the sweep have been heard of so long ago."""
    (parent,) = held(store, "sweep")
    connect(store).set_tag(parent.info.run_id, ALIVE, str(int(time.time() * 1000) - milliseconds))


def late(lease: Lease) -> None:
    """Let it be time to renew a lease."""
    lease._renewed = -leases.RENEW_SECONDS


def tags(store: str) -> dict[str, str]:
    (parent,) = held(store, "sweep")
    return dict(parent.data.tags)


def test_who_finds_a_living_launcher_is_told_whose_and_writes_nothing(store: str, tmp_path: Path) -> None:
    first = writer(store, here(tmp_path, "a"))
    first.deliver(whole("s", many(1)))
    before, about = everything(store), tags(store)
    other = here(tmp_path, "b")
    for _ in range(2):
        with pytest.raises(HeldError) as refused:
            writer(store, other)
    told = str(refused.value)
    assert told.startswith(f"grid = {GRID}: {os.uname().nodename} has been at it since ")
    assert f"(process {os.getpid()}, {tmp_path / 'a' / 'spool' / GRID})" in told
    assert "; allowed: wait for its end, or, if it is dead, until " in told
    assert "\n" not in told
    assert (everything(store), tags(store)) == (before, about)
    first.close("FINISHED", {}, 0)
    assert not {LAUNCHER, ALIVE} & set(tags(store))
    writer(store, other).close("FINISHED", {}, 0)


def test_a_launcher_of_the_same_folder_takes_over_at_once(store: str, tmp_path: Path) -> None:
    writer(store, here(tmp_path, "a"))
    heir = here(tmp_path, "a")
    refuse_if_held(store, SWEEP.experiment, GRID, tmp_path / "a" / "spool" / GRID)
    writer(store, heir)
    assert json.loads(tags(store)[LAUNCHER])["token"] == heir.launcher.token


def test_a_lease_runs_out_for_all_others(store: str, tmp_path: Path) -> None:
    writer(store, here(tmp_path, "a"))
    spool = tmp_path / "b" / "spool" / GRID
    # Of a clock that is ahead, or of one that lags: nobody is thrown out too early.
    for age in (-3_600_000, LASTS - 10_000):
        aged(store, age)
        with pytest.raises(HeldError):
            refuse_if_held(store, SWEEP.experiment, GRID, spool)
    aged(store, LASTS + 1)
    refuse_if_held(store, SWEEP.experiment, GRID, spool)
    writer(store, here(tmp_path, "b")).close("FINISHED", {}, 0)


def test_who_was_taken_over_stops_before_its_next_run_and_leaves_the_sweep_alone(
    store: str, tmp_path: Path
) -> None:
    lost = here(tmp_path, "a")
    first = writer(store, lost)
    first.deliver(whole("s", many(1, "s")))
    aged(store, LASTS + 1)
    taker = writer(store, here(tmp_path, "b"))
    late(lost)
    with pytest.raises(HeldError, match="has been at it since"):
        first.deliver(whole("t", many(1, "t")))
    with pytest.raises(HeldError, match="has been at it since"):
        first.close("KILLED", {}, 0)
    with pytest.raises(HeldError, match="has been at it since"):
        writer(store, lost)
    taker.close("FINISHED", {}, 0)
    with pytest.raises(HeldError, match="took it over while this launcher was not heard of"):
        writer(store, lost)
    assert len(held(store)) == 1
    assert held(store, "sweep")[0].info.status == "FINISHED"


def test_a_launcher_that_was_away_for_long_goes_on_where_nobody_took_over(store: str, tmp_path: Path) -> None:
    lease = here(tmp_path, "a")
    writer(store, lease)
    aged(store, 10 * LASTS)
    again = writer(store, lease)
    assert time.time() * 1000 - int(tags(store)[ALIVE]) < LASTS / 2
    late(lease)
    again.deliver(whole("s", many(1)))
    again.close("FINISHED", {}, 0)


def test_a_launcher_with_nothing_to_deliver_says_that_it_is_alive(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (leases, background):
        monkeypatch.setattr(module, "RENEW_SECONDS", 0.2)
    spool = Spool(tmp_path / "a" / "spool" / GRID)
    spool.describe(SWEEP, store, POINTS)
    lease = Lease(GRID, spool.folder)
    delivery = Background(lambda: writer(store, lease), spool, lambda _: None)
    seen: set[str] = set()
    deadline = time.monotonic() + 60
    while len(seen) < 4:
        assert time.monotonic() < deadline
        seen |= {run.data.tags[ALIVE] for run in held(store, "sweep")}
    assert delivery.close("FINISHED", {}) == Closed()


def test_one_that_is_taken_over_while_it_trains_keeps_its_runs_and_says_so(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (leases, background):
        monkeypatch.setattr(module, "RENEW_SECONDS", 0.2)
    spool = Spool(tmp_path / "a" / "spool" / GRID)
    spool.describe(SWEEP, store, POINTS)
    lease = Lease(GRID, spool.folder)
    delivery = Background(lambda: writer(store, lease), spool, lambda _: None)
    deadline = time.monotonic() + 60
    while not held(store, "sweep"):
        assert time.monotonic() < deadline
    (parent,) = held(store, "sweep")
    theirs = here(tmp_path, "b")
    connect(store).set_tag(parent.info.run_id, LAUNCHER, theirs.tags()[LAUNCHER])
    while delivery.error is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    delivery.put(whole("s", many(2)))
    left = delivery.close("FINISHED", {})
    assert left.waiting == 2
    assert left.why is not None
    assert "has been at it since" in left.why
    assert held(store) == []
    assert held(store, "sweep")[0].info.status == "RUNNING"


@pytest.mark.parametrize(
    "mark",
    ["", "{", "[]", '{"host": 1}', "null", '{"host":"h","folder":"f","pid":1,"since":"x","token":"t"}'],
)
def test_a_tag_that_no_launcher_wrote_keeps_nobody_out(store: str, tmp_path: Path, mark: str) -> None:
    writer(store, here(tmp_path, "a"))
    (parent,) = held(store, "sweep")
    connect(store).set_tag(parent.info.run_id, LAUNCHER, mark)
    writer(store, here(tmp_path, "b")).close("FINISHED", {}, 0)


def test_what_a_store_says_of_a_launcher_does_nothing_to_a_terminal(store: str, tmp_path: Path) -> None:
    writer(store, here(tmp_path, "a"))
    (parent,) = held(store, "sweep")
    mark = json.dumps(json.loads(tags(store)[LAUNCHER]) | {"host": "a\x1b[2J\nb"})
    connect(store).set_tag(parent.info.run_id, LAUNCHER, mark)
    with pytest.raises(HeldError) as refused:
        writer(store, here(tmp_path, "b"))
    assert str(refused.value).isprintable()


def test_what_waits_is_not_delivered_while_another_launcher_is_at_the_sweep(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = writer(store, here(tmp_path, "a"))
    spool = Spool(tmp_path / "b" / "spool" / GRID)
    spool.describe(SWEEP, store, POINTS)
    spool.put(whole("s", many(2)))
    command = ["deliver", "--uri", store, "--folder", str(tmp_path / "b")]
    assert main(command) == 2
    assert " has been at it since " in capfd.readouterr().err
    assert (spool.runs_waiting(), held(store)) == (2, [])
    first.close("FINISHED", {}, 0)
    assert main(command) == 0
    assert len(results(store)) == 2


def test_of_two_parents_made_at_the_same_moment_the_first_stays(server: Server, tmp_path: Path) -> None:
    client, sweep = connect(server.uri), replace(SWEEP, experiment="both")
    theirs = here(tmp_path, "b")
    made: list[str] = []

    def judge(number: int, method: str, path: str) -> int | None:
        if path.endswith("/runs/create") and not made:
            about = {"harness.kind": "sweep", "harness.grid": GRID} | theirs.tags()
            experiment = client.get_experiment_by_name("both").experiment_id
            made.append(client.create_run(experiment, start_time=1, tags=about).info.run_id)
        return None

    with (
        on_the_way(server.port, judge) as uri,
        pytest.raises(HeldError, match="has been at it since"),
    ):
        Writer(uri, sweep, POINTS, here(tmp_path, "a"))
    assert [run.info.run_id for run in held(server.store, "sweep", "both")] == made


def test_a_parent_that_turns_out_to_be_the_second_is_written_no_more(store: str, tmp_path: Path) -> None:
    second = writer(store, here(tmp_path, "a"))
    about = {"harness.kind": "sweep", "harness.grid": GRID} | here(tmp_path, "b").tags()
    first = connect(store).create_run(second.experiment, start_time=1, tags=about).info.run_id
    with pytest.raises(HeldError, match="has been at it since"):
        second.close("FINISHED", {}, 0)
    status = {run.info.run_id: run.info.status for run in held(store, "sweep")}
    assert status == {first: "RUNNING", second.parent: "KILLED"}


@pytest.fixture
def launch(server: Server, tmp_path: Path) -> Iterator[Callable[..., Popen]]:
    """Launch a grid against the server in a folder of the test's, as one machine of several."""
    started: list[Popen] = []

    def start(folder: str, *overrides: str) -> Popen:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        process = Popen(
            [sys.executable, "-m", "harness", *overrides, "-m"],
            cwd=place,
            env=os.environ | {"MLFLOW_TRACKING_URI": server.uri},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def said(process: Popen) -> tuple[int, str]:
    told, _ = process.communicate(timeout=240)
    return process.returncode, told


def taken(server: Server, study: str, process: Popen) -> None:
    """Wait until a launcher has the lease on a study's sweep."""
    deadline = time.monotonic() + 60
    while not [run for run in held(server.store, "sweep", study) if LAUNCHER in run.data.tags]:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_a_grid_launched_from_two_folders_is_trained_by_one_and_taken_over_when_that_is_dead(
    server: Server, launch: Callable[..., Popen], tmp_path: Path
) -> None:
    study = "twice"
    grid = (
        *("dataset=moons", "dataset.samples=200", "optimizer=sgd", "stopping.epochs=2000"),
        *("executor=serial", "executor.leg=0.5", "seed=range(0,4)", f"study.name={study}"),
    )
    first = launch("a", *grid)
    taken(server, study, first)
    status, told = said(launch("b", *grid))
    assert status == 2
    (line,) = told.splitlines()
    assert line.startswith("harness: grid = ")
    assert f"{os.uname().nodename} has been at it since " in line
    assert list((tmp_path / "b").iterdir()) == []
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    # Dead or alive is not to be seen from elsewhere, until the lease has run out.
    assert said(launch("b", *grid))[0] == 2
    assert list((tmp_path / "b").iterdir()) == []
    heir = launch("a", *grid)
    time.sleep(3)
    assert heir.poll() is None
    os.killpg(heir.pid, signal.SIGKILL)
    heir.communicate()
    (parent,) = held(server.store, "sweep", study)
    connect(server.store).set_tag(parent.info.run_id, ALIVE, str(int(time.time() * 1000) - LASTS - 1))
    status, told = said(launch("b", *grid))
    assert status == 0, told
    (parent,) = held(server.store, "sweep", study)
    assert parent.info.status == "FINISHED"
    assert LAUNCHER not in parent.data.tags
    count = Counter(
        (run.data.tags["harness.fingerprint"], run.info.status) for run in held(server.store, "run", study)
    )
    assert sorted(count.values()) == [1, 1, 1, 1]
    assert {status for _, status in count} == {"FINISHED"}
