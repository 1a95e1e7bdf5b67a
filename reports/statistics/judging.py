"""The verdict on one comparison, by where its interval lies; and on a claim, by those on its cells."""

from collections.abc import Mapping, Sequence
from math import isfinite, isnan
from typing import Any

import numpy as np

from harness.intervals import LEAST_SEEDS
from reports.statistics.contrasts import counted_seeds

SUPPORTED, REFUTED, INCONCLUSIVE = "supported", "refuted", "inconclusive"
REVERSED, IMMATERIAL, SMALL = "reversed", "no difference that matters", "too small"
"""How a difference or trend is refuted."""
Judged = tuple[str, str, str]
"""A verdict, how a refuted claim is, and a sentence that says why."""


def judge(row: Mapping[str, Any], margin: float, lost: str = "died") -> Judged:
    """Judge the mean of a comparison.

    Parameters
    ----------
    row : mapping
        `seeds`, `dead`, `repeated`, `low`, `high` (the interval that decides, in the claimed direction)
        and `needed_seeds`.
    margin : float
        What matters, from 0 on.
    lost : str
        What became of the seeds that leave no mean.
    """
    seeds, dead, low, high = int(row["seeds"]), int(row["dead"]), float(row["low"]), float(row["high"])
    if row["repeated"]:
        return INCONCLUSIVE, "", f"{row['repeated']} has several runs on one seed, none of which is the arm's"
    if not seeds:
        return INCONCLUSIVE, "", "there is no seed that all its arms have"
    if dead:
        return INCONCLUSIVE, "", f"{dead} of {counted_seeds(seeds)} {lost}: there is no interval of a mean"
    if seeds < LEAST_SEEDS:
        few = f"{counted_seeds(seeds)}: below {LEAST_SEEDS} every verdict is inconclusive"
        return INCONCLUSIVE, "", few
    if isnan(low) or isnan(high):
        return INCONCLUSIVE, "", "there is no interval for new data: nothing was held out"
    found = _placed(low, high, margin, float(row["needed_seeds"]))
    return (*found[:2], f"{found[2]}; all seeds agree exactly") if low == high else found


def _placed(low: float, high: float, margin: float, needed: float) -> Judged:
    bound = "the margin" if margin else "0"
    if low > margin:
        return SUPPORTED, "", f"the whole interval lies above {bound}"
    if high < margin:
        if high < 0:
            less = ", by less than the margin" if low > -margin else ""
            return REFUTED, REVERSED, f"the whole interval lies below 0: it is the other way round{less}"
        if low > -margin:
            return (
                REFUTED,
                IMMATERIAL,
                "the whole interval lies within the margin: no difference that matters",
            )
        return REFUTED, SMALL, "the whole interval lies below the margin: too small"
    enough = f"{needed:,.0f} seeds" if isfinite(needed) else "no number of seeds"
    return (
        INCONCLUSIVE,
        "",
        f"{bound} lies within the interval; {enough} would decide, were the effect as seen",
    )


def overall(cells: Sequence[Mapping[str, Any]], scope: str) -> tuple[str, int]:
    """Return the verdict on a claim, and the place of the cell that decides it.

    Parameters
    ----------
    cells : sequence of mapping
        At least one: `verdict`, `low`, `high`.
    scope : str
        ``all``: supported if every cell is, refuted if one is; ``any``: the other way round.
    """
    decisive = REFUTED if scope == "all" else SUPPORTED
    unanimous = SUPPORTED if scope == "all" else REFUTED
    verdicts = [str(cell["verdict"]) for cell in cells]
    if decisive in verdicts:
        verdict = decisive
    elif set(verdicts) == {unanimous}:
        verdict = unanimous
    else:
        verdict = INCONCLUSIVE
    places = [place for place, each in enumerate(verdicts) if each == verdict]
    bound = "high" if verdict == REFUTED else "low"
    bounds = np.array([float(cells[place].get(bound, np.nan)) for place in places])
    # A cell without an interval is the weakest of all: it decides where every cell has to hold.
    bounds[np.isnan(bounds)] = -np.inf
    return verdict, places[int(bounds.argmin() if scope == "all" else bounds.argmax())]


def tally(cells: Sequence[Mapping[str, Any]], scope: str) -> str:
    """Say of several cells how many are what."""
    verdicts = [cell["verdict"] for cell in cells]
    told = [
        f"{verdicts.count(each)} {each}" for each in (SUPPORTED, REFUTED, INCONCLUSIVE) if each in verdicts
    ]
    asked = "all of them" if scope == "all" else "any of them"
    return f"{', '.join(told)} of {len(cells)} cells; the claim is about {asked}"
