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
from typing import TYPE_CHECKING

import pytest

from harness.__main__ import main as harness
from harness.locations import PACKAGE
from reports.__main__ import main as reports
from tests.tracking.servers import unused_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = PACKAGE.parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WINDOW = {"width": 1500, "height": 1000}
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true"}
FRESH = """
localStorage.clear();
localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true');
"""
"""Script of a page that remembers nothing but that its MLflow Assistant has been closed."""


def sweep_and_report(store: str, study: str, arguments: Sequence[str], folder: Path) -> None:
    """Train a grid into a store and attach its report, in this process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv("MLFLOW_TRACKING_URI", store)
        patched.setattr(sys, "argv", ["harness", f"study.name={study}", *arguments, "executor=serial", "-m"])
        harness()
        assert reports([study]) == 0


def lacking() -> str | None:
    """Return why nothing can be looked at here, None if something can."""
    if not Path(CHROMIUM).exists():
        return f"needs Chromium as {CHROMIUM}: apt-get install chromium"
    if not (ROOT / "Makefile").exists():
        return "the Makefile, which starts the UI, is not part of a wheel"
    return None


@contextmanager
def chromium() -> Iterator["Browser"]:
    """Start a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


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
