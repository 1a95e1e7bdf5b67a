"""Forest plots: what arms differ by, one row a comparison, with its interval and what was said beforehand."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from harness.intervals import CONFIDENCE
from harness.quantities import compared, lost_by
from harness.quantities import title as called
from reports import effects
from reports.arms import MINUS, Layout, layout_of, shorten
from reports.figures import style
from reports.figures.margins import settle
from reports.figures.scales import plain

INK = "#262626"
"""Of texts too. (Black is what an SVG leaves out, and a page would not make light on dark paper.)"""
ROW = 0.21
"""Inches of a row."""
TITLE_LENGTH = 84
TITLED: dict[str, Any] = {"fontweight": "bold", "linespacing": 1.15}
LONGEST = 58
"""Characters of a row's label."""
REACH = 4.0
"""An interval may be so many times as far from 0 as three quarters of them before it is cut off."""
SIGNS = {"supported": "\N{CHECK MARK}", "refuted": "\N{BALLOT X}", "inconclusive": "?"}
MARKERS = {"supported": "s", "refuted": "X", "inconclusive": "o", "": "o"}
HOLLOW = ("inconclusive",)
COLUMNS = ("difference", "seeds", "verdict")
"""What stands at the right of a row."""
PANEL = ["group", "metric", "at", "values", "direction", "margin"]
"""What the rows of a panel have in common: they share its axis, its unit and its shade."""
LETTER = 4.5
"""Points that a letter of it is wide, at most, in the mean."""


