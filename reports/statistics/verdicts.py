"""Verdicts: what the runs of a study say of each of its claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from harness.intervals import LEAST_SEEDS
from harness.quantities import lost_by
from reports.statistics import contrasts
from reports.statistics.by_seed import Metric
from reports.statistics.comparable import incomparable
from reports.statistics.contrasts import Contrast
from reports.statistics.judging import INCONCLUSIVE, judge, overall, tally
from reports.statistics.levels import Levels
from reports.statistics.quantities import as_at, column
from reports.statistics.witnesses import existence, finished, identity

ESTIMATED = ("difference", "trend")
"""Kinds of claims that an interval decides, and that share the study's error."""
CELL_COLUMNS = [
    "claim", "kind", "cell", "metric", "at", "values", "verdict", "how", "reason", "level", "interval",
    *contrasts.COLUMNS,
]  # fmt: skip
CLAIM_COLUMNS = [
    "claim", "sentence", "kind", "metric", "at", "values", "direction", "margin", "population", "scope",
    "cells", "supported", "refuted", "verdict", "how", "reason", "cell", "seeds", "effect", "low", "high",
    "level", "interval",
]  # fmt: skip


@dataclass(frozen=True)
class Verdicts:
    """What the runs of a study say of its claims.

    Attributes
    ----------
    cells : DataFrame
        One row a cell of a claim: `CELL_COLUMNS`.

        - `metric`, `at` and `values`: the quantity, at the start or the end, and whether effects are of it or
          of its logarithm to the base 2, in doublings.
        - `verdict`: supported, refuted or inconclusive, for the `reason`; `how` a difference or trend is
          refuted: reversed, no difference that matters, too small.
        - `effect` with `low` and `high`, in the claimed direction, at `level`: that of the interval by which
          the cell was judged, which is wider where it decides the claim alone. `interval` says whose it is,
          t or Nadeau-Bengio; of an identity the greatest distance, of an existence the farthest value.
        - The others are those of `differences`, which describes them. `improvement` is the probability
          that a run of the one arm is beyond one of the other in the claimed direction; `detectable` the
          effect that so many seeds would support in 4 of 5 cases, the margin included; `needed_seeds` how
          many would decide in 4 of 5 cases, were the effect as seen.
    claims : DataFrame
        One row a claim, in the study's order: `CLAIM_COLUMNS`. `cells` counts those judged, `supported` and
        `refuted` of them; `cell`, and what follows it, is that of the cell that decides.
    """

    cells: pd.DataFrame
    claims: pd.DataFrame


def verdicts(
    claims: Sequence[Mapping[str, Any]],
    runs: pd.DataFrame,
    *,
    generator: np.random.Generator,
    target: Mapping[str, Any] | None = None,
) -> Verdicts:
    """Judge the claims of a study.

    Parameters
    ----------
    claims : sequence of mapping
        All claims of the study document, in order: the number of differences and trends among them sets
        the level of each interval, 1 - 0.05/k; where one cell decides alone, `levels.Levels`.
    runs : DataFrame
        The reported runs at the chosen value of what is tuned: `arm, seed, outcome, status,
        majority_accuracy` and the quantities of the claims, as `quantities.with_quantities` calls them.
    generator : numpy.random.Generator
        For the bootstrap, and for permutations of more than 32 seeds; neither decides anything.
    target : mapping or None
        That of the study, with its `metric`.
    """
    until = str((target or {}).get("metric", ""))
    estimated = [claim for claim in claims if claim["kind"] in ESTIMATED]
    missing = {_column(claim) for claim in claims} - set(runs.columns)
    runs = runs.assign(**dict.fromkeys(missing, nan))
    judged = [_cells(claim, runs, len(estimated), generator, until) for claim in claims]
    confirmatory = [row for rows in judged for row in rows if row["kind"] in ESTIMATED]
    contrasts.tested([row for row in confirmatory if "p" in row], len(confirmatory))
    told = [_claim(claim, rows) for claim, rows in zip(claims, judged, strict=True)]
    every = [row for rows in judged for row in rows]
    return Verdicts(pd.DataFrame(every, columns=CELL_COLUMNS), pd.DataFrame(told, columns=CLAIM_COLUMNS))


def _cells(
    claim: Mapping[str, Any], runs: pd.DataFrame, estimated: int, generator: np.random.Generator, until: str
) -> list[dict[str, Any]]:
    cells = claim.get("cells") or []
    known = {"claim": claim["name"], "kind": claim["kind"], **_about(claim)}
    runs = as_at(runs, known["at"])
    if claim["kind"] in ESTIMATED:
        rows = _estimated(claim, cells, runs, estimated, generator, until)
    elif claim["kind"] == "identity":
        metric = Metric(finished(runs), _column(claim))
        rows = [
            _refused(why) | {"interval": ""}
            if (
                why := incomparable(
                    runs, list(cell["weights"]), claim["metric"], kind="identity", target=until
                )
            )
            else identity(metric, list(cell["weights"]), claim["tolerance"])
            for cell in cells
        ]
    else:
        rows = [existence(finished(runs), claim, cell["arms"], _column(claim)) for cell in cells]
    return [known | {"cell": cell["name"]} | row for cell, row in zip(cells, rows, strict=True)]


