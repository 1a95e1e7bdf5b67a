"""The learning rates of runs that train together."""

import numpy as np

from harness.engine.arrays import Floats
from harness.engine.run import Run, numbers


class Rates:
    """Rates by update: the configured ones, times the schedule's factor, times what a plateau left.

    `reduction` (S,) is read whenever `refresh` was called.
    """

    def __init__(self, runs: list[Run], reduction: Floats) -> None:
        self.kind = runs[0]
        self.configured = numbers([run.feeding for run in runs], self.kind.dtype)["learning_rate"]
        self.reduction = reduction
        self.refresh()

    def refresh(self) -> None:
        """Look at the reductions again."""
        self.factor = float("nan")

    def at(self, update: int) -> Floats:
        """Return the rates of the update after `update` ones, shape (S, 1).

        As long as they do not change it is the same array.
        """
        kind = self.kind
        factor = kind.schedule.factor(update, kind.per_epoch, kind.budget)
        if factor != self.factor:
            self.factor = factor
            self.rates: Floats = self.configured * self.reduction[:, None] * np.asarray(factor, kind.dtype)
        return self.rates
