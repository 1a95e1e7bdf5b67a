"""A grid's folder of saved states: each run goes on from its latest one, and nothing piles up."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from harness import compose
from harness.sweeping.grid import Point
from harness.sweeping.isolating import Advanced, Task, carry_out
from harness.sweeping.pieces import Piece, halved
from harness.sweeping.saved import Saved
from harness.sweeping.states import sealed
from tests.sweeping.points import points_of

NAME = "0123456789abcdef"


@pytest.fixture(scope="module")
def points() -> list[Point]:
    runs = [compose(["dataset=xor", "optimizer=gd", "stopping.updates=9", f"seed={n}"]) for n in range(4)]
    return points_of(runs)


def leg(piece: Piece) -> list[Advanced]:
    saved = None if piece.saved is None else piece.saved.read_bytes()
    return carry_out(Task(tuple(point.run for point in piece.points), piece.fingerprints, saved, 1e-6))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def piece(points: list[Point]) -> Piece:
    return Piece(tuple(points), NAME, 0, None, 1.0)


def test_a_state_takes_the_place_of_the_one_before(piece: Piece, tmp_path: Path) -> None:
    saved = Saved(tmp_path)
    (one,) = saved.keep(piece, leg(piece))
    assert files(tmp_path) == [f"{NAME}-1.npz"]
    (two,) = saved.keep(one, leg(one))
    assert files(tmp_path) == [f"{NAME}-2.npz"]
    assert (two.stack, two.leg, two.points) == (NAME, 2, piece.points)


def test_a_state_stays_until_each_of_its_runs_has_a_later_one(piece: Piece, tmp_path: Path) -> None:
    saved = Saved(tmp_path)
    (one,) = saved.keep(piece, leg(piece))
    first, second = halved(one)
    saved.keep(first, leg(first))
    assert files(tmp_path) == sorted([f"{NAME}-1.npz", f"{first.stack}-2.npz"])
    saved.keep(second, leg(second))
    assert files(tmp_path) == sorted([f"{first.stack}-2.npz", f"{second.stack}-2.npz"])


def test_the_next_start_goes_on_from_each_runs_latest_state(piece: Piece, tmp_path: Path) -> None:
    saved = Saved(tmp_path)
    (one,) = saved.keep(piece, leg(piece))
    first, _ = halved(one)
    saved.keep(first, leg(first))
    resumed, fresh = Saved(tmp_path).resume(piece.points)
    assert not fresh
    assert [(each.leg, each.points) for each in resumed] == [(2, first.points), (1, piece.points[2:])]
    # What their next legs leave must never take the place of what an earlier one left.
    assert not {each.stack for each in resumed} & {NAME, first.stack}


def test_points_without_a_state_start_from_the_beginning(
    piece: Piece, points: list[Point], tmp_path: Path
) -> None:
    saved = Saved(tmp_path)
    some = Piece(piece.points[:2], NAME, 0, None, 1.0)
    saved.keep(some, leg(some))
    resumed, fresh = Saved(tmp_path).resume([points[3], points[1]])
    assert [each.points for each in resumed] == [(points[1],)]
    assert fresh == [points[3]]


def test_what_nobody_needs_or_can_use_is_removed(
    piece: Piece, points: list[Point], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    saved = Saved(tmp_path)
    saved.keep(piece, leg(piece))
    (tmp_path / f"{'f' * 16}-7.npz").write_bytes(b"half a state")
    (tmp_path / "notes.npz").write_bytes(b"somebody's own")
    with caplog.at_level(logging.WARNING):
        resumed, fresh = Saved(tmp_path).resume(points[:0])
    assert (resumed, fresh) == ([], [])
    assert files(tmp_path) == ["notes.npz"]
    assert "checksum does not agree; the stack starts again" in caplog.text


def test_a_state_that_cannot_be_written_leaves_the_one_before(piece: Piece, tmp_path: Path) -> None:
    saved = Saved(tmp_path)
    (one,) = saved.keep(piece, leg(piece))
    advanced = leg(one)
    in_the_way = tmp_path / f"{NAME}-2.npz"
    in_the_way.mkdir()
    (in_the_way / "file").touch()
    with pytest.raises(IsADirectoryError):
        saved.keep(one, advanced)
    in_the_way.rename(tmp_path / "elsewhere")
    resumed, _ = Saved(tmp_path).resume(piece.points)
    assert [each.leg for each in resumed] == [1]
    assert resumed[0].points == piece.points


def test_a_state_of_another_platform_is_left_to_the_workers(piece: Piece, tmp_path: Path) -> None:
    saved = Saved(tmp_path)
    saved.keep(piece, leg(piece))
    (path,) = tmp_path.iterdir()
    with np.load(path) as archive:
        named = dict(archive)
    header = json.loads(named["header"].tobytes()) | {"machine": "another"}
    path.write_bytes(sealed(named | {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}))
    (resumed,), fresh = Saved(tmp_path).resume(piece.points)
    assert not fresh
    (advanced,) = leg(resumed)
    # It starts again there: no row of the other platform is left.
    assert advanced.since == 0


def test_clearing_leaves_no_folder(piece: Piece, tmp_path: Path) -> None:
    saved = Saved(tmp_path / "grid")
    saved.keep(piece, leg(piece))
    (tmp_path / "grid" / f"{NAME}-2.npz.part").write_bytes(b"left by a kill")
    saved.clear()
    assert not (tmp_path / "grid").exists()
    saved.clear()
