"""Pieces: the runs that train together next, as large as caches, memory and workers allow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from uuid import uuid4

import numpy as np

from harness.engine.memory import stack_bytes
from harness.engine.run import Run
from harness.engine.training import tile_size
from harness.sweeping.estimates import seconds
from harness.sweeping.grid import Point
from harness.sweeping.isolating import halves
from harness.sweeping.preparing import Known, prepare
from harness.sweeping.stacks import stacks

SHARES = 2
"""Pieces that each worker is to have: with fewer, one waits long for the last piece of another."""

SHORTEST, LONGEST = 1.0, 2.0
"""Seconds of a piece: with less, what a leg costs besides training would count; with more, records
come late to be written. No tile is cut for the latter."""

MOST = 256
"""Runs of a piece: their records are in the launching process at a time, however large the grid is."""


@dataclass(frozen=True)
class Piece:
    """Runs of one stack that train together next.

    Attributes
    ----------
    stack : str
        What their histories are called by, together with `leg`.
    leg : int
        Legs made.
    saved : Path or None
        Where their state lies, maybe with that of other runs; None before the first leg.
    seconds_left : float
        About how long they still train.
    deaths : int
        How often a worker died while they trained alone.
    """

    points: tuple[Point, ...]
    stack: str
    leg: int
    saved: Path | None
    seconds_left: float
    deaths: int = 0

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Return those of the runs."""
        return tuple(point.fingerprint for point in self.points)


def new_stack() -> str:
    """Return a name that no stack ever had.

    Never that of an earlier training of the same runs: its rows would be lost.
    """
    return uuid4().hex[:16]


@dataclass(frozen=True, eq=False)
class Group:
    """All runs of a grid that one stack could train.

    Attributes
    ----------
    first : Run
        As the engine trains it; the others cost the same.
    seconds : float
        About how long one worker trains them.
    """

    points: tuple[Point, ...]
    first: Run
    seconds: float


def groups(points: Sequence[Point]) -> list[Group]:
    """Return the points by what stacks."""
    data: Known = {}
    found = []
    for stack in stacks([point.run for point in points]):
        first = prepare(points[stack[0]].run, data)
        chosen = tuple(points[index] for index in stack)
        found.append(Group(chosen, first, seconds(first, len(chosen))))
    return found


def pieces(groups: Sequence[Group], workers: int, memory: float) -> list[Piece]:
    """Return what trains together, cut by a model of what it costs.

    Runs of equal shape stay together as far as the memory allows, and as long as every worker has
    enough to do. By the law of the stack no cut changes a result.

    Parameters
    ----------
    memory : float
        Bytes that all stacks under way may take together.
    """
    total = sum(group.seconds for group in groups)
    cut: list[Piece] = []
    for group in groups:
        count = ceil(len(group.points) / _size(group, total, workers, memory / workers))
        for places in np.array_split(np.arange(len(group.points)), count):
            chosen = tuple(group.points[place] for place in places)
            cut.append(Piece(chosen, new_stack(), 0, None, seconds(group.first, len(chosen))))
    return cut


def _size(group: Group, total: float, workers: int, memory: float) -> int:
    """Return how many runs of a group train together.

    Tiles train one after the other, so that a cut between them costs nothing; a tile is cut only
    where a worker would be idle otherwise.
    """
    runs, tile = len(group.points), tile_size(group.first)
    aim = max(SHORTEST, min(LONGEST, total / (SHARES * workers)))
    size = ceil(runs / ceil(group.seconds / aim))
    busy = ceil(runs / ceil(group.seconds / max(SHORTEST, total / workers)))
    size = size // tile * tile if size >= tile else max(size, min(tile, busy))
    while size > 1 and stack_bytes(group.first, size) > memory:
        size = ceil(size / 2)
    return min(size, runs, MOST)


def halved(piece: Piece) -> list[Piece]:
    """Return the two halves of a piece of at least two runs."""
    return [
        replace(piece, points=points, stack=new_stack(), seconds_left=piece.seconds_left / 2)
        for points in halves(piece.points)
    ]


def spread(going_on: Iterable[Piece], idle: int) -> list[Piece]:
    """Return pieces, the longest ones split until `idle` workers have one each, if runs allow."""
    spread = sorted(going_on, key=lambda piece: piece.seconds_left)
    while len(spread) < idle:
        longest = next((piece for piece in reversed(spread) if len(piece.points) > 1), None)
        if longest is None:
            break
        spread.remove(longest)
        spread = sorted([*spread, *halved(longest)], key=lambda piece: piece.seconds_left)
    return spread
