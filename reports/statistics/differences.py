"""Paired differences by seed between arms."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from harness.intervals import CONFIDENCE
from harness.record import higher_is_better
from reports.statistics import contrasts
from reports.statistics.by_seed import Metric
from reports.statistics.contrasts import Contrast

COLUMNS = ["first", "second", "metric", *(name.replace("effect", "difference") for name in contrasts.COLUMNS)]


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
        Names of two arms; the difference is first less second.
    metric : str
    generator : numpy.random.Generator
        For the bootstrap, and for permutations of more than 32 seeds.
    confidence : float
        Coverage of every interval.
    ratios : mapping of str to float, or float, optional
        Test samples by training samples, by arm or of all: of a pair the larger one. Without, or where one
        of the two is not known, there is no interval for new data.
    family : int, optional
        How many comparisons share the error of the p-values; by default those of `pairs`.

    Returns
    -------
    DataFrame
        One row a pair, in order: `COLUMNS`.

        - `seeds` that both arms have, on `dead` of which one died (`died_share` with Wilson's `died_low`,
          `died_high`); `missing`: seeds that only one has, or without a value.
        - `difference`: the mean; `low`, `high`: Student's t; `data_low`, `data_high`: Nadeau and Bengio's,
          for new data; `bca_low`, `bca_high`: from 20 seeds on. None of these if a seed died; then
          `living_difference` is the mean over the `living` seeds.
        - `correlation` of the two arms over seeds; `variance_ratio`: the variance of the paired
          differences by that of unpaired ones, so 0.1 is worth ten times the seeds.
        - `improvement` with its interval: the probability that a run of the first is better than one of
          the second, dead ones counted.
        - `p`: sign flips, two-sided; `p_holm`: corrected; not numbers for the reason in `p_note`.
        - `detectable`: the least difference that so many seeds show in 4 of 5 cases; `needed_seeds`: those
          that a difference of the size found asks for.
        - `absent`: why there is no seed to compare on; `repeated`: the arm of which several runs are on
          one seed, if that is why.
    """
    laid = Metric(runs, metric)
    asked = [
        Contrast(
            weights={first: 1.0, second: -1.0},
            confidence=confidence,
            ratio=_ratio(ratios, first, second),
        )
        for first, second in pairs
    ]
    rows = contrasts.contrasts(laid, asked, generator, higher=higher_is_better(metric))
    contrasts.tested(rows, len(pairs) if family is None else family)
    for row, (first, second) in zip(rows, pairs, strict=True):
        row |= {"first": first, "second": second, "metric": metric}
        row |= {"difference": row["effect"], "living_difference": row["living_effect"]}
    return pd.DataFrame(rows, columns=COLUMNS)


def _ratio(ratios: Mapping[str, float] | float | None, first: str, second: str) -> float | None:
    if not isinstance(ratios, Mapping):
        return ratios
    known = [ratios[arm] for arm in (first, second) if arm in ratios]
    return max(known) if len(known) == 2 else None
