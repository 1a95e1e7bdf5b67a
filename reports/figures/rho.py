"""ρ: what becomes of delta_rms from one hidden layer to the one before it, over time and against depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.bands import COLUMNS
from reports.arms import Arm, Layout, Look, label_of, layout_of
from reports.figures import captions, curves, direct_labels, scales, style
from reports.figures.direct_labels import End
from reports.figures.layers import layered
from reports.figures.margins import settle
from reports.figures.marks import mark
from reports.statistics import EXPLODING, VANISHING

MOMENTS = {"start": "at the start", "end": "at the end"}
ABOUT = "ρ: what delta_rms is multiplied by from one hidden layer to the one before it."
_DEPTH = r"(?:^|[._])(?:depth|hidden|layers)$"
"""Axes by which networks get deeper."""
_SEVERAL = Look(style.GREY, (), "o")
"""Of a line that joins arms of different looks."""


@style.house_style
def rho(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    x: str = "update",
    absent: Mapping[str, str] | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw ρ over time, with the lines below which gradients vanish and above which they explode.

    Parameters
    ----------
    frame : DataFrame
        `harness.bands.bands` with `rho`.
    layout : Layout, optional
        Panels without an arm that has ρ are left out, unless none has.
    x : {"update", "epoch", "samples", "multiply_adds"}
    absent : mapping of str to str, optional
        Why arms have no ρ, by arm.
    title, subtitle : str, optional
    """
    layout = layout_of(frame) if layout is None else layout
    bands = frame[frame["metric"] == "rho"]
    drawn = set(bands["arm"])
    panels = tuple(panel for panel in layout.panels if any(arm.name in drawn for arm in panel.arms))
    limits = _limits(bands)
    return curves.small_multiples(
        bands,
        Layout(panels, min(layout.columns, len(panels))) if panels else layout,
        x,
        curves.Scale("ρ", True, {"": limits}, lambda _panel: ""),
        title=title or "ρ through training",
        subtitle=f"{ABOUT} {captions.about_gradients(bands)}" if subtitle is None else subtitle,
        absent=absent,
        dress=lambda axes, _panel: _mark_levels(axes, limits),
    )


