"""What final scores along a compared key draw: arms that differ in one number alone are one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from reports.arms import label_of, lay_out

if TYPE_CHECKING:
    from reports.comparison import Comparison

COLUMNS = [
    "key", "dataset", "panel", "line", "at", "arm", "metric", "shown", "seed", "value", "low", "high", "kind",
    "seeds", "dead",
]  # fmt: skip
FEWEST = 3
"""Values of a key from which on a line says more than its arms do one by one."""


def along_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the final scores of every reported run and arm, by the numbers that arms differ in.

    Returns
    -------
    DataFrame
        `COLUMNS`: the rows of `final_rows.final_rows` once for each compared key of which some line has
        three values or more, the key with the most values first. `at` is the arm's value of the `key`,
        `line` what arms have in common that differ in it alone, and `panel` where the line is drawn.
        Arms whose value is no number are left out, levels (the majority class's accuracy) belong to no
        line.
    """
    found = [rows for key in comparison.axes if len(rows := _of(comparison, key))]
    found.sort(key=lambda rows: -rows["at"].nunique())
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


def _of(comparison: Comparison, key: str) -> pd.DataFrame:
    """Return the rows of one key; none if no line has values enough."""
    arms = comparison.reported_first.set_index("arm")
    if key not in arms.columns:
        return pd.DataFrame()
    at = numbers(arms[key].astype(str), key).dropna()
    lines = lines_along(comparison, arms.loc[at.index], key).assign(at=at)
    sizes = lines.groupby(["panel", "line"])["at"].nunique()
    if sizes.empty or sizes.max() < FEWEST:
        return pd.DataFrame()
    finals = comparison.finals
    datasets = set(arms.loc[at.index, "dataset"])
    levels = finals[(finals["shown"] == "majority") & finals["dataset"].isin(datasets)]
    mine = finals[finals["shown"] != "majority"].join(lines, on="arm", how="inner")
    groups = [
        rows.sort_values(["order", "at"], kind="stable")
        for _, rows in mine.groupby(["dataset", "metric"], sort=False)
    ]
    return pd.concat([*groups, levels], ignore_index=True).assign(key=key).reindex(columns=COLUMNS)


def numbers(texts: pd.Series, key: str) -> pd.Series:
    """Read the values of a compared key as figures write them, ``depth 6`` or ``mini-batch (32)``.

    Not a number where it is none.
    """
    if key == "optimizer.batch_size":
        texts = texts.str.extract(r"\((?:all )?([\d,]+)\)$", expand=False).str.replace(",", "")
    return pd.to_numeric(texts.str.removeprefix(f"{key.rpartition('.')[2]} "), errors="coerce")


def lines_along(comparison: Comparison, arms: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the `panel`, `line` and drawing `order` of each arm, as `arms.lay_out` shares lines out."""
    same = {key, "optimizer"} if key == "optimizer.batch_size" else {key}
    other = [axis for axis in comparison.axes if axis not in same and axis in arms.columns]
    table = arms[list(dict.fromkeys(["dataset", *other]))].fillna("").astype(str)
    named = [label_of(row, list(table.columns)) for _, row in table.iterrows()]
    layout = lay_out(table.assign(arm=named), other)
    place = {
        arm.name: (panel.title, arm.line, order)
        for order, (panel, arm) in enumerate((panel, arm) for panel in layout.panels for arm in panel.arms)
    }
    return pd.DataFrame([place[name] for name in named], arms.index, ["panel", "line", "order"])
