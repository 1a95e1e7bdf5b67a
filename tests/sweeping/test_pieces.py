"""Pieces are as large as caches, memory and workers allow, and no run is lost or doubled by a cut."""

from dataclasses import replace
from pathlib import Path

from harness import compose
from harness.engine.memory import stack_bytes
from harness.engine.training import tile_size
from harness.sweeping.grid import Point
from harness.sweeping.pieces import MOST, Group, Piece, groups, halved, pieces, spread
from tests.sweeping.points import points_of

PLENTY = 1e12


def points(*overrides: str, seeds: int = 40) -> list[Point]:
    return points_of([compose(["dataset=moons", *overrides, f"seed={seed}"]) for seed in range(seeds)])


def group(seconds: float, *overrides: str) -> Group:
    """Runs of which one tile takes 40 and more."""
    found = groups(points("optimizer=batch", "optimizer.batch_size=4", *overrides))[0]
    assert tile_size(found.first) >= 40
    return replace(found, seconds=seconds)


def cut(found: list[Group], workers: int, memory: float = PLENTY) -> list[int]:
    made = pieces(found, workers, memory)
    given = [point.fingerprint for each in found for point in each.points]
    assert [mark for piece in made for mark in piece.fingerprints] == given
    assert len({piece.stack for piece in made}) == len(made)
    return [len(piece.points) for piece in made]


def test_one_worker_trains_each_group_whole() -> None:
    assert cut([group(100.0), group(1.0)], 1) == [40, 40]


def test_two_workers_share_a_single_group() -> None:
    assert cut([group(100.0)], 2) == [20, 20]


def test_what_is_short_is_not_cut() -> None:
    assert cut([group(1.0)], 2) == [40]


def test_a_tile_is_cut_only_where_a_worker_would_be_idle() -> None:
    assert cut([group(10.0), group(10.0)], 2) == [40, 40]
    assert cut([group(10.0), group(40.0)], 2) == [40, 20, 20]


def test_between_tiles_pieces_are_cut_for_records_to_come_soon() -> None:
    large = groups(points("optimizer=gd", seeds=36))[0]
    assert tile_size(large.first) == 3
    assert cut([replace(large, seconds=8.0)], 2) == [9, 9, 9, 9]
    assert cut([replace(large, seconds=8.0)], 1) == [9, 9, 9, 9]
    assert cut([replace(large, seconds=1000.0)], 1) == [3] * 12
    assert cut([replace(large, seconds=1000.0)], 5) == [3] * 12


def test_no_stack_takes_more_than_a_workers_share_of_the_memory() -> None:
    found = group(100.0)
    memory = 2 * stack_bytes(found.first, 7)
    sizes = cut([found], 2, memory)
    assert max(sizes) <= 7
    assert min(sizes) >= 3
    assert cut([found], 2, 1.0) == [1] * 40


def test_a_piece_has_a_bounded_number_of_runs_however_many_there_are() -> None:
    assert max(cut([replace(groups(points("optimizer=gd", seeds=600))[0], seconds=0.5)], 1)) <= MOST


def test_halves_are_stacks_of_their_own_that_go_on_from_the_same_state() -> None:
    piece = Piece(tuple(points("optimizer=gd", seeds=5)), "a" * 16, 3, Path("a-3.npz"), 10.0)
    one, other = halved(piece)
    assert (*one.points, *other.points) == piece.points
    assert len({piece.stack, one.stack, other.stack}) == 3
    assert {(each.leg, each.saved) for each in (one, other)} == {(3, piece.saved)}
    assert one.seconds_left + other.seconds_left == 10.0


def test_the_longest_is_split_until_no_worker_is_idle() -> None:
    runs = points("optimizer=gd", seeds=6)
    short = Piece(tuple(runs[:1]), "a" * 16, 1, None, 1.0)
    long = Piece(tuple(runs[1:]), "b" * 16, 1, None, 8.0)
    assert spread([short, long], 1) == [short, long]
    assert [len(piece.points) for piece in spread([short, long], 3)] == [1, 2, 3]
    assert [len(piece.points) for piece in spread([short], 3)] == [1]
