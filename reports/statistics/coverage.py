"""How often intervals cover what they are of, by simulation: the tables of docs/statistics.md.

`python -m reports.statistics.coverage` prints them.
"""

from collections.abc import Callable, Iterator
from math import sqrt
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import integrate, stats

from harness.intervals import CONFIDENCE, Floats, half_width, t_interval
from reports.statistics.improvement import improvement
from reports.statistics.levels import Levels
from reports.statistics.randomness import generator
from reports.statistics.resampling import Statistic, degenerate_allowed, interquartile_mean, mean
from reports.statistics.resplitting import resplit
from reports.statistics.shares import wilson

SEEDS = (5, 10, 20)
SAMPLES = 4_000
"""Simulated studies behind each number of the first table."""
RESAMPLES = 1_999
TOGETHER = 200
"""Studies that are resampled at once."""
SKEW = 0.75
"""Standard deviation of the logarithm of the skewed differences; their skewness is 3.3."""
TESTED = 360
"""Samples that accuracies are of, in the tied differences."""

METHODS: tuple[Literal["percentile", "BCa"], ...] = ("percentile", "BCa")

Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

DIFFERENCES: dict[str, tuple[Draw, float]] = {
    "normal": (lambda draw, shape: draw.standard_normal(shape), 0.0),
    "skewed": (lambda draw, shape: np.exp(SKEW * draw.standard_normal(shape)), float(np.exp(SKEW**2 / 2))),
    # Rounded about 0.5, to either side alike: the mean stays.
    "tied": (lambda draw, shape: np.rint(0.5 + draw.standard_normal(shape)) / TESTED, 0.5 / TESTED),
}
"""Distributions of paired differences with their means; the tied are of accuracies on `TESTED` samples."""


def of_means(kind: str, seeds: int) -> dict[str, object]:
    """Return in how many of 100 studies intervals of a mean cover it.

    Parameters
    ----------
    kind : str
        One of `DIFFERENCES`.
    seeds : int
        n, one difference each.
    """
    draw, truth = DIFFERENCES[kind]
    random = generator("coverage", f"{kind}/{seeds}")
    values = draw(random, (SAMPLES, seeds))
    _, low, high = t_interval(values)
    bounds = dict(_bootstrapped(values, random, mean))
    found = {name: _share(*bounds[name], truth) for name in ("BCa", "percentile")}
    return {"differences": kind, "seeds": seeds, "t": _share(low, high, truth), **found}


def of_interquartile_means(kind: str, seeds: int) -> dict[str, object]:
    """Return in how many of 100 studies the BCa interval of an interquartile mean covers the population's."""
    draw, truth = DIFFERENCES[kind]
    if kind == "skewed":
        logarithm = stats.norm(scale=SKEW)
        truth = 2 * float(integrate.quad(lambda share: np.exp(logarithm.ppf(share)), 0.25, 0.75)[0])
    random = generator("coverage", f"iqm/{kind}/{seeds}")
    bounds = dict(_bootstrapped(draw(random, (SAMPLES, seeds)), random, interquartile_mean))
    return {"differences": kind, "seeds": seeds, "BCa": _share(*bounds["BCa"], truth)}


def of_shares(share: float) -> dict[str, object]:
    """Return in how many of 100 studies Wilson's interval covers a share: exactly, by adding up binomials."""
    row: dict[str, object] = {"share": share}
    for seeds in SEEDS:
        covered = 0.0
        for count in range(seeds + 1):
            _, low, high = wilson(count, seeds)
            covered += float(stats.binom.pmf(count, seeds, share)) * (low <= share <= high)
        row[f"n = {seeds}"] = 100 * covered
    return row


def of_improvement(apart: float, correlation: float) -> dict[str, object]:
    """Return in how many of 100 studies the interval of a probability of improvement covers it.

    Parameters
    ----------
    apart : float
        By how many standard deviations two arms' normal scores differ in the mean.
    correlation : float
        Of the two over seeds.
    """
    truth = float(stats.norm.cdf(apart / sqrt(2)))
    row: dict[str, object] = {"probability": truth, "correlation": correlation}
    for seeds in SEEDS:
        random = generator("coverage", f"improvement/{apart:g}/{correlation:g}/{seeds}")
        shared, own = random.standard_normal((SAMPLES, 1, seeds)), random.standard_normal((SAMPLES, 2, seeds))
        scores = sqrt(correlation) * shared + sqrt(1 - correlation) * own
        scores[:, 0] += apart
        bounds = np.array([improvement(first, second)[1:] for first, second in scores])
        row[f"n = {seeds}"] = _share(bounds[:, 0], bounds[:, 1], truth)
    return row


