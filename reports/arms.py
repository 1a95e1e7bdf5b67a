"""How the arms of a study are named, ordered, and shared out over panels, colours and line styles.

A report draws each arm as one line of one panel. Which axes become panels and which become lines is
decided once, here, so that a colour means the same thing in every figure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

SEPARATOR = " · "
MINUS = "\N{MINUS SIGN}"
MOST_LINES = 6
"""Lines that one panel holds before a further axis is turned into panels."""
MOST_COLUMNS = 4

COLOURS = ("#234dc6", "#db7309", "#14a75d", "#792a38", "#d4729c", "#795313", "#6287d6", "#1b2a6b")
"""Of lines, in order: each 3:1 or more on white, and any two apart for colour-blind eyes as well."""
LAYER_COLOURS = (
    *("#0d0887", "#2e0595", "#46039f", "#5e01a6", "#7401a8", "#8a09a5"),
    *("#9d189d", "#b02991", "#bf3984", "#cc4977", "#da5a6a", "#e56a5d"),
)
"""Of layers from the input on: the part of matplotlib's plasma that is 3:1 or more on white."""
_DASHES: tuple[tuple[float, ...], ...] = ((), (4.0, 1.6), (6.0, 1.5, 1.2, 1.5), (1.4, 1.3))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")


@dataclass(frozen=True)
class Look:
    """Colour, dash pattern (empty: solid) and marker of a line, the same in every figure."""

    colour: str
    dashes: tuple[float, ...]
    marker: str

    @property
    def linestyle(self) -> Literal["solid"] | tuple[float, tuple[float, ...]]:
        """The dash pattern as matplotlib takes it."""
        return (0.0, self.dashes) if self.dashes else "solid"


@dataclass(frozen=True)
class Arm:
    """One arm: its unique text, its text without the data set, and the label of its line within a panel."""

    name: str
    label: str
    line: str
    look: Look


@dataclass(frozen=True)
class Panel:
    """The arms drawn together, of one data set; `loss` is as `losses` names it, or "" for several."""

    title: str
    dataset: str
    loss: str
    arms: tuple[Arm, ...]


@dataclass(frozen=True)
class Layout:
    """Panels in drawing order, and how many stand side by side."""

    panels: tuple[Panel, ...]
    columns: int

    @property
    def arms(self) -> tuple[Arm, ...]:
        """All arms in drawing order."""
        return tuple(arm for panel in self.panels for arm in panel.arms)

    @property
    def datasets(self) -> tuple[str, ...]:
        """Data sets in drawing order."""
        return tuple(dict.fromkeys(panel.dataset for panel in self.panels))

    def of(self, datasets: Collection[str]) -> Layout:
        """Keep the panels of some data sets."""
        panels = tuple(panel for panel in self.panels if panel.dataset in datasets)
        return Layout(panels, min(self.columns, len(panels)))

    @property
    def lines(self) -> Mapping[str, Look]:
        """Look of every line label, sorted: what a legend shows."""
        return {arm.line: arm.look for arm in sorted(self.arms, key=lambda arm: natural(arm.line))}


def natural(text: str) -> tuple[tuple[int, float, str], ...]:
    """Sorting key that puts 2 before 10 and numbers before words."""
    parts = re.findall(r"\d+(?:\.\d+)?|\D+", text)
    return tuple((0, float(part), "") if part[0].isdecimal() else (1, 0.0, part) for part in parts)


def look(index: int) -> Look:
    """Return the look of the line at `index`; the first 32 differ in colour or dashes."""
    colour, turn = index % len(COLOURS), index // len(COLOURS)
    return Look(COLOURS[colour], _DASHES[(colour + turn) % len(_DASHES)], _MARKERS[index % len(_MARKERS)])


def layer_looks(deepest: int) -> dict[int, Look]:
    """Return the look of every layer, from 1 at the input: layers are ordered, and so are their colours."""
    last = len(LAYER_COLOURS) - 1
    return {
        layer: Look(LAYER_COLOURS[round(last * (layer - 1) / max(deepest - 1, 1))], (), "o")
        for layer in range(1, deepest + 1)
    }


