"""Contrasts: weighted sums of arms, seed by seed, and what is known of their mean over seeds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np
from scipy import stats

from harness.intervals import ERROR_RATE, Floats, half_width
from reports.statistics.by_seed import BySeed, Metric
from reports.statistics.detectable import detectable, seeds_needed
from reports.statistics.improvement import improvement
from reports.statistics.permutations import DRAWN, EXACT, holm, seeds_to_reach, sign_flip, smallest
from reports.statistics.resampling import bca
from reports.statistics.shares import wilson

COLUMNS = [
    "seeds", "dead", "missing", "effect", "low", "high", "data_low", "data_high", "bca_low", "bca_high",
    "living", "living_effect", "died_share", "died_low", "died_high", "correlation", "variance_ratio",
    "improvement", "improvement_low", "improvement_high", "p", "p_holm", "p_note", "detectable",
    "needed_seeds", "repeated", "absent",
]  # fmt: skip
REPEATED = "several runs on one seed"
"""Why an arm has no value: none of them is the arm's."""
ROUNDING = 1e-12
"""Of the largest value: a deviation as small is no deviation."""


@dataclass(frozen=True)
class Contrast:
    """What is compared, and how.

    Attributes
    ----------
    weights : mapping of str to float
        By arm. θ_s is the sum of weight times metric on seed s, θ its mean.
    confidence : float
        Coverage of the intervals.
    ratio : float or None
        Test samples by training samples; None: there is no interval for new data.
    new_data : bool
        What can be shown is reckoned by the interval for new data.
    margin : float
        What θ is to exceed, or else to stay below.
    least : int
        Seeds below which nothing counts as shown.
    support, refutation : float or None
        Coverage of the interval that has to lie above the margin, and of the one that has to lie below it,
        for what is still needed and can be shown; None: `confidence`.
    """

    weights: Mapping[str, float]
    confidence: float
    ratio: float | None = None
    new_data: bool = False
    margin: float = 0.0
    least: int = 2
    support: float | None = None
    refutation: float | None = None


def contrasts(
    metric: Metric,
    asked: Sequence[Contrast],
    generator: np.random.Generator,
    *,
    higher: bool = True,
) -> list[dict[str, Any]]:
    """Estimate contrasts of one metric.

    Parameters
    ----------
    metric : Metric
    asked : sequence of Contrast
    generator : numpy.random.Generator
        For the bootstrap, and for permutations of many seeds.
    higher : bool
        A run of the arm of positive weight improves on one of the other if its metric is higher; else if
        it is lower.

    Returns
    -------
    list of dict
        Of each contrast: `COLUMNS` but `p_holm` and `p_note`, which `tested` adds; `p_least`, the smallest
        p-value that there could be.
    """
    found = [metric.of(list(contrast.weights)) for contrast in asked]
    thetas = [_theta(contrast, each) for contrast, each in zip(asked, found, strict=True)]
    rows = [
        _row(contrast, each, theta, higher)
        for contrast, each, theta in zip(asked, found, thetas, strict=True)
    ]
    # Those of equally many seeds are resampled and permuted at once.
    alike: dict[tuple[int, float], list[int]] = defaultdict(list)
    for place, (contrast, theta) in enumerate(zip(asked, thetas, strict=True)):
        alike[len(theta), contrast.confidence].append(place)
    for (_, confidence), places in alike.items():
        table = np.stack([thetas[place] for place in places])
        low, high = bca(table, generator, confidence=confidence)
        p, least = sign_flip(table, generator), smallest(table)
        for at, place in enumerate(places):
            rows[place] |= {"bca_low": float(low[at]), "bca_high": float(high[at])}
            rows[place] |= {"p": float(p[at]), "p_least": float(least[at])}
    return rows


def tested(rows: Sequence[dict[str, Any]], family: int) -> None:
    """Keep and correct the p-values that could have passed Holm's correction, and say why others go.

    Parameters
    ----------
    rows : sequence of dict
        As `contrasts` returns them; changed in place: `p`, `p_holm`, `p_note`. `lost`, where a row has it,
        says what became of the seeds that leave no mean.
    family : int
        How many comparisons share the error.
    """
    for row in rows:
        row["p_note"] = _note(row, family)
        if row["p_note"]:
            row["p"] = nan
    corrected = holm([row["p"] for row in rows], family)
    for row, p in zip(rows, corrected, strict=True):
        row["p_holm"] = float(p)


