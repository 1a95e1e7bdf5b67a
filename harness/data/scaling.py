"""Scaling of inputs, by the training samples alone."""

from collections.abc import Callable

import numpy as np

from harness.data.datasets import Inputs, Scaling


def scaler(scaling: Scaling, train: Inputs) -> Callable[[Inputs], Inputs]:
    """Return what scales inputs, the training ones and others, by what the training inputs say.

    ``standard``: each feature less its mean, divided by its deviation (1 for a constant one).
    ``range``: all features less the smallest value, divided by the range of them all: pixels stay
    comparable, and one that is rarely lit is not blown up.
    """
    if scaling == "none":
        return lambda inputs: inputs
    if scaling == "standard":
        shift = train.mean(axis=0)
        width = train.std(axis=0)
        # The mean of equal numbers may be off by a rounding error, which is no deviation.
        varies = (np.ptp(train, axis=0) > 0) & (width > 0)
        width = np.where(varies, width, 1.0)
    else:
        shift = np.full(train.shape[1], train.min())
        span = float(train.max() - train.min())
        width = np.full(train.shape[1], span if span > 0 else 1.0)

    def scale(inputs: Inputs) -> Inputs:
        scaled: Inputs = inputs - shift
        scaled /= width
        return scaled

    return scale
