"""Room for the labels of a grid of panels, measured once.

Matplotlib's constrained layout measures every panel twice and took a third of a report's time. The grids of
a report are regular: labels of the outer panels decide the room of all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

GAP = 0.09
"""Inches between the labels of neighbours, and at the edges."""


def settle(figure: Figure) -> Figure:
    """Place the panels of a sheet so that no label covers another or leaves the paper.

    Parameters
    ----------
    figure : Figure
        From `style.sheet`; the limits of its grid are the area to fill. Panels that are not `in_layout`
        are placed and not measured.

    Returns
    -------
    Figure
        The same.
    """
    panels = [(axes, spec) for axes in figure.axes if (spec := axes.get_subplotspec()) is not None]
    grid = panels[0][1].get_gridspec()
    canvas: Any = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    room = {"left": np.zeros(grid.ncols), "right": np.zeros(grid.ncols)}
    room |= {"bottom": np.zeros(grid.nrows), "top": np.zeros(grid.nrows)}
    for axes, spec in panels:
        if axes.get_in_layout() and axes.get_visible():
            for side, needed in _overhang(axes, renderer).items():
                at = spec.colspan.start if side in ("left", "right") else spec.rowspan.start
                room[side][at] = max(room[side][at], needed)
    params = grid.get_subplot_params(figure)
    width, height = figure.get_size_inches()
    gap_x, gap_y = GAP / width, GAP / height
    x_start, x_size = _shares(
        params.left + gap_x, params.right - gap_x, room["left"], room["right"], grid.get_width_ratios(), gap_x
    )
    # Rows are counted from the top, figures from the bottom.
    y_start, y_size = _shares(
        1 - params.top,
        1 - params.bottom - gap_y,
        room["top"],
        room["bottom"],
        grid.get_height_ratios(),
        gap_y,
    )
    for axes, spec in panels:
        row, column = spec.rowspan.start, spec.colspan.start
        bottom = 1 - y_start[row] - y_size[row]
        axes.set_position((x_start[column], bottom, x_size[column], y_size[row]))
    return figure


def _overhang(axes: Axes, renderer: Any) -> dict[str, float]:
    """Measure how far labels reach beyond the panel on each side, as shares of the figure."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # it came from one
    inner = axes.get_window_extent()
    outer = axes.get_tightbbox(renderer, for_layout_only=True) or inner
    return {
        "left": (inner.x0 - outer.x0) / figure.bbox.width,
        "right": (outer.x1 - inner.x1) / figure.bbox.width,
        "bottom": (inner.y0 - outer.y0) / figure.bbox.height,
        "top": (outer.y1 - inner.y1) / figure.bbox.height,
    }


def _shares(first: float, last: float, before: Any, after: Any, ratios: Any, gap: float) -> tuple[Any, Any]:
    """Share what labels and gaps leave along one axis by `ratios`: starts and sizes of the panels."""
    free = last - first - before.sum() - after.sum() - gap * (len(before) - 1)
    size = free * np.asarray(ratios, dtype=float) / np.sum(ratios)
    taken = np.concatenate([[0.0], np.cumsum(before + size + after + gap)[:-1]])
    return first + taken + before, size
