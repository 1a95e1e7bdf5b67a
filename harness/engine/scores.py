"""Scores by which runs of different losses and outputs can be compared.

Every function takes outputs a and targets y of shape (S, K, N) and returns one value a sample,
shape (S, N). One output means two classes: a is the share of the second.
"""

import numpy as np

from harness.engine.arrays import Flags, Floats, Integers

FLOOR = 1e-7


def correct(a: Floats, y: Floats) -> Flags:
    """Return whether the likeliest class is the true one."""
    if y.shape[1] == 1:
        flags: Flags = (a[:, 0] > 0.5) == (y[:, 0] > 0.5)
        return flags
    same: Flags = a.argmax(axis=1) == y.argmax(axis=1)
    return same


def log_loss(a: Floats, y: Floats) -> Floats:
    """Return -log of the true class's share, in nats.

    Outputs are first made shares: negative ones count as 0, they are divided by their sum (equal
    shares where that is 0), and the true class's share is floored at 1e-7.
    """
    if y.shape[1] == 1:
        second = np.clip(a[:, 0], 0, 1)
        share = np.where(y[:, 0] > 0.5, second, 1 - second)
    else:
        positive = np.maximum(a, 0)
        total = np.add.reduce(positive, axis=1)
        empty = total == 0
        share = np.where(empty, 1 / y.shape[1], np.add.reduce(y * positive, axis=1))
        share /= np.where(empty, 1, total)
    result: Floats = -np.log(np.maximum(share, FLOOR))
    return result


def squared_error(a: Floats, y: Floats) -> Floats:
    """Return half the sum over outputs of (a - y)^2."""
    difference = a - y
    difference *= difference
    total: Floats = np.add.reduce(difference, axis=1)
    total *= 0.5
    return total


def shares(a: Floats) -> Floats:
    """Return the share of each class, shape (S, classes, N), outputs made shares as in `log_loss`.

    Two classes of one output get two.
    """
    if a.shape[1] == 1:
        second = np.clip(a, 0, 1)
        return np.concatenate([1 - second, second], axis=1)
    positive = np.maximum(a, 0)
    total = np.add.reduce(positive, axis=1, keepdims=True)
    empty = total == 0
    result: Floats = np.where(empty, 1 / a.shape[1], positive / np.where(empty, 1, total))
    return result


def likeliest(a: Floats) -> tuple[Integers, Floats]:
    """Return the likeliest of several classes and its share of `shares`.

    Class 0 with a share that is not a number where an output is none.
    """
    share = np.maximum.reduce(shares(a), axis=1)
    chosen: Integers = np.where(np.isnan(share), 0, a.argmax(axis=1))
    return chosen, share
