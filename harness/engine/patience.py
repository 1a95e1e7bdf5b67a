"""Patience: noticing that a loss has not improved for a number of control readings."""

from dataclasses import dataclass
from typing import Literal

from harness.engine.arrays import Flags, Floats, Integers

Monitor = Literal["validation", "train"]


@dataclass(frozen=True)
class Watch:
    """What is watched, and for how long without improvement.

    Attributes
    ----------
    monitor : str
        The split whose mean loss is read.
    patience : int
        Control readings running without improvement that are too many.
    improvement : float
        A reading improves if it is below (1 - improvement) times the lowest so far.
    """

    monitor: Monitor
    patience: int
    improvement: float

    def read(self, loss: Floats, lowest: Floats, waited: Integers) -> Flags:
        """Take the reading `loss`, update `lowest` and `waited` in place, return what improved.

        All of shape (S,). A loss that is no number never improves.
        """
        better: Flags = loss < (1 - self.improvement) * lowest
        lowest[better] = loss[better]
        waited += 1
        waited[better] = 0
        return better

    def exceeded(self, waited: Integers) -> Flags:
        """Return whose patience is at its end, shape (S,)."""
        over: Flags = waited >= self.patience
        return over
