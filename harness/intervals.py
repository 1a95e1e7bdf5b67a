"""Student's t interval of a mean over seeds: half its width, as found and as expected beforehand."""

from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

LEAST_SEEDS = 5
"""Below, every verdict on a claim is inconclusive."""
ERROR_RATE = 0.05
"""Of all claims of a study together: how often an interval may miss what it is of."""
MOST_SEEDS = 1_000_000


def confidence_of(claims: int, cells: int = 1) -> float:
    """Return the coverage asked of each interval, 1 - 0.05 / k / c (Bonferroni).

    Parameters
    ----------
    claims : int
        k, those of the study that an interval decides: differences and trends.
    cells : int
        c, for a claim about any of several cells; 1 for one about all of them, each of which has to hold.
    """
    return 1 - ERROR_RATE / claims / cells


def half_width(
    deviation: ArrayLike, seeds: int, confidence: float = 0.95, *, test_per_training: float = 0.0
) -> Floats:
    """Return half the width of the t interval of a mean over seeds, t · s · √(1/n + q).

    With q = 0 it is Student's, for seeds that resplit one data set. With the q of Nadeau and Bengio
    (2003, "Inference for the generalization error", Machine Learning 52), test samples by training
    samples, it is for new data: splits of one data set overlap, and their mean varies less than it would.

    Parameters
    ----------
    deviation : array_like
        s, with n - 1 in its denominator, of one value a seed. In a comparison the values are what
        two arms differ by on the same seed.
    seeds : int
        n. Not a number for n < 2: one seed says nothing about its spread.
    confidence : float
        Coverage asked for, of both sides together.
    test_per_training : float
        q.
    """
    spread = np.asarray(deviation, dtype=np.float64)
    if seeds < 2:
        return np.full_like(spread, np.nan)
    quantile = float(stats.t.ppf((1 + confidence) / 2, seeds - 1))
    return np.asarray(quantile * sqrt(1 / seeds + test_per_training) * spread)


def expected_half_width(
    deviation: float,
    seeds: int,
    confidence: float = 0.95,
    *,
    test_per_training: float = 0.0,
    freedom: float = inf,
) -> float:
    """Return the mean of `half_width` over samples of normal values that are not drawn yet.

    A sample's deviation is too small on average, by `shortfall`: the one that is to be expected, and
    the one that was found in an earlier sample.

    Parameters
    ----------
    deviation : float
        The population's, or what an earlier sample had.
    freedom : float
        The earlier sample's degrees of freedom, its seeds less 1; infinite for the population's.
    """
    if seeds < 2:
        return float("nan")
    usual = deviation * shortfall(seeds - 1) / shortfall(freedom)
    return float(half_width(usual, seeds, confidence, test_per_training=test_per_training))


def seeds_for(
    width: float,
    deviation: float,
    confidence: float = 0.95,
    *,
    test_per_training: float = 0.0,
    freedom: float = inf,
    least: int = 2,
) -> int | None:
    """Return the smallest number of seeds whose `expected_half_width` is at most `width`.

    Returns
    -------
    int or None
        At least `least`; None if no number up to a million is enough. For new data there may be none, however
        many seeds: they resplit the same samples.
    """

    def enough(seeds: int) -> bool:
        expected = expected_half_width(
            deviation, seeds, confidence, test_per_training=test_per_training, freedom=freedom
        )
        return expected <= width

    if not enough(MOST_SEEDS):
        return None
    low, high = least - 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def shortfall(freedom: float) -> float:
    """Return the mean deviation of normal samples by the population's: √(2/ν) Γ((ν+1)/2) / Γ(ν/2).

    That is the mean of a chi variable by √ν (Johnson, Kotz and Balakrishnan 1994, "Continuous univariate
    distributions" 1, chapter 18); 0.94 for 5 seeds.
    """
    if freedom == inf:
        return 1.0
    return float(sqrt(2 / freedom) * special.poch(freedom / 2, 0.5))
