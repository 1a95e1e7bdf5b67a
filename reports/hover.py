"""Where the curves of a drawn figure lie and what they show there: what a page tells a pointer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.intervals import Floats
from reports.figures.marks import Mark, key

Values = Mapping[str, Any]

MOST_POINTS = 120
"""Points of a curve that answer; of more, so many, evenly."""
POINTS_PER_INCH = 72


def values(figure: Figure, marks: Sequence[tuple[Artist, Mark]]) -> Values:
    """Return what the marked curves and dots of a figure show, by panel.

    Parameters
    ----------
    figure : Figure
        Drawn already: limits no longer change.
    marks : sequence of (Artist, Mark)
        What its artists show, as `marks.marked` yields it.

    Returns
    -------
    mapping
        ``names``: the labels by key; ``panels``: for each with curves ``box`` (left, top, right, bottom),
        the titles of its axes ``x`` and ``y``, ``places`` (``at`` and ``x`` of points from left to right,
        which curves mostly share), and ``curves``: each with the key of its ``line``, its place among
        ``places``, ``at`` and ``y`` and, where it has bounds, ``low`` and ``high``. ``at`` is in units of the
        SVG, all else in those of the data; what is no number is None, an infinity a text.
    """
    panels: dict[Axes, list[dict[str, Any]]] = {}
    names: dict[str, str] = {}
    for artist, mark in marks:
        if mark.kind not in ("curve", "dot") or not isinstance(artist, Line2D):
            continue
        if not isinstance(artist.axes, Axes):
            continue
        if (curve := _curve(figure, artist, mark)) is not None:
            panels.setdefault(artist.axes, []).append(curve)
            names[key(mark.label)] = mark.label
    told = [_panel(figure, axes, curves) for axes, curves in panels.items()]
    return {"names": names, "panels": told} if told else {}


def _panel(figure: Figure, axes: Axes, curves: Sequence[dict[str, Any]]) -> dict[str, Any]:
    frame = axes.get_window_extent()
    scale, height = _units(figure)
    places: list[Any] = []
    for curve in curves:
        place = curve["place"]
        if place not in places:
            places.append(place)
        curve["place"] = places.index(place)
    box = [frame.x0 * scale, height - frame.y1 * scale, frame.x1 * scale, height - frame.y0 * scale]
    return {
        "box": [round(each, 1) for each in box],
        "x": _title(figure, axes, "x"),
        "y": _title(figure, axes, "y"),
        "places": places,
        "curves": list(curves),
    }


def _curve(figure: Figure, line: Line2D, mark: Mark) -> dict[str, Any] | None:
    x, y = (np.asarray(each, dtype=float) for each in line.get_data())
    places = line.get_transform().transform(np.column_stack([x, y])) if len(x) else np.empty((0, 2))
    bounds = [each for each in (mark.low, mark.high) if each is not None and len(each) == len(x)]
    kept = np.flatnonzero(np.isfinite(places).all(axis=1))
    if not len(kept):
        return None
    if len(kept) > MOST_POINTS:
        kept = kept[np.unique(np.linspace(0, len(kept) - 1, MOST_POINTS).round().astype(int))]
    scale, height = _units(figure)
    at = np.column_stack([places[kept, 0] * scale, height - places[kept, 1] * scale]).round(1)
    told: dict[str, Any] = {"line": key(mark.label)}
    told["place"] = {"at": at[:, 0].tolist(), "x": _told(x[kept])}
    told |= {"at": at[:, 1].tolist(), "y": _told(y[kept])}
    if mark.kind == "dot":
        told["dots"] = 1
    if len(bounds) == 2:
        told |= {"low": _told(bounds[0][kept]), "high": _told(bounds[1][kept])}
    return told


def _units(figure: Figure) -> tuple[float, float]:
    """Return the SVG's units in a pixel, and the height of the figure in them."""
    return POINTS_PER_INCH / figure.dpi, float(figure.get_size_inches()[1]) * POINTS_PER_INCH


def _told(numbers: Floats) -> list[float | str | None]:
    return [_number(each) for each in numbers.tolist()]


def _number(value: float) -> float | str | None:
    """Return what JSON can hold of a number, which has no infinity."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return None if math.isnan(value) else float(f"{value:.4g}")


def _title(figure: Figure, axes: Axes, which: str) -> str:
    """Return what an axis measures: inner panels leave it to the one at the edge."""
    beside = [axes, *(each for each in figure.axes if each is not axes and _together(axes, each, which))]
    titles = (each.get_xlabel() if which == "x" else each.get_ylabel() for each in beside)
    return next((" ".join(title.split()) for title in titles if title.strip()), which)


def _together(one: Axes, other: Axes, which: str) -> bool:
    """Return whether two panels stand in one column (for x) or row (for y)."""
    first, second = one.get_position(), other.get_position()
    aligned, beyond = (first.x0, second.x0), (second.y0, first.y0)
    if which == "y":
        aligned, beyond = (first.y0, second.y0), (second.x0, first.x0)
    return bool(abs(aligned[0] - aligned[1]) < 1e-6 and beyond[0] < beyond[1])
