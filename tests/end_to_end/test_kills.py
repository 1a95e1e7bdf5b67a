"""Whatever is killed, and whenever: the same command completes the grid, and every run is there once."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import train
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import expand
from harness.sweeping.study import Study
from harness.tracking.read import study as read_study
from harness.tracking.store import connect, search
from tests.sweeping.workers import workers_of
from tests.tracking.servers import Server

GRID = [
    "dataset=moons",
    "dataset.samples=200",
    "architecture.width=8,12",
    "optimizer=sgd,batch",
    "optimizer.learning_rate=0.01,0.3",
    "seed=range(0,4)",
    "stopping.epochs=100",
    "diagnostics.rows=20",
]
COMMAND = [sys.executable, "-m", "harness", *GRID, "executor.leg=0.3", "-m"]
PROCESSES = ("executor=processes", "executor.workers=2")
TIMEOUT = 240

often = pytest.mark.parametrize(
    "attempt", [0, *(pytest.param(number, marks=pytest.mark.slow) for number in range(1, 20))]
)
# What workers, signals, stores and disks do to a sweep, the quick tests of their rooms see part by part.
when_there_is_time = pytest.mark.parametrize(
    "attempt", [pytest.param(number, marks=pytest.mark.slow) for number in range(20)]
)

Popen = subprocess.Popen[str]


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    """The weights of an undisturbed sweep, by fingerprint."""
    points = expand(default_composer(), Study("adhoc"), GRID).points
    records = train([point.run for point in points])
    return {point.fingerprint: record.weights_digest for point, record in zip(points, records, strict=True)}


@contextmanager
def launched(folder: Path, uri: str, executor: Sequence[str] = PROCESSES) -> Iterator[Popen]:
    process = Popen(
        [*COMMAND, *executor],
        cwd=folder,
        env=os.environ | {"MLFLOW_TRACKING_URI": uri},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def completed(folder: Path, uri: str) -> str:
    """Run the command to its end, which is to be a good one, and return what it said."""
    with launched(folder, uri) as process:
        said, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, said
    return said


def assert_each_run_once(uri: str, expected: dict[str, str]) -> None:
    client = connect(uri)
    experiment = client.get_experiment_by_name("adhoc").experiment_id
    children = list(search(client, experiment, "tags.`harness.kind` = 'run'"))
    ended = [run for run in children if run.info.status == "FINISHED"]
    found = {run.data.tags["harness.fingerprint"]: run.data.tags["harness.weights"] for run in ended}
    assert len(ended) == len(expected)
    assert found == expected
    assert {run.info.status for run in children} == {"FINISHED"}
    parents = search(client, experiment, "tags.`harness.kind` = 'sweep'")
    assert [run.info.status for run in parents] == ["FINISHED"]
    record = read_study("adhoc", uri=uri)
    rows = record.history.groupby("run_id")["update"]
    assert len(rows) == len(expected)
    assert rows.apply(lambda updates: updates.is_unique).all()
    for run in random.Random(0).sample(ended, 3):
        series = client.get_metric_history(run.info.run_id, "train/loss")
        assert max(Counter(metric.step for metric in series).values()) == 1


def states(folder: Path) -> list[Path]:
    return list(folder.glob("**/states/*/*.npz"))


def spooled(folder: Path) -> list[Path]:
    return [path for path in folder.glob("**/spool/*/*") if path.is_dir()]


def assert_nothing_left(folder: Path) -> None:
    assert not states(folder)
    assert not spooled(folder)


def wait_for(what: Callable[[], object], process: Popen) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@when_there_is_time
def test_a_worker_is_killed(attempt: int, expected: dict[str, str], store: str, tmp_path: Path) -> None:
    chance = random.Random(attempt)
    with launched(tmp_path, store) as process:
        wait_for(lambda: len(workers_of(process.pid)) == 2, process)
        time.sleep(chance.uniform(0, 3))
        chance.choice(workers_of(process.pid)).kill()
        said, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, said
    assert_each_run_once(store, expected)
    assert_nothing_left(tmp_path)


@often
def test_the_launcher_is_killed(attempt: int, expected: dict[str, str], store: str, tmp_path: Path) -> None:
    chance = random.Random(attempt)
    with launched(tmp_path, store) as process:
        wait_for(lambda: len(workers_of(process.pid)) == 2, process)
        time.sleep(chance.uniform(0, 6))
        process.kill()
    completed(tmp_path, store)
    assert_each_run_once(store, expected)
    assert_nothing_left(tmp_path)


@when_there_is_time
def test_the_sweep_is_interrupted(attempt: int, expected: dict[str, str], store: str, tmp_path: Path) -> None:
    chance = random.Random(attempt)
    with launched(tmp_path, store) as process:
        wait_for(lambda: len(workers_of(process.pid)) == 2, process)
        time.sleep(chance.uniform(0, 3))
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 128 + signal.SIGINT, said
    assert "stopped (interrupted): " in said
    assert "go on:  " in said
    assert "Traceback" not in said
    client = connect(store)
    experiment = client.get_experiment_by_name("adhoc").experiment_id
    assert not list(search(client, experiment, "attributes.status = 'RUNNING'"))
    completed(tmp_path, store)
    assert_each_run_once(store, expected)
    assert_nothing_left(tmp_path)


@pytest.fixture
def server(store: str, tmp_path: Path) -> Iterator[Server]:
    """A server over a fresh store, started."""
    made = Server(tmp_path / "mlruns")
    assert made.store == store
    try:
        made.start()
        yield made
    finally:
        made.stop()


@when_there_is_time
def test_the_tracking_server_is_stopped(
    attempt: int, expected: dict[str, str], server: Server, tmp_path: Path
) -> None:
    chance = random.Random(attempt)
    with launched(tmp_path, server.uri) as process:
        wait_for(lambda: len(workers_of(process.pid)) == 2, process)
        time.sleep(chance.uniform(0, 4))
        server.stop()
        said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1, said
    assert "runs wait on disk" in said
    assert "Traceback" not in said
    assert spooled(tmp_path)
    server.start()
    completed(tmp_path, server.uri)
    assert_each_run_once(server.uri, expected)
    assert_nothing_left(tmp_path)


@when_there_is_time
def test_the_disk_is_full(
    attempt: int, expected: dict[str, str], store_template: Path, disk: Callable[[int], Path]
) -> None:
    chance = random.Random(attempt)
    folder = disk(2 * 1024)
    store = folder / "mlruns" / "mlflow.db"
    store.parent.mkdir()
    shutil.copy(store_template, store)
    uri = f"sqlite:///{store}"
    # What is left of 2 MB is now used up at another moment each time.
    (folder / "ballast").write_bytes(bytes(chance.randrange(300_000)))
    with launched(folder, uri) as process:
        said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1, said
    assert "stopped (" in said
    assert "Traceback" not in said
    disk(64 * 1024)
    completed(folder, uri)
    assert_each_run_once(uri, expected)
    assert_nothing_left(folder)


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(3))
def test_a_worker_of_a_cluster_is_killed(
    attempt: int, expected: dict[str, str], store: str, tmp_path: Path, cluster: str
) -> None:
    from distributed import Client

    chance = random.Random(attempt)
    with launched(tmp_path, store, ["executor=dask", f"executor.address={cluster}"]) as process:
        wait_for(lambda: states(tmp_path), process)
        time.sleep(chance.uniform(0, 2))
        with Client(cluster, set_as_default=False) as client:
            os.kill(chance.choice([*client.run(os.getpid).values()]), signal.SIGKILL)
        said, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, said
    assert_each_run_once(store, expected)
    assert_nothing_left(tmp_path)
