"""Reading back: what a report waits for before it can draw."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from urllib.request import urlopen

from benchmarks.sweeps.processes import BrokenError, Ran, run
from benchmarks.sweeps.sections import Entry, Section, Table
from benchmarks.targets import Target

RUNS = 1_000
ARMS = 4
SECONDS = {"on this machine": 5.0, "from a server": 10.0}
STUDY = "bench"
PATIENCE = 120
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}

METHOD = """\
A sweep of four arms on moons, ten epochs, is tracked as it is by default, to SQLite on this machine and to
`mlflow server` (one worker, SQLite, artifacts through the server). Then a fresh process reads the study with
`harness.tracking.read.study`: all runs with all rows of their histories. `imports` are pandas, pyarrow,
MLflow and the first answer of the store. `first` is the first reading, for which a server's histories are
fetched; `again` the second, for which they lie on this machine. The processor's seconds are the reading
process's own: a server's stand nowhere."""


def section(quick: bool) -> Section:
    """Read a study from either store."""
    runs = RUNS // 10 if quick else RUNS
    with TemporaryDirectory() as scratch:
        here, there = Path(scratch) / "here", Path(scratch) / "there"
        found = {"on this machine": read_back(runs, f"sqlite:///{here / 'mlruns' / 'mlflow.db'}", here)}
        with served(Path(scratch) / "server") as uri:
            found["from a server"] = read_back(runs, uri, there)
    rows = [row for where, ran in found.items() for row in _rows(where, ran)]
    return Section(
        "Reading back",
        METHOD,
        {"reading": Table(("store", "reading", "runs", "rows", "clock s", "processor s"), rows)},
        [
            Target(
                "seconds of the clock, first reading",
                f"{runs:,} runs {where}",
                ran.told["spent"]["first"]["clock"],
                SECONDS[where],
                True,
            )
            for where, ran in found.items()
        ],
    )


def asked(runs: int) -> list[str]:
    """Return the overrides of the grid."""
    return [
        f"study.name={STUDY}",
        "dataset=moons",
        "activation=relu,tanh",
        "loss=mse,cross_entropy",
        f"seed=range(0,{runs // ARMS})",
        "stopping.epochs=10",
        "executor=serial",
    ]


def read_back(runs: int, uri: str, folder: Path) -> Ran:
    """Train a sweep into a store, and return what reading it took.

    Raises
    ------
    BrokenError
        If it failed, or a run came back without its rows.
    """
    run("benchmarks.sweeps.launched", [f"tracking.uri={uri}", *asked(runs), "-m"], folder)
    # From elsewhere: where a sweep ran, histories may have been fetched already.
    ran = run("benchmarks.sweeps.read_back", [STUDY, uri], folder / "reader")
    if ran.told["runs"] != runs:
        raise BrokenError(f"reading: {ran.told['runs']:,} runs of {runs:,} came back from {uri}")
    return ran


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Start `mlflow server` over a fresh SQLite file, yield its address, and end it."""
    folder.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", (folder / "served").as_uri()),
    ]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, env=os.environ | QUIET
        )
    try:
        _wait(server, port, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except OSError:
            sleep(0.1)
    raise BrokenError(f"mlflow server does not answer: {log.read_text(encoding='utf-8')[-200:]!r}")


def _rows(where: str, ran: Ran) -> Iterator[tuple[Entry, ...]]:
    for reading, spent in ran.told["spent"].items():
        yield where, reading, ran.told["runs"], ran.told["rows"], spent["clock"], spent["processor"]
