"""What a browser is pointed at: a store swept and reported by a user's commands, and the UI of `make ui`."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.__main__ import main as harness
from harness.locations import PACKAGE
from reports.__main__ import main as reports
from tests.tracking.servers import unused_port

ROOT = PACKAGE.parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true"}
FRESH = """
localStorage.clear();
localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true');
"""
"""Script of a page that remembers nothing, but that its MLflow Assistant has been closed, as everybody does."""


def sweep_and_report(store: str, study: str, arguments: Sequence[str], folder: Path) -> None:
    """Train a grid into a store and attach its report, in this process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv("MLFLOW_TRACKING_URI", store)
        patched.setattr(sys, "argv", ["harness", f"study.name={study}", *arguments, "executor=serial", "-m"])
        harness()
        assert reports([study]) == 0


@contextmanager
def served(store: str) -> Iterator[str]:
    """Start the UI of a store by `make ui`, and yield its address."""
    port = unused_port()
    command = ["make", "-s", "-o", "setup", "ui", f"BIN={Path(sys.executable).parent}", f"PORT={port}"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | QUIET | {"MLFLOW_TRACKING_URI": store},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while not _answers(address):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
