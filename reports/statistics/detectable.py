"""What a number of seeds can show, and how many seeds an effect asks for: the two sides of power."""

from functools import lru_cache
from math import sqrt

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from harness.intervals import CONFIDENCE, MOST_SEEDS

POWER = 0.8
"""How often an effect is to be shown."""


def detectable(
    deviation: float,
    seeds: int,
    confidence: float = CONFIDENCE,
    *,
    power: float = POWER,
    test_per_training: float = 0.0,
) -> float:
    """Return the least mean difference that these seeds show with probability `power`.

    Shown is one whose t interval lies above 0 (or above a margin: add the margin). With effect θ and
    standard error σ √(1/n + q), mean by its error is of Student's noncentral t distribution with n - 1
    degrees of freedom and noncentrality δ = θ / (σ √(1/n + q)); δ is such that it exceeds the quantile
    t of the interval with probability `power` (Colas et al. 2018, "How many random seeds?").

    Parameters
    ----------
    deviation : float
        σ, of one difference a seed: as seen.
    seeds : int
        n. Not a number for n < 2.
    confidence : float
        Coverage of the interval, of both sides together.
    test_per_training : float
        q of Nadeau and Bengio for new data, else 0.
    """
    if seeds < 2:
        return float("nan")
    return noncentrality(seeds, confidence, power) * sqrt(1 / seeds + test_per_training) * deviation


def seeds_needed(
    effect: float,
    deviation: float,
    confidence: float = CONFIDENCE,
    *,
    power: float = POWER,
    test_per_training: float = 0.0,
    least: int = 2,
) -> float:
    """Return the fewest seeds at which `detectable` is at most an effect's size.

    Returns
    -------
    float
        At least `least`; infinite if a million are not enough, as for no effect, or for new data whose
        effect is too small for this many samples. Not a number if effect or deviation is none.
    """
    if not np.isfinite([effect, deviation]).all():
        return float("nan")
    if effect == 0:
        return float("inf")

    def enough(seeds: int) -> bool:
        found = detectable(deviation, seeds, confidence, power=power, test_per_training=test_per_training)
        return found <= abs(effect)

    low, high = least - 1, least
    while not enough(high):
        if high >= MOST_SEEDS:
            return float("inf")
        low, high = high, min(2 * high, MOST_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return float(high)


@lru_cache(maxsize=4096)
def noncentrality(seeds: int, confidence: float, power: float) -> float:
    """Return δ at which noncentral t exceeds the quantile of an interval with probability `power`."""
    freedom = seeds - 1
    quantile = float(stats.t.ppf((1 + confidence) / 2, freedom))

    def lacking(delta: float) -> float:
        return float(stats.nct.sf(quantile, freedom, delta)) - power

    high = quantile + 1
    while lacking(high) < 0:
        high *= 2
    return float(brentq(lacking, 0.0, high))
