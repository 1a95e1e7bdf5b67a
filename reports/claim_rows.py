"""What the forest plot of a study's claims draws: a row for each cell that an interval decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from reports.statistics import Verdicts

ESTIMATED = ("difference", "trend")
"""Kinds of claims that an interval decides."""


def claim_rows(verdicts: Verdicts) -> pd.DataFrame:
    """Return the cells of the claims that an interval decides.

    Returns
    -------
    DataFrame
        The columns of `verdicts.cells` but `cell`, which is the `label` of a row; its `group` is the
        claim. `sentence, direction, margin, population, scope` are the claim's.
    """
    claims = verdicts.claims[["claim", "sentence", "direction", "margin", "population", "scope"]]
    cells = verdicts.cells[verdicts.cells["kind"].isin(ESTIMATED)].merge(claims, on="claim", how="left")
    # Two claims may say the same of two metrics: a panel is a claim's, whatever its sentence.
    named = cells.assign(group=cells["claim"], label=cells["cell"].replace("", "all arms"))
    about = ["direction", "margin", "population", "scope"]
    first = ["group", "sentence", "label", "claim", "kind", "metric", "at", "values", *about]
    rest = [name for name in verdicts.cells.columns if name not in (*first, "cell")]
    return named[[*first, *rest]].reset_index(drop=True)
