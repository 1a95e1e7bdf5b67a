"""Signals: the arrays that a forward and a backward pass write to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from harness.engine.arrays import Floats


@dataclass(frozen=True)
class Signals:
    """One array of each kind for every layer.

    z, a, delta and slope have shape (S, units, B). `fed` is what feeds the layer above: a, and with
    biases a last row of ones; a is a view into it.
    """

    z: list[Floats]
    a: list[Floats]
    fed: list[Floats]
    delta: list[Floats]
    slope: list[Floats]

    def of_first(self, samples: int) -> "Signals":
        """Return views of the first samples."""
        return Signals(*([array[:, :, :samples] for array in kind] for kind in vars(self).values()))


class Workspace:
    """Memory for the signals of some runs and samples, allocated once."""

    def __init__(self, units: Sequence[int], bias: bool, runs: int, samples: int, dtype: DTypeLike) -> None:
        each = runs * samples
        self.units, self.bias = units, bias
        self.z = [np.empty(count * each, dtype) for count in units]
        self.fed = [np.empty((count + bias) * each, dtype) for count in units]
        self.delta = [np.empty(count * each, dtype) for count in units]
        # One for all layers: what is touched more often stays in the cache.
        self.slope = np.empty(max(units) * each, dtype)

    @property
    def size(self) -> int:
        """Return how many numbers there is room for."""
        return self.slope.size + sum(array.size for array in (*self.z, *self.fed, *self.delta))

    def signals(self, runs: int, samples: int) -> Signals:
        """Return contiguous arrays for at most as many runs times samples as there is room for."""

        def view(flat: Floats, units: int) -> Floats:
            return flat[: runs * units * samples].reshape(runs, units, samples)

        def views(flats: Sequence[Floats], more: int = 0) -> list[Floats]:
            return [view(flat, count + more) for flat, count in zip(flats, self.units, strict=True)]

        fed = views(self.fed, more=self.bias)
        for array, count in zip(fed, self.units, strict=True):
            array[:, count:] = 1
        return Signals(
            z=views(self.z),
            a=[array[:, :count] for array, count in zip(fed, self.units, strict=True)],
            fed=fed,
            delta=views(self.delta),
            slope=views([self.slope] * len(self.units)),
        )
