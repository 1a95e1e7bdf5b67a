"""What the trends of a study's claims are about, along the number that each of them is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.choosing import died
from reports.along import COLUMNS, lines_along, numbers
from reports.statistics import counted, final_scores
from reports.statistics.quantities import column

if TYPE_CHECKING:
    from reports.comparison import Comparison


def trend_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the quantity of each trend that is claimed, of every reported run and arm.

    Returns
    -------
    DataFrame
        The columns of `along.along_rows`, a `metric` once for each key. "centre" is the mean over seeds with
        its t interval, and where the claim takes logarithms the geometric mean: that of which the slope is
        told. Trends without a cell in the grid have no row.
    """
    claims = [claim for claim in comparison.spec.get("claims") or [] if claim["kind"] == "trend"]
    found: dict[tuple[str, str], pd.DataFrame] = {}
    for claim in claims:
        place = str(claim["over"]), column(str(claim["metric"]), str(claim.get("at", "end")))
        rows = _of(comparison, claim, *place)
        found[place] = pd.concat([found[place], rows]) if place in found else rows
    kept = [rows.drop_duplicates(["arm", "shown", "seed"]) for rows in found.values() if len(rows)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=COLUMNS)


def _of(comparison: Comparison, claim: Mapping[str, Any], key: str, metric: str) -> pd.DataFrame:
    """Return the rows of one trend."""
    runs = comparison.quantities
    names = [arm for cell in claim.get("cells") or [] for arm in cell["weights"]]
    arms = comparison.reported_first.set_index("arm")
    names = [arm for arm in dict.fromkeys(names) if arm in arms.index]
    if not names or metric not in runs.columns or key not in arms.columns:
        return pd.DataFrame()
    runs = runs[runs["arm"].isin(names)]
    lines = lines_along(comparison, arms.loc[names], key).assign(
        at=numbers(arms.loc[names, key].astype(str), key), dataset=arms.loc[names, "dataset"]
    )
    seeds = runs[["arm", "seed"]].assign(
        shown="seed", value=counted(runs, metric), dead=died(runs).astype(int)
    )
    scores = final_scores(runs, names, [metric], geometric=claim.get("values") == "log2")
    centres = scores.rename(columns={"centre": "value"}).assign(shown="centre")
    rows = pd.concat([centres, seeds], ignore_index=True)
    rows = rows.assign(metric=metric, key=key).join(lines, on="arm")
    return rows.sort_values(["order", "at"], kind="stable").reindex(columns=COLUMNS)
