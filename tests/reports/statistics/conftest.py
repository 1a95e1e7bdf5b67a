"""Frames of runs whose values are given, by arm and seed."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import pytest


def runs_of(
    values: Mapping[str, Sequence[float | str]], metric: str = "test_accuracy", majority: float = 0.1
) -> pd.DataFrame:
    """Return a run for each value, its place the seed; "diverged" and "failed" are runs that ended so."""
    return pd.DataFrame(
        [
            {
                "arm": arm,
                "seed": seed,
                "status": "FAILED" if value == "failed" else "FINISHED",
                "outcome": value if isinstance(value, str) else "exhausted",
                "majority_accuracy": majority,
                # What a dead run left as its last value flatters it.
                metric: 0.99 if isinstance(value, str) else value,
            }
            for arm, each in values.items()
            for seed, value in enumerate(each)
        ]
    )


@pytest.fixture(name="runs_of", scope="session")
def runs_of_fixture() -> Callable[..., pd.DataFrame]:
    return runs_of
