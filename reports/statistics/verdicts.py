"""Verdicts: what the runs of a study say of each of its claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

CELL_COLUMNS = [
    "claim", "kind", "cell", "metric", "seeds", "dead", "missing", "effect", "low", "high", "level", "interval",
    "verdict", "how", "reason", "data_low", "data_high", "bca_low", "bca_high", "p", "p_holm", "p_note",
    "detectable", "needed_seeds", "correlation", "variance_ratio", "improvement", "improvement_low",
    "improvement_high", "living", "living_effect", "died_share", "died_low", "died_high",
]  # fmt: skip
CLAIM_COLUMNS = [
    "claim", "sentence", "kind", "metric", "direction", "margin", "population", "scope", "cells", "supported",
    "refuted", "verdict", "how", "reason", "cell", "seeds", "effect", "low", "high", "level", "interval",
]  # fmt: skip


@dataclass(frozen=True)
class Verdicts:
    """What the runs of a study say of its claims.

    Attributes
    ----------
    cells : DataFrame
        One row a cell of a claim, `CELL_COLUMNS`.
    claims : DataFrame
        One row a claim, in the study's order, `CLAIM_COLUMNS`.
    """

    cells: pd.DataFrame
    claims: pd.DataFrame


def verdicts(
    claims: Sequence[Mapping[str, Any]], runs: pd.DataFrame, *, generator: np.random.Generator
) -> Verdicts:
    """Judge the claims of a study.

    Parameters
    ----------
    claims : sequence of mapping
        All claims of the study document, in order; their number sets the level of each interval.
    runs : DataFrame
        The reported runs at the chosen value of what is tuned: `arm, seed, outcome, status,
        majority_accuracy` and the metrics of the claims.
    generator : numpy.random.Generator
        For the bootstrap and, from 22 seeds on, the permutations.
    """
    raise NotImplementedError
