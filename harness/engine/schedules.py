"""Schedules: the learning rate as a function of the update."""

from dataclasses import dataclass
from typing import Literal, Protocol


class Schedule(Protocol):
    """What training asks of a schedule."""

    def factor(self, update: int, budget: int) -> float:
        """Return what the learning rate is multiplied by at `update` of `budget`."""


@dataclass(frozen=True)
class Constant:
    """The rate as it is."""

    name: Literal["constant"] = "constant"

    def factor(self, update: int, budget: int) -> float:
        """Return 1."""
        return 1.0


SCHEDULES: dict[str, type[Schedule]] = {"constant": Constant}
