"""The training loss within the window of every update, of one seed: whether it falls smoothly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.choosing import died

if TYPE_CHECKING:
    from reports.comparison import Comparison

COLUMNS = ["arm", "seed", "update", "train_loss", "relative", "whole"]


def window_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the training loss of one reported seed after every update of `diagnostics.window`.

    Returns
    -------
    DataFrame
        `COLUMNS`, ordered by update: `relative` is the loss by that at the window's start, `whole` whether
        the arm's run went on to the window's end. The seed is the lowest of those that lived, and went on so
        far, in most arms. Empty for a study without windows.
    """
    windows = comparison.spec.get("windows") or {}
    runs = comparison.chosen[comparison.chosen["arm"].isin(list(windows))]
    runs = runs[~died(runs)]
    if runs.empty or "train_loss" not in comparison.history.columns:
        return pd.DataFrame(columns=COLUMNS)
    last = comparison.history.groupby("run_id")["update"].max()
    planned = runs["arm"].map({arm: window[1] for arm, window in windows.items()})
    runs = runs.assign(whole=runs["run_id"].map(last) >= planned)
    # Rather a seed with whole windows than one with more arms.
    tally = runs.groupby("seed").agg(whole=("whole", "sum"), arms=("arm", "nunique"))
    seed = tally.sort_values(["whole", "arms"], ascending=False, kind="stable").index[0]
    mine = runs.loc[runs["seed"] == seed, ["run_id", "arm", "seed", "whole"]].drop_duplicates("arm")
    rows = comparison.history[["run_id", "update", "train_loss"]].dropna().merge(mine, on="run_id")
    ends = pd.DataFrame([windows[arm] for arm in rows["arm"]], rows.index, ["first", "last"])
    rows = rows[(rows["update"] >= ends["first"]) & (rows["update"] <= ends["last"])]
    start = rows.groupby("arm")["train_loss"].transform("first")
    return rows.assign(relative=rows["train_loss"] / start).reindex(columns=COLUMNS)
