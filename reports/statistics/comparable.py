"""Whether arms have a metric in common that compares at all: rules for stores whose claims nobody checked."""

from collections.abc import Sequence

import pandas as pd

from harness.record import OWN_LOSSES


def incomparable(runs: pd.DataFrame, arms: Sequence[str], metric: str) -> str:
    """Say why arms do not compare on a metric; nothing if they do, as far as their runs tell.

    Scores of different data sets do not compare, nor do own losses of different kinds, scales and other
    keys of the loss.

    Parameters
    ----------
    runs : DataFrame
        `arm` and, where they are known, `dataset`, `loss` and the keys of the loss, such as `loss.scale`.
    """
    mine = runs[runs["arm"].isin(list(arms))]
    if "dataset" in mine.columns and mine["dataset"].nunique() > 1:
        return "scores of different data sets do not compare"
    if metric not in OWN_LOSSES:
        return ""
    keys = [name for name in map(str, mine.columns) if name.split(".")[0] == "loss"]
    varied = [key for key in keys if mine[key].astype(str).nunique() > 1]
    return f"own losses do not compare: the arms differ in {varied[0]}" if varied else ""
