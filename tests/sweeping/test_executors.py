"""Worker processes do what they are told, and end when nobody is left to tell them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.sweeping.executors import InProcess, open_executor, worker_count
from harness.sweeping.settings import Processes, Serial

STUDY = [
    "dataset=digits",
    "activation=sigmoid,tanh,relu",
    "stopping.epochs=100000",
    "executor.workers=2",
    "-m",
]


def test_there_are_never_more_workers_than_stacks() -> None:
    assert worker_count(Processes(workers=8), stacks=3) == 3
    assert worker_count(Processes(workers=2), stacks=3) == 2
    assert worker_count(Serial(), stacks=3) == 1
    assert isinstance(open_executor(Processes(workers=8), stacks=1), InProcess)


def test_an_error_in_this_process_is_the_futures() -> None:
    with InProcess() as executor:
        future = executor.submit(int, "no number")
    with pytest.raises(ValueError, match="no number"):
        future.result()


def workers_of(launcher: int) -> set[int]:
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text().rpartition(")")[2].split()
            command = (entry.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(after_name[1]) == launcher and b"LokyProcess" in command:
            found.add(int(entry.parent.name))
    return found


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc, which this system lacks")
def test_workers_end_when_the_launcher_is_killed(tmp_path: Path) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-m", "harness", *STUDY, "tracking=off"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while len(workers_of(launcher.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        workers = workers_of(launcher.pid)
        assert len(workers) == 2
        # Until its initializer has run, a worker knows of no parent to watch.
        time.sleep(5)
    finally:
        os.kill(launcher.pid, signal.SIGKILL)
        launcher.wait()
    deadline = time.monotonic() + 30
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not any(map(alive, workers))
