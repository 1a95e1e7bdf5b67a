"""The training loss within the window of every update, of one seed: whether it falls smoothly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.choosing import died

if TYPE_CHECKING:
    from reports.comparison import Comparison

COLUMNS = ["arm", "seed", "update", "train_loss", "relative"]


def window_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the training loss of one reported seed after every update of `diagnostics.window`.

    Returns
    -------
    DataFrame
        `COLUMNS`, ordered by update: `relative` is the loss by that at the window's start. The seed is the
        lowest that most arms have and that lived in them. Empty for a study without windows.
    """
    windows = comparison.spec.get("windows") or {}
    runs = comparison.chosen[comparison.chosen["arm"].isin(list(windows))]
    runs = runs[~died(runs)]
    if runs.empty or "train_loss" not in comparison.history.columns:
        return pd.DataFrame(columns=COLUMNS)
    seed = runs.groupby("seed")["arm"].nunique().idxmax()
    mine = runs.loc[runs["seed"] == seed, ["run_id", "arm", "seed"]].drop_duplicates("arm")
    rows = comparison.history[["run_id", "update", "train_loss"]].dropna().merge(mine, on="run_id")
    ends = pd.DataFrame([windows[arm] for arm in rows["arm"]], rows.index, ["first", "last"])
    rows = rows[(rows["update"] >= ends["first"]) & (rows["update"] <= ends["last"])]
    start = rows.groupby("arm")["train_loss"].transform("first")
    return rows.assign(relative=rows["train_loss"] / start).reindex(columns=COLUMNS)
