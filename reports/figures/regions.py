"""Decision regions: what networks of two inputs answer over the plane, from the start to the end."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.intervals import Floats
from reports.arms import Layout, shorten
from reports.figures import strips, style
from reports.figures.margins import settle

MOST_MOMENTS = 5
MOST_ARMS = 6
"""Rows of one figure."""
MOST_SAMPLES = 200
PANEL = 1.15
"""Inches of a map."""
DEPTH = 0.7
"""Of a map's colours, 1 being those of the samples, which have to be seen upon them."""
INK = "#0a0a0a"
"""Of lines upon the maps, which stay as they are in the dark: no colour that a page turns around."""
CLASSES = tuple(sns.color_palette("colorblind").as_hex()[index] for index in (0, 1, 2, 4, 8, 3, 5, 9, 6, 7))
_SHARES = LinearSegmentedColormap.from_list("shares", [CLASSES[0], "#f5f5f5", CLASSES[1]])


@style.house_style
def decision_regions(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    samples: pd.DataFrame | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw a row of maps for each arm, from its first to its last.

    Parameters
    ----------
    frame : DataFrame
        `arm, update, bounds, values, classes`, one row a map: arrays of shape (2, 2), the (low, high) of
        each feature, and (rows, columns), of which row 0 is the lowest second feature. Of one output
        column `values` are the output itself, of several the share of the likeliest class. `kind`, if
        there: "shares" (of classes) or "values" (of a regression). Also `seed`, `outcome`; and
        `samples` (n, 2) with `answers` (n,), their classes or targets, which are drawn on top.
    layout : Layout, optional
        Arms in drawing order; by default `arms.layout_of(frame)`.
    samples : DataFrame, optional
        `first, second, label`, and `arm` where they differ: drawn instead, at most `MOST_SAMPLES` a map.
    title, subtitle : str, optional
    """
    layout = strips.arms_of(frame, layout)
    there = set(frame["arm"])
    arms = [arm for arm in layout.arms if arm.name in there]
    picked = {arm.name: _picked(frame[frame["arm"] == arm.name]) for arm in arms}
    columns = max((len(found) for found in picked.values()), default=1)
    figure, grid = style.sheet(
        title or "Decision regions",
        about(frame, samples) if subtitle is None else subtitle,
        max(1, len(arms)),
        columns,
        width=min(style.WIDTH, 2.4 + (PANEL + 0.12) * columns),
        panel_height=PANEL + 0.2,
    )
    if not arms:
        style.without_data(grid[0], "nothing to draw: no arm has a map")
        return settle(figure)
    scale = _scale(frame)
    for row, arm in enumerate(arms):
        cells = grid[row * columns : (row + 1) * columns]
        for axes, found in zip(cells, _placed(picked[arm.name], columns), strict=True):
            axes.set_xticks([])
            axes.set_yticks([])
            axes.grid(visible=False)
            if found is None:
                axes.remove()
                continue
            _map(axes, found, scale)
            _samples(axes, *_of_arm(samples, found), scale if _regression(frame) else None)
            axes.set_title(_moment(found, picked[arm.name]), fontsize=7.5)
        name = arm.line if len(layout.panels) == 1 else arm.label
        name = textwrap.fill(shorten(name, style.MOST_LABEL), 22)
        cells[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return settle(figure)


def about(frame: pd.DataFrame, samples: pd.DataFrame | None = None) -> str:
    """Say whose maps are drawn, and what the colours are."""
    parts = ["Across: first feature; up: second feature, both as scaled for training."]
    if "seed" in frame.columns and len(frame):
        seeds = sorted(set(frame["seed"]))
        one = f"One seed an arm, {seeds[0]}, the first reported"
        several = f"One seed an arm, its first reported ({', '.join(map(str, seeds))})"
        parts.insert(0, f"{one if len(seeds) == 1 else several}; no interval.")
    if _regression(frame):
        parts.append("Colour: the prediction, from dark (low) to bright (high).")
    elif len(frame) and _most_classes(frame) > 2:
        parts.append("Colour: the likeliest class, the paler the less sure.")
    else:
        parts.append("Colour: share of class 1, from blue (0) to orange (1); line: where it is a half.")
    if any(not np.isfinite(each).any() for each in frame["values"]):
        parts.append("Grey: the network had diverged, and answers no numbers.")
    if samples is not None or ("samples" in frame.columns and any(len(each) for each in frame["samples"])):
        whose = (
            "in the colour of what is to be answered"
            if _regression(frame)
            else "in the colour of their class"
        )
        parts.append(f"Dots: training samples, at most {MOST_SAMPLES}, {whose}.")
    return " ".join(parts)


def _picked(found: pd.DataFrame) -> pd.DataFrame:
    """Pick at most `MOST_MOMENTS` maps of an arm: the first, the last, and some between."""
    found = found.sort_values("update", kind="stable")
    if len(found) <= MOST_MOMENTS:
        return found
    return found.iloc[np.unique(np.linspace(0, len(found) - 1, MOST_MOMENTS).round().astype(int))]


def _placed(found: pd.DataFrame, columns: int) -> Sequence[pd.Series | None]:
    """Place maps in columns: the last stands in the last, whatever is between."""
    rows = [row for _, row in found.iterrows()]
    if len(rows) == 1:
        return [*rows, *[None] * (columns - 1)]
    return [*rows[:-1], *[None] * (columns - len(rows)), rows[-1]]


def _moment(row: pd.Series, beside: pd.DataFrame) -> str:
    update = int(row["update"])
    if update == 0:
        return "start"
    if update < beside["update"].max():
        return f"update {update:,}"
    return f"{'diverged' if row.get('outcome') == 'diverged' else 'end'}, update {update:,}"


def _regression(frame: pd.DataFrame) -> bool:
    return "kind" in frame.columns and bool((frame["kind"] == "values").any())


def _most_classes(frame: pd.DataFrame) -> int:
    return 1 + max(int(np.max(each)) for each in frame["classes"])


def _scale(frame: pd.DataFrame) -> tuple[float, float]:
    """Limits of a regression's predictions at the ends of training, by which all its maps are coloured."""
    if not _regression(frame):
        return 0.0, 1.0
    last = frame.sort_values("update", kind="stable").drop_duplicates("arm", keep="last")
    values = np.concatenate([np.ravel(each) for each in last["values"]])
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)


