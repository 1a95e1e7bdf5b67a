"""What is timed: networks, batches, dtypes and activations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import product

from harness.data.registry import DATASETS
from harness.data.splits import split_sizes
from harness.errors import ConfigurationError, unknown

DIGITS = split_sizes(DATASETS["digits"]())[0]
SYNTHETIC = 1437

SIZES = ((64, 32, 10), (64, 128, 64, 10), (784, 256, 128, 10))
BATCHES = (1, 32, None)
DTYPES = ("float32", "float64")
ACTIVATIONS = ("sigmoid", "relu")
STACKS = (1, 10, 50)


@dataclass(frozen=True)
class Cell:
    """One computation that every contender carries out.

    Attributes
    ----------
    sizes : tuple of int
        Units by layer: features, hidden layers, classes.
    batch : int or None
        None: all training samples at once.
    """

    sizes: tuple[int, ...]
    batch: int | None
    dtype: str
    activation: str

    @property
    def samples(self) -> int:
        """Return the number of training samples."""
        return DIGITS if self.sizes[0] == 64 else SYNTHETIC

    @property
    def batch_size(self) -> int:
        """Return the batch size as a number."""
        return self.batch or self.samples

    @property
    def labels(self) -> dict[str, str]:
        """Return how the cell is called, part by part."""
        return {
            "size": "-".join(map(str, self.sizes)),
            "batch": str(self.batch or "all"),
            "dtype": self.dtype,
            "activation": self.activation,
        }

    @property
    def label(self) -> str:
        """Return the parts joined, as `chosen` reads them."""
        return "/".join(self.labels.values())

    @property
    def standard(self) -> bool:
        """Return whether the cell belongs to the subset that is timed and shown first."""
        return self.sizes == SIZES[0] and self.activation == ACTIVATIONS[0]


def cells() -> list[Cell]:
    """Return every cell, the standard ones first, cells of one table together."""
    every = [
        Cell(sizes, batch, dtype, activation)
        for sizes, dtype, activation, batch in product(SIZES, DTYPES, ACTIVATIONS, BATCHES)
    ]
    return sorted(every, key=lambda cell: not cell.standard)


def quick(cell: Cell) -> bool:
    """Return whether `cell` is one of the few of a quick look."""
    return cell.standard and cell.dtype == DTYPES[0]


def chosen(filters: Sequence[str]) -> list[Cell]:
    """Return the cells that any of `filters` describes; all of them without a filter.

    A filter names parts in any order, such as ``64-32-10/32`` or ``float32/relu/all``.

    Raises
    ------
    ConfigurationError
        For a part that no cell is called by, or for parts that no cell has together.
    """
    names = sorted({label for cell in cells() for label in cell.labels.values()})
    wanted = [each.split("/") for each in filters]
    for part in (part for parts in wanted for part in parts):
        if part not in names:
            raise unknown("--cells", part, names)
    found = [
        cell
        for cell in cells()
        if not wanted or any(set(parts) <= set(cell.labels.values()) for parts in wanted)
    ]
    if not found:
        raise ConfigurationError(
            f"--cells = {' '.join(filters)!r}: no cell is all of that; "
            "allowed: one size, batch, dtype and activation a filter, such as 64-32-10/32"
        )
    return found


def tables(found: Sequence[Cell]) -> Iterator[list[Cell]]:
    """Yield the cells of each table: those that differ in the batch alone."""
    rest = list(found)
    while rest:
        first = rest[0]
        same = [cell for cell in rest if _less_batch(cell) == _less_batch(first)]
        yield same
        rest = [cell for cell in rest if cell not in same]


def _less_batch(cell: Cell) -> tuple[object, ...]:
    return tuple(getattr(cell, field.name) for field in fields(cell) if field.name != "batch")