@style.house_style
def rho_by_depth(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw ρ against the number of hidden layers, at the start and at the end of training.

    Parameters
    ----------
    frame : DataFrame
        From `by_depth`, or what it takes.
    layout : Layout, optional
    title, subtitle : str, optional
    """
    layout = layout_of(frame) if layout is None else layout
    table = frame if "hidden_layers" in frame.columns else by_depth(frame)
    names = {arm.name: arm for arm in layout.arms}
    table = table[table["arm"].isin(list(names))]
    datasets = [name for name in layout.datasets if (table["dataset"] == name).any()] or [""]
    looks = {arm.line: arm.look for arm in layout.arms if arm.name in set(table["arm"])}
    figure, grid = style.sheet(
        title or "ρ against depth",
        about_depth(table) if subtitle is None else subtitle,
        len(datasets),
        len(MOMENTS),
        panel_height=2.7 if len(datasets) == 1 else 2.2,
        lines={line: look for line, look in layout.lines.items() if line in looks},
    )
    limits = _limits(table)
    lines = sorted(set(table["line"])) if len(table) else []
    labelled = direct_labels.fit(figure, [lines], len(MOMENTS), 2.2)
    reserved = []
    for index, axes in enumerate(grid):
        dataset, moment = datasets[index // len(MOMENTS)], list(MOMENTS)[index % len(MOMENTS)]
        there = table[(table["dataset"] == dataset) & (table["moment"] == moment)]
        axes.set_title(" · ".join(filter(None, (dataset if len(datasets) > 1 else "", MOMENTS[moment]))))
        depths = sorted({int(depth) for depth in table["hidden_layers"]})
        axes.set_xlim(min(depths, default=1) - 0.4, max(depths, default=1) + 0.4)
        axes.set_xticks(depths)
        scales.decades(axes, "y", *limits)
        _mark_levels(axes, limits)
        ends = [
            _line_by_depth(axes, mine.sort_values("hidden_layers"), str(line), names)
            for line, mine in there.groupby("line", sort=True)
        ]
        if not ends:
            style.without_data(axes, f"nothing to draw: ρ was not measured {MOMENTS[moment]}")
        style.label_outer(axes, left=index % len(MOMENTS) == 0, bottom=index >= len(grid) - len(MOMENTS))
        if labelled:
            axes.set_in_layout(True)
            reserved.append((axes, direct_labels.reserve(axes, ends)))
        if index % len(MOMENTS) == 0:
            axes.set_ylabel("ρ")
        if index >= len(grid) - len(MOMENTS):
            axes.set_xlabel("hidden layers")
    settle(figure)
    for axes, labels in reserved:
        direct_labels.place(axes, labels)
    return figure


def by_depth(frame: pd.DataFrame, axes: Sequence[str] | None = None) -> pd.DataFrame:
    """Take ρ at the start and at the last row of every arm, with the number of its hidden layers.

    Parameters
    ----------
    frame : DataFrame
        `Comparison.curves`: `harness.bands.bands` of `rho` and of some quantity by layer, with the axes of
        the arm as columns. The layers that were measured are the hidden ones and the output's.
    axes : sequence of str, optional
        The axes that tell arms apart; by default all columns that are none of the bands' own.

    Returns
    -------
    DataFrame
        `arm, dataset, line, hidden_layers, moment, update, seeds, centre, low, high`; `line` names what arms
        have in common that differ in depth alone.
    """
    measured = layered(frame)
    hidden = measured.groupby("arm")["layer"].max() - 1
    rho = frame[frame["metric"] == "rho"].sort_values(["arm", "update"], kind="stable")
    start = rho[rho["update"] == 0].assign(moment="start")
    end = rho[rho["update"] > 0].drop_duplicates("arm", keep="last").assign(moment="end")
    table = pd.concat([start, end], ignore_index=True)
    table["hidden_layers"] = table["arm"].map(hidden)
    table = table.dropna(subset=["hidden_layers"])
    named = [name for name in frame.columns if name not in COLUMNS] if axes is None else list(axes)
    arms = table.drop_duplicates("arm").set_index("arm")
    lines = pd.Series(_without_depth(arms, [name for name in named if name in arms.columns]), dtype=object)
    table["line"] = table["arm"].map(lines)
    table["dataset"] = table["dataset"] if "dataset" in table.columns else ""
    wanted = ["arm", "dataset", "line", "hidden_layers", "moment", "update", "seeds", "centre", "low", "high"]
    return table.astype({"hidden_layers": int})[wanted].reset_index(drop=True)


def about_depth(table: pd.DataFrame) -> str:
    """Say what stands behind a figure against depth."""
    several = bool((table["seeds"] > 1).any())
    what = (
        "geometric mean over seeds; bar: 95 % t interval of that mean" if several else "the one seed; no band"
    )
    return (
        f"{ABOUT} {captions.seeds_behind(table)} Dot: {what}. At the end: the last row at which all "
        "seeds live."
    )


def _without_depth(arms: pd.DataFrame, axes: Sequence[str]) -> dict[str, str]:
    """Name every arm by its axes but the depth's and the data set; by itself if no axis is the depth's."""
    deeper = [
        axis
        for axis in axes
        if pd.Series([axis]).str.contains(_DEPTH).iloc[0]
        and arms.groupby(axis)["hidden_layers"].nunique().max() == 1
        and arms["hidden_layers"].nunique() > 1
    ]
    if not deeper:
        return {str(arm): str(arm) for arm in arms.index}
    other = [a for a in axes if a not in (*deeper, "dataset") and arms[a].astype(str).nunique() > 1]
    return {str(arm): label_of(row, other) or "all arms" for arm, row in arms.astype(str).iterrows()}


def _line_by_depth(axes: Axes, rows: pd.DataFrame, line: str, arms: Mapping[str, Arm]) -> End:
    """Draw arms that differ in depth alone; return where their line ends."""
    looks = {arms[name].look for name in rows["arm"]}
    labels = {arms[name].line for name in rows["arm"]}
    shared = len(labels) == 1
    look = looks.pop() if shared else _SEVERAL
    at, centre = rows["hidden_layers"].to_numpy(), rows["centre"].to_numpy(dtype=float)
    low, high = rows["low"].to_numpy(dtype=float), rows["high"].to_numpy(dtype=float)
    drawn = axes.plot(
        at, centre, color=look.colour, linestyle=look.linestyle, linewidth=1.3 if shared else 0.8
    )
    if shared:
        mark(drawn[0], "curve", labels.pop(), low=low, high=high)
    bottom, top = axes.get_ylim()
    for place, value, least, most, name in zip(at, centre, low, high, rows["arm"], strict=True):
        arm = arms[name]
        if np.isfinite(least) and np.isfinite(most):
            ends = np.clip([least, most], bottom, top)
            bar = axes.plot([place, place], ends, color=arm.look.colour, linewidth=1)
            mark(bar[0], "band", arm.line)
        rim: dict[str, Any] = {"markersize": 6, "mec": "white", "mew": 0.5}
        dot = axes.plot([place], [value], arm.look.marker, color=arm.look.colour, **rim)
        mark(dot[0], "dot", arm.line)
    return End(line, look, float(at[-1]), float(np.clip(centre[-1], bottom, top)))


def _limits(bands: pd.DataFrame) -> tuple[float, float]:
    limits = scales.positive_limits(pd.concat([bands["centre"], bands["high"], pd.Series([VANISHING, 1.0])]))
    assert limits is not None  # 0.5 and 1 are among the values
    return limits


def _mark_levels(axes: Axes, limits: tuple[float, float]) -> None:
    for level, name, side, off in (
        (VANISHING, "vanishing", "top", -1.5),
        (EXPLODING, "exploding", "bottom", 1.5),
    ):
        if limits[0] < level < limits[1]:
            axes.axhline(level, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 2)))
            axes.annotate(
                name,
                (0.99, level),
                (0, off),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                va=side,
                fontsize=6.5,
                color=style.GREY,
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.6},
                # Below the curves: a name hides none of them.
                zorder=1.5,
            )
