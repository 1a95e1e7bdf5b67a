"""Scaling of inputs, by the training samples alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from harness.data.datasets import Inputs, Scaling


@dataclass(frozen=True, eq=False)
class Scale:
    """Inputs less `shift`, divided by `width`, feature by feature.

    Attributes
    ----------
    shift, width : ndarray, shape (features,)
    """

    shift: "Inputs"
    width: "Inputs"

    def __call__(self, inputs: "Inputs") -> "Inputs":
        """Return inputs (samples, features) scaled; the very array where that changes nothing."""
        if not self.shift.any() and (self.width == 1).all():
            return inputs
        scaled: Inputs = inputs - self.shift
        scaled /= self.width
        return scaled


def scaler(scaling: "Scaling", train: "Inputs") -> Scale:
    """Return what scales inputs, the training ones and others, by what the training inputs say.

    ``standard``: each feature less its mean, divided by its deviation (1 for a constant one).
    ``range``: all features less the smallest value, divided by the range of them all: pixels stay
    comparable, and one that is rarely lit is not blown up. ``none``: as they are.
    """
    features = train.shape[1]
    if scaling == "none":
        return Scale(np.zeros(features), np.ones(features))
    if scaling == "standard":
        width = train.std(axis=0)
        # The mean of equal numbers may be off by a rounding error, which is no deviation.
        varies = (np.ptp(train, axis=0) > 0) & (width > 0)
        return Scale(train.mean(axis=0), np.where(varies, width, 1.0))
    span = float(train.max() - train.min())
    return Scale(np.full(features, train.min(), np.float64), np.full(features, span if span > 0 else 1.0))
