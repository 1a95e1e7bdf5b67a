"""Schedules: what the learning rate is multiplied by, as a function of the update.

One schedule also follows the run itself: it has a `watch`, whose control readings reduce the rate.
"""

from dataclasses import dataclass
from math import cos, floor, pi
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from annotated_types import Ge, Gt, Interval

from harness.engine.arrays import Flags, Floats
from harness.engine.patience import Monitor, Watch

Positive = Annotated[float, Gt(0)]


class Schedule(Protocol):
    """What training asks of a schedule."""

    @property
    def watch(self) -> Watch | None:
        """Return what control readings are looked at for, None where the update says it all."""

    def factor(self, update: int, per_epoch: int, budget: int) -> float:
        """Return the factor of the update after `update` ones, of `budget`, `per_epoch` an epoch."""


@dataclass(frozen=True)
class Constant:
    """The rate as it is."""

    name: Literal["constant"] = "constant"
    watch: ClassVar[None] = None

    def factor(self, update: int, per_epoch: int, budget: int) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Staircase:
    """`drop` to the power of the number of whole `epochs` that have passed."""

    name: Literal["step"] = "step"
    epochs: Annotated[int, Gt(0)] = 10
    drop: Annotated[float, Interval(gt=0, le=1)] = 0.5
    watch: ClassVar[None] = None

    def factor(self, update: int, per_epoch: int, budget: int) -> float:
        """Return drop^floor(epoch / epochs)."""
        return float(self.drop ** floor(update / (per_epoch * self.epochs)))


@dataclass(frozen=True)
class Exponential:
    """Multiplied by `decay` each epoch, smoothly between."""

    name: Literal["exponential"] = "exponential"
    decay: Annotated[float, Interval(gt=0, le=1)] = 0.95
    watch: ClassVar[None] = None

    def factor(self, update: int, per_epoch: int, budget: int) -> float:
        """Return decay^epoch."""
        return float(self.decay ** (update / per_epoch))


@dataclass(frozen=True)
class InverseTime:
    """1 / (1 + decay epoch): the rates of Robbins and Monro 1951."""

    name: Literal["inverse_time"] = "inverse_time"
    decay: Positive = 0.1
    watch: ClassVar[None] = None

    def factor(self, update: int, per_epoch: int, budget: int) -> float:
        """Return 1 / (1 + decay epoch)."""
        return 1 / (1 + self.decay * update / per_epoch)


@dataclass(frozen=True)
class Cosine:
    """Linear warm-up over `warm_up` epochs, then half a cosine down to `final` at the budget's end.

    After Loshchilov and Hutter 2017, eq. 5, without restarts.
    """

    name: Literal["cosine"] = "cosine"
    warm_up: Annotated[float, Ge(0)] = 0.0
    final: Annotated[float, Interval(ge=0, lt=1)] = 0.0
    watch: ClassVar[None] = None

    def factor(self, update: int, per_epoch: int, budget: int) -> float:
        """Return the warm-up's or the cosine's factor; the first update's is above 0."""
        rising = self.warm_up * per_epoch
        if update < rising:
            return (update + 1) / (rising + 1)
        done = (update - rising) / max(1.0, budget - rising)
        return self.final + (1 - self.final) * (1 + cos(pi * min(1.0, done))) / 2


@dataclass(frozen=True)
class Plateau:
    """Multiplied by `drop` each time the loss has not improved for `patience` control readings.

    Control readings are `stopping.every` epochs apart. The factor never falls below `final`.
    """

    name: Literal["plateau"] = "plateau"
    drop: Annotated[float, Interval(gt=0, lt=1)] = 0.5
    patience: Annotated[int, Gt(0)] = 5
    improvement: Annotated[float, Interval(ge=0, lt=1)] = 1e-3
    monitor: Monitor = "validation"
    final: Annotated[float, Interval(ge=0, lt=1)] = 0.0

    @property
    def watch(self) -> Watch:
        """Return how long a loss may stay on a plateau."""
        return Watch(self.monitor, self.patience, self.improvement)

    def factor(self, update: int, per_epoch: int, budget: int) -> float:
        """Return 1: what reduces the rate is `reduced`."""
        return 1.0

    def reduced(self, factor: Floats, over: Flags) -> Floats:
        """Return the factors (S,) after those of the runs `over` (S,) have dropped once more."""
        return np.where(over, np.maximum(factor * self.drop, self.final), factor)


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step": Staircase,
    "exponential": Exponential,
    "inverse_time": InverseTime,
    "cosine": Cosine,
    "plateau": Plateau,
}
