"""Updates by batches: the path that every configuration can take."""

import numpy as np

from harness.engine.arrays import Floats, stacked
from harness.engine.network import backward, forward
from harness.engine.rates import Rates
from harness.engine.run import Run, Split, numbers
from harness.engine.samples import Samples
from harness.engine.signals import Signals
from harness.engine.state import Arrays
from harness.engine.transformations import Step
from harness.engine.update_rules import descend

Gathered = tuple[Floats, Floats, Floats | None]

BLOCK_BYTES = 1 << 19
"""Inputs are gathered for as many updates at once as fit."""


def gathered_at_once(run: Run, runs: int) -> int:
    """Return for how many whole batches of `runs` runs inputs are gathered together."""
    row_bytes = (run.network.sizes[0] + run.network.bias) * np.dtype(run.dtype).itemsize * runs
    return min(run.epoch.samples // run.batch, max(1, BLOCK_BYTES // (row_bytes * run.batch)))


def whole(splits: list[Split], bias: bool) -> Gathered:
    """Return all samples of each run as one batch: (1, S, D, N), (1, S, K, N), weights (1, S, 1, N)."""
    weights = [split.weight for split in splits if split.weight is not None]
    return (
        stacked([split.features(bias) for split in splits])[None],
        stacked([split.targets for split in splits])[None],
        stacked(weights)[None, :, None] if weights else None,
    )


class Batches:
    """Updates of some runs' parameters, batch by batch."""

    def __init__(self, runs: list[Run], arrays: Arrays, rates: Rates) -> None:
        kind = runs[0]
        self.kind, self.arrays, self.rates = kind, arrays, rates
        self.samples = Samples(runs)
        self.chain = kind.update_rule.chain()
        self.follows_moves = "update_ratio" in kind.diagnostics.measures
        gradient = np.empty_like(arrays.parameters)
        self.step = Step(
            arrays.parameters,
            kind.network.is_weight(kind.dtype),
            arrays.rule,
            numbers([run.update_rule for run in runs], kind.dtype),
            gradient,
            np.empty_like(gradient) if self.chain else gradient,
        )
        self.layers = kind.network.layers(arrays.parameters)
        self.gradients = kind.network.layers(gradient)
        # One for each size of a batch: there are at most two.
        self.signals: dict[int, Signals] = {}
        # All samples in the order given are the same at every update.
        everything = kind.batch == kind.samples and not arrays.order.shape[1]
        self.whole = whole([run.data.train for run in runs], kind.network.bias) if everything else None
        self.columns = (self.samples.x.shape[1], self.samples.y.shape[1])
        self.block = gathered_at_once(kind, len(runs))
        room = 0 if everything else max(self.block * kind.batch, kind.epoch.samples % kind.batch) * len(runs)
        self.kept = tuple(np.empty(room * columns, kind.dtype) for columns in self.columns)

    def train(self, position: int, count: int, update: int) -> None:
        """Make `count` updates from update `position` of an epoch on, after `update` of all."""
        epoch, size = self.kind.epoch, self.kind.batch
        end = position + count
        while position < end:
            whole = epoch.samples // size - position
            made, batch = (
                (min(self.block, whole, end - position), size) if whole > 0 else (1, epoch.samples % size)
            )
            x, y, weight = self._gathered(position * size, batch, made)
            self.learn(x, y, weight, update)
            position, update = position + made, update + made

    def learn(self, x: Floats, y: Floats, weight: Floats | None, update: int) -> Signals:
        """Make an update by each batch of x (count, S, D, B), y (count, S, K, B), weight (count, S, 1, B).

        Return the signals of the last batch, before its update.
        """
        kind, step = self.kind, self.step
        signals = self._signals(x.shape[3])
        divisor = x.shape[3] if kind.loss.reduction == "mean" else 1
        step.number, known = update, None
        for index in range(len(x)):
            rate = self.rates.at(step.number)
            if rate is not known:
                known = rate
                scale: float | Floats = 1 / divisor if self.chain else rate[:, :, None] / divisor
            factor = scale if weight is None else scale * weight[index]
            forward(kind.network, self.layers, x[index], signals)
            backward(
                kind.network, kind.loss, self.layers, x[index], y[index], signals, self.gradients, factor
            )
            descend(self.chain, rate if self.chain else None, step)
            if self.follows_moves:
                self._follow_moves()
        return signals

    def _signals(self, batch: int) -> Signals:
        if batch not in self.signals:
            kind, runs = self.kind, len(self.arrays.update)
            self.signals[batch] = kind.network.workspace(runs, batch, kind.dtype).signals(runs, batch)
        return self.signals[batch]

    def _gathered(self, first: int, batch: int, count: int) -> Gathered:
        """Return inputs (count, S, D, batch), targets (count, S, K, batch), weights (count, S, 1, batch)."""
        if self.whole is not None:
            return self.whole
        samples, order = self.samples, self.arrays.order
        places = samples.places(order, first, first + count * batch)
        index = places.reshape(-1, count, batch).swapaxes(0, 1)
        x, y = self._memory(count, batch)
        # Without a mode that checks nothing NumPy would take to memory of its own first.
        x = samples.x.take(index, axis=0, out=x, mode="clip").swapaxes(2, 3)
        y = samples.y.take(index, axis=0, out=y, mode="clip").swapaxes(2, 3)
        weight = None if samples.weight is None else samples.weight.take(index)[:, :, None]
        return x, y, weight

    def _memory(self, count: int, batch: int) -> tuple[Floats, ...]:
        """Return where inputs and targets of `count` batches are gathered, (count, S, batch, ...)."""
        shape = (count, len(self.samples.offset), batch)
        return tuple(
            flat[: count * shape[1] * batch * columns].reshape(*shape, columns)
            for flat, columns in zip(self.kept, self.columns, strict=True)
        )

    def _follow_moves(self) -> None:
        moved = self.arrays.moved
        for layer, step in enumerate(self.gradients):
            flat = step.weights.reshape(len(moved), -1)
            moved[:, layer] += np.vecdot(flat, flat)
        self.arrays.moves[:] += 1
