"""Paired differences by seed between arms."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from harness.intervals import CONFIDENCE

COLUMNS = [
    "first", "second", "metric", "seeds", "dead", "missing", "difference", "low", "high", "data_low", "data_high",
    "bca_low", "bca_high", "living", "living_difference", "died_share", "died_low", "died_high", "correlation",
    "variance_ratio", "improvement", "improvement_low", "improvement_high", "p", "p_holm", "p_note", "detectable",
    "needed_seeds",
]  # fmt: skip


def differences(
    runs: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    metric: str,
    *,
    generator: np.random.Generator,
    confidence: float = CONFIDENCE,
    ratios: Mapping[str, float] | float | None = None,
    family: int | None = None,
) -> pd.DataFrame:
    """Compare pairs of arms, seed by seed.

    Parameters
    ----------
    runs : DataFrame
        One row a run, at the chosen value of what is tuned: `arm, seed, outcome, status, majority_accuracy`
        and `metric`.
    pairs : sequence of (first, second)
        Names of arms; the difference is first less second.
    metric : str
    generator : numpy.random.Generator
        For the bootstrap and, from 22 seeds on, the permutations.
    confidence : float
        Coverage of every interval.
    ratios : mapping of str to float, or float, optional
        Test samples by training samples, by first arm or of all; without, no interval for new data.
    family : int, optional
        How many comparisons share the error of the p-values; by default those of `pairs`.

    Returns
    -------
    DataFrame
        One row a pair, in order, `COLUMNS`.
    """
    raise NotImplementedError
