"""As what a run counts in medians and ranks: one that died stays in every denominator."""

import numpy as np
import pandas as pd

from harness.choosing import died
from harness.intervals import Floats
from harness.quantities import AMONG_RUNS
from harness.record import higher_is_better

LOSSES = ("loss", "squared_error")
"""How the names of metrics end of which a dead run's is infinite."""


def counted(runs: pd.DataFrame, metric: str) -> Floats:
    """Values of `metric`, shape (runs,), as they count in medians and ranks.

    A dead run has the accuracy of the majority class, and infinite loss; what is no score (`rho`, norms
    of gradients, by how much a loss exceeds that of other runs) it has not at all, unless the frame says that
    it is infinite, as of a time to target. A score that is infinite counts like a dead run's.
    """
    values = runs[metric].to_numpy(dtype=float, copy=True)
    dead = died(runs).to_numpy(dtype=bool)
    if higher_is_better(metric):
        lost = dead | np.isinf(values)
        values[lost] = runs["majority_accuracy"].to_numpy(dtype=float)[lost]
    elif metric in AMONG_RUNS:
        values[dead | np.isinf(values)] = np.nan
    elif metric.endswith(LOSSES):
        values[dead | np.isinf(values)] = np.inf
    else:
        values[dead & np.isfinite(values)] = np.nan
    return values
