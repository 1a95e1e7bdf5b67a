"""The training samples of runs that train together, by their places in each run's order."""

from math import prod

import numpy as np

from harness.engine.arrays import Floats, Integers, stacked
from harness.engine.run import Data, Run

Gathered = tuple[Floats, Floats, Floats | None]
"""Batches side by side: x (count, S, D, B), y (count, S, K, B), weight (count, S, 1, B) or None."""

BLOCK_BYTES = 1 << 19
"""Inputs are gathered for as many updates at once as fit."""


class Samples:
    """Inputs (M, D) or with biases (M, D + 1), targets (M, K) and weights (M,) of S runs.

    Runs that share their data share the rows.
    """

    def __init__(self, runs: list[Run]) -> None:
        kind = runs[0]
        distinct: dict[int, Data] = {id(run.data): run.data for run in runs}
        splits = [data.train for data in distinct.values()]
        weights = [split.weight for split in splits if split.weight is not None]
        self.x = _joined([split.inputs(kind.network.bias) for split in splits])
        self.y = _joined([split.y for split in splits])
        self.weight = _joined(weights) if weights else None
        place = {key: index for index, key in enumerate(distinct)}
        self.offset = np.array([place[id(run.data)] for run in runs])[:, None] * kind.samples

    def places(self, order: Integers, first: int, last: int) -> Integers:
        """Return the rows of the places `first` to `last` of an epoch, shape (S, last - first).

        Parameters
        ----------
        order : ndarray, shape (S, N)
            Of no columns where samples are taken as given.
        """
        ordered = order[:, first:last] if order.shape[1] else np.arange(first, last)
        rows: Integers = ordered + self.offset
        return rows


class Whole:
    """The one batch of runs that learn from all their samples at every update, in the order given."""

    def __init__(self, runs: list[Run]) -> None:
        splits, bias = [run.data.train for run in runs], runs[0].network.bias
        weights = [split.weight for split in splits if split.weight is not None]
        self.batch = (
            stacked([split.features(bias) for split in splits])[None],
            stacked([split.targets for split in splits])[None],
            stacked(weights)[None, :, None] if weights else None,
        )

    def batches(self, order: Integers, position: int, count: int) -> Gathered:
        """Return the batch."""
        return self.batch


class Gathering:
    """Batches gathered by an order of the samples, some at once, into memory allocated once."""

    def __init__(self, runs: list[Run]) -> None:
        self.kind, self.samples = runs[0], Samples(runs)
        epoch = self.kind.epoch
        self.columns = (self.samples.x.shape[1], self.samples.y.shape[1])
        self.at_once = gathered_at_once(self.kind, len(runs))
        room = max(self.at_once * epoch.batch, epoch.samples % epoch.batch) * len(runs)
        self.kept = tuple(np.empty(room * columns, self.kind.dtype) for columns in self.columns)

    def batches(self, order: Integers, position: int, count: int) -> Gathered:
        """Return some of the next `count` batches of equal size, from batch `position` of an epoch on."""
        epoch, samples = self.kind.epoch, self.samples
        whole = epoch.samples // epoch.batch - position
        size, made = epoch.batch, min(self.at_once, whole, count)
        if whole <= 0:
            size, made = epoch.samples % epoch.batch, 1
        first = position * epoch.batch
        places = samples.places(order, first, first + made * size)
        index = places.reshape(-1, made, size).swapaxes(0, 1)
        x, y = self._memory(index.shape)
        # Without a mode that checks nothing NumPy would take to memory of its own first.
        x = samples.x.take(index, axis=0, out=x, mode="clip").swapaxes(2, 3)
        y = samples.y.take(index, axis=0, out=y, mode="clip").swapaxes(2, 3)
        weight = None if samples.weight is None else samples.weight.take(index)[:, :, None]
        return x, y, weight

    def _memory(self, shape: tuple[int, ...]) -> tuple[Floats, ...]:
        """Return where inputs and targets of batches of `shape` (count, S, B) are gathered."""
        return tuple(
            flat[: prod(shape) * columns].reshape(*shape, columns)
            for flat, columns in zip(self.kept, self.columns, strict=True)
        )


def gathered_at_once(run: Run, runs: int) -> int:
    """Return for how many whole batches of `runs` runs inputs are gathered together."""
    row_bytes = (run.network.sizes[0] + run.network.bias) * np.dtype(run.dtype).itemsize * runs
    return min(run.epoch.samples // run.batch, max(1, BLOCK_BYTES // (row_bytes * run.batch)))


def _joined(parts: list[Floats]) -> Floats:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
