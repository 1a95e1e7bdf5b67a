"""However a grid is cut into pieces and legs, and wherever they train, every run is the same."""

import os
import signal
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from harness import compose, train
from harness.errors import ConfigurationError
from harness.record import Record
from harness.sweeping.executors import crew
from harness.sweeping.grid import Point
from harness.sweeping.interrupting import Stop
from harness.sweeping.isolating import Advanced
from harness.sweeping.pieces import Piece, groups, pieces
from harness.sweeping.saved import Saved
from harness.sweeping.scheduling import Schedule
from harness.sweeping.settings import Dask, Executing, Processes, Serial
from tests.sweeping.points import points_of

INSTANT = 1e-6
MIXED = [
    [f"architecture.width={width}", f"optimizer={feeding}", f"seed={seed}", f"optimizer.learning_rate={rate}"]
    for width, feeding in ((3, "sgd"), (4, "gd"))
    for rate in (0.01, 0.3, 1e4)
    for seed in (0, 1)
]
ENDS = ["activation=relu", "loss=mse", "architecture.output=identity", "stopping.tolerance=0.05"]
SEEING = "diagnostics.measures=[gradient_norm,update_ratio,decision_map]"
GRID = [
    compose(["dataset=moons", "dataset.samples=60", "stopping.updates=40", SEEING, *ENDS, *each])
    for each in MIXED
]


def queue(asked: Sequence[Point], workers: int) -> list[Piece]:
    return pieces(groups(asked), workers, 1e9)


def ended(legs: list[tuple[Piece, list[Advanced]]]) -> dict[str, Record]:
    found = {}
    for _, advanced in legs:
        for each in advanced:
            for mark, result in zip(each.fingerprints, each.results, strict=True):
                if isinstance(result, Record):
                    assert mark not in found
                    found[mark] = result
    return found


def trained(asked: Sequence[Point], choice: Executing, folder: Path) -> tuple[dict[str, Record], int]:
    with Stop() as stop, crew(choice) as workers:
        fitting = workers.fitting(len(asked), 60)
        schedule = Schedule(queue(asked, fitting.workers), fitting, Saved(folder), stop)
        legs = list(schedule.train())
    assert not folder.exists() or not list(folder.iterdir())
    return ended(legs), len(legs)


@pytest.fixture(scope="module")
def expected() -> dict[str, Record]:
    return {point.fingerprint: record for point, record in zip(points_of(GRID), train(GRID), strict=True)}


def assert_same(found: dict[str, Record], expected: dict[str, Record]) -> None:
    assert found.keys() == expected.keys()
    for mark, record in expected.items():
        mine = found[mark]
        assert mine.weights_digest == record.weights_digest
        assert mine.history.equals(record.history)
        np.testing.assert_equal(mine.maps, record.maps)
        np.testing.assert_equal(mine.summary, record.summary)
        assert mine.warnings == record.warnings


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param(Serial(leg=None), id="serial"),
        pytest.param(Serial(leg=INSTANT), id="serial by legs"),
        pytest.param(Processes(workers=2, leg=INSTANT), id="processes by legs"),
        # A whole sweep by processes is compared with one of this process where the two are tracked.
        pytest.param(Processes(workers=2), id="processes", marks=pytest.mark.slow),
    ],
)
def test_no_cut_and_no_executor_changes_a_record(
    choice: Executing, expected: dict[str, Record], tmp_path: Path
) -> None:
    found, legs = trained(points_of(GRID), choice, tmp_path / "states")
    assert_same(found, expected)
    assert {record.summary["outcome"] for record in found.values()} >= {"diverged", "exhausted"}
    assert (legs > 8) == (choice.leg == INSTANT)


def test_a_sweep_broken_off_after_any_leg_goes_on_to_the_same_records(
    expected: dict[str, Record], tmp_path: Path
) -> None:
    asked, found, starts = points_of(GRID), {}, 0
    while missing := [point for point in asked if point.fingerprint not in found]:
        starts += 1
        with Stop() as stop, crew(Serial(leg=INSTANT)) as workers:
            saved = Saved(tmp_path)
            resumed, fresh = saved.resume(missing)
            assert (starts == 1) == (len(fresh) == len(asked))
            schedule = Schedule([*resumed, *queue(fresh, 1)], workers, saved, stop)
            with closing(schedule.train()) as legs:
                for _, leg in zip(range(3), legs, strict=False):
                    found |= ended([leg])
    assert starts > 3
    assert_same(found, expected)


def test_a_signal_leaves_states_to_go_on_from(expected: dict[str, Record], tmp_path: Path) -> None:
    asked, found = points_of(GRID), {}
    with Stop() as stop, crew(Serial(leg=INSTANT)) as workers:
        schedule = Schedule(queue(asked, 1), workers, Saved(tmp_path), stop)
        legs = schedule.train()
        for _ in range(5):
            found |= ended([next(legs)])
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            next(legs)
        assert stop.signal == signal.SIGINT
        assert stop.reason == "interrupted"
    saved = Saved(tmp_path)
    resumed, fresh = saved.resume([point for point in asked if point.fingerprint not in found])
    assert resumed
    with Stop() as stop, crew(Serial()) as workers:
        found |= ended(list(Schedule([*resumed, *queue(fresh, 1)], workers, saved, stop).train()))
    assert_same(found, expected)
    assert not list(tmp_path.iterdir())


def test_nothing_is_begun_once_time_is_over(tmp_path: Path) -> None:
    with Stop(0.0) as stop, crew(Serial()) as workers:
        assert not list(Schedule(queue(points_of(GRID), 1), workers, Saved(tmp_path), stop).train())
        assert stop.reason == "the time that it was given is over"


@pytest.mark.slow
def test_a_cluster_gives_the_same_records_though_a_worker_is_killed(
    cluster: str, expected: dict[str, Record], tmp_path: Path
) -> None:
    asked, legs, killed = points_of(GRID), [], False
    with Stop() as stop, crew(Dask(address=cluster, leg=INSTANT)) as workers:
        assert workers.workers == 2
        schedule = Schedule(queue(asked, 2), workers, Saved(tmp_path), stop)
        for leg in schedule.train():
            legs.append(leg)
            if not killed and len(legs) > 3:
                os.kill(next(iter(workers.client.run(os.getpid).values())), signal.SIGKILL)
                killed = True
    assert killed
    assert_same(ended(legs), expected)


def test_a_cluster_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    monkeypatch.setattr("harness.sweeping.cluster.CONNECT_SECONDS", 1)
    address = "tcp://127.0.0.1:9"
    with (
        pytest.raises(ConfigurationError, match=r"executor.address = 'tcp://127.0.0.1:9': no Dask scheduler"),
        crew(Dask(address=address)),
    ):
        pass


def test_what_was_begun_is_ended_before_another_piece_begins(tmp_path: Path) -> None:
    asked = points_of(GRID)
    alone = [Piece((point,), f"{place:016x}", 0, None, 1.0 + place) for place, point in enumerate(asked)]
    with Stop() as stop, crew(Serial(leg=INSTANT)) as workers:
        legs = list(Schedule(alone[:3], workers, Saved(tmp_path), stop).train())
    order = [piece.stack for piece, _ in legs]
    assert list(dict.fromkeys(order)) == [piece.stack for piece in reversed(alone[:3])]
    assert order == sorted(order, reverse=True)
