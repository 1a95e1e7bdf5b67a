"""Cells of tables: the text that a page shows, beside the number as the CSV has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports import prose
from reports.arms import shorten
from reports.comparison import Comparison

MOST_TEXT = 500
"""Characters of a text that a cell shows; the CSV has all."""
MOST_LABEL = 160


@dataclass(frozen=True)
class Part:
    """A piece of a cell: its text, and the number it shows as the CSV has it."""

    text: str
    value: str = ""


Cell = tuple[Part, ...]


@dataclass(frozen=True)
class Table:
    """A table: `name` is that of its CSV, `frame` what stands there, `rows` what the page shows."""

    name: str
    caption: str
    frame: pd.DataFrame
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def words(text: object) -> Cell:
    """Make a cell of plain text, cut in the middle if nobody would read it to its end."""
    return (Part(shorten(str(text), MOST_TEXT)),)


def shown(value: object, metric: str = "") -> Part:
    """Make the part that shows a number of the CSV."""
    if isinstance(value, (int, np.integer)):
        return Part(f"{value:,}", str(int(value)))
    raw = float(str(value))
    return Part("–") if np.isnan(raw) else Part(prose.in_units(raw, metric), repr(raw))


def interval(row: pd.Series, names: Sequence[str], metric: str) -> Cell:
    """Make the cell "centre (low to high)"; without bounds, the centre alone."""
    centre, low, high = (shown(row[name], metric) for name in names)
    if not low.value:
        return (centre,)
    return (centre, Part(" ("), low, Part(" to "), high, Part(")"))


def arm_labels(comparison: Comparison) -> dict[str, str]:
    """Label every arm by its axes, with its data set where there are several."""
    several = len(comparison.layout.datasets) > 1
    return {
        arm.name: shorten(f"{panel.dataset} · {arm.label}" if several else arm.label, MOST_LABEL)
        for panel in comparison.layout.panels
        for arm in panel.arms
    }
