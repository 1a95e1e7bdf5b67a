"""Probability of improvement: how often a run of one arm is better than a run of another."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import brentq

from harness.intervals import CONFIDENCE


def improvement(
    first: ArrayLike, second: ArrayLike, confidence: float = CONFIDENCE, *, higher: bool = True
) -> tuple[float, float, float]:
    """Return P(X better than Y) + P(X = Y) / 2 with its interval, X a run of `first`, Y one of `second`.

    It is Mann-Whitney's U by the number of all pairs of a run of one and a run of the other (Agarwal et
    al. 2021, section 4.3), not of pairs of equal seeds. It asks for the order alone: dead runs count.

    The interval is Newcombe's (2006, "Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic, part 2", Statistics in Medicine 25, method 5): all θ with |θ - θ̂| <= z √V(θ),
    V(θ) = θ(1-θ) / (nm) · [1 + N ((1-θ)/(2-θ) + θ/(1+θ))], N = (n+m)/2 - 1. Like Wilson's it stays within
    0 and 1, and has a width where no pair disagrees. It takes the two samples for independent: seeds
    that they share make it too wide rather than too narrow.

    Parameters
    ----------
    first, second : array_like, shape (n,), (m,)
        Without NaN.
    higher : bool
        Whether higher values are better.

    Returns
    -------
    share, low, high : float
        Not numbers without runs.
    """
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not x.size or not y.size or np.isnan(x).any() or np.isnan(y).any():
        return float("nan"), float("nan"), float("nan")
    above = (x[:, None] > y).mean() if higher else (x[:, None] < y).mean()
    share = float(above + (x[:, None] == y).mean() / 2)
    z = float(stats.norm.ppf((1 + confidence) / 2))
    low = _lowest(share, z, x.size, y.size)
    return share, low, 1 - _lowest(1 - share, z, x.size, y.size)


def _lowest(share: float, z: float, n: int, m: int) -> float:
    """Return the least θ with (θ - θ̂)² <= z² V(θ); V(θ) = V(1-θ) makes it serve for both bounds."""
    if share == 0:
        return 0.0

    def outside(theta: float) -> float:
        factor = 1 + ((n + m) / 2 - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        if share == 1:  # both sides have the factor 1 - θ, whose root is not the one asked for
            return (1 - theta) - z**2 * theta * factor / (n * m)
        return (theta - share) ** 2 - z**2 * theta * (1 - theta) * factor / (n * m)

    return float(brentq(outside, 0.0, share))
