"""Two learners on splits of one data set, and on new ones: what intervals for new data are tried on."""

from dataclasses import dataclass

import numpy as np

from harness.intervals import Floats

TRAINED, VALIDATED, TESTED = 180, 60, 60
"""Samples of each data set, in the proportions of `dataset.split=holdout`; nothing is validated here."""
FEATURES = 5
WEAK = 0.25
"""The weight of the one feature that the second learner lacks; the others have 1, and so has the noise."""
DATA_SETS = 2_000
OTHERS = 200
"""Further splits of each data set, by which its own mean is known."""


@dataclass(frozen=True)
class Resplit:
    """Differences of two learners' squared errors.

    Attributes
    ----------
    differences : ndarray, shape (data sets, splits)
        Of the second learner less the first's, on the test samples of a split.
    by_data : ndarray, shape (data sets,)
        Means over further splits of the same samples: what new seeds would agree on.
    mean : float
        Over all data sets: what new data would agree on.
    """

    differences: Floats
    by_data: Floats
    mean: float


def resplit(random: np.random.Generator, splits: int) -> tuple[Resplit, float]:
    """Train two learners by least squares, one of which lacks a feature, on splits of many data sets.

    Parameters
    ----------
    random : numpy.random.Generator
    splits : int
        Of each data set, beside `OTHERS`.

    Returns
    -------
    Resplit
    float
        Test samples by training samples.
    """
    weights = np.ones(FEATURES)
    weights[-1] = WEAK
    size = TRAINED + VALIDATED + TESTED
    found = np.empty((DATA_SETS, splits + OTHERS))
    for place in range(DATA_SETS):
        x = random.standard_normal((size, FEATURES))
        y = x @ weights + random.standard_normal(size)
        order = random.permuted(np.broadcast_to(np.arange(size), (splits + OTHERS, size)), axis=1)
        train, test = order[:, :TRAINED], order[:, -TESTED:]
        found[place] = _error(x[..., :-1], y, train, test) - _error(x, y, train, test)
    shown = Resplit(found[:, :splits], found[:, splits:].mean(axis=1), float(found.mean()))
    return shown, TESTED / TRAINED


def _error(x: Floats, y: Floats, train: np.ndarray, test: np.ndarray) -> Floats:
    """Return the mean squared error of least squares on the test samples of each split."""
    inputs, targets = x[train], y[train]
    moments = np.matvec(inputs.mT, targets)
    weights = np.linalg.solve(inputs.mT @ inputs, moments[..., None])[..., 0]
    return np.asarray(((np.matvec(x[test], weights) - y[test]) ** 2).mean(axis=1))
