"""Worker processes do what they are told, and end when nobody is left to tell them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.sweeping.executors import START_SECONDS, Crew, InProcess, crew
from harness.sweeping.settings import Executing, Processes, Serial
from tests.sweeping.workers import workers_of

STUDY = [
    "dataset=digits",
    "activation=sigmoid,tanh,relu",
    "stopping.epochs=100000",
    "executor.workers=2",
    "-m",
]


def workers(choice: Executing, runs: int, seconds: float) -> int:
    with crew(choice) as found:
        return found.fitting(runs, seconds).workers


def test_there_are_never_more_workers_than_runs() -> None:
    assert workers(Processes(workers=8), runs=3, seconds=1000) == 3
    assert workers(Processes(workers=2), runs=3, seconds=0.1) == 2
    assert workers(Serial(), runs=3, seconds=1000) == 1
    with crew(Processes(workers=8)) as found:
        assert found.fitting(1, 1000).here


def test_workers_that_nobody_asked_for_are_started_only_for_what_takes_long() -> None:
    assert workers(Processes(), runs=100, seconds=1.0) == 1
    assert workers(Processes(), runs=100, seconds=1000.0) == os.cpu_count()


def test_what_a_block_raises_ends_its_workers_at_once() -> None:
    def interrupted(found: Crew) -> None:
        with found.together() as executor:
            futures = [executor.submit(time.sleep, 600) for _ in range(2)]
            while not all(future.running() for future in futures):
                time.sleep(0.1)
            raise KeyboardInterrupt

    began = time.monotonic()
    with crew(Processes(workers=2)) as found, pytest.raises(KeyboardInterrupt):
        interrupted(found)
    assert time.monotonic() - began < 60


def test_an_error_in_this_process_is_the_futures() -> None:
    with InProcess() as executor:
        future = executor.submit(int, "no number")
    with pytest.raises(ValueError, match="no number"):
        future.result()


def test_workers_end_when_the_launcher_is_killed(tmp_path: Path) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-m", "harness", *STUDY, "tracking=off"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while len(workers_of(launcher.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        workers = workers_of(launcher.pid)
        assert len(workers) == 2
        # Until its initializer has run, a worker knows of no parent to watch; by so many seconds it trains.
        while any(sum(worker.cpu_times()[:2]) < 1.5 * START_SECONDS for worker in workers):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        os.kill(launcher.pid, signal.SIGKILL)
        launcher.wait()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive
