"""Student's t interval of a mean over seeds, and half its width as found and as expected beforehand."""

from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
"""Of an interval that decides no claim."""
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
        c, where one of several cells decides alone; 1 where every one of them has to.
    """
    return 1 - ERROR_RATE / claims / cells


def t_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> tuple[Floats, Floats, Floats]:
    """Mean and Student-t interval over the last axis.

    Parameters
    ----------
    values : array_like, shape (..., n)
        One value a seed.
    confidence : float
        Coverage asked for.

    Returns
    -------
    mean, low, high : arrays, shape (...)
        `low` and `high` are not numbers for n < 2: one seed says nothing about its spread.
    """
    table = np.asarray(values, dtype=float)
    seeds = table.shape[-1]
    mean = table.mean(axis=-1)
    deviation = table.std(axis=-1, ddof=1) if seeds > 1 else np.full_like(mean, np.nan)
    half = half_width(deviation, seeds, confidence)
    return mean, mean - half, mean + half


def geometric_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> tuple[Floats, Floats, Floats]:
    """Geometric mean and interval over the last axis: `t_interval` of the logarithms.

    For positive quantities that span decades, such as gradients: the interval never reaches below 0. Where a
    value is 0, so is the mean, and there is no interval.
    """
    table = np.asarray(values, dtype=float)
    zero = (table == 0).any(axis=-1)
    with np.errstate(invalid="ignore"):
        logarithms = np.log(np.where(table == 0, 1.0, table))
    mean, low, high = (np.exp(bound) for bound in t_interval(logarithms, confidence))
    return np.where(zero, 0.0, mean), np.where(zero, np.nan, low), np.where(zero, np.nan, high)


def half_width(
    deviation: ArrayLike, seeds: int, confidence: float = CONFIDENCE, *, test_per_training: float = 0.0
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
    confidence: float = CONFIDENCE,
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
    confidence: float = CONFIDENCE,
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