def _theta(contrast: Contrast, found: BySeed) -> Floats:
    """Return θ_s, shape (n,): not a number where an arm died, whose metric is no number to reckon with."""
    weights = np.array(list(contrast.weights.values()))
    if not len(found.seeds):
        return np.empty(0)
    values = np.where(found.lost.any(axis=1, keepdims=True), np.nan, found.values)
    return np.asarray(values @ weights)


def _row(contrast: Contrast, found: BySeed, theta: Floats, higher: bool) -> dict[str, Any]:
    alive = found.alive
    seeds, dead = len(theta), int((~alive).sum())
    share, low, high = wilson(dead, seeds, contrast.confidence)
    living = theta[alive]
    row: dict[str, Any] = {
        "seeds": seeds,
        "dead": dead,
        "missing": found.missing,
        "living": len(living),
        "living_effect": float(living.mean()) if len(living) else nan,
        "died_share": share,
        "died_low": low,
        "died_high": high,
        "repeated": found.repeated,
        "absent": REPEATED if found.repeated else "" if seeds else "no seed in common",
    }
    return row | _mean(contrast, theta) | _arms(contrast, found, theta, higher)


def _mean(contrast: Contrast, theta: Floats) -> dict[str, float]:
    """Estimate the mean; nothing is a number if a seed died."""
    seeds = len(theta)
    effect = float(theta.mean()) if seeds else nan
    deviation = float(theta.std(ddof=1)) if seeds > 1 else nan
    half = float(half_width(deviation, seeds, contrast.confidence))
    wide = nan
    if contrast.ratio is not None:
        wide = float(half_width(deviation, seeds, contrast.confidence, test_per_training=contrast.ratio))
    ratio = (contrast.ratio or 0.0) if contrast.new_data else 0.0
    support = contrast.support or contrast.confidence
    refutation = contrast.refutation or contrast.confidence
    shown = detectable(deviation, seeds, support, test_per_training=ratio)
    needed = seeds_needed(
        effect - contrast.margin,
        deviation,
        support if effect > contrast.margin else refutation,
        test_per_training=ratio,
        least=contrast.least,
    )
    return {
        "effect": effect,
        "low": effect - half,
        "high": effect + half,
        "data_low": effect - wide,
        "data_high": effect + wide,
        "detectable": contrast.margin + shown,
        "needed_seeds": needed,
    }


def _arms(contrast: Contrast, found: BySeed, theta: Floats, higher: bool) -> dict[str, float]:
    """Describe how the arms go together over seeds, and the order of two arms' runs."""
    weights = np.array(list(contrast.weights.values()))
    row = dict.fromkeys(
        ("correlation", "variance_ratio", "improvement", "improvement_low", "improvement_high"), nan
    )
    if len(theta) > 2 and np.isfinite(theta).all():
        variances = np.asarray(found.values.var(axis=0, ddof=1))
        apart = float(variances @ weights**2)
        row["variance_ratio"] = float(theta.var(ddof=1)) / apart if apart > 0 else nan
        # Equal but for rounding is equal: such values go with nothing.
        rounding = ROUNDING * np.abs(found.values).max(axis=0)
        if len(weights) == 2 and (np.sqrt(variances) > rounding).all():
            row["correlation"] = float(stats.pearsonr(*found.values.T).statistic)
    if len(weights) == 2 and weights.min() < 0 < weights.max() and len(theta):
        first, second = found.counted[:, int(weights.argmax())], found.counted[:, int(weights.argmin())]
        shares = improvement(first, second, contrast.confidence, higher=higher)
        row |= dict(zip(("improvement", "improvement_low", "improvement_high"), shares, strict=True))
    return row


def _note(row: Mapping[str, Any], family: int) -> str:
    """Say why there is no p-value; nothing if there is one."""
    seeds, dead = row["seeds"], row["dead"]
    if seeds == 0:
        return str(row["absent"])
    if dead:
        return f"{dead} of {counted_seeds(seeds)} {row.get('lost', 'died')}"
    if isnan(row["p"]) or row["p_least"] * family <= ERROR_RATE:
        return ""
    enough = seeds_to_reach(family)
    if seeds > EXACT and row["p_least"] * (1 + DRAWN) <= 1:
        return f"{DRAWN:,} drawn permutations cannot reach this level"
    if seeds >= enough:
        return f"too many of {counted_seeds(seeds)} are tied to reach this level; {enough} untied would"
    return f"{counted_seeds(seeds)} cannot reach this level; {enough} would"


def counted_seeds(seeds: int) -> str:
    """Return "1 seed" or "5 seeds"."""
    return f"{seeds} {'seed' if seeds == 1 else 'seeds'}"
