"""All arms at one value of the tuned key, for each value: what a study would show that tunes nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from harness.record import higher_is_better
from reports import prose
from reports.arms import Arm, Layout, shorten
from reports.figures import scales, strips, style
from reports.figures.margins import settle
from reports.ranks import best

ON_LIGHT, ON_DARK = "#0a0a0a", "#fafafa"
"""Lines upon the cells, which stay as they are in the dark: no colours that a page turns around."""
ABSENT = "#bdbdbd"


@style.house_style
@style.needs_rows
def at_one_rate(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw a heat map a data set: arms by values, the score of all reported seeds in each cell.

    The cells of a column are of one kind: means, or all medians where a seed died.

    Parameters
    ----------
    frame : DataFrame
        As `rates.one_rate_rows` returns it.
    layout : Layout, optional
        Arms in drawing order; by default `arms.layout_of(frame)`.
    title, subtitle : str, optional
    """
    layout = strips.arms_of(frame, layout)
    key = prose.key_name(str(frame["over"].iloc[0]))
    arms = {name: [a for p in layout.panels if p.dataset == name for a in p.arms] for name in layout.datasets}
    most, tried = max(map(len, arms.values())), frame["value"].nunique()
    columns = 1 if len(arms) == 1 or tried > 10 else 2
    figure, grid = style.sheet(
        title or f"All arms at one {key}",
        about(frame) if subtitle is None else subtitle,
        -(-len(arms) // columns),
        columns,
        width=style.WIDTH if columns > 1 or tried > 7 else 7.5,
        panel_height=max(1.0, 0.24 * most + 0.6),
    )
    for index, axes in enumerate(grid):
        if index >= len(arms):
            axes.remove()
            continue
        dataset = layout.datasets[index]
        _heat(axes, arms[dataset], frame[frame["dataset"] == dataset], 44 if columns == 1 else 40)
        axes.set_title(_heading(dataset, frame), fontweight="bold", loc="left")
        axes.set_xlabel(f"{shorten(key, style.MOST_LABEL)}, the same for all arms of a column")
    return settle(figure)


def about(frame: pd.DataFrame) -> str:
    """Say what a cell is, how many seeds stand behind it, and what it is not."""
    key = prose.key_name(str(frame["over"].iloc[0]))
    known = frame[frame["seeds"] > 0]
    parts = [
        f"At one {key} for all: not a comparison of methods."
        if key != "learning rate"
        else prose.SHARED_RATE,
        f"{prose.seeds_an_arm(known['seeds'])} Cell: mean over reported seeds at that value; no interval.",
        "Outlined: the best of a column.",
    ]
    if (frame["dead"] > 0).any():
        parts.append(
            "×: seeds died there; all cells of its column are then medians, dead seeds counted at the "
            "majority class's accuracy or at infinite loss."
        )
    return " ".join(parts)


def _heading(dataset: str, frame: pd.DataFrame) -> str:
    metric = str(frame.loc[frame["dataset"] == dataset, "metric"].iloc[0])
    named = prose.metric_name(metric) + (", %" if higher_is_better(metric) else "")
    return ": ".join(filter(None, (shorten(dataset, style.MOST_LABEL), named)))


def _heat(axes: Axes, arms: list[Arm], rows: pd.DataFrame, most: int) -> None:
    metric, values = str(rows["metric"].iloc[0]), np.sort(rows["value"].unique())
    names = [arm.name for arm in arms]
    centre, median, dead = (
        rows.pivot(index="arm", columns="value", values=name)
        .reindex(index=names, columns=values)
        .to_numpy(dtype=float, copy=True)
        for name in ("centre", "median", "dead")
    )
    hurt = (dead > 0).any(axis=0)
    centre[:, hurt] = median[:, hurt]
    higher = higher_is_better(metric)
    # Losses span decades; of a dead cell the worst colour.
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = centre if higher else -np.log10(centre)
    finite = depth[np.isfinite(depth)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    share = np.clip((depth - low) / (high - low if high > low else 1.0), 0, 1)
    palette = sns.color_palette("cividis", as_cmap=True)
    colours = palette(np.nan_to_num(share))
    colours[np.isnan(centre)] = to_rgba(ABSENT)
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    for column in range(len(values)):
        for row in range(len(arms)):
            text = _cell(centre[row, column], dead[row, column], higher)
            light = np.isnan(centre[row, column]) or share[row, column] > 0.5
            ink = "black" if light else "white"
            note = axes.text(column, row, text, ha="center", va="center", fontsize=6.8, color=ink)
            note.set_in_layout(False)
        for name in best(pd.Series(centre[:, column], index=names), metric):
            at = names.index(name)
            ink = ON_LIGHT if share[at, column] > 0.5 else ON_DARK
            box = (column - 0.47, at - 0.45)
            axes.add_patch(Rectangle(box, 0.94, 0.9, fill=False, linewidth=1.2, edgecolor=ink))
    axes.set_xticks(range(len(values)), [scales.plain(value) for value in values])
    axes.set_yticks(range(len(arms)), [shorten(arm.label, most) for arm in arms])
    axes.grid(visible=False)


def _cell(centre: float, dead: float, higher: bool) -> str:
    cross = "× " if dead > 0 else ""
    if np.isnan(centre):
        return cross.strip() or "–"
    return cross + (f"{100 * centre:.1f}" if higher else prose.number(float(centre)))
