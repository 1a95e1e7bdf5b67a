"""Sign-flip permutation tests of paired differences, and Holm's correction."""

from math import ceil, log2

import numpy as np
from numpy.typing import ArrayLike

from harness.intervals import ERROR_RATE, Floats

EXACT = 32
"""Seeds up to which all signs are tried."""
DRAWN = 99_999
"""Patterns drawn for more seeds."""
TOGETHER = 16
"""Differences that are multiplied by the drawn signs at once."""
ROUNDING = 1e-10
"""Sums that differ by less, relative to the sum of sizes, are tied: 0.1 + 0.2 - 0.3 is not quite 0."""


def sign_flip(values: ArrayLike, generator: np.random.Generator) -> Floats:
    """Return the two-sided p-value of the mean over the last axis, under random signs.

    If two arms do not differ, each seed's difference could as well have had the other sign: p is the
    share of the 2^n patterns of signs whose mean is at least as far from 0 as the one found. A pattern
    as far counts, and so does the one found, hence p > 0; a difference of 0 has no sign, and changes
    nothing. Beyond `EXACT` seeds it is (1 + b) / (1 + B), for b of B drawn patterns (Phipson and
    Smyth 2010).

    SciPy's `permutation_test` gives the same, but takes seconds for the patterns of 20 seeds, and a page
    compares hundreds of pairs. Here the sums of either half of the seeds are listed, 2^(n/2) each, and
    those of the whole counted by bisection: a millisecond.

    Parameters
    ----------
    values : array_like, shape (..., n)
        One difference a seed.
    generator : numpy.random.Generator

    Returns
    -------
    array, shape (...)
        Not a number without seeds, or where a difference is none or infinite.
    """
    table = np.asarray(values, dtype=float)
    seeds = table.shape[-1]
    found = np.full(table.shape[:-1], np.nan)
    usable = np.isfinite(table).all(axis=-1)
    if seeds == 0 or not usable.any():
        return found
    rows = table[usable]
    if seeds <= EXACT:
        found[usable] = [_exact(row) for row in rows]
    else:
        found[usable] = _drawn(rows, generator)
    return found


def smallest(values: ArrayLike) -> Floats:
    """Return the smallest p-value that `sign_flip` could have given, whatever the signs.

    It is 2 / 2^n for n differences that are not 0, 1 for none, and never below what drawn patterns
    can resolve.
    """
    table = np.asarray(values, dtype=float)
    untied = (table != 0).sum(axis=-1)
    least = np.minimum(1.0, 2.0 ** (1.0 - untied))
    return np.maximum(least, 1 / (1 + DRAWN)) if table.shape[-1] > EXACT else np.asarray(least)


def seeds_to_reach(family: int, error: float = ERROR_RATE) -> int:
    """Return the fewest untied seeds whose smallest p-value passes Holm, 2 / 2^n <= error / family."""
    return max(1, ceil(1 + log2(family / error) - 1e-12))


def holm(p: ArrayLike, family: int | None = None) -> Floats:
    """Return p-values as corrected by Holm (1979): max over smaller ones of (m - rank) p, at most 1.

    Parameters
    ----------
    p : array_like, shape (k,)
        One that is not a number was not tested; it stays so, and counts in m as the greatest.
    family : int, optional
        m, at least k; by default k.
    """
    table = np.asarray(p, dtype=float)
    members = len(table) if family is None else max(family, len(table))
    order = np.argsort(table, kind="stable")
    steps = members - np.arange(len(table))
    corrected = np.empty_like(table)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps * table[order]))
    return corrected


def _exact(values: Floats) -> float:
    """Count the patterns as far above 0 as the one found, by halves; as many mirror them below."""
    far = _far(values)
    if far <= 0:
        return 1.0
    half = len(values) // 2
    one, other = _sums(values[:half]), np.sort(_sums(values[half:]))
    counts = len(other) - np.searchsorted(other, far - np.sort(one), side="left")
    return float(2.0 * counts.sum() / 2.0 ** len(values))


def _sums(values: Floats) -> Floats:
    """Return the sums of some values under all signs, shape (2^n,)."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _drawn(rows: Floats, generator: np.random.Generator) -> Floats:
    signs = 2.0 * generator.integers(0, 2, (DRAWN, rows.shape[1]), dtype=np.int8) - 1
    counts = [
        int((np.abs(sums) >= _far(row)).sum())
        for start in range(0, len(rows), TOGETHER)
        for sums, row in zip(rows[start : start + TOGETHER] @ signs.T, rows[start:], strict=False)
    ]
    return (1 + np.array(counts)) / (1 + DRAWN)


def _far(values: Floats) -> float:
    """Return the distance from 0 at which a sum is as far as the one found."""
    return float(abs(values.sum()) - ROUNDING * np.abs(values).sum())