def _estimated(
    claim: Mapping[str, Any],
    cells: Sequence[Mapping[str, Any]],
    runs: pd.DataFrame,
    estimated: int,
    generator: np.random.Generator,
    until: str,
) -> list[dict[str, Any]]:
    whys = [incomparable(runs, list(cell["weights"]), claim["metric"], target=until) for cell in cells]
    able = [cell for cell, why in zip(cells, whys, strict=True) if not why]
    levels = Levels.of(estimated, len(cells), claim["scope"])
    rows = iter(_compared(claim, able, runs, levels, generator))
    interval = "Nadeau-Bengio" if claim["population"] == "data" else "t"
    return [
        (_refused(why) | {"level": levels.one} if why else next(rows)) | {"interval": interval}
        for why in whys
    ]


def _about(claim: Mapping[str, Any]) -> dict[str, str]:
    """Return what a claim is about; studies swept before there was a choice are about ends."""
    return {"metric": claim["metric"], "at": claim.get("at", "end"), "values": claim.get("values", "linear")}


def _column(claim: Mapping[str, Any]) -> str:
    return column(str(claim["metric"]), str(claim.get("at", "end")))


def _refused(why: str) -> dict[str, Any]:
    """Return the row of a cell that compares what does not compare: it has no effect and no interval."""
    found = {"seeds": 0, "dead": 0, "missing": 0, "effect": nan, "low": nan, "high": nan}
    return found | {"absent": why, "p_note": why, "verdict": INCONCLUSIVE, "how": "", "reason": why}


def _compared(
    claim: Mapping[str, Any],
    cells: Sequence[Mapping[str, Any]],
    runs: pd.DataFrame,
    levels: Levels,
    generator: np.random.Generator,
) -> list[dict[str, Any]]:
    """Judge each cell, by the interval at the claim's level or, where it decides alone, by a wider one."""
    new_data, margin = claim["population"] == "data", float(claim["margin"])
    ends = ("data_low", "data_high") if new_data else ("low", "high")
    metric = Metric(runs, _column(claim), logarithmic=claim.get("values") == "log2")
    lost = lost_by(str(claim["metric"]), claim.get("values", "linear"))
    asked = [
        Contrast(
            cell["weights"], levels.one, cell.get("test_per_training"), new_data, margin, LEAST_SEEDS,
            levels.support, levels.refutation,
        )
        for cell in cells
    ]  # fmt: skip
    rows = contrasts.contrasts(metric, asked, generator)
    alone = [place for place, row in enumerate(rows) if levels.alone(row[ends[0]], row[ends[1]], margin)]
    wide = [replace(asked[place], confidence=levels.several) for place in alone]
    for place, row in zip(alone, contrasts.contrasts(metric, wide, generator), strict=True):
        rows[place] = row
    for place, row in enumerate(rows):
        row |= {"level": asked[place].confidence if place not in alone else levels.several}
        row |= {"low": row[ends[0]], "high": row[ends[1]], "lost": lost}
        verdict, how, reason = judge(row, margin, lost)
        if place in alone and verdict == INCONCLUSIVE and row["seeds"] >= LEAST_SEEDS:
            reason += f"; one of {len(cells)} cells decides alone at {100 * levels.several:.4g} % only"
        row |= {"verdict": verdict, "how": how, "reason": reason}
    return rows


def _claim(claim: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    keys = ("sentence", "kind", "direction", "margin", "population", "scope")
    scope = str(claim.get("scope", "any" if claim["kind"] == "existence" else "all"))
    told: dict[str, Any] = {"claim": claim["name"], **{key: claim.get(key) for key in keys}, "scope": scope}
    told |= _about(claim)
    told |= dict.fromkeys(("how", "cell", "interval"), "") | {"cells": len(rows), "seeds": 0}
    if not rows:
        lacking = "no arms in the grid to compare" if "cells" in claim else "the store does not say its arms"
        lacking = str(claim.get("untested") or lacking)
        return told | {"supported": 0, "refuted": 0, "verdict": INCONCLUSIVE, "reason": lacking}
    verdict, place = overall(rows, scope)
    for each in ("supported", "refuted"):
        told[each] = sum(row["verdict"] == each for row in rows)
    told |= {key: rows[place].get(key) for key in CLAIM_COLUMNS[CLAIM_COLUMNS.index("how") :]}
    reason = tally(rows, scope) if len(rows) > 1 else rows[0]["reason"]
    return told | {"verdict": verdict, "reason": reason}
