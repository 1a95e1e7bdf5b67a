"""Published figures, and what our runs have in their place: a row a figure."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reports.statistics import counted
from reports.statistics.quantities import as_at, column
from reports.statistics.witnesses import finished

if TYPE_CHECKING:
    from reports.comparison import Comparison

AGREES, DIFFERS, NOT_MEASURED = "agrees", "differs", "not measured"
COLUMNS = [
    "name", "source", "what", "theirs", "metric", "at", "ours", "lowest", "highest", "low", "high", "runs",
    "agrees", "note",
]  # fmt: skip


def published_rows(comparison: Comparison) -> pd.DataFrame:
    """Put our runs beside the study's published figures.

    Returns
    -------
    DataFrame
        One row a figure, in the study's order: `COLUMNS`. `ours` is the median over the `runs` of the arms
        that the figure is about, a run a seed and arm, `lowest` and `highest` the least and the greatest;
        dead ones count as in medians. `agrees`: "agrees" within `low` to `high`, a bound that is not given
        being infinite, "differs" beyond, "not measured" without a run that has the value. `note` says why
        ours may differ.
    """
    rows = [_row(entry, comparison.quantities) for entry in comparison.spec.get("published") or []]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(entry: Mapping[str, Any], runs: pd.DataFrame) -> dict[str, Any]:
    at = str(entry.get("at", "end"))
    mine = as_at(runs[runs["arm"].isin(entry.get("arms") or [])], at)
    values = counted(finished(mine), column(str(entry["metric"]), at))
    values = values[~np.isnan(values)]
    low, high = (_bound(entry.get(key), missing) for key, missing in (("low", -inf), ("high", inf)))
    row: dict[str, Any] = {key: entry.get(key) or "" for key in ("name", "source", "what", "theirs", "note")}
    row |= {"metric": entry["metric"], "at": at, "low": low, "high": high, "runs": len(values)}
    if not len(values):
        return row | dict.fromkeys(("ours", "lowest", "highest"), np.nan) | {"agrees": NOT_MEASURED}
    ours = float(np.median(values))
    row |= {"ours": ours, "lowest": float(values.min()), "highest": float(values.max())}
    return row | {"agrees": AGREES if low <= ours <= high else DIFFERS}


def _bound(value: object, missing: float) -> float:
    return missing if value is None else float(str(value))
