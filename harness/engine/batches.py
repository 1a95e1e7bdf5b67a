"""Updates by batches: the path that every configuration can take."""

from functools import cached_property

import numpy as np

from harness.engine.arrays import Floats
from harness.engine.network import backward, forward
from harness.engine.rates import Rates
from harness.engine.run import Run, numbers
from harness.engine.samples import Gathering, Whole
from harness.engine.signals import Signals
from harness.engine.state import Arrays
from harness.engine.transformations import Step
from harness.engine.update_rules import descend


class Batches:
    """Updates of some runs' parameters, batch by batch."""

    def __init__(self, runs: list[Run], arrays: Arrays, rates: Rates) -> None:
        kind = runs[0]
        self.kind, self.runs, self.arrays, self.rates = kind, runs, arrays, rates
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

    @cached_property
    def source(self) -> Whole | Gathering:
        """Return where batches come from, made when the first is asked for."""
        return Whole(self.runs) if self.kind.all_at_once else Gathering(self.runs)

    def train(self, position: int, count: int, update: int) -> None:
        """Make `count` updates from update `position` of an epoch on, after `update` of all."""
        while count:
            x, y, weight = self.source.batches(self.arrays.order, position, count)
            self.learn(x, y, weight, update)
            made = len(x)
            position, count, update = position + made, count - made, update + made

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

    def _follow_moves(self) -> None:
        moved = self.arrays.moved
        for layer, step in enumerate(self.gradients):
            flat = step.weights.reshape(len(moved), -1)
            moved[:, layer] += np.vecdot(flat, flat)
        self.arrays.moves[:] += 1
