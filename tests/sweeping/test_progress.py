"""What a sweep says while it runs, and of the runs that failed."""

import pytest

from harness import compose
from harness.sweeping import progress
from harness.sweeping.grid import Point
from harness.sweeping.progress import Bar, failures
from harness.sweeping.results import Result

RUN = compose([])


def result(number: int, outcome: str = "exhausted", error: str | None = None) -> Result:
    point = Point(RUN, str(number), "arm", f"arm · seed {number}", {}, "reported")
    return Result(point, outcome, {}, trained_now=True, error=error)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)


def test_without_a_terminal_each_line_counts_runs_and_losses(
    at_once: None, capsys: pytest.CaptureFixture[str]
) -> None:
    bar = Bar()
    bar.start(10, 4)
    bar.leg([result(0), result(1, "diverged")], 150.0)
    bar.leg([result(2, "failed", "no")], 3.0)
    bar.leg([result(number) for number in range(3, 6)], 0.0)
    bar.written(2)
    bar.trained()
    bar.close()
    lines = [line.split(", ") for line in capsys.readouterr().err.splitlines()]
    assert [line[0] for line in lines] == [
        "6/10 runs",
        "7/10 runs",
        "10/10 runs",
        "writing the last 4 runs",
        "10/10 runs",
    ]
    assert lines[0][2:] == ["about 2 minutes left", "1 diverged"]
    assert lines[1][2:] == ["about 3 seconds left", "1 diverged", "1 failed"]
    assert lines[4][2:] == ["1 diverged", "1 failed"]


def test_where_nothing_is_to_do_nothing_is_said(at_once: None, capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.start(10, 10)
    bar.trained()
    bar.close()
    assert capsys.readouterr().err == ""


def test_failed_runs_are_named_with_why() -> None:
    lost = [result(1), result(2, "failed", "MemoryError: no room"), result(3, "failed", "ValueError: no")]
    assert failures(lost).splitlines() == [
        "failed run    why",
        "arm · seed 2  MemoryError: no room",
        "arm · seed 3  ValueError: no",
    ]


def test_many_failed_runs_are_counted_by_reason() -> None:
    lost = [result(number, "failed", "MemoryError" if number % 3 else "ValueError") for number in range(30)]
    lines = failures(lost).splitlines()
    assert len(lines) == 1 + 20 + 1 + 2
    assert lines[21:] == [
        "and 10 more; in all, by reason:",
        "      20  MemoryError",
        "      10  ValueError",
    ]
