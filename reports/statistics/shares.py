"""Shares with Wilson's interval."""

from functools import lru_cache

from scipy import stats

from harness.intervals import CONFIDENCE


@lru_cache(maxsize=4096)
def wilson(count: int, seeds: int, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """Share `count / seeds` with its Wilson interval; not numbers without seeds."""
    if seeds == 0:
        return float("nan"), float("nan"), float("nan")
    interval = stats.binomtest(count, seeds).proportion_ci(confidence, method="wilson")
    return count / seeds, float(interval.low), float(interval.high)
