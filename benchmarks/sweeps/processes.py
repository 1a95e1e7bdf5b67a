"""Processes that are measured: each starts afresh in a folder of its own and says what it took."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import benchmarks

ROOT = Path(benchmarks.__file__).resolve().parents[1]
FOREIGN = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_RUN_ID",
    "HARNESS_EXTENSIONS",
)
"""Variables by which a measured process would write to a store of the user's, or do other work."""


class BrokenError(RuntimeError):
    """A measured process failed, or did something else than it was asked for."""


@dataclass(frozen=True)
class Ran:
    """What a process took.

    Attributes
    ----------
    seconds : float
        Of the clock, from its start to its end.
    told : mapping
        What it said about itself.
    """

    seconds: float
    told: Mapping[str, Any]

    @property
    def processor(self) -> float:
        """Return the processor's seconds of the process and of those that it started."""
        return float(self.told["processor"]) + float(self.told.get("workers", 0.0))


def run(module: str, arguments: Sequence[str], folder: Path) -> Ran:
    """Run ``python -m module FILE ARGUMENTS`` in `folder`, where FILE is for what it tells, as JSON.

    Raises
    ------
    BrokenError
        With the last line that it wrote, if it leaves with another status than 0.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    # The folder is not the checkout's, and the package may be installed from elsewhere.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with TemporaryDirectory() as scratch:
        report = Path(scratch) / "told.json"
        command = [sys.executable, "-m", module, str(report), *arguments]
        began = perf_counter()
        ended = subprocess.run(
            command, check=False, cwd=folder, env=environment, capture_output=True, text=True
        )
        seconds = perf_counter() - began
        if ended.returncode:
            last = (ended.stderr.strip() or ended.stdout.strip() or "nothing said").splitlines()[-1]
            raise BrokenError(f"{module} {' '.join(arguments)}: status {ended.returncode}: {last}")
        return Ran(seconds, json.loads(report.read_text(encoding="utf-8")))


def tell(file: str, what: Mapping[str, Any]) -> None:
    """Leave for the process that measures what this one has to tell."""
    Path(file).write_text(json.dumps(what), encoding="utf-8")


def memory(kind: str) -> float:
    """Return this process's memory in MB: ``VmRSS`` now, ``VmHWM`` at its peak."""
    with open("/proc/self/status", encoding="utf-8") as lines:
        kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{kind}:"))
    return int(kilobytes) / 1024
