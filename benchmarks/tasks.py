"""What one contender is asked for: a cell, a stack, and about how long to train."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from benchmarks.cells import Cell

PIECE_SECONDS = 0.08
STACKS_A_CORE = 2
"""How many a worker trains where stacks, or runs, are handed out to workers."""

# Rough: they settle how long a timing takes, and enter no result.
CALL_SECONDS = {
    "harness": 40e-6,
    "sweep": 40e-6,
    "jax": 1e-6,
    "torch": 200e-6,
    "sklearn": 150e-6,
    "products": 12e-6,
    "products_and_update": 15e-6,
}
MULTIPLY_ADDS_A_SECOND = {"float32": 1e10, "float64": 5e9}
PARAMETERS_A_SECOND = {"float32": 1e9, "float64": 5e8}


@dataclass(frozen=True)
class Work:
    """How much one timing trains: `epochs` passes over the first `rows` of a shuffled order.

    Where a whole epoch would take too long, `rows` are those of a few whole batches.
    """

    epochs: int
    rows: int
    batch: int

    @property
    def updates(self) -> int:
        """Return the updates of each run, left-over batches included."""
        return self.epochs * ceil(self.rows / self.batch)


@dataclass(frozen=True)
class Task:
    """One contender's part.

    Attributes
    ----------
    family : str
        The module of `benchmarks.contenders`.
    stack : int
        How many runs are trained at once.
    cores : int
        How many the process may use.
    seconds : float
        About how long one timing should last; it makes one update at the least.
    updates : int or None
        Where given, how many updates it makes instead; whole epochs where it is as many as one has.
    """

    cell: Cell
    family: str
    stack: int
    cores: int = 1
    seconds: float = PIECE_SECONDS
    updates: int | None = None

    @property
    def work(self) -> Work:
        """Return what one timing trains."""
        cell = self.cell
        products = [fan_in * fan_out for fan_in, fan_out in pairwise(cell.sizes)]
        arithmetic = (3 * sum(products) - products[0]) * cell.batch_size / MULTIPLY_ADDS_A_SECOND[cell.dtype]
        moving = sum(products) / PARAMETERS_A_SECOND[cell.dtype]
        each = CALL_SECONDS[self.family] + self.stack * (arithmetic + moving)
        updates = self.updates or max(1, round(self.seconds / each))
        an_epoch = ceil(cell.samples / cell.batch_size)
        if updates >= an_epoch:
            return Work(round(updates / an_epoch), cell.samples, cell.batch_size)
        return Work(1, min(updates * cell.batch_size, cell.samples), cell.batch_size)
