"""What the arms of two-dimensional data answer over their plane, as a store holds it of one seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from reports.comparison import Comparison

COLUMNS = [
    "arm",
    "dataset",
    "seed",
    "outcome",
    "kind",
    "update",
    "bounds",
    "values",
    "classes",
    "samples",
    "answers",
]
DIGITS = 4
"""Significant digits of a value in a CSV: as many as tell two colours apart, and more."""


def map_rows(comparison: Comparison) -> pd.DataFrame:
    """Fetch the decision maps of each arm's first reported seed.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row a map: arrays as `harness.tracking.read.maps` has them; `kind` is "shares" of
        classes, or "values" of a regression. No row where the store holds none, or the record was made
        by hand.
    """
    frames: list[pd.DataFrame] = []
    if comparison.uri is None:
        return pd.DataFrame(columns=COLUMNS)
    # MLflow takes seconds to import.
    from harness.tracking import read

    first = comparison.chosen.sort_values("seed", kind="stable").drop_duplicates("arm")
    for dataset in comparison.layout.datasets:
        mine = first[first["dataset"] == dataset]
        # All arms of a data set have maps or none has: one run tells.
        one = read.maps(list(mine["run_id"][:1]), uri=comparison.uri)
        if one.empty:
            continue
        rest = list(mine["run_id"][1:])
        found = pd.concat([one, read.maps(rest, uri=comparison.uri)], ignore_index=True) if rest else one
        kind = "shares" if comparison.goals(dataset)[0] == "test_accuracy" else "values"
        frames.append(
            found.merge(mine[["run_id", "arm", "dataset", "seed", "outcome"]], on="run_id").assign(kind=kind)
        )
    if not frames:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(frames, ignore_index=True).sort_values(["arm", "update"], kind="stable")[COLUMNS]


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return maps as a CSV holds them: limits in columns, a grid in one cell, row by row from the lowest.

    Samples, the two features of each in turn, stand beside the first map of an arm.
    """
    bounds = np.array([np.asarray(each, dtype=float) for each in frame["bounds"]]).reshape(-1, 4)
    limits = dict(zip(("first_low", "first_high", "second_low", "second_high"), bounds.T, strict=True))
    shapes = [np.shape(each) for each in frame["values"]]
    texts = {
        "values": [" ".join(f"{value:.{DIGITS}g}" for value in np.ravel(each)) for each in frame["values"]],
        "classes": [" ".join(map(str, np.ravel(each))) for each in frame["classes"]],
    }
    sizes = {"rows": [shape[0] for shape in shapes], "columns": [shape[1] for shape in shapes]}
    for name in {"samples", "answers"} & set(frame.columns):
        texts[name] = [" ".join(f"{value:.{DIGITS}g}" for value in np.ravel(each)) for each in frame[name]]
    once = frame["arm"].duplicated()
    table = frame.drop(columns=["bounds", "values", "classes"]).assign(**limits, **sizes, **texts)
    return table.assign(
        **{name: table[name].mask(once, "") for name in ("samples", "answers") if name in table}
    )