def of_cells(cells: int) -> dict[str, object]:
    """Return in how many of 100 studies a claim about all of several cells is refuted, though it is true.

    Each cell's effect lies at the margin, by 5 seeds of normal differences; a claim about any of them, of
    which none is beyond the margin, is the mirror image.
    """
    levels, seeds = Levels.of(1, cells, "all"), min(SEEDS)
    values = generator("coverage", f"cells/{cells}").standard_normal((SAMPLES, cells, seeds))
    rates = {}
    for name, level in (("each at 95 %", levels.one), ("divided by the cells", levels.refutation)):
        _, _, high = t_interval(values, level)
        rates[name] = 100 * float((high < 0).any(axis=1).mean())
    return {"cells": cells, **rates}


def of_new_data() -> pd.DataFrame:
    """Return in how many of 100 studies that resplit one data set intervals cover which mean."""
    found, ratio = resplit(generator("coverage", "resplitting"), max(SEEDS))
    rows = []
    for seeds in SEEDS:
        values = found.differences[:, :seeds]
        centre, low, high = t_interval(values)
        half = half_width(values.std(axis=1, ddof=1), seeds, test_per_training=ratio)
        rows.append(
            {
                "seeds": seeds,
                "t, of new seeds": _share(low, high, found.by_data),
                "t, of new data": _share(low, high, found.mean),
                "Nadeau-Bengio, of new data": _share(centre - half, centre + half, found.mean),
            }
        )
    return pd.DataFrame(rows)


def tables() -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name and the numbers of each table, in percent."""
    cells = [(kind, seeds) for kind in DIFFERENCES for seeds in SEEDS]
    yield "Intervals of a mean", pd.DataFrame([of_means(*cell) for cell in cells])
    rows = [of_interquartile_means(kind, max(SEEDS)) for kind in DIFFERENCES]
    yield "The interval of an interquartile mean", pd.DataFrame(rows)
    yield "Wilson's interval of a share", pd.DataFrame([of_shares(share) for share in (0.05, 0.2, 0.5)])
    pairs = [of_improvement(apart, correlation) for apart in (0.0, 1.0, 2.0) for correlation in (0.0, 0.8)]
    yield "The interval of a probability of improvement", pd.DataFrame(pairs)
    yield "Splits of one data set", of_new_data()
    yield "True claims about all of several cells, refuted", pd.DataFrame(map(of_cells, (1, 2, 4, 8, 16)))


def markdown(name: str, table: pd.DataFrame) -> str:
    """Write a table in Markdown, with its name above."""
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    rows = table.itertuples(index=False)
    lines += ["| " + " | ".join(map(_cell, table.columns, row)) + " |" for row in rows]
    return f"**{name}**\n\n" + "\n".join(lines)


def _cell(column: str, value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.2g}" if column in {"share", "probability", "correlation"} else f"{value:.1f}"


def _bootstrapped(
    values: Floats, random: np.random.Generator, statistic: Statistic
) -> Iterator[tuple[str, tuple[Floats, Floats]]]:
    """Yield the bounds of both bootstraps, from the same resamples."""
    low, high = (np.full((2, len(values)), np.nan) for _ in range(2))
    for start in range(0, len(values), TOGETHER):
        part = slice(start, start + TOGETHER)
        drawn: Any = None
        # Whose values are all equal has no spread to resample.
        spread = np.ptp(values[part], axis=1) > 0
        rows: Floats = values[part][spread]
        for place, method in enumerate(METHODS):
            with degenerate_allowed():
                drawn = stats.bootstrap(
                    (rows,),
                    statistic,
                    n_resamples=0 if drawn else RESAMPLES,
                    bootstrap_result=drawn,
                    axis=-1,
                    vectorized=True,
                    method=method,
                    confidence_level=CONFIDENCE,
                    rng=random,
                )
            low[place, part][spread] = drawn.confidence_interval.low
            high[place, part][spread] = drawn.confidence_interval.high
    for place, method in enumerate(METHODS):
        yield method, (low[place], high[place])


def _share(low: Floats, high: Floats, truth: Floats | float) -> float:
    """Return in how many of 100 cases the truth lies within; never where there is no interval."""
    return 100 * float(np.mean((low <= truth) & (truth <= high)))


def main() -> None:
    """Print the tables."""
    for name, table in tables():
        print(markdown(name, table), end="\n\n", flush=True)
    error = 100 * sqrt(CONFIDENCE * (1 - CONFIDENCE) / SAMPLES)
    print(f"Standard error of a simulated {100 * CONFIDENCE:.0f}: {error:.2f}")


if __name__ == "__main__":
    main()
