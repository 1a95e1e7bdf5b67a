"""The training loop: a few runs of a stack, from one event to the next."""

import numpy as np

from harness.engine.arrays import Flags, Floats, Integers
from harness.engine.batches import Batches
from harness.engine.blocks import Blocks
from harness.engine.cadence import row_updates
from harness.engine.control import decide, restored, splits_read
from harness.engine.feeding import epoch_order
from harness.engine.measuring import Meter, Row
from harness.engine.rates import Rates
from harness.engine.run import Run
from harness.engine.state import Arrays
from harness.engine.stopping import Outcome
from harness.streams import pack, unpack


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
        self.controls = {update: index for index, update in enumerate(self.kind.controls)}
        self.update = int(arrays.update[0])
        self._bind()

    def _bind(self) -> None:
        """Take the living runs' rows into working arrays."""
        kind = self.kind
        self.runs = [self.all_runs[member] for member in self.living]
        self.arrays = self.whole.take(self.living)
        self.generators = [unpack(words) for words in self.arrays.generator]
        self.constant = np.array([run.constant_loss for run in self.runs])
        self.rates = Rates(self.runs, self.arrays.rate_factor)
        self.layers = kind.network.layers(self.arrays.parameters)
        self.path: Blocks | Batches | None = None

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

    def learn(self, x: Floats, y: Floats, weight: Floats | None) -> Floats:
        """Make an update by each batch of x (S, D, n) and y (S, K, n), weight (S, n), in the order given.

        Returns
        -------
        ndarray, shape (S, n)
            The loss of each sample before the update that it took part in.
        """
        kind, path = self.kind, Batches(self.runs, self.arrays, self.rates)
        losses = np.empty((len(x), x.shape[2]))
        for first in range(0, x.shape[2], kind.batch):
            batch = slice(first, first + kind.batch)
            part = None if weight is None else weight[None, :, None, batch]
            signals = path.learn(x[None, :, :, batch], y[None, :, :, batch], part, self.update)
            output, z, a = kind.network.output, signals.z[-1], signals.a[-1]
            losses[:, batch] = kind.loss.per_sample(output, z, a, y[:, :, batch])
            self.update += 1
        self._write_back()
        return losses

    def _write_back(self) -> None:
        if len(self.living):
            self.arrays.update[:] = self.update
            self.arrays.generator[:] = [pack(generator) for generator in self.generators]
            self.whole.put(self.living, self.arrays)

    def _train_to(self, stop: int) -> None:
        per_epoch = self.kind.per_epoch
        while self.update < stop:
            position = self.update % per_epoch
            if position == 0:
                self._begin_epoch()
            count = min(stop - self.update, per_epoch - position)
            if self.path is None:
                path = Blocks if self.kind.in_blocks else Batches
                self.path = path(self.runs, self.arrays, self.rates)
            self.path.train(position, count, self.update)
            self.update += count

    def _begin_epoch(self) -> None:
        arrays, stopping, per_epoch = self.arrays, self.kind.stopping, self.kind.per_epoch
        if arrays.order.shape[1]:
            for member, (run, generator) in enumerate(zip(self.runs, self.generators, strict=True)):
                arrays.order[member] = epoch_order(run.feeding, run.data.train.y, generator)
        if stopping.tolerance is not None and self.update + per_epoch in self.controls:
            arrays.epoch_start[...] = arrays.parameters

    def _settle(self, members: Integers) -> list[Row]:
        """Take the rows and control readings due at this update; let go of runs that ended."""
        if self.arrays.settled[0] >= self.update:
            return []
        self.arrays.settled[:] = self.update
        which, row = np.ones(len(self.runs), dtype=bool), None
        if self.update in self.rows_at:
            row = self._measure(members, which)
        if self.update in self.controls:
            self._control(row)
        ended = self.arrays.outcome != Outcome.running
        changed = restored(self.kind, self.arrays)
        if row is None and ended.any():
            which, row = ended, self._measure(members, ended)
        elif row is not None and changed.any():
            # The last row of a run is of the weights that it ends with.
            for name, values in self._measure(members, changed).items():
                row[name][changed] = values
        if row is not None:
            self.arrays.moved[which] = 0
            self.arrays.moves[which] = 0
        if ended.any():
            self._let_go(ended)
        return [] if row is None else [row]

    def _let_go(self, ended: Flags) -> None:
        self._write_back()
        self.living = self.living[~ended]
        if len(self.living):
            self._bind()

    def _measure(self, members: Integers, which: Flags) -> Row:
        kind, arrays = self.kind, self.arrays
        samples = kind.epoch.seen(self.update)
        moved = np.sqrt(arrays.moved[which] / arrays.moves[which, None])
        data = [run.data for run, chosen in zip(self.runs, which, strict=True) if chosen]
        row = self.meter.rows(arrays.parameters[which], arrays.initial[which], data, moved)
        count = len(data)
        return {
            "member": members[self.living[which]],
            "epoch": np.full(count, self.update / kind.per_epoch),
            "update": np.full(count, self.update),
            "samples": np.full(count, samples),
            "multiply_adds": np.full(count, samples * kind.network.multiply_adds),
            **row,
        }

    def _control(self, row: Row | None) -> None:
        """Take a control reading; what `row` has measured at this update is not measured again."""
        data = [run.data for run in self.runs]
        losses = {
            name: self.meter.loss(name, self.arrays.parameters, data) if row is None else row[f"{name}_loss"]
            for name in splits_read(self.kind)
        }
        index = self.controls[self.update]
        decide(self.kind, self.arrays, index, losses, self.constant, self._at_rest())
        self.rates.refresh()

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
        limit = tolerance * self.rates.at(self.update)[:, 0]
        flags: Flags = np.sqrt(change) <= limit * np.sqrt(size)
        return flags
