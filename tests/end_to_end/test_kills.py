"""Whatever is killed, and whenever: the same command completes the grid, and every run is there once."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from harness import train
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import expand
from harness.sweeping.study import Study
from harness.tracking.read import study as read_study
from harness.tracking.store import connect, search

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


def workers_of(launcher: Popen) -> list[psutil.Process]:
    return [child for child in psutil.Process(launcher.pid).children() if is_worker(child)]


def is_worker(process: psutil.Process) -> bool:
    try:
        return any("LokyProcess" in word for word in process.cmdline())
    except psutil.Error:
        # It ended between being listed and being asked.
        return False


def wait_for(what: Callable[[], object], process: Popen) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@often
def test_a_worker_is_killed(attempt: int, expected: dict[str, str], store: str, tmp_path: Path) -> None:
    chance = random.Random(attempt)
    with launched(tmp_path, store) as process:
        wait_for(lambda: len(workers_of(process)) == 2, process)
        time.sleep(chance.uniform(0, 3))
        chance.choice(workers_of(process)).kill()
        said, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, said
    assert_each_run_once(store, expected)
    assert_nothing_left(tmp_path)


@often
def test_the_launcher_is_killed(attempt: int, expected: dict[str, str], store: str, tmp_path: Path) -> None:
    chance = random.Random(attempt)
    with launched(tmp_path, store) as process:
        wait_for(lambda: len(workers_of(process)) == 2, process)
        time.sleep(chance.uniform(0, 6))
        process.kill()
    completed(tmp_path, store)
    assert_each_run_once(store, expected)
    assert_nothing_left(tmp_path)


@often
def test_the_sweep_is_interrupted(attempt: int, expected: dict[str, str], store: str, tmp_path: Path) -> None:
    chance = random.Random(attempt)
    with launched(tmp_path, store) as process:
        wait_for(lambda: len(workers_of(process)) == 2, process)
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


@contextmanager
def server(folder: Path, store: str, port: int) -> Iterator[Popen]:
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    where = ["--backend-store-uri", store, "--artifacts-destination", str(folder / "artifacts")]
    process = Popen(
        [*command, "--workers", "1", *where],
        cwd=folder,
        # A tracking server alone: its runner of jobs would start eight processes more.
        env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: answers(port), process)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def answers(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@often
def test_the_tracking_server_is_stopped(
    attempt: int, expected: dict[str, str], store: str, tmp_path: Path
) -> None:
    chance, port = random.Random(attempt), free_port()
    uri = f"http://127.0.0.1:{port}"
    with server(tmp_path, store, port) as first, launched(tmp_path, uri) as process:
        wait_for(lambda: len(workers_of(process)) == 2, process)
        time.sleep(chance.uniform(0, 4))
        os.killpg(first.pid, signal.SIGKILL)
        said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1, said
    assert "runs wait on disk" in said
    assert "Traceback" not in said
    assert spooled(tmp_path)
    with server(tmp_path, store, port):
        completed(tmp_path, uri)
        assert_each_run_once(uri, expected)
    assert_nothing_left(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that holds a fresh store and little more."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk, and not everywhere")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@often
def test_the_disk_is_full(
    attempt: int, expected: dict[str, str], store_template: Path, small_disk: Path
) -> None:
    chance = random.Random(attempt)
    store = small_disk / "mlruns" / "mlflow.db"
    store.parent.mkdir()
    shutil.copy(store_template, store)
    uri = f"sqlite:///{store}"
    # What is left of 2 MB is now used up at another moment each time.
    (small_disk / "ballast").write_bytes(bytes(chance.randrange(300_000)))
    with launched(small_disk, uri) as process:
        said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1, said
    assert "stopped (" in said
    assert "Traceback" not in said
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    completed(small_disk, uri)
    assert_each_run_once(uri, expected)
    assert_nothing_left(small_disk)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a Dask scheduler with three workers; a nanny starts a new one for each that dies."""
    distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
    folder = tmp_path / "dask"
    where = ["--scheduler-file", str(folder / "scheduler.json"), "--no-dashboard"]
    workers = ["--nworkers", "3", "--nthreads", "1", "--local-directory", str(folder)]
    commands = (
        ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *where],
        ["distributed.cli.dask_worker", *workers, *where],
    )
    folder.mkdir()
    started = [
        Popen([sys.executable, "-W", "ignore", "-m", *command], stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        with distributed.Client(scheduler_file=where[1], timeout=60, set_as_default=False) as client:
            client.wait_for_workers(3, timeout=60)
            address = client.scheduler.address
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=30)


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