def shorten(text: str, most: int) -> str:
    """Cut the middle out of a text longer than `most` characters: both ends tell arms apart."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def lay_out(runs: pd.DataFrame, axes: Sequence[str]) -> Layout:
    """Share the arms out over panels and lines.

    Parameters
    ----------
    runs : DataFrame
        Columns `arm`, `dataset` and one per key of `axes` (display text).
    axes : sequence of str
        The configuration keys that the study compares.

    Returns
    -------
    Layout
        Data sets are panels always. While a panel would hold more than `MOST_LINES` lines, the feeding
        and then the last of the other axes become panels too.
    """
    named = [axis for axis in axes if axis in runs.columns]
    table = (
        runs[list(dict.fromkeys(["arm", "dataset", *named]))].drop_duplicates("arm").fillna("").astype(str)
    )
    texts = table.drop(columns="arm").to_numpy()
    order = sorted(range(len(table)), key=lambda row: [natural(str(text)) for text in texts[row]])
    table = table.iloc[order].reset_index(drop=True)
    lines = [axis for axis in named if axis != "dataset" and table[axis].nunique() > 1]
    panels = ["dataset"] if table["dataset"].nunique() > 1 else []
    while len(lines) > 1 and _most_together(table, panels, lines) > MOST_LINES:
        moved = "optimizer" if "optimizer" in lines else lines[-1]
        lines.remove(moved)
        panels.append(moved)
    constant = [axis for axis in named if axis not in ("dataset", *panels)]
    return _assemble(table, panels, lines or constant)


def layout_of(frame: pd.DataFrame) -> Layout:
    """Lay out the arms of a frame that knows no study: a line each, by `dataset` where it has one."""
    named = frame.assign(dataset=frame["dataset"] if "dataset" in frame.columns else "")
    return lay_out(named.drop_duplicates("arm"), [])


def loss_keys(columns: Iterable[object]) -> list[str]:
    """Keep the columns that tell losses apart: the name first, then settings such as `loss.scale`."""
    return sorted(str(name) for name in columns if name == "loss" or str(name).startswith("loss."))


def losses(runs: pd.DataFrame) -> dict[str, str]:
    """Name the loss of every arm: two scales of one loss are as different as two losses.

    Parameters
    ----------
    runs : DataFrame
        `arm`, and `loss` or keys that begin with ``loss.``; of an arm its first row counts.

    Returns
    -------
    dict of str to str
        By arm; the name, and those settings in which arms differ. Empty where no loss is known.
    """
    keys = loss_keys(runs.columns)
    if not keys:
        return {}
    table = runs.drop_duplicates("arm").set_index("arm")[keys].astype(object)
    table = table.where(table.notna(), "").astype(str)
    telling = [key for key in keys if key == "loss" or table[key].nunique() > 1]
    return {str(arm): label_of(row, telling) for arm, row in table.iterrows()}


def split_by_loss(layout: Layout, runs: pd.DataFrame) -> Layout:
    """Give each of `losses` panels of its own: own losses of different kinds or scales share no axis."""
    loss = losses(runs)
    if not loss:
        return layout
    panels = []
    for panel in layout.panels:
        # An arm whose loss is not known has no curve: it is named beside the others.
        known = sorted({loss[arm.name] for arm in panel.arms if arm.name in loss}, key=natural) or [""]
        kinds = {arm.name: loss.get(arm.name, known[0]) for arm in panel.arms}
        for kind in known:
            arms = tuple(arm for arm in panel.arms if kinds[arm.name] == kind)
            told = panel.title.split(SEPARATOR) if panel.title else []
            new = [part for part in kind.split(SEPARATOR) if part and part not in told]
            title = panel.title if len(known) == 1 else SEPARATOR.join([*told, *new])
            panels.append(Panel(title, panel.dataset, kind, arms))
    panels.sort(key=lambda panel: (layout.datasets.index(panel.dataset), natural(panel.loss)))
    return Layout(tuple(panels), _columns([(panel.dataset, panel.loss) for panel in panels]))


def _most_together(table: pd.DataFrame, panels: Sequence[str], lines: Sequence[str]) -> int:
    """Lines in the fullest panel."""
    if not panels:
        return len(table[list(lines)].drop_duplicates())
    return int(table.groupby(list(panels))["arm"].nunique().max())


def _assemble(table: pd.DataFrame, panel_axes: list[str], line_axes: list[str]) -> Layout:
    titles = [label_of(row, panel_axes) for _, row in table.iterrows()]
    generic = [label_of(row, line_axes, generic=True) or "all runs" for _, row in table.iterrows()]
    if pd.DataFrame({"panel": titles, "line": generic}).duplicated().any():
        # Two arms that their axes do not tell apart: the whole text of the arm does.
        generic = table["arm"].tolist()
    looks = {line: look(index) for index, line in enumerate(dict.fromkeys(sorted(generic, key=natural)))}
    full = _full_labels(generic, [label_of(row, line_axes) or "all runs" for _, row in table.iterrows()])
    beside = [*line_axes, *(axis for axis in panel_axes if axis != "dataset")]
    labels = [label_of(row, beside) or "all runs" for _, row in table.iterrows()]
    if pd.Series(labels).groupby(table["dataset"]).transform(lambda group: group.duplicated().any()).any():
        labels = table["arm"].tolist()
    members: dict[str, list[int]] = {}
    for row, title in enumerate(titles):
        members.setdefault(title, []).append(row)
    panels = []
    for title, rows in members.items():
        rows.sort(key=lambda row: natural(generic[row]))
        arms = tuple(
            Arm(str(table["arm"][row]), labels[row], full[generic[row]], looks[generic[row]]) for row in rows
        )
        panels.append(Panel(title, str(table["dataset"][rows[0]]), "", arms))
    return Layout(tuple(panels), _columns([panel.dataset for panel in panels]))


def _full_labels(generic: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """Legend text of each generic line; where sample counts differ by data set, all of them."""
    variants: dict[str, dict[str, None]] = {}
    for key, label in zip(generic, labels, strict=True):
        variants.setdefault(key, {})[label if _COUNT.search(label) else key] = None
    full = {}
    for key, found in variants.items():
        counts = " or ".join(match[1] for label in found if (match := _COUNT.search(label)))
        full[key] = key.replace("(all)", f"(all {counts})") if counts else key
    return full


_COUNT = re.compile(r"\(all ([\d,]+)\)")
_BARE = re.compile(r"[-+\d.,e \[\]]+|true|false|none|null", re.IGNORECASE)


def label_of(row: pd.Series, axes: Sequence[str], *, generic: bool = False) -> str:
    """Join the values of `axes`; bare numbers get the name of their axis, `generic` drops sample counts."""
    parts = []
    for axis in axes:
        value = str(row[axis])
        if not value:
            continue
        if _BARE.fullmatch(value):
            value = f"{axis.rpartition('.')[2].replace('_', ' ')} {value}"
        parts.append(_COUNT.sub("(all)", value) if generic else value)
    return SEPARATOR.join(parts)


def _columns(groups: Sequence[object]) -> int:
    """Panels side by side: one row a group where groups are equally long and fit, else as many as fit."""
    sizes = {groups.count(group) for group in groups}
    if len(sizes) == 1 and 1 < (size := sizes.pop()) <= MOST_COLUMNS:
        return size
    return min(len(groups), 3 if len(groups) in (3, 5, 6, 9) else MOST_COLUMNS)
