"""Effects as a page writes them.

Differences of accuracies are in percentage points, those of logarithms to the base 2 in doublings, all else
in its own unit.
"""

from __future__ import annotations

import numpy as np

from harness.quantities import find
from harness.record import higher_is_better
from reports.arms import MINUS
from reports.cells import Cell, Part

LOG2 = "log2"
"""Values that enter by their logarithm to the base 2."""


def factor(metric: str, values: str = "linear") -> float:
    """Return by what differences of a metric are multiplied when they are written."""
    return 100.0 if higher_is_better(metric) and values != LOG2 else 1.0


def unit(metric: str, values: str = "linear") -> str:
    """Return the unit of differences of a metric, empty for what has none."""
    if values == LOG2:
        return "doublings"
    return "percentage points" if higher_is_better(metric) else ""


def written(
    value: float, metric: str, *, signed: bool = True, units: bool = True, values: str = "linear"
) -> str:
    """Write a difference of a metric: +2.2 points, −0.041, +1.5 doublings, or ∞."""
    scaled = float(value) * factor(metric, values)
    if np.isnan(scaled):
        return "–"
    size = _size(abs(scaled), metric, values)
    sign = MINUS if scaled < 0 and size.strip("0.") else "+" if signed and size.strip("0.") else ""
    return f"{sign}{size}{_after(size, metric, values) if units else ''}"


def level(confidence: float) -> str:
    """Write the coverage of an interval: 98.33 %."""
    return f"{100 * confidence:.4g}\N{NO-BREAK SPACE}%"


def times(value: float, metric: str, direction: str) -> str:
    """Write what an effect in doublings means: 4.3 times as many, 1.2 times smaller.

    Parameters
    ----------
    value : float
        In the claimed `direction`, "higher" or "lower": of what is negative the other way round.
    """
    if not np.isfinite(value):
        return ""
    asked = find(metric)
    more, less = ("as many", "fewer") if asked is not None and asked.counted else ("as large", "smaller")
    said = more if (direction == "higher") == (value >= 0) else less
    return f"{2 ** abs(value):,.3g} times {said}"


def part(
    value: float, metric: str, *, signed: bool = True, units: bool = True, values: str = "linear"
) -> Part:
    """Make the part that shows a difference of the CSV."""
    raw = float(value)
    if np.isnan(raw):
        return Part("–")
    return Part(written(raw, metric, signed=signed, units=units, values=values), repr(raw))


def span(effect: float, low: float, high: float, metric: str, values: str = "linear") -> Cell:
    """Make the cell "+2.2 points (+0.1 to +4.3)"; without bounds, the effect alone."""
    whole = part(effect, metric, values=values)
    if not np.isfinite([low, high]).all():
        return (whole,)
    bounds = [part(bound, metric, units=False, values=values) for bound in (low, high)]
    return (whole, Part(" ("), bounds[0], Part(" to "), bounds[1], Part(")"))


def _after(size: str, metric: str, values: str) -> str:
    """Return the unit that follows a number."""
    if values == LOG2:
        return f" doubling{'' if size == '1' else 's'}"
    return "\N{NO-BREAK SPACE}points" if unit(metric) else ""


def _size(size: float, metric: str, values: str) -> str:
    if np.isinf(size):
        return "∞"
    if unit(metric, values) == "percentage points":
        return f"{size:.1f}"
    return f"{size:,.3g}" if size < 1000 else f"{size:,.0f}"
