"""A team's server as `make server` starts it, and sweeps on it as a user starts them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.postgresql import Cluster
from harness.locations import PACKAGE
from harness.tracking.read import StudyRecord
from tests.tracking.servers import Server

ROOT = PACKAGE.parent
FOREIGN = ("MLFLOW_", "HARNESS_", "DATABASE", "ALLOWED_HOSTS", "CORS_ALLOWED_ORIGINS")

Popen = subprocess.Popen[str]
STARTED: list[Popen] = []
"""What a test leaves running if it fails, to be ended after it."""


class TeamServer(Server):
    """`make server` over a database, with artifacts in a folder of the test's.

    Parameters
    ----------
    options : sequence of str
        More variables of make's.
    environment : mapping of str to str
    """

    def __init__(
        self,
        folder: Path,
        cluster: Cluster,
        database: str,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        self.cluster = cluster
        self.database = database
        self.artifacts = folder / "artifacts"
        self._options = options
        self._environment = dict(environment or {})

    def command(self) -> tuple[list[str], dict[str, str]]:
        command = [
            *("make", "-s", "-C", str(ROOT), "-o", ".venv/.server", "server"),
            *(f"BIN={Path(sys.executable).parent}", f"PORT={self.port}", f"ARTIFACTS={self.artifacts}"),
            *("WORKERS=1", *self._options),
        ]
        address = {"DATABASE": self.cluster.address(self.database)}
        return command, plain_environment() | address | self._environment

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database itself: no client of MLflow's is believed."""
        return self.cluster.ask(self.database, query)

    def runs(self, study: str) -> int:
        """Return how many runs a study has, the sweep's own among them."""
        counted = "SELECT count(*) FROM runs JOIN experiments USING (experiment_id) WHERE experiments.name"
        return int(self.ask(f"{counted} = '{study}'")[0][0])


@contextmanager
def serving(server: TeamServer) -> Iterator[TeamServer]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def plain_environment() -> dict[str, str]:
    """Return the environment without what a user may have set for a store of their own."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return found | {"MLFLOW_DISABLE_TELEMETRY": "true"}


def launched(folder: Path, uri: str, *overrides: str, **environment: str) -> Popen:
    """Start a sweep in a folder of its own; nothing but the variable says where the store is."""
    return started(folder, uri, ["harness", *overrides, "executor=serial", "-m"], environment)


def reported(folder: Path, uri: str, study: str) -> str:
    """Draw the report of a study in a folder, and return what that said."""
    return said(started(folder, uri, ["reports", study], {}))


def started(folder: Path, uri: str, command: Sequence[str], environment: Mapping[str, str]) -> Popen:
    folder.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    process = Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=plain_environment() | {"MLFLOW_TRACKING_URI": uri, "PYTHONPATH": path} | dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    STARTED.append(process)
    return process


def said(process: Popen, status: int = 0) -> str:
    """Return what a sweep said, which is to end with a status."""
    told, _ = process.communicate(timeout=240)
    assert process.returncode == status, told
    return told


def swept(folder: Path, uri: str, *overrides: str, **environment: str) -> str:
    return said(launched(folder, uri, *overrides, **environment))


def wait_for(what: Callable[[], object], *processes: Popen) -> None:
    deadline = time.monotonic() + 120
    while not what():
        for process in processes:
            assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def rows(record: StudyRecord) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what was read of a study, runs and history, by fingerprint instead of the store's own ids."""
    runs = record.runs.sort_values("fingerprint", ignore_index=True)
    history = record.history.merge(runs[["run_id", "fingerprint"]], on="run_id")
    history = history.sort_values(["fingerprint", "update"], ignore_index=True)
    return runs.drop(columns="run_id"), history.drop(columns="run_id")


def assert_each_run_once(
    server: TeamServer, study: str, expected: Mapping[str, str], sweeps: int = 1
) -> None:
    """Compare what the database holds with the weights, by fingerprint, of an undisturbed sweep."""
    own = f"JOIN experiments USING (experiment_id) WHERE experiments.name = '{study}'"
    held = server.ask(
        "SELECT mark.value, weights.value FROM runs "
        "JOIN tags AS mark ON mark.run_uuid = runs.run_uuid AND mark.key = 'harness.fingerprint' "
        "JOIN tags AS weights ON weights.run_uuid = runs.run_uuid AND weights.key = 'harness.weights' "
        f"{own} AND runs.status = 'FINISHED'"
    )
    assert len(held) == len(expected)
    assert dict(held) == expected
    # None is left open, none was begun twice.
    kinds = (
        "SELECT tags.value, runs.status, count(*) FROM runs JOIN tags USING (run_uuid) "
        f"{own} AND tags.key = 'harness.kind' AND tags.value IN ('run', 'sweep') GROUP BY 1, 2 ORDER BY 1"
    )
    assert server.ask(kinds) == [("run", "FINISHED", len(expected)), ("sweep", "FINISHED", sweeps)]
    twice = (
        "SELECT run_uuid, metrics.key, step FROM metrics JOIN tags USING (run_uuid) "
        "WHERE tags.key = 'harness.kind' AND tags.value = 'run' "
        "GROUP BY run_uuid, metrics.key, step HAVING count(*) > 1"
    )
    assert server.ask(twice) == []


def assert_nothing_waits(folder: Path) -> None:
    assert not [path for path in folder.glob("**/spool/*/*") if path.is_dir()]
    assert not list(folder.glob("**/states/*/*.npz"))
