"""The engine: runs stacked, no rows and no control readings within what is timed."""

from dataclasses import replace

from benchmarks.contenders import Trainer
from benchmarks.runs import runs
from benchmarks.tasks import Task
from harness import engine
from harness.engine.arrays import Floats
from harness.engine.state import State

BETWEEN_ROWS = 2_000_000
"""Rows lie at updates 0, 1, 2, 3, 5, 8, ...: about here at 1,346,269 and 2,178,309."""


FEWEST = 3
"""Updates at full batch, of which the first is taken off."""


class Engine(Trainer):
    """Trains the same updates from the same state over and over."""

    def __init__(self, task: Task) -> None:
        self.runs = task.stack
        # At full batch the samples are laid out, and signals first touched, by the first update.
        self.idle_updates = 1 if task.cell.batch is None else 0
        self.updates = max(task.work.updates, FEWEST * self.idle_updates)
        started = engine.start(runs(task.cell, task.stack))
        per_epoch = started.runs[0].per_epoch
        arrays = started.arrays.copy()
        # A start of an epoch at which nothing is due, with the initial weights still in place.
        arrays.update[:] = arrays.settled[:] = BETWEEN_ROWS // per_epoch * per_epoch
        self.start = replace(started, arrays=arrays)
        self.end: State = self.start

    def train(self) -> None:
        """Make the updates."""
        self.end, rows = engine.advance(self.start, self.updates)
        assert not rows, "a row was measured within what is timed"

    def idle(self) -> None:
        """Copy the state and lay out the samples, as each leg of a training does once."""
        engine.advance(self.start, self.idle_updates)

    def parameters(self) -> Floats:
        """Return the parameters (S, P)."""
        return self.end.arrays.parameters


def trainer(task: Task) -> Engine:
    """Return the engine's trainer; it uses one core."""
    return Engine(task)
