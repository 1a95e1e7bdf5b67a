"""Who is timed: each module trains the runs of a cell in its own way.

A module has a function ``trainer(task)``; it is imported in a process of its own,
whose cores and threads were settled before. Its library is imported with it: where that is
missing, the tables say so.
"""

from typing import Protocol

import numpy as np

from harness.engine.arrays import Floats


class Trainer(Protocol):
    """What is timed of a contender.

    Attributes
    ----------
    runs : int
        How many runs one call of `train` trains.
    updates : int
        How many updates it makes of each.
    compile_seconds : float
        What was spent beforehand on compiling.
    """

    runs: int
    updates: int
    compile_seconds: float

    def train(self) -> None:
        """Make the updates, and return when they are made."""

    def idle(self) -> None:
        """Do what `train` does besides updates: timed apart, and taken off."""


class Checked(Trainer, Protocol):
    """A trainer of which tests can ask whether it trains what the others train."""

    def parameters(self) -> Floats:
        """Return the parameters after the last `train`, shape (S, P), laid out as the engine's."""


def flat(weights: list[Floats], biases: list[Floats]) -> Floats:
    """Return weights (S, fan_in, fan_out) and biases (S, fan_out) by layer as rows (S, P)."""
    parts = [part.reshape(len(part), -1) for pair in zip(weights, biases, strict=True) for part in pair]
    joined: Floats = np.concatenate(parts, axis=1)
    return joined
