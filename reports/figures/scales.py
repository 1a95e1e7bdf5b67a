"""Axes whose scales serve training curves: progress that starts at 0, and values over decades."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.scale import SymmetricalLogTransform
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from harness.intervals import Floats

_START = 0.5
"""Decades from the start to the first later value."""


def plain(value: float, _position: int | None = None) -> str:
    """Write a tick: 0.001, 20, 10k."""
    if value == 0:
        return "0"
    for factor, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:g}{unit}"
    return f"{value:g}" if abs(value) >= 1e-4 else f"{value:.0e}".replace("e-0", "e-")


def progress_scale(axes: Axes, values: Floats, most_ticks: int = 6) -> None:
    """Make the x axis logarithmic, with the start (0) half a decade left of the first later value."""
    positive = values[values > 0]
    if not len(positive):
        axes.set_xlim(-0.5, 0.5)
        axes.xaxis.set_major_locator(FixedLocator([0]))
        return
    first, last = float(positive.min()), float(positive.max())
    axes.set_xscale("symlog", linthresh=first, linscale=_START)
    axes.xaxis.set_major_locator(FixedLocator(_progress_ticks(first, last, most_ticks)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(plain))
    axes.set_xlim(-0.08 * first, last * 1.1)


def progress_grid(values: Floats, columns: int, most_ticks: int = 6) -> tuple[Floats, dict[float, str]]:
    """Cut the axis of `progress_scale` into equally wide columns, for a picture of cells.

    Returns
    -------
    ndarray, shape (columns,), dict of float to str
        The value at the middle of each column; where ticks stand, in columns, with their text.
    """
    positive = values[values > 0]
    if not len(positive):
        return np.zeros(1), {0.0: "0"}
    first, last = float(positive.min()), float(positive.max())
    transform = SymmetricalLogTransform(10, first, _START)
    end = float(transform.transform(np.array([last]))[0])
    middles = (np.arange(columns) + 0.5) * end / columns
    ticks = np.array(_progress_ticks(first, last, most_ticks))
    places = transform.transform(ticks) / end * columns - 0.5
    named = {float(at): plain(tick) for at, tick in zip(places, ticks, strict=True)}
    return np.asarray(transform.inverted().transform(middles)), named


def _progress_ticks(first: float, last: float, most: int) -> list[float]:
    decades = np.arange(math.ceil(math.log10(first) - 1e-9), math.floor(math.log10(last) + 1e-9) + 1)
    step = max(1, math.ceil(len(decades) / most))
    return [0.0, *(10.0 ** decades[::step])]


def decades(axes: Axes, which: str, low: float, high: float) -> None:
    """Make one axis logarithmic from `low` to `high`, with round ticks whatever the range.

    Parameters
    ----------
    axes : Axes
    which : {"x", "y"}
    low, high : float
        Positive.
    """
    span = math.log10(high / low)
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    if span < 0.5:
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    else:
        steps = (1.0,) if span > 2.5 else (1.0, 3.0) if span > 1.4 else (1.0, 2.0, 5.0)
        axis.set_major_locator(LogLocator(subs=steps, numticks=6 if span > 2.5 else 12))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(plain))
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)


def positive_limits(values: Iterable[float], ceiling: float = math.inf) -> tuple[float, float] | None:
    """Limits of a logarithmic axis around the positive values up to `ceiling`; None without any."""
    table = np.asarray(list(values), dtype=float)
    table = table[np.isfinite(table) & (table > 0) & (table <= ceiling)]
    if not len(table):
        return None
    low, high = float(table.min()), float(table.max())
    margin = max((high / low) ** 0.06, 1.06)
    return low / margin, high * margin


def accuracy_limits(values: Iterable[float]) -> tuple[float, float]:
    """Limits around accuracies, a little beyond what is there and never far beyond 0 and 1."""
    table = np.asarray(list(values), dtype=float)
    table = table[np.isfinite(table)]
    if not len(table):
        return 0.0, 1.0
    low, high = float(table.min()), float(table.max())
    margin = max(0.05 * (high - low), 0.01)
    return max(low - margin, -0.03), min(high + margin, 1.03)


def share_limits(values: Iterable[float]) -> tuple[float, float]:
    """Limits around shares: from 0 to a little above the greatest, and to a tenth at least."""
    table = np.asarray(list(values), dtype=float)
    table = table[np.isfinite(table)]
    top = min(max(0.1, float(table.max()) if len(table) else 1.0), 1.0)
    return -0.04 * top, 1.06 * top
