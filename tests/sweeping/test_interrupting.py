"""The first signal is noted, the second one ends all at once; time that is over is a reason too."""

import os
import signal
import threading

import pytest

from harness.sweeping.interrupting import Stop


def test_the_first_signal_is_noted_and_the_second_raises() -> None:
    with Stop() as stop:
        assert not stop.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked
        assert (stop.signal, stop.reason) == (signal.SIGTERM, "interrupted")
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


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


def test_legs_end_with_the_time_allowed() -> None:
    with Stop(100.0) as stop:
        assert stop.leg(30.0) == 30.0
        assert 99.0 < (stop.leg(None) or 0) <= 100.0
        assert 99.0 < (stop.leg(1000.0) or 0) <= 100.0
    with Stop() as stop:
        assert stop.leg(None) is None
