"""What made the runs of all studies together: commits, libraries, machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from reports import prose
from reports.arms import natural
from reports.plain_text import plain

CHANGED = "-dirty"
"""What a commit ends with whose tree had changes that were not committed."""
UNKNOWN = "unknown"


def platforms(every: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Count the runs of several studies by what made them.

    Parameters
    ----------
    every : iterable of DataFrame
        Each ``name``, ``value``, ``runs``: `harness.tracking.origins.Origins.platform`.

    Returns
    -------
    DataFrame
        The same, over all of them.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for table in every:
        for row in table.to_dict("records"):
            counts[plain(row["name"]), plain(row["value"])] += int(row["runs"])
    pairs = sorted(counts, key=lambda pair: [natural(text) for text in pair])
    return pd.DataFrame([(*pair, counts[pair]) for pair in pairs], columns=["name", "value", "runs"])


def commits(platform: pd.DataFrame, runs: int) -> str:
    """Say by which commit the runs were made, and what is doubtful of it.

    Parameters
    ----------
    platform : DataFrame
        As `platforms`, of the runs meant.
    runs : int
        How many those are.
    """
    found = platform[platform["name"] == "commit"]
    made = {plain(row["value"]): int(row["runs"]) for row in found.to_dict("records")}
    untold = runs - sum(made.values()) + made.pop(UNKNOWN, 0)
    if not made:
        return "By which commit the runs were made is not known."
    if len(made) == 1 and not untold:
        said = f"All runs were made by commit {next(iter(made))}"
    else:
        told = [f"{commit} ({prose.counted(count, 'run')})" for commit, count in made.items()]
        told += [f"one that is not known ({prose.counted(untold, 'run')})"] if untold else []
        said = f"The runs were made by several commits: {', '.join(told)}"
    if any(commit.endswith(CHANGED) for commit in made):
        said += f" ({CHANGED}: its tree had changes that were not committed)"
    return f"{said}."
