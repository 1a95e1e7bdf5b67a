"""The training samples of runs that train together, by their places in each run's order."""

import numpy as np

from harness.engine.arrays import Floats, Integers
from harness.engine.run import Data, Run


class Samples:
    """Inputs (M, D) or with biases (M, D + 1), targets (M, K) and weights (M,) of S runs.

    Runs that share their data share the rows.
    """

    def __init__(self, runs: list[Run]) -> None:
        kind = runs[0]
        distinct: dict[int, Data] = {id(run.data): run.data for run in runs}
        splits = [data.train for data in distinct.values()]
        weights = [split.weight for split in splits if split.weight is not None]
        self.x = _joined([split.inputs(kind.network.bias) for split in splits])
        self.y = _joined([split.y for split in splits])
        self.weight = _joined(weights) if weights else None
        place = {key: index for index, key in enumerate(distinct)}
        self.offset = np.array([place[id(run.data)] for run in runs])[:, None] * kind.samples

    def places(self, order: Integers, first: int, last: int) -> Integers:
        """Return the rows of the places `first` to `last` of an epoch, shape (S, last - first).

        Parameters
        ----------
        order : ndarray, shape (S, N)
            Of no columns where samples are taken as given.
        """
        ordered = order[:, first:last] if order.shape[1] else np.arange(first, last)
        rows: Integers = ordered + self.offset
        return rows


def _joined(parts: list[Floats]) -> Floats:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
