"""Point estimates of each arm over its seeds, with intervals."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from harness.intervals import CONFIDENCE, Floats, half_width, t_interval
from reports.statistics.by_seed import BySeed, Metric
from reports.statistics.resampling import bca, interquartile_mean
from reports.statistics.shares import wilson

COLUMNS = [
    "arm", "metric", "seeds", "dead", "missing", "mean", "low", "high", "data_low", "data_high",
    "bca_low", "bca_high", "median", "median_low", "median_high", "iqm", "iqm_low", "iqm_high", "living",
    "living_mean", "died_share", "died_low", "died_high",
]  # fmt: skip


def estimates(
    runs: pd.DataFrame,
    arms: Sequence[str],
    metrics: Sequence[str],
    *,
    generator: np.random.Generator,
    confidence: float = CONFIDENCE,
    ratios: Mapping[str, float] | float | None = None,
) -> pd.DataFrame:
    """Estimate the final metrics of arms.

    Parameters
    ----------
    runs : DataFrame
        One row a run, at the chosen value of what is tuned: `arm, seed, outcome, status, majority_accuracy`
        and `metrics`.
    arms : sequence of str
        All arms, those without a run included.
    metrics : sequence of str
    generator : numpy.random.Generator
        For the bootstrap.
    confidence : float
        Coverage of every interval.
    ratios : mapping of str to float, or float, optional
        Test samples by training samples, by arm or of all; without, no interval for new data.

    Returns
    -------
    DataFrame
        One row an arm and metric: `COLUMNS`.

        - `seeds` that died or have a value, `dead` of them dead (`died_share` with Wilson's `died_low`,
          `died_high`); `missing`: runs without a value.
        - `mean` with `low`, `high` (Student's t), `data_low`, `data_high` (Nadeau and Bengio's, for new
          data) and `bca_low`, `bca_high` (from 20 seeds on): not numbers if a seed died; then
          `living_mean` is that of the `living` ones.
        - `median` with the exact interval of order statistics (none below 6 seeds at 95 %), and `iqm`, the
          interquartile mean, with BCa's from 20 seeds on: dead runs counted.
    """
    rows: list[dict[str, Any]] = []
    for metric in metrics:
        laid = Metric(runs, metric)
        found = [laid.of([arm]) for arm in arms]
        own = [
            _row(each, confidence, ratios.get(arm) if isinstance(ratios, Mapping) else ratios)
            for arm, each in zip(arms, found, strict=True)
        ]
        _resample(own, found, generator, confidence)
        rows += [{"arm": arm, "metric": metric} | row for arm, row in zip(arms, own, strict=True)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(found: BySeed, confidence: float, ratio: float | None) -> dict[str, Any]:
    seeds, dead = len(found.seeds), int((~found.alive).sum())
    row: dict[str, Any] = {"seeds": seeds, "dead": dead, "missing": found.missing, "living": seeds - dead}
    row |= dict(zip(("died_share", "died_low", "died_high"), wilson(dead, seeds, confidence), strict=True))
    if dead < seeds:
        row["living_mean"] = float(found.values[found.alive, 0].mean())
    if seeds and not dead:
        row |= _mean(found.values[:, 0], confidence, ratio)
    counted = found.counted[:, 0]
    if seeds and not np.isnan(counted).any():
        low, high = _order(counted, confidence)
        row |= {"median": float(np.median(counted)), "iqm": float(interquartile_mean(counted))}
        row |= {"median_low": low, "median_high": high}
    return row


def _order(values: Floats, confidence: float) -> tuple[float, float]:
    """Return the exact interval of the median between two values in order, not numbers if there is none."""
    interval: Any = stats.quantile_test(values, p=0.5).confidence_interval(confidence)
    return float(interval.low), float(interval.high)


def _mean(values: Floats, confidence: float, ratio: float | None) -> dict[str, float]:
    mean, low, high = map(float, t_interval(values, confidence))
    row = {"mean": mean, "low": low, "high": high}
    if ratio is not None and len(values) > 1:
        half = float(half_width(values.std(ddof=1), len(values), confidence, test_per_training=ratio))
        row |= {"data_low": mean - half, "data_high": mean + half}
    return row


def _resample(
    rows: Sequence[dict[str, Any]],
    found: Sequence[BySeed],
    generator: np.random.Generator,
    confidence: float,
) -> None:
    """Add the bootstrap's intervals, to all arms of equally many seeds at once."""
    alike: dict[int, list[int]] = defaultdict(list)
    for place, each in enumerate(found):
        alike[len(each.seeds)].append(place)
    for places in alike.values():
        living = np.stack([np.where(found[at].lost[:, 0], np.nan, found[at].values[:, 0]) for at in places])
        counted = np.stack([found[at].counted[:, 0] for at in places])
        bounds = bca(living, generator, confidence=confidence)
        middle = bca(counted, generator, statistic=interquartile_mean, confidence=confidence)
        columns = ("bca_low", "bca_high", "iqm_low", "iqm_high")
        for at, values in zip(places, np.stack([*bounds, *middle], axis=1).tolist(), strict=True):
            rows[at] |= dict(zip(columns, values, strict=True))
