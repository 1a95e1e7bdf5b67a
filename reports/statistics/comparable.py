"""Whether arms have a metric in common that compares at all: rules for stores whose claims nobody checked."""

from collections.abc import Sequence

import pandas as pd

from harness.quantities import FREE, NOT_COMPARED, depends_on_loss, find


def incomparable(
    runs: pd.DataFrame, arms: Sequence[str], metric: str, *, kind: str = "difference", target: str = ""
) -> str:
    """Say why arms do not compare on a metric; nothing if they do, as far as their runs tell.

    Scores of different data sets do not compare, nor does what depends on the loss between losses: own
    losses of different kinds, scales and other keys, times until they halve, levels of gradients.

    Parameters
    ----------
    runs : DataFrame
        `arm` and, where they are known, `dataset`, `loss` and the keys of the loss, such as `loss.scale`.
    kind : str
        Of the claim.
    target : str
        The metric of the study's target: times until it compare where it does. Empty: not known.
    """
    mine = runs[runs["arm"].isin(list(arms))]
    if "dataset" in mine.columns and mine["dataset"].nunique() > 1:
        return "scores of different data sets do not compare"
    asked = find(metric)
    if asked is not None and asked.needs_target:
        asked = find(target)
    if asked is None or not depends_on_loss(asked, kind):
        return ""
    free = FREE[asked.compares]
    keys = [name for name in map(str, mine.columns) if name.split(".")[0] == "loss" and name not in free]
    varied = [key for key in keys if mine[key].astype(str).nunique() > 1]
    return f"{NOT_COMPARED[asked.compares]}: the arms differ in {varied[0]}" if varied else ""
