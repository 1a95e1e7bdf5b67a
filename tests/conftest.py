"""What tests of several rooms share: a store, a disk soon full, a cluster, the app as a user calls it."""

import gc
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import event
from sqlalchemy.engine import Engine

from harness.__main__ import main
from harness.tracking.store import connect

DEAR = ("team", "server", "browser")
"""Fixtures that take a server or a browser: whoever asks for one tests on the same worker."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker run the tests of a file, which share finished sweeps, and all who share a server.

    Tests that share nothing, and take long, say so by a group of their own.
    """
    for item in items:
        if any(item.iter_markers("xdist_group")):
            continue
        asked = getattr(item, "fixturenames", ())
        group = next((name for name in DEAR if name in asked), item.location[0])
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from all that was imported: to look through it took a fifth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_address_is_left_to_other_tests() -> Iterator[None]:
    """MLflow keeps what a script sets for the whole process, and asks there before the environment."""
    before = addresses()
    yield
    assert addresses() == before


def addresses() -> tuple[object, ...]:
    """Return where MLflow would look: what a script has set, and what the environment says."""
    service = sys.modules.get("mlflow.tracking._tracking_service.utils")
    fluent = sys.modules.get("mlflow.tracking.fluent")
    return (
        getattr(service, "_tracking_uri", None),
        getattr(fluent, "_active_experiment_id", None),
        *(os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID")),
    )


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the workers of a session share; who makes something in it takes a lock."""
    own = tmp_path_factory.getbasetemp()
    # A worker's folder lies in that of all workers; without workers, in that of all sessions.
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def store_template(of_all_workers: Path) -> Path:
    """An empty SQLite store; its schema takes seconds to make, a copy takes none."""
    # No test takes the power from the machine: this process need not wait for the disk.
    event.listen(Engine, "connect", careless)
    folder = of_all_workers / "template"
    path = folder / "mlflow.db"
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            connect(f"sqlite:///{path}").search_experiments()
            (folder / "made").touch()
    return path


def careless(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def store(store_template: Path, tmp_path: Path) -> str:
    """The address of a store of the test's own, in its folder."""
    path = tmp_path / "mlruns" / "mlflow.db"
    path.parent.mkdir()
    shutil.copy(store_template, path)
    return f"sqlite:///{path}"


@dataclass
class Said:
    """How the app ended, and what it printed."""

    status: int
    out: str
    err: str


Once = Callable[..., tuple[str, Said]]


@pytest.fixture(scope="module")
def swept_once(store_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Sweep a grid in a store that a module's tests share, and only read; its address, and what was said."""

    def sweep(*arguments: str) -> tuple[str, Said]:
        folder = tmp_path_factory.mktemp("swept")
        path = folder / "mlruns" / "mlflow.db"
        path.parent.mkdir()
        shutil.copy(store_template, path)
        out, err = StringIO(), StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(folder)
            patch.delenv("MLFLOW_TRACKING_URI", raising=False)
            status = called(patch, arguments)
        return f"sqlite:///{path}", Said(status, out.getvalue(), err.getvalue())

    return sweep


def called(patch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> int:
    """Call the app, as `python -m harness ARGUMENTS` would, and return its status."""
    patch.setattr(sys, "argv", ["harness", *arguments])
    try:
        main()
    except SystemExit as left:
        return int(left.code or 0)
    return 0


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], str]:
    """Copy a swept store to the test's own folder, and return the copy's address.

    Its artifacts stay where they are, and new ones join them: MLflow remembers where those of a run are,
    whatever the store.
    """

    def copy(uri: str) -> str:
        here, there = Path(uri.removeprefix("sqlite:///")).parent, tmp_path / "mlruns"
        shutil.copytree(here, there, ignore=shutil.ignore_patterns("artifacts"))
        return f"sqlite:///{there / 'mlflow.db'}"

    return copy


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount a disk of so many kilobytes; called again, it gets that size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = False

    def sized(kilobytes: int) -> Path:
        nonlocal mounted
        options = f"size={kilobytes}k" + (",remount" if mounted else "")
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        mounted = True
        return folder

    yield sized
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a Dask scheduler with two workers; a nanny starts a new one for each that dies."""
    distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
    folder = tmp_path / "dask"
    folder.mkdir()
    where = ["--scheduler-file", str(folder / "scheduler.json"), "--no-dashboard"]
    workers = ["--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder)]
    commands = (
        ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *where],
        ["distributed.cli.dask_worker", *workers, *where],
    )
    started = [
        subprocess.Popen([sys.executable, "-W", "ignore", "-m", *command], stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        with distributed.Client(scheduler_file=where[1], timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture
def app(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Said]:
    """Call the app in the test's folder, as `python -m harness ARGUMENTS` would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def call(*arguments: str) -> Said:
        capfd.readouterr()
        status = called(monkeypatch, arguments)
        out, err = capfd.readouterr()
        return Said(status, out, err)

    return call
