"""What the engine is meant to reach, and whether it does: arithmetic on timings.

Times are those of an update of one run, in microseconds; a ratio is a peer's time by the engine's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from benchmarks.cells import BATCHES, DTYPES, SIZES, Cell
from benchmarks.lineup import NAMES
from benchmarks.timing import Timing

STACK = 50
SMALL = SIZES[0]
BESIDE_JAX: Mapping[int | None, float] = {1: 0.4, 32: 1.0, None: 1.0}
BESIDE_PEERS: Mapping[int | None, float] = {1: 50, 32: 10, None: 2}
SHARE_OF_CEILING = 0.6
ALONE_BESIDE_SKLEARN: Mapping[int | None, float] = {1: 4, 32: 4}
OVER_PRODUCTS = 1.6

GRID_EPOCHS = 30
GRID_SECONDS = 60


@dataclass(frozen=True)
class Target:
    """One number that is wanted, and what was found."""

    what: str
    where: str
    found: float
    wanted: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Return whether it is reached."""
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted

    @property
    def verdict(self) -> str:
        """Return ``met``, or by how much of what is wanted it was missed."""
        missed = abs(self.found - self.wanted) / self.wanted
        return "met" if self.met else f"missed by {max(0.01, missed):.0%}"


class Times:
    """Medians of the contenders on one core; what is not there gives no target."""

    def __init__(self, timings: Sequence[Timing]) -> None:
        self.timings = {
            (each.cell, each.contender.family, each.contender.stack): each
            for each in timings
            if each.contender.alone and each.missing is None
        }
        self.cells = list(dict.fromkeys(each.cell for each in timings))

    def ratios(self, cell: Cell, one: tuple[str, int], other: tuple[str, int]) -> Iterator[float]:
        """Yield the time of `one` (family, stack) by that of `other`, if both are known."""
        first, second = self.timings.get((cell, *one)), self.timings.get((cell, *other))
        if first is not None and second is not None:
            yield first.median / second.median


def targets(timings: Sequence[Timing]) -> list[Target]:
    """Return every target that the timings tell of, cell by cell."""
    times = Times(timings)
    found = [target for cell in times.cells for target in _of_cell(times, cell)]
    return found + list(_grids(times))


def _of_cell(times: Times, cell: Cell) -> Iterator[Target]:
    engine, where, batch = ("harness", STACK), cell.label, cell.batch
    for ratio in times.ratios(cell, ("jax", STACK), engine):
        yield Target(f"times as fast as JAX, stacks of {STACK}", where, ratio, BESIDE_JAX[batch])
    for peer in ("torch", "sklearn"):
        what = f"stack of {STACK}, times as fast as {NAMES[peer]}"
        for ratio in times.ratios(cell, (peer, 1), engine):
            if cell.sizes == SMALL:
                yield Target(what, where, ratio, BESIDE_PEERS[batch])
                continue
            for ceiling in times.ratios(cell, (peer, 1), ("products_and_update", STACK)):
                share = f" ({SHARE_OF_CEILING} of the ceiling, {ceiling:.3g})"
                yield Target(what + share, where, ratio, SHARE_OF_CEILING * ceiling)
    if cell.sizes == SMALL and batch in ALONE_BESIDE_SKLEARN:
        for ratio in times.ratios(cell, ("sklearn", 1), ("harness", 1)):
            what = "stack of 1, times as fast as scikit-learn"
            yield Target(what, where, ratio, ALONE_BESIDE_SKLEARN[batch])
    if batch is None:
        for ratio in times.ratios(cell, engine, ("products", STACK)):
            what = f"time over its bare products, stack of {STACK}"
            yield Target(what, where, ratio, OVER_PRODUCTS, at_most=True)


def _grids(times: Times) -> Iterator[Target]:
    """Yield for each dtype JAX's seconds for a small grid, compiling included, by the engine's.

    The grid is what was timed of the smallest network in stacks of 50, each for 30 epochs: a stack,
    and so a compilation, for each feeding and activation.
    """
    for dtype in DTYPES:
        grid = [cell for cell in times.cells if cell.sizes == SMALL and cell.dtype == dtype]
        known = [
            (times.timings[cell, "harness", STACK], times.timings[cell, "jax", STACK])
            for cell in grid
            if (cell, "harness", STACK) in times.timings and (cell, "jax", STACK) in times.timings
        ]
        # Without every feeding it would be another grid.
        if {mine.cell.batch for mine, _ in known} != set(BATCHES):
            continue
        mine, theirs = (sum(seconds(each) for each in side) for side in zip(*known, strict=True))
        long = "" if mine < GRID_SECONDS else ", although it takes over a minute"
        what = (
            f"grid of {len(known)} stacks of {STACK}, {GRID_EPOCHS} epochs: JAX {theirs:.1f} s with "
            f"compiling, harness {mine:.1f} s{long}; times as fast"
        )
        yield Target(what, f"{'-'.join(map(str, SMALL))}/{dtype}", theirs / mine, 1.0)


def seconds(timing: Timing) -> float:
    """Return what a stack of the grid takes: its updates, and once what its first call needs."""
    cell = timing.cell
    updates = GRID_EPOCHS * ceil(cell.samples / cell.batch_size)
    trained = timing.contender.stack * updates * timing.median / 1e6
    return trained + timing.compile_seconds + timing.setup_seconds
