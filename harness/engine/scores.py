"""Scores by which runs of different losses and outputs can be compared.

Every function takes outputs a and targets y of shape (S, N, K) and returns one value a sample,
shape (S, N). One column means two classes: a is the share of the second.
"""

import numpy as np

from harness.engine.arrays import Flags, Floats
from harness.engine.columns import column_sum

FLOOR = 1e-7


def correct(a: Floats, y: Floats) -> Flags:
    """Return whether the likeliest class is the true one."""
    if y.shape[-1] == 1:
        flags: Flags = (a[..., 0] > 0.5) == (y[..., 0] > 0.5)
        return flags
    same: Flags = a.argmax(axis=-1) == y.argmax(axis=-1)
    return same


def log_loss(a: Floats, y: Floats) -> Floats:
    """Return -log of the true class's share, in nats.

    Outputs are first made shares: negative ones count as 0, they are divided by their sum (equal
    shares where that is 0), and the true class's share is floored at 1e-7.
    """
    if y.shape[-1] == 1:
        second = np.clip(a[..., 0], 0, 1)
        share = np.where(y[..., 0] > 0.5, second, 1 - second)
    else:
        positive = np.maximum(a, 0)
        total = column_sum(positive)
        empty = total == 0
        share = np.where(empty, 1 / y.shape[-1], column_sum(y * positive))
        share /= np.where(empty, 1, total)
    result: Floats = -np.log(np.maximum(share, FLOOR))
    return result


def squared_error(a: Floats, y: Floats) -> Floats:
    """Return half the sum over outputs of (a - y)^2."""
    difference = a - y
    difference *= difference
    total = column_sum(difference)
    total *= 0.5
    return total
