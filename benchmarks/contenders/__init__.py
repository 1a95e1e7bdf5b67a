"""Who is timed: each module trains the runs of a cell in its own way.

A module has a function ``trainer(task)``; it is imported in a process of its own,
whose cores and threads were settled before. Its library is imported with it: where that is
missing, the tables say so.
"""

import numpy as np

from harness.engine.arrays import Floats


class Trainer:
    """What is timed of a contender.

    Attributes
    ----------
    runs : int
        How many runs one call of `train` trains.
    updates : int
        How many updates it makes of each.
    idle_updates : int
        How many of them `idle` makes too.
    compile_seconds : float
        What was spent beforehand on compiling.
    """

    runs: int
    updates: int
    idle_updates = 0
    compile_seconds = 0.0

    def train(self) -> None:
        """Make the updates, and return when they are made."""
        raise NotImplementedError

    def idle(self) -> None:
        """Do what `train` does once, however many updates it makes: timed apart, and taken off."""

    def close(self) -> None:
        """End the processes that it started."""

    def parameters(self) -> Floats:
        """Return the parameters after the last `train`, shape (S, P), laid out as the engine's.

        By them tests see that all contenders train the same.
        """
        raise NotImplementedError


def flat(weights: list[Floats], biases: list[Floats]) -> Floats:
    """Return weights (S, fan_in, fan_out) and biases (S, fan_out) by layer as rows (S, P)."""
    parts = [part.reshape(len(part), -1) for pair in zip(weights, biases, strict=True) for part in pair]
    joined: Floats = np.concatenate(parts, axis=1)
    return joined
