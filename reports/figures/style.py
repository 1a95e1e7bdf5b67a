"""The look that all figures share, and the sheet of paper that they are drawn on.

Nothing here touches matplotlib's global state: figures are made by `Figure` itself, and settings hold
inside `house_style` only.
"""

from __future__ import annotations

import math
import textwrap
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reports.arms import Look, shorten
from reports.figures.marks import mark

WIDTH = 10.0
"""Inches of a full page."""
MOST_LABEL = 44
"""Characters that a label keeps."""
GREY = "#595959"
SETTINGS: dict[str, Any] = {
    **sns.axes_style("whitegrid"),
    "font.family": ["DejaVu Sans"],
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.0,
    # Titles stand at a fixed height: to look for a free one costs a fifth of the drawing time.
    "axes.titley": 1.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 8.0,
    "axes.edgecolor": "#8c8c8c",
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.6,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.5,
    "figure.facecolor": "white",
    # Labels come from the store: a dollar sign in a name is not mathematics.
    "text.parse_math": False,
    "text.usetex": False,
    # Hinted letters are wider at some resolutions than at others: room measured once would not hold.
    "text.hinting": "no_hinting",
    "axes.unicode_minus": True,
    # The same bytes for the same data: no random identifiers. Texts stay texts: small, found by a search,
    # read aloud; `reports.vector` names fonts for those who lack this one.
    "svg.hashsalt": "reports",
    "svg.fonttype": "none",
}

P = ParamSpec("P")
R = TypeVar("R")


def house_style(draw: Callable[P, R]) -> Callable[P, R]:
    """Run `draw` under the report's settings and leave matplotlib's own untouched.

    Where the frame to be drawn is None, as frames are of what a study does not have, the figure says so.
    """

    @wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> R:
        if (args[0] if args else kwargs.get("frame", draw)) is None:
            return cast(R, _blank(draw, kwargs))
        with rc_context(cast(Any, SETTINGS)), warnings.catch_warnings():
            # Names may be in any script: what the font lacks is drawn as a box.
            warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
            drawn = draw(*args, **kwargs)
        if isinstance(drawn, Figure):
            # The canvas it was laid out on remembers how wide texts are in these settings: `savefig` and
            # notebooks draw in others, and align texts by what they measure anew.
            FigureCanvasBase(drawn)
        return drawn

    return styled


def needs_rows(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Say of a frame without rows that it is empty, in the place of a `draw` that does not say it."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        frame = args[0] if args else kwargs.get("frame")
        return _blank(draw, kwargs) if len(cast(Any, frame)) == 0 else draw(*args, **kwargs)

    return drawn


def sheet(
    title: str,
    subtitle: str,
    rows: int,
    columns: int,
    *,
    width: float | None = None,
    panel_height: float = 2.1,
    lines: Mapping[str, Look] | None = None,
    width_ratios: Sequence[float] | None = None,
    height_ratios: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """Make a figure with a title, a subtitle, a legend below and a grid of axes.

    Parameters
    ----------
    title, subtitle : str
        The subtitle says how many seeds stand behind the figure and what its band is.
    rows, columns : int
        Grid of panels.
    width, panel_height : float
        Inches; by default the width follows from `columns`.
    lines : mapping of str to Look
        Entries of the legend; one line alone needs none.
    width_ratios, height_ratios : sequence of float
        Of columns and rows; equal by default.

    Returns
    -------
    Figure, list of Axes
        Row by row.
    """
    width = width or min(WIDTH, 3.0 + 3.6 * columns)
    # A character of the subtitle is at most 0.062 inch wide in the mean; of the title, 0.09.
    heading = textwrap.wrap(title, int(width / 0.09))
    words = textwrap.wrap(subtitle, int(width / 0.062))
    top = 0.12 + 0.19 * len(heading) + 0.15 * len(words) + 0.06
    keys = _legend_entries(lines)
    legend_columns = _legend_columns([shorten(label, MOST_LABEL) for label, _ in keys], width)
    bottom = 0.12 + 0.17 * math.ceil(len(keys) / legend_columns) if keys else 0.0
    height = top + rows * panel_height + 0.35 + bottom
    figure = Figure(figsize=(width, height))
    figure.set_label(" ".join(title.split()))
    at = 1 - 0.08 / height
    figure.text(0.012, at, "\n".join(heading), fontsize=10, fontweight="bold", va="top", linespacing=1.2)
    at -= 0.19 * len(heading) / height
    figure.text(0.012, at, "\n".join(words), fontsize=8, color=GREY, va="top", linespacing=1.25)
    area = {"left": 0.0, "right": 1.0, "bottom": bottom / height, "top": 1.0 - top / height}
    ratios = {
        "width_ratios": list(width_ratios or [1.0] * columns),
        "height_ratios": list(height_ratios or [1.0] * rows),
    }
    axes: list[Axes] = list(
        figure.subplots(rows, columns, squeeze=False, gridspec_kw={**area, **ratios}).flat
    )
    if keys:
        legend = figure.legend(
            [line for _, line in keys],
            [shorten(label, MOST_LABEL) for label, _ in keys],
            loc="lower left",
            bbox_to_anchor=(0.005, 0.02 / height),
            ncols=legend_columns,
            frameon=False,
            handlelength=2.8,
            columnspacing=1.6,
        )
        for (label, _), line, text in zip(keys, legend.get_lines(), legend.get_texts(), strict=True):
            mark(line, "entry", label)
            mark(text, "entry", label)
    return figure, axes


def label_outer(axes: Axes, *, left: bool, bottom: bool) -> None:
    """Keep tick labels only where `left` and `bottom`: panels beside and above have the same scale."""
    axes.tick_params(labelleft=left, labelbottom=bottom)
    # Inner panels need no room that the outer ones of their row and column do not need as well.
    axes.set_in_layout(left or bottom)


def _blank(draw: Callable[..., object], keys: Mapping[str, object]) -> Figure:
    """Make of what a figure function was called with a figure that says that it is empty."""
    title = keys.get("title") or str(getattr(draw, "__name__", "")).replace("_", " ").capitalize()
    with rc_context(cast(Any, SETTINGS)):
        figure, (axes,) = sheet(str(title), "", 1, 1, width=7.5)
        without_data(axes, "nothing to draw: the study has no rows of this")
        axes.set_axis_off()
    return figure


def without_data(axes: Axes, reason: str) -> None:
    """Say why a panel is empty."""
    note = axes.text(
        0.5,
        0.5,
        textwrap.fill(reason, 34),
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=GREY,
        fontsize=7.5,
    )
    note.set_in_layout(False)


def _legend_entries(lines: Mapping[str, Look] | None) -> list[tuple[str, Line2D]]:
    if not lines or len(lines) < 2:
        return []
    return [
        (label, Line2D([], [], color=look.colour, linestyle=look.linestyle)) for label, look in lines.items()
    ]


def _legend_columns(labels: list[str], width: float) -> int:
    if not labels:
        return 1
    entry = 0.55 + 0.072 * max(map(len, labels))
    most = max(1, min(len(labels), int(width / entry)))
    # Rows of equal length: entries run down the columns, and one alone in a last row is read as misplaced.
    return math.ceil(len(labels) / math.ceil(len(labels) / most))
