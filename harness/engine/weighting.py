"""Weights of samples in a loss: given one by one, or by class.

A weighted loss is sum w_i J_i / sum w_i over a split. Weights are scaled to mean 1 over their split, and
a batch divides by its size, not by its weights: so the expectation of a batch's gradient is the
gradient of the weighted loss whatever the batch size. (Divided by their own sum, the weights of
batches of one would cancel.)
"""

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge

from harness.engine.arrays import Floats, Integers

ClassWeight = Literal["balanced"] | tuple[Annotated[float, Ge(0)], ...]


def labels(targets: Floats) -> Integers:
    """Return the classes (N,) of targets (N, K): one column of 0 and 1, or one column a class."""
    if targets.shape[1] == 1:
        return (targets[:, 0] > 0.5).astype(np.int64)
    classes: Integers = targets.argmax(axis=1)
    return classes


def scaled(weights: Floats) -> Floats:
    """Return weights (N,) scaled to mean 1.

    Raises
    ------
    ValueError
        If one is negative or no number, or all are 0.
    """
    total = weights.sum(dtype=np.float64)
    if not (np.isfinite(total) and total > 0 and weights.min() >= 0):
        raise ValueError("sample weights must be finite, not negative and not all 0")
    result: Floats = (weights * (len(weights) / total)).astype(weights.dtype)
    return result


def class_weights(choice: ClassWeight, targets: Floats) -> Floats:
    """Return the weight of each class, shape (classes,).

    ``balanced`` is N / (C n_c) for the n_c of N training samples that are of class c (King and Zeng
    2001), so that every class weighs the same in all; a class without samples weighs nothing.

    Parameters
    ----------
    targets : ndarray, shape (N, K)
        Of the training split.
    """
    if choice != "balanced":
        return np.array(choice, np.float64)
    classes = max(2, targets.shape[1])
    counts = np.bincount(labels(targets), minlength=classes)
    result: Floats = np.divide(len(targets), classes * counts, out=np.zeros(classes), where=counts > 0)
    return result
