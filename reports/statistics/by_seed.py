"""The values of arms by seed, told apart by whether they are numbers, dead or missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.choosing import died
from harness.intervals import Floats
from reports.statistics.counting import counted


@dataclass(frozen=True)
class BySeed:
    """A metric of some arms on the seeds that all of them have.

    Attributes
    ----------
    seeds : ndarray, shape (n,)
        Those on which each arm has a run that died or has a value; in order.
    missing : int
        Further seeds, on which some arm has a run.
    values : ndarray, shape (n, arms)
        As measured, or their logarithms to the base 2; whatever was left where a run died.
    counted : ndarray, shape (n, arms)
        As they count in medians and ranks: `counting.counted`.
    lost : ndarray of bool, shape (n, arms)
        The run died, or its value is infinite, or has no logarithm where one is asked for.
    repeated : str
        An arm with several runs on a seed, of which none is the arm's: there are no seeds then. Else empty.
    """

    seeds: NDArray[np.int64]
    missing: int
    values: Floats
    counted: Floats
    lost: NDArray[np.bool_]
    repeated: str = ""

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Seeds on which no arm died, shape (n,)."""
        return np.asarray(~self.lost.any(axis=1))


class Metric:
    """A metric of the runs of a study, laid out by seed and arm once for all comparisons.

    Parameters
    ----------
    runs : DataFrame
        One row a run: `arm, seed, outcome, status, majority_accuracy` and `name`. A run that names no seed
        has it in common with no other.
    name : str
    logarithmic : bool
        Whether values enter by their logarithm to the base 2. What counts in ranks is not touched by it.
    """

    def __init__(self, runs: pd.DataFrame, name: str, *, logarithmic: bool = False) -> None:
        arms, of_arm = np.unique(runs["arm"].to_numpy(dtype=str), return_inverse=True)
        self._seeds, of_seed = np.unique(_seeds(runs), return_inverse=True)
        self._places = {str(arm): place for place, arm in enumerate(arms)}
        shape = len(self._seeds), len(arms)
        found = runs[name].to_numpy(dtype=float)
        died_there = died(runs).to_numpy(dtype=bool) | np.isinf(found)
        if logarithmic:
            died_there |= found <= 0
            found = np.log2(found, where=found > 0, out=np.full(len(found), np.nan))
        self._values, self._counted = np.full(shape, np.nan), np.full(shape, np.nan)
        self._lost, self._known = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        self._runs = np.zeros(shape, dtype=np.int64)
        self._values[of_seed, of_arm] = found
        self._counted[of_seed, of_arm] = counted(runs, name)
        self._lost[of_seed, of_arm] = died_there
        self._known[of_seed, of_arm] = died_there | ~np.isnan(found)
        np.add.at(self._runs, (of_seed, of_arm), 1)

    def of(self, arms: Sequence[str]) -> BySeed:
        """Return what is known of some arms, in their order."""
        places = [self._places[arm] for arm in arms if arm in self._places]
        runs = self._runs[:, places]
        repeated = next((arm for arm in arms if (self._runs[:, self._places.get(arm, [])] > 1).any()), "")
        common = np.asarray(self._known[:, places].all(axis=1))
        if repeated or not arms or len(places) < len(arms):
            nothing = np.empty((0, len(arms)))
            return BySeed(
                self._seeds[:0], int(runs.any(axis=1).sum()), nothing, nothing, nothing > 0, repeated
            )
        return BySeed(
            seeds=self._seeds[common],
            missing=int((runs.any(axis=1) & ~common).sum()),
            values=self._values[common][:, places],
            counted=self._counted[common][:, places],
            lost=self._lost[common][:, places],
        )


def _seeds(runs: pd.DataFrame) -> NDArray[np.int64]:
    """Return the seeds of runs, for those that name none a number below 0 of their own."""
    own = pd.Series(-1 - np.arange(len(runs)), index=runs.index, dtype="Int64")
    return np.asarray(runs["seed"].astype("Int64").fillna(own), dtype=np.int64)
