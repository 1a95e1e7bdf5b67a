"""Names at the ends of lines, moved apart so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from scipy.optimize import isotonic_regression

from harness.intervals import Floats
from reports.arms import Look
from reports.figures.marks import mark

SIZE = 7.0
"""Points of the letters."""
APART = 9.5
"""Points between the middles of two labels."""
MOST_ROOM = 0.3
"""Share of a panel's width that labels may take; where they need more, the legend alone names the lines."""
_BEFORE, _MARK, _AFTER = 3.0, 17.0, 3.0
"""Points from the panel to a label's mark, of the mark, and from there to the text."""


@dataclass(frozen=True)
class End:
    """Where a line ends, in units of the data, and what it is called."""

    label: str
    look: Look
    x: float
    y: float


@dataclass(frozen=True)
class Reserved:
    """A label whose room is taken and whose height is still to be found."""

    end: End
    text: Annotation


def fit(figure: Figure, panels: Sequence[Sequence[str]], columns: int, panel_height: float) -> bool:
    """Tell whether the labels of every panel fit beside it.

    Parameters
    ----------
    figure : Figure
    panels : sequence of sequence of str
        The labels of each.
    columns : int
        Panels side by side.
    panel_height : float
        Inches, with its title.
    """
    labels = {label for panel in panels for label in panel}
    if not labels:
        return False
    widest = max(_width(figure, label) for label in labels) + (_BEFORE + _MARK + _AFTER) / 72
    most = max(map(len, panels))
    room = float(figure.get_size_inches()[0]) / columns
    return widest <= MOST_ROOM * room and most * APART / 72 <= panel_height - 0.5


def reserve(axes: Axes, ends: Sequence[End]) -> list[Reserved]:
    """Write the labels beside the panel, so that its room can be measured; `place` moves them apart."""
    reserved = []
    for end in ends:
        text = axes.annotate(
            end.label,
            (1.0, 0.5),
            xycoords="axes fraction",
            xytext=(_BEFORE + _MARK + _AFTER, 0),
            textcoords="offset points",
            va="center",
            fontsize=SIZE,
            annotation_clip=False,
        )
        reserved.append(Reserved(end, mark(text, "label", end.label)))
    return reserved


def place(axes: Axes, reserved: Sequence[Reserved]) -> None:
    """Put each label at the height of its line's end or as near as there is room, with a leader to it.

    The panel has its final place and limits.
    """
    if not reserved:
        return
    ends = np.array([(each.end.x, each.end.y) for each in reserved])
    points = axes.transAxes.inverted().transform(axes.transData.transform(ends))
    points = np.clip(points, 0.0, 1.0)
    box, dots = axes.get_window_extent(), axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
    heights = spread(points[:, 1], APART * dots / box.height)
    step = dots / box.width
    for each, (x, y), height in zip(reserved, points, heights, strict=True):
        each.text.xy = (1.0, float(height))
        look, begin = each.end.look, 1.0 + _BEFORE * step
        leader = _line(axes, [x, 1.0, begin], [y, y if x > 0.97 else height, height], look.colour)
        leader.set(linewidth=0.5, alpha=0.7)
        beside = _line(axes, [begin, begin + _MARK * step], [height, height], look.colour)
        beside.set_linestyle(look.linestyle)
        for line in (leader, beside):
            mark(line, "label", each.end.label)


def spread(wanted: Floats, apart: float) -> Floats:
    """Return the heights nearest to those `wanted`, in their order, at least `apart`, within 0 and 1.

    Least squares under the order is isotonic regression of what each lies above its rank's step; bounds on
    all of it are kept by clipping (Barlow et al. 1972, "Statistical inference under order restrictions").
    Where there is no room for all, they stand evenly around the middle.
    """
    count = len(wanted)
    order = np.argsort(wanted, kind="stable")
    steps = apart * np.arange(count)
    room = 1.0 - steps[-1]
    low, high = (0.0, room) if room >= 0 else (room / 2, room / 2)
    free = isotonic_regression(wanted[order] - steps).x
    heights = np.empty(count)
    heights[order] = np.clip(free, low, high) + steps
    return heights


def _line(axes: Axes, x: Sequence[float], y: Sequence[float], colour: str) -> Line2D:
    line = Line2D(x, y, color=colour, transform=axes.transAxes, clip_on=False)
    # Its room is the text's, which is measured.
    line.set_in_layout(False)
    axes.add_artist(line)
    return line


def _width(figure: Figure, label: str) -> float:
    """Inches of a label."""
    canvas: Any = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    width, _, _ = renderer.get_text_width_height_descent(label, FontProperties(size=SIZE), False)
    return float(width) / figure.dpi
