"""Sums over each run's array in every layer, in float64: norms, deviations, shares, shape (S, L).

In float32 the squares of deltas below 1e-22, which deep sigmoid networks have, would be 0.
"""

from collections.abc import Sequence

import numpy as np

from harness.engine.arrays import Flags, Floats

CANCELS = 1e-4
"""A variance below this share of the squared mean has lost digits to rounding."""


def wide(array: Floats) -> Floats:
    """Return each run's numbers in a row, in float64, shape (S, n)."""
    # Cast before, not while summing: a buffered sum may end its blocks inside another run.
    return array.reshape(len(array), -1).astype(np.float64, copy=False)


def squares(arrays: Sequence[Floats]) -> Floats:
    """Return the sum of squares of L arrays, each of S runs."""
    found = np.empty((len(arrays[0]), len(arrays)))
    for layer, array in enumerate(arrays):
        numbers = wide(array)
        np.vecdot(numbers, numbers, out=found[:, layer])
    return found


def norms(arrays: Sequence[Floats]) -> Floats:
    """Return the Frobenius norm."""
    result: Floats = np.sqrt(squares(arrays))
    return result


def sizes(arrays: Sequence[Floats]) -> Floats:
    """Return how many numbers a run has in each layer, shape (L,)."""
    return np.array([array[0].size for array in arrays], np.float64)


def standard_deviations(arrays: Sequence[Floats], squares: Floats) -> Floats:
    """Return the root of the mean squared distance from the mean, given the `squares` of the arrays.

    That is the mean square less the squared mean, but where these nearly cancel: there the numbers
    are centred first.
    """
    count = sizes(arrays)
    mean = np.empty_like(squares)
    for layer, array in enumerate(arrays):
        np.add.reduce(wide(array), axis=1, out=mean[:, layer])
    mean /= count
    squared_mean = mean * mean
    variance = squares / count - squared_mean
    close = ~(variance > CANCELS * squared_mean)
    if close.any():
        for run, layer in np.argwhere(close):
            centred = wide(arrays[layer])[run] - mean[run, layer]
            variance[run, layer] = np.vecdot(centred, centred) / count[layer]
    result: Floats = np.sqrt(variance)
    return result


def share(flags: Flags) -> Floats:
    """Return the share of flags that are set in one layer, shape (S,)."""
    # As np.mean has it, which casts every flag to a float first.
    counts = np.array([np.count_nonzero(each) for each in flags])
    result: Floats = counts / flags[0].size
    return result
