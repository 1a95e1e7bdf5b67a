"""The first signal is noted, the second one ends all at once; time that is over is a reason too."""

import os
import signal
import threading
import time

import pytest

from harness.sweeping.interrupting import Stop
from harness.sweeping.isolating import Task


def test_the_first_signal_is_noted_and_the_second_raises() -> None:
    with Stop() as stop:
        assert not stop.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked
        assert (stop.signal, stop.reason) == (signal.SIGTERM, "interrupted")
        assert not stop.insisted
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.insisted
        assert stop.signal == signal.SIGTERM


def test_where_work_may_be_dropped_the_first_signal_raises() -> None:
    with Stop() as stop:
        with pytest.raises(KeyboardInterrupt), stop.raising():
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.interrupted


def test_signals_are_python_s_again_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Stop():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_thread_of_somebody_elses_program_leaves_its_signals_alone() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def sweep() -> None:
        with Stop() as stop:
            seen.append((stop.asked, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=sweep)
    thread.start()
    thread.join()
    assert seen == [(False, before)]


def test_the_time_allowed_ends_at_a_moment_that_workers_can_be_told() -> None:
    with Stop(100.0) as stop:
        assert stop.until is not None
        assert 99.0 < stop.until - time.time() <= 100.0
    with Stop() as stop:
        assert stop.until is None


def test_a_leg_that_waited_for_its_worker_ends_with_the_time_allowed_all_the_same() -> None:
    def seconds(leg: float | None, until: float | None) -> float | None:
        return Task((), (), None, leg, until).seconds_now

    assert seconds(30.0, None) == 30.0
    assert seconds(None, None) is None
    assert seconds(30.0, time.time() - 5) == 0.0
    assert 9.0 < (seconds(30.0, time.time() + 10) or 0) <= 10.0
    assert 9.0 < (seconds(None, time.time() + 10) or 0) <= 10.0
    assert seconds(5.0, time.time() + 10) == 5.0
