"""When a run ends, how it ended, and which rule said so.

Control readings steer a run and are part of its regime; they have a cadence of their own and
never look at the history, so that measuring more often changes nothing.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Interval

from harness.engine.arrays import Flags, Floats
from harness.engine.feeding import Epoch
from harness.engine.patience import Monitor, Watch

AUTOMATIC_READINGS = 100
LEARNED = 0.99
EXPLODED = 10.0
FALLING = 0.999


class Outcome(IntEnum):
    """How a run ended; ``running`` while it has not."""

    running = 0
    converged = 1
    stalled = 2
    exhausted = 3
    diverged = 4


class StoppedBy(IntEnum):
    """The rule that ended a run."""

    nothing = 0
    epochs = 1
    updates = 2
    tolerance = 3
    divergence = 4
    target = 5
    loss_change = 6
    multiply_adds = 7
    patience = 8


@dataclass(frozen=True)
class Stopping:
    """The budget of a run, and what may end it before.

    Attributes
    ----------
    epochs : int
        Budget in passes over the training samples.
    updates : int or None
        Budget in updates; where given it holds instead of `epochs`. 0 trains nothing and records
        the start.
    multiply_adds : int or None
        Budget in multiply-adds of the matrix products that training costs; where given it holds instead
        of `epochs`, or beside `updates`, whichever ends first. A whole number of updates is made.
    every : int or None
        Epochs between control readings. None: every epoch, but about 100 readings at the most.
    tolerance : float or None
        Stop where the change of the weights over one epoch, relative to rate times their norm, is
        no larger: the weights hardly change.
    loss_change : float or None
        Stop where the training loss changed by no larger a share since the control reading before.
    target : float or None
        Stop where the training loss is no larger.
    patience : int or None
        Stop where the loss of the split `monitor` has not improved for so many control readings; it
        improves if it is below (1 - improvement) times the lowest so far (Prechelt 1998).
    restore : bool
        With `patience`: end with the weights of the lowest reading, whichever rule ended the run;
        only a diverged run keeps its last ones.
    """

    name: Literal["budget", "negligible_change", "early_stopping"] = "budget"
    epochs: Annotated[int, Gt(0)] = 30
    updates: Annotated[int, Ge(0)] | None = None
    multiply_adds: Annotated[int, Gt(0)] | None = None
    every: Annotated[int, Gt(0)] | None = None
    tolerance: Annotated[float, Gt(0)] | None = None
    loss_change: Annotated[float, Gt(0)] | None = None
    target: Annotated[float, Ge(0)] | None = None
    patience: Annotated[int, Gt(0)] | None = None
    monitor: Monitor = "validation"
    improvement: Annotated[float, Interval(ge=0, lt=1)] = 0.0
    restore: bool = True

    @property
    def watch(self) -> Watch | None:
        """Return what patience looks at, None without it."""
        return None if self.patience is None else Watch(self.monitor, self.patience, self.improvement)

    @property
    def remembers(self) -> bool:
        """Return whether the best weights are kept aside."""
        return self.patience is not None and self.restore

    def budget(self, epoch: Epoch, multiply_adds: int) -> int:
        """Return the budget in updates.

        Parameters
        ----------
        multiply_adds : int
            Of one training sample.
        """
        if self.multiply_adds is not None:
            affordable = _affordable(epoch, self.multiply_adds // multiply_adds)
            return affordable if self.updates is None else min(affordable, self.updates)
        return self.epochs * epoch.updates if self.updates is None else self.updates

    def controls(self, per_epoch: int, budget: int) -> list[int]:
        """Return the updates at which control readings are taken: the start, and ends of epochs."""
        every = self.every or max(1, -(-(budget // per_epoch) // AUTOMATIC_READINGS))
        return sorted({*range(0, budget, every * per_epoch), budget})

    def reached(self, loss: Floats) -> Flags:
        """Return which runs' training losses (S,) have come down to the target."""
        return loss <= (-np.inf if self.target is None else self.target)

    def unmoved(self, loss: Floats, before: Floats) -> Flags:
        """Return which runs' training losses (S,) hardly differ from the reading `before`."""
        if self.loss_change is None:
            return np.zeros(len(loss), dtype=bool)
        return np.abs(loss - before) <= self.loss_change * np.abs(before)

    def exhausted_by(self, budget: int) -> StoppedBy:
        """Return what it is that ends a run after `budget` updates."""
        if self.updates is not None and budget == self.updates:
            return StoppedBy.updates
        return StoppedBy.epochs if self.multiply_adds is None else StoppedBy.multiply_adds


STOPPINGS: dict[str, type[Stopping]] = dict.fromkeys(
    ("budget", "negligible_change", "early_stopping"), Stopping
)


def _affordable(epoch: Epoch, samples: int) -> int:
    """Return the whole updates that learn from no more than `samples` samples."""
    epochs, rest = divmod(samples, epoch.samples)
    return epochs * epoch.updates + rest // epoch.batch


def exploding(loss: Floats, start: Floats, constant: Floats) -> Flags:
    """Return which control readings are far above where the run began, or not finite.

    A loss is far above if it exceeds ten times the larger of the loss at the start and that of
    the best constant output. All arguments have shape (S,).
    """
    with np.errstate(invalid="ignore"):
        return ~(loss <= EXPLODED * np.maximum(start, constant))


def outcome_at_rest(loss: float, constant: float) -> Outcome:
    """Return the outcome of a run whose rule was met at training loss `loss`."""
    return Outcome.converged if loss < LEARNED * constant else Outcome.stalled


def outcome_at_budget(readings: Floats, constant: float) -> Outcome:
    """Return the outcome of a run whose budget ended first.

    It is stalled if it is no better than the best constant output and no longer falling, that is
    if the mean of the last quarter of its control readings is not below 0.999 times the mean of
    the quarter before; else its budget was exhausted.

    Parameters
    ----------
    readings : ndarray, shape (R,)
        Training losses at the control readings, the start first.
    """
    if len(readings) < 2 or readings[-1] < LEARNED * constant:
        return Outcome.exhausted
    quarter = max(1, len(readings) // 4)
    late, early = readings[-quarter:].mean(), readings[-2 * quarter : -quarter].mean()
    return Outcome.exhausted if late < FALLING * early else Outcome.stalled
