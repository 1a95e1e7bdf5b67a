"""Claims that single runs decide: identities and existence."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.intervals import LEAST_SEEDS, Floats
from reports.statistics.by_seed import BySeed, Metric
from reports.statistics.contrasts import counted_seeds
from reports.statistics.counting import counted
from reports.statistics.judging import INCONCLUSIVE, REFUTED, SUPPORTED


def finished(runs: pd.DataFrame) -> pd.DataFrame:
    """Keep the runs that tell something: an error in one is neither a witness nor a counter-example."""
    return runs[(runs["outcome"] != "failed") & (runs["status"] != "FAILED")]


def same(one: Floats, other: Floats, tolerance: float) -> NDArray[np.bool_]:
    """Tell where two values agree: equal bit for bit, or apart by no more than a tolerance.

    An infinity agrees with itself alone, and so does what is not a number.
    """
    with np.errstate(invalid="ignore"):
        near = np.abs(one - other) <= tolerance
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)) | near)


def identity(metric: Metric, arms: Sequence[str], tolerance: float) -> dict[str, Any]:
    """Judge whether two arms are the same, seed by seed.

    One seed beyond the tolerance refutes it at any number of seeds: a run that diverged where the
    other lived is one. Support asks for `LEAST_SEEDS`.

    Parameters
    ----------
    metric : Metric
        Of `finished` runs.
    """
    found = metric.of(arms)
    one, other = found.values.T if len(found.seeds) else (np.empty(0), np.empty(0))
    diverged = found.lost.sum(axis=1) if len(found.seeds) else np.empty(0, dtype=int)
    agree = same(one, other, tolerance) & (diverged != 1)
    return _identity_row(found, agree, one, other) | {"dead": int((diverged > 0).sum())}


def _identity_row(found: BySeed, agree: NDArray[np.bool_], one: Floats, other: Floats) -> dict[str, Any]:
    seeds = len(found.seeds)
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other)
    apart = np.where(agree & ~np.isfinite(apart), 0.0, apart)
    row: dict[str, Any] = {"seeds": seeds, "missing": found.missing, "interval": "", "how": ""}
    row["effect"] = float(np.where(np.isnan(apart), np.inf, apart).max()) if seeds else nan
    if not agree.all():
        differ = int((~agree).sum())
        first = found.seeds[int((~agree).argmax())]
        said = f"they differ on {differ} of {counted_seeds(seeds)}, such as {first}"
        return row | {"verdict": REFUTED, "reason": said}
    if found.repeated:
        said = f"{found.repeated} has several runs on one seed, none of which is the arm's"
        return row | {"verdict": INCONCLUSIVE, "reason": said}
    if not seeds:
        return row | {"verdict": INCONCLUSIVE, "reason": "there is no seed that both arms have"}
    agreed = f"the same on {'the one seed' if seeds == 1 else f'all {seeds} seeds'}"
    if seeds < LEAST_SEEDS:
        return row | {"verdict": INCONCLUSIVE, "reason": f"{agreed}; {LEAST_SEEDS} are asked for"}
    return row | {"verdict": SUPPORTED, "reason": agreed}


def existence(
    runs: pd.DataFrame, claim: Mapping[str, Any], arms: Sequence[str], column: str
) -> dict[str, Any]:
    """Judge whether some run's metric is beyond a value.

    One run that is decides. That none is refutes nothing: another might be.

    Parameters
    ----------
    runs : DataFrame
        `finished` runs; one that diverged counts with infinite loss or the majority class's accuracy.
    claim : mapping
        `direction`, `value`.
    column : str
        Of `runs`: what it is about.
    """
    mine = runs[runs["arm"].isin(list(arms))]
    values = counted(mine, column)
    known = ~np.isnan(values)
    mine, values = mine[known], values[known]
    sign = 1.0 if claim["direction"] == "higher" else -1.0
    row: dict[str, Any] = {
        "seeds": mine["seed"].nunique(),
        "dead": int((mine["outcome"] == "diverged").sum()),
    }
    row |= {"missing": int((~known).sum()), "effect": nan, "interval": "", "how": ""}
    if not len(values):
        return row | {"verdict": INCONCLUSIVE, "reason": "there is no run to look at"}
    best = int(np.argmax(sign * values))
    row["effect"] = float(values[best])
    if sign * values[best] > sign * float(claim["value"]):
        run = mine.iloc[best]
        return row | {"verdict": SUPPORTED, "reason": f"{run['arm']}, seed {run['seed']}, is one"}
    runs_seen = "the one run is not" if len(values) == 1 else f"none of {len(values):,} runs is"
    return row | {"verdict": INCONCLUSIVE, "reason": f"{runs_seen}; that refutes nothing, another might be"}