def _map(axes: Axes, row: pd.Series, scale: tuple[float, float]) -> None:
    values, classes = np.asarray(row["values"], dtype=float), np.asarray(row["classes"])
    (left, right), (bottom, top) = np.asarray(row["bounds"], dtype=float)
    if not np.isfinite(values).any():
        axes.set_facecolor("#bdbdbd")
        style.without_data(axes, "no numbers: diverged")
        return
    binary = row.get("kind") != "values" and classes.max() <= 1
    if row.get("kind") == "values":
        low, high = scale
        share = (values - low) / (high - low if high > low else 1.0)
        colours = sns.color_palette("cividis", as_cmap=True)(np.clip(share, 0, 1))[..., :3]
    elif binary:
        share = _class_one(values, classes)
        colours = _SHARES(np.clip(share, 0, 1))[..., :3]
    else:
        colours = _likeliest(values, classes)
    colours = np.where(np.isfinite(values)[..., None], 1 - DEPTH * (1 - colours), to_rgb("#bdbdbd"))
    image: dict[str, Any] = {"origin": "lower", "interpolation": "nearest", "aspect": "auto"}
    axes.imshow(colours, extent=(left, right, bottom, top), **image)
    if binary and np.nanmin(share) < 0.5 < np.nanmax(share):
        across, up = (np.linspace(*limits, size) for limits, size in _spans(row, share.shape))
        axes.contour(across, up, share, levels=[0.5], colors=[INK], linewidths=0.9)


def _spans(row: pd.Series, shape: tuple[int, ...]) -> list[tuple[tuple[float, float], int]]:
    first, second = np.asarray(row["bounds"], dtype=float)
    return [((first[0], first[1]), shape[1]), ((second[0], second[1]), shape[0])]


def _class_one(values: Floats, classes: NDArray[Any]) -> Floats:
    """Return the share of class 1, of one output column or of the likelier of two."""
    of_one_column = np.array_equal(values[np.isfinite(values)] > 0.5, classes[np.isfinite(values)] == 1)
    return values if of_one_column else np.where(classes == 1, values, 1 - values)


def _likeliest(values: Floats, classes: NDArray[Any]) -> Floats:
    """Colour by class, faded towards white down to the share that any class has at least."""
    count = int(classes.max()) + 1
    palette = CLASSES if count <= len(CLASSES) else sns.color_palette("husl", count).as_hex()
    base = np.array([to_rgb(colour) for colour in palette])[classes]
    strength = 0.25 + 0.75 * np.clip((values - 1 / count) / (1 - 1 / count), 0, 1)
    return np.asarray(1 - strength[..., None] * (1 - base))


def _of_arm(samples: pd.DataFrame | None, row: pd.Series) -> tuple[Floats, Floats]:
    """Return the samples to draw upon a map, (n, 2), and what is to be answered, (n,)."""
    if samples is None:
        at, answers = row.get("samples"), row.get("answers")
        none = np.empty((0, 2)), np.empty(0)
        return none if at is None or answers is None else (at[:MOST_SAMPLES], answers[:MOST_SAMPLES])
    few = samples if "arm" not in samples else samples[samples["arm"] == row["arm"]]
    few = few.head(MOST_SAMPLES)
    return few[["first", "second"]].to_numpy(dtype=float), few["label"].to_numpy(dtype=float)


def _samples(axes: Axes, at: Floats, answers: Floats, scale: tuple[float, float] | None) -> None:
    """Draw samples in the colour of their class, or of their target on the `scale` of predictions."""
    dot: dict[str, Any] = {"s": 6, "edgecolors": INK, "linewidths": 0.3, "zorder": 3}
    if scale is None:
        colours = [CLASSES[int(each) % len(CLASSES)] for each in answers]
        axes.scatter(at[:, 0], at[:, 1], c=colours, **dot)
    elif len(at):
        low, high = scale
        axes.scatter(at[:, 0], at[:, 1], c=answers, cmap="cividis", vmin=low, vmax=high, **dot)
