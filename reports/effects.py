"""Effects as a page writes them: differences of accuracies in percentage points, all else in its own unit."""

from __future__ import annotations

import numpy as np

from harness.record import higher_is_better
from reports.arms import MINUS
from reports.cells import Cell, Part


def factor(metric: str) -> float:
    """Return by what differences of a metric are multiplied when they are written."""
    return 100.0 if higher_is_better(metric) else 1.0


def unit(metric: str) -> str:
    """Return the unit of differences of a metric, empty for what has none."""
    return "percentage points" if higher_is_better(metric) else ""


def written(value: float, metric: str, *, signed: bool = True, units: bool = True) -> str:
    """Write a difference of a metric: +2.2 points, −0.041, or ∞."""
    scaled = float(value) * factor(metric)
    if np.isnan(scaled):
        return "–"
    size = _size(abs(scaled), metric)
    sign = MINUS if scaled < 0 and size.strip("0.") else "+" if signed and size.strip("0.") else ""
    return f"{sign}{size}{f'{chr(0xA0)}points' if units and unit(metric) else ''}"


def level(confidence: float) -> str:
    """Write the coverage of an interval: 98.33 %."""
    return f"{100 * confidence:.4g}\N{NO-BREAK SPACE}%"


def part(value: float, metric: str, *, signed: bool = True, units: bool = True) -> Part:
    """Make the part that shows a difference of the CSV."""
    raw = float(value)
    if np.isnan(raw):
        return Part("–")
    return Part(written(raw, metric, signed=signed, units=units), repr(raw))


def span(effect: float, low: float, high: float, metric: str) -> Cell:
    """Make the cell "+2.2 points (+0.1 to +4.3)"; without bounds, the effect alone."""
    if not np.isfinite([low, high]).all():
        return (part(effect, metric),)
    bounds = part(low, metric, units=False), part(high, metric, units=False)
    return (part(effect, metric), Part(" ("), bounds[0], Part(" to "), bounds[1], Part(")"))


def _size(size: float, metric: str) -> str:
    if np.isinf(size):
        return "∞"
    if unit(metric):
        return f"{size:.1f}"
    return f"{size:,.3g}" if size < 1000 else f"{size:,.0f}"
