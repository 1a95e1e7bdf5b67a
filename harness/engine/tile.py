"""The training loop: a few runs of a stack, from one event to the next."""

import numpy as np

from harness.engine.arrays import Flags, Floats, Integers
from harness.engine.cadence import row_updates
from harness.engine.feeding import epoch_order
from harness.engine.measuring import Meter, Row
from harness.engine.network import Signals, backward, forward
from harness.engine.run import Data, Run, numbers
from harness.engine.state import Arrays
from harness.engine.stopping import (
    Outcome,
    StoppedBy,
    exploding,
    outcome_at_budget,
    outcome_at_rest,
)
from harness.engine.transformations import Step
from harness.engine.update_rules import descend
from harness.streams import pack, unpack

BLOCK_BYTES = 1 << 18


class Tile:
    """Runs that train together. A run that ends leaves the working arrays; the rest go on.

    `whole` holds every run of the tile and is up to date once `advance` returns; `arrays` holds
    the runs still training.
    """

    def __init__(self, runs: list[Run], arrays: Arrays) -> None:
        self.kind = runs[0]
        self.all_runs = runs
        self.whole = arrays
        self.living = np.arange(len(runs))
        self.meter = Meter(self.kind)
        self.rows_at = frozenset(row_updates(self.kind.diagnostics, self.kind.budget, self.kind.per_epoch))
        self.controls = {
            update: index for index, update in enumerate(self.kind.stopping.controls(self.kind.per_epoch))
        }
        self.chain = self.kind.update_rule.chain()
        self.is_weight = self.kind.network.is_weight(self.kind.dtype)
        self.follows_moves = "update_ratio" in self.kind.diagnostics.measures
        self.update = int(arrays.update[0])
        self._bind()

    def _bind(self) -> None:
        """Take the living runs' rows into working arrays, and allocate what a step writes to."""
        kind = self.kind
        self.runs = [self.all_runs[member] for member in self.living]
        self.arrays = self.whole.take(self.living)
        self.generators = [unpack(words) for words in self.arrays.generator]
        distinct: dict[int, Data] = {id(run.data): run.data for run in self.runs}
        place = {key: index for index, key in enumerate(distinct)}
        self.offset = np.array([place[id(run.data)] for run in self.runs])[:, None] * kind.samples
        self.train_x = np.concatenate([data.train.x for data in distinct.values()])
        self.train_y = np.concatenate([data.train.y for data in distinct.values()])
        losses = {
            key: kind.loss.constant(kind.network.output, data.train.y) for key, data in distinct.items()
        }
        self.constant = np.array([losses[id(run.data)] for run in self.runs])
        self.rate = numbers([run.feeding for run in self.runs], kind.dtype)["learning_rate"]
        self.rule_numbers = numbers([run.update_rule for run in self.runs], kind.dtype)
        self.gradient = np.empty_like(self.arrays.parameters)
        self.layers = kind.network.layers(self.arrays.parameters)
        self.gradients = kind.network.layers(self.gradient)
        self.signals = Signals.empty(kind.network, len(self.runs), kind.batch, kind.dtype)

    def advance(self, members: Integers, updates: int | None) -> list[Row]:
        """Train for `updates` more updates, or to the end; return the rows measured.

        `members` are the indices by which the tile's runs are called in the rows.
        """
        budget = self.kind.budget
        stop = budget if updates is None else min(budget, self.update + updates)
        events = sorted(
            update for update in {*self.rows_at, *self.controls, stop} if self.update <= update <= stop
        )
        rows: list[Row] = []
        for event in events:
            self._train_to(event)
            rows += self._settle(members)
            if not len(self.living):
                break
        self._write_back()
        return rows

    def _write_back(self) -> None:
        if len(self.living):
            self.arrays.update[:] = self.update
            self.arrays.generator[:] = [pack(generator) for generator in self.generators]
            self.whole.put(self.living, self.arrays)

    def _train_to(self, stop: int) -> None:
        kind = self.kind
        whole_batches = kind.samples // kind.batch
        row_bytes = self.train_x.shape[1] * self.train_x.itemsize
        block = max(1, BLOCK_BYTES // (row_bytes * kind.batch * len(self.runs)))
        while self.update < stop:
            position = self.update % kind.per_epoch
            if position == 0:
                self._begin_epoch()
            ahead = min(stop - self.update, kind.per_epoch - position)
            count = min(ahead, block, whole_batches - position)
            if count > 0:
                self._train_block(position * kind.batch, kind.batch, count)
            else:
                left = kind.samples - whole_batches * kind.batch
                self._train_block(whole_batches * kind.batch, left, 1)

    def _begin_epoch(self) -> None:
        arrays, stopping, per_epoch = self.arrays, self.kind.stopping, self.kind.per_epoch
        if arrays.order.shape[1]:
            for member, (run, generator) in enumerate(zip(self.runs, self.generators, strict=True)):
                arrays.order[member] = epoch_order(run.feeding, run.data.train.y, generator)
        if stopping.tolerance is not None and self.update + per_epoch in self.controls:
            arrays.epoch_start[...] = arrays.parameters

    def _train_block(self, first: int, batch: int, count: int) -> None:
        """Make `count` updates with batches of `batch` samples from place `first` of the epoch."""
        signals = self.signals.part(len(self.runs), batch)
        x, y = self._gather(first, batch, count)
        divisor = batch if self.kind.loss.reduction == "mean" else 1
        for step in range(count):
            factor = self._factor()
            rate = self.rate if factor == 1 else self.rate * np.asarray(factor, self.rate.dtype)
            scale = 1 / divisor if self.chain else rate[:, :, None] / divisor
            forward(self.kind.network, self.layers, x[step], signals)
            backward(
                self.kind.network,
                self.kind.loss,
                self.layers,
                x[step],
                y[step],
                signals,
                self.gradients,
                scale,
            )
            step_of = Step(
                self.arrays.parameters,
                self.is_weight,
                self.arrays.rule,
                self.rule_numbers,
                self.update + 1,
            )
            descend(self.chain, self.gradient, rate if self.chain else None, step_of)
            if self.follows_moves:
                self._follow_moves()
            self.update += 1

    def _factor(self) -> float:
        """Return what the schedule multiplies the rate by now."""
        return self.kind.schedule.factor(self.update, self.kind.per_epoch, self.kind.budget)

    def _gather(self, first: int, batch: int, count: int) -> tuple[Floats, Floats]:
        """Return inputs (count, S, batch, D) and targets (count, S, batch, K)."""
        last = first + count * batch
        if len(self.runs) == 1 and not self.arrays.order.shape[1]:
            x = self.train_x[first:last].reshape(count, 1, batch, -1)
            return x, self.train_y[first:last].reshape(count, 1, batch, -1)
        if self.arrays.order.shape[1]:
            places = self.arrays.order[:, first:last] + self.offset
        else:
            places = np.arange(first, last) + self.offset
        index = places.reshape(len(self.runs), count, batch).swapaxes(0, 1)
        return self.train_x.take(index, axis=0), self.train_y.take(index, axis=0)

    def _follow_moves(self) -> None:
        moved = self.arrays.moved
        for layer, step in enumerate(self.gradients):
            flat = step.weights.reshape(len(self.runs), -1)
            moved[:, layer] += np.vecdot(flat, flat)
        self.arrays.moves[:] += 1

    def _settle(self, members: Integers) -> list[Row]:
        """Take the rows and control readings due at this update; let go of runs that ended."""
        if self.arrays.settled[0] >= self.update:
            return []
        self.arrays.settled[:] = self.update
        rows: list[Row] = []
        everyone = np.ones(len(self.runs), dtype=bool)
        measured = self.update in self.rows_at
        if measured:
            rows.append(self._measure(members, everyone))
        if self.update in self.controls:
            loss = rows[0]["train_loss"] if measured else self._training_loss()
            self._control(loss)
            ended = self.arrays.outcome != Outcome.running
            if ended.any():
                if not measured:
                    rows.append(self._measure(members, ended))
                self._write_back()
                self.living = self.living[~ended]
                if len(self.living):
                    self._bind()
        return rows

    def _training_loss(self) -> Floats:
        data = [run.data for run in self.runs]
        return self.meter.training_loss(self.arrays.parameters, data)

    def _measure(self, members: Integers, which: Flags) -> Row:
        kind, arrays = self.kind, self.arrays
        epochs, within = divmod(self.update, kind.per_epoch)
        samples = epochs * kind.samples + within * kind.batch
        moved = np.sqrt(arrays.moved[which] / arrays.moves[which, None])
        data = [run.data for run, chosen in zip(self.runs, which, strict=True) if chosen]
        row = self.meter.rows(arrays.parameters[which], data, moved)
        arrays.moved[which] = 0
        arrays.moves[which] = 0
        count = len(data)
        return {
            "member": members[self.living[which]],
            "epoch": np.full(count, self.update / kind.per_epoch),
            "update": np.full(count, self.update),
            "samples": np.full(count, samples),
            "multiply_adds": np.full(count, samples * kind.network.multiply_adds),
            **row,
        }

    def _control(self, loss: Floats) -> None:
        """Take the control reading `loss` (S,) and end the runs that it, or the budget, ends."""
        arrays, stopping = self.arrays, self.kind.stopping
        index = self.controls[self.update]
        arrays.readings[:, index] = loss
        alarm = exploding(loss, arrays.readings[:, 0], self.constant)
        arrays.alarms[:] = np.where(alarm, arrays.alarms + 1, 0)
        diverged = ~np.isfinite(loss) | (arrays.alarms >= 2)
        # Where the weights blow up, a change as large as they are is small against rate ||W||.
        met = {
            StoppedBy.target: stopping.reached(loss),
            StoppedBy.tolerance: self._at_rest() & ~alarm,
            StoppedBy.loss_change: self._loss_at_rest(index) & ~alarm,
        }
        for member in range(len(self.runs)):
            outcome, stopped_by = Outcome.running, StoppedBy.nothing
            if diverged[member]:
                outcome, stopped_by = Outcome.diverged, StoppedBy.divergence
            elif rules := [rule for rule, flags in met.items() if flags[member]]:
                outcome = outcome_at_rest(loss[member], self.constant[member])
                stopped_by = rules[0]
            elif self.update == self.kind.budget:
                readings = arrays.readings[member, : index + 1]
                outcome = outcome_at_budget(readings, self.constant[member])
                stopped_by = stopping.exhausted_by()
            arrays.outcome[member], arrays.stopped_by[member] = outcome, stopped_by

    def _loss_at_rest(self, index: int) -> Flags:
        """Return which runs' training losses hardly changed since the control reading before."""
        if index == 0:
            return np.zeros(len(self.runs), dtype=bool)
        readings = self.arrays.readings
        return self.kind.stopping.unmoved(readings[:, index], readings[:, index - 1])

    def _at_rest(self) -> Flags:
        """Return which runs' weights hardly changed: ||dW|| over an epoch <= tolerance rate ||W||."""
        tolerance = self.kind.stopping.tolerance
        if tolerance is None or self.update == 0 or self.update % self.kind.per_epoch:
            return np.zeros(len(self.runs), dtype=bool)
        before = self.kind.network.layers(self.arrays.epoch_start)
        change = np.zeros(len(self.runs))
        size = np.zeros(len(self.runs))
        for now, then in zip(self.layers, before, strict=True):
            difference = (now.weights - then.weights).reshape(len(self.runs), -1)
            weights = now.weights.reshape(len(self.runs), -1)
            change += np.vecdot(difference, difference)
            size += np.vecdot(weights, weights)
        limit = tolerance * self._factor() * self.rate[:, 0]
        flags: Flags = np.sqrt(change) <= limit * np.sqrt(size)
        return flags