@style.house_style
def forest(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw comparisons with their intervals, one a row.

    Parameters
    ----------
    frame : DataFrame
        As `statistics.differences` returns it, or the cells of `statistics.verdicts`: `metric`, `effect` or
        `difference`, `low`, `high`, `seeds`, `dead`, and `first` and `second` or `cell`. Where it has
        them, `label` is what a row is called, `group` the panel that it stands in (else its claim or data
        set), `sentence` what that is called instead, `margin` is marked and shaded, `verdict` stands at the
        right, and `level` is the intervals' coverage. Rows of one group that differ in metric, direction or
        margin stand in panels of their own.
    layout : Layout, optional
        By which `first` and `second` are labelled.
    title, subtitle : str, optional

    Returns
    -------
    Figure
        Differences of accuracies are drawn in percentage points, those of logarithms (`values` is "log2") in
        doublings. A comparison of which a seed died has no
        interval: an open diamond is the mean over the seeds on which none did.
    """
    rows = _rows(frame, layout)
    heading = title or ("Claims" if rows["verdict"].ne("").any() else "Paired differences")
    if rows.empty:
        figure, (axes,) = style.sheet(heading, subtitle or about(frame), 1, 1, panel_height=1.0)
        axes.set_axis_off()
        style.without_data(axes, "There is nothing to compare.")
        return figure
    groups = [group for _, group in rows.groupby(PANEL, sort=False, dropna=False)]
    titles = [_wrapped(str(group["sentence"].iloc[0])) for group in groups]
    last = [at + 1 == len(groups) or _axis(groups[at + 1]) != _axis(group) for at, group in enumerate(groups)]
    around = [
        0.2 * (text.count("\n") + 1) * bool(text) + 0.42 * end + 0.1
        for text, end in zip(titles, last, strict=True)
    ]
    heights = [ROW * (len(group) + 0.4) for group in groups]
    figure, grid = style.sheet(
        heading,
        subtitle or about(frame),
        len(groups),
        1,
        width=style.WIDTH,
        panel_height=(sum(heights) + sum(around)) / len(groups),
        height_ratios=heights,
    )
    offsets = _offsets(rows)
    for at, (axes, group) in enumerate(zip(grid, groups, strict=True)):
        alike = pd.concat([other for other in groups if _axis(other) == _axis(group)])
        _panel(axes, group, _limits(alike), offsets)
        # Keeps room for a title that is as wide as the paper, and written once panels have their places.
        axes.set_title("\n".join("X" for _ in titles[at].splitlines()), loc="left", **TITLED)
        axes.tick_params(labelbottom=last[at])
        if last[at]:
            axes.set_xlabel(_axis(group))
        if at == 0:
            _head(axes, offsets, verdicts=bool(rows["verdict"].ne("").any()))
    settle(figure)
    for axes, text in zip(grid, titles, strict=True):
        axes.set_title("", loc="left")
        above = axes.get_position().y1 + 0.08 / figure.get_size_inches()[1]
        figure.text(0.012, above, text, va="bottom", fontsize=8.5, **TITLED)
    return figure


def about(frame: pd.DataFrame) -> str:
    """Say what rows, bars and shades are."""
    if frame.empty:
        return "No seed behind it."
    rows = _rows(frame, None)
    least, most = int(rows["seeds"].min()), int(rows["seeds"].max())
    seeds = f"{least} to {most} seeds" if least != most else "1 seed" if most == 1 else f"{most} seeds"
    parts = [f"{seeds} an arm, paired by seed."]
    if np.isfinite(rows["low"]).any():
        levels = " or ".join(dict.fromkeys(effects.level(value) for value in rows["level"]))
        kinds = " or ".join(dict.fromkeys(rows.loc[rows["interval"] != "", "interval"])) or "t"
        parts.append(f"Mark: mean difference over seeds; bar: {levels} {kinds} interval of that mean.")
        if _cut(rows):
            parts.append("An arrow: the interval goes on.")
    elif not rows["dead"].any():
        parts.append("Mark: the one seed's difference; no interval: one seed has no spread.")
    if (rows["margin"] > 0).any():
        parts.append("Shaded, up to the dashed line: less than the margin, what matters.")
    if rows["verdict"].ne("").any():
        parts.append("Square: supported; cross: refuted; open circle: inconclusive.")
    if rows["dead"].any():
        what = " or ".join(_lost(rows[rows["dead"] > 0]))
        parts.append(
            f"Open diamond: a seed {what}, no interval; the mean over the seeds on which no arm did."
        )
    return " ".join(parts)


def _rows(frame: pd.DataFrame, layout: Layout | None) -> pd.DataFrame:
    rows = frame.reset_index(drop=True)
    rows = rows.rename(columns={"difference": "effect", "living_difference": "living_effect"})
    if "label" not in rows.columns:
        rows["label"] = rows["cell"] if "cell" in rows.columns else _pairs(rows, layout)
    if "group" not in rows.columns:
        named = next((name for name in ("claim", "dataset") if name in rows.columns), None)
        rows["group"] = rows[named] if named else ""
    if "sentence" not in rows.columns:
        rows["sentence"] = rows["group"]
    known: dict[str, float | str] = {
        "margin": np.nan,
        "level": CONFIDENCE,
        "verdict": "",
        "interval": "",
        "living_effect": np.nan,
        "direction": "",
        "absent": "",
        "at": "end",
        "values": "linear",
    }
    for name, value in known.items():
        if name not in rows.columns:
            rows[name] = value
    rows["dead"] = rows["dead"].fillna(0).astype(int)
    rows["absent"] = rows["absent"].fillna("")
    return rows


def _pairs(rows: pd.DataFrame, layout: Layout | None) -> list[str]:
    names = pd.concat([rows["first"], rows["second"]])
    found = layout or layout_of(pd.DataFrame({"arm": names}))
    labels = {arm.name: arm.label for arm in found.arms}
    pairs = zip(rows["first"], rows["second"], strict=True)
    return [f"{labels.get(one, one)} {MINUS} {labels.get(other, other)}" for one, other in pairs]


def _axis(group: pd.DataFrame) -> str:
    """Write the label of a group's axis; groups of equal labels share their limits."""
    first = group.iloc[0]
    metric, direction = str(first["metric"]), str(first["direction"] or "")
    unit = effects.unit(metric, str(first["values"]))
    if direction:
        return f"{compared(metric, str(first['at']), direction)}{f' ({unit})' if unit else ''}"
    return f"difference of {called(metric, str(first['at']))}{f' ({unit})' if unit else ''}"


def _wrapped(title: str) -> str:
    return "\n".join(textwrap.wrap(shorten(title, 3 * TITLE_LENGTH), TITLE_LENGTH, break_on_hyphens=False))


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Return limits of the axis, in units of the metric: 0, all means and margins, most bounds."""
    bounds = rows[["effect", "low", "high"]].to_numpy(dtype=float)
    points = rows[["effect", "living_effect", "margin"]].to_numpy(dtype=float)
    margins = rows["margin"].to_numpy(dtype=float)
    must = np.concatenate([[0.0], points[np.isfinite(points)], -1.2 * margins[np.isfinite(margins)]])
    bounds = bounds[np.isfinite(bounds)]
    cap = REACH * float(np.quantile(np.abs(bounds), 0.75)) if len(bounds) else 0.0
    low = min(must.min(), max(bounds.min(initial=0.0), -cap))
    high = max(must.max(), min(bounds.max(initial=0.0), cap))
    if low == high:
        least = 1.0 / _factor(rows.iloc[0])
        return -least, least
    room = 0.05 * (high - low)
    return float(low - room), float(high + room)


def _factor(row: pd.Series) -> float:
    return effects.factor(str(row["metric"]), str(row["values"]))


def _cut(rows: pd.DataFrame) -> bool:
    for _, group in rows.groupby(["metric", "at", "values", "direction"], dropna=False):
        low, high = _limits(group)
        if (group["low"] < low).any() or (group["high"] > high).any():
            return True
    return False


def _panel(axes: Axes, group: pd.DataFrame, limits: tuple[float, float], offsets: Sequence[float]) -> None:
    factor = _factor(group.iloc[0])
    drawn = [bound * factor for bound in limits]
    axes.set_xlim(*drawn)
    margins = group["margin"].to_numpy(dtype=float) * factor
    if np.isfinite(margins).any() and margins[0] > 0:
        axes.axvspan(-margins[0], margins[0], color=style.GREY, alpha=0.13, linewidth=0, zorder=0.5)
        axes.axvline(margins[0], color=style.GREY, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
    axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    for at, (_, row) in enumerate(group.iterrows()):
        _row(axes, at, row, drawn, offsets)
    if group[["effect", "living_effect"]].isna().all(axis=None):
        lost = _lost(group[group["dead"] > 0])
        style.without_data(axes, f"On every seed an arm {lost[0]}." if lost else _why(group))
    axes.set_ylim(len(group) - 0.3, -0.7)
    labels = [shorten(str(label) or "all arms", LONGEST) for label in group["label"]]
    axes.set_yticks(range(len(group)), labels)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value).replace("-", MINUS)))


def _why(group: pd.DataFrame) -> str:
    """Say why no row has an effect."""
    whys = [why for why in group["absent"].unique() if why] or ["no seed in common"]
    return f"{whys[0][0].upper()}{whys[0][1:]}."


def _row(axes: Axes, at: int, row: pd.Series, limits: Sequence[float], offsets: Sequence[float]) -> None:
    factor = _factor(row)
    effect, low, high = (float(row[name]) * factor for name in ("effect", "low", "high"))
    mark: dict[str, Any] = {"color": INK, "markersize": 5.5, "mew": 1.0, "zorder": 3}
    if np.isfinite([low, high]).all():
        ends = np.clip([low, high], limits[0], limits[1])
        axes.plot(ends, [at, at], color=INK, linewidth=1.3, solid_capstyle="butt", zorder=2)
        for end, bound, arrow in ((ends[0], low, "<"), (ends[1], high, ">")):
            if end != bound:
                axes.plot([end], [at], arrow, clip_on=False, **{**mark, "markersize": 4})
    if row["dead"]:
        living = float(row["living_effect"]) * factor
        if np.isfinite(living):
            axes.plot([living], [at], "D", markerfacecolor="white", **mark)
    elif np.isfinite(effect):
        verdict = str(row["verdict"])
        rim = {"mfc": "white"} if verdict in HOLLOW else {"mec": "white", "markersize": 7.5}
        axes.plot([effect], [at], MARKERS.get(verdict, "o"), **{**mark, **rim})
    for offset, text in zip(offsets, _texts(row), strict=True):
        _beside(axes, at, offset, text)


def _lost(rows: pd.DataFrame) -> list[str]:
    """Return what became of the seeds of rows that leave no mean."""
    pairs = zip(rows["metric"].astype(str), rows["values"].astype(str), strict=True)
    return list(dict.fromkeys(lost_by(metric, values).replace(" are ", " is ") for metric, values in pairs))


def _texts(row: pd.Series) -> tuple[str, str, str]:
    metric, values = str(row["metric"]), str(row["values"])
    verdict = str(row["verdict"])
    said = f"{SIGNS[verdict]} {verdict}" if verdict in SIGNS else ""
    seeds = str(row["seeds"]) + (f", {row['dead']} {lost_by(metric, values)}" if row["dead"] else "")
    effect, living, *bounds = (
        effects.written(float(row[name]), metric, units=False, values=values)
        for name in ("effect", "living_effect", "low", "high")
    )
    if row["dead"]:
        none = "none died" if lost_by(metric, values) == "died" else "none did"
        given = "no interval" if np.isnan(row["living_effect"]) else f"({living} where {none})"
        return given, seeds, said
    if np.isfinite([row["low"], row["high"]]).all():
        return f"{effect}  ({bounds[0]} to {bounds[1]})", seeds, said
    if np.isfinite(row["effect"]):
        return f"{effect}  (no interval)", seeds, said
    return row["absent"] or "no seed in common", seeds, said


def _offsets(rows: pd.DataFrame) -> list[float]:
    """Return how many points from the panel each of `COLUMNS` begins."""
    texts = [COLUMNS, *(_texts(row) for _, row in rows.iterrows())]
    widths = [LETTER * max(map(len, column)) + 10 for column in zip(*texts, strict=True)]
    return [8.0, 8.0 + widths[0], 8.0 + widths[0] + widths[1]]


def _head(axes: Axes, offsets: Sequence[float], *, verdicts: bool) -> None:
    for name, offset in zip(COLUMNS, offsets, strict=True):
        if name != "verdict" or verdicts:
            axes.annotate(
                name,
                (1, 1),
                (offset, 4),
                xycoords="axes fraction",
                textcoords="offset points",
                fontsize=7.5,
                color=style.GREY,
            )


def _beside(axes: Axes, at: int, offset: float, text: str) -> None:
    axes.annotate(
        text,
        (1, at),
        (offset, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        fontsize=7.5,
        va="center",
        annotation_clip=False,
    )
