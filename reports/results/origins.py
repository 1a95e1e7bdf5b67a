"""What made the runs of all studies together: commits, libraries, machines."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from reports import prose
from reports.arms import natural
from reports.plain_text import plain
from reports.results.answers import Answer

CHANGED = "-dirty"
"""What a commit ends with whose tree had changes that were not committed."""
UNKNOWN = "unknown"


def platforms(answers: Iterable[Answer]) -> pd.DataFrame:
    """Count the runs by what made them.

    Returns
    -------
    DataFrame
        ``name``, ``value``, ``runs``: as `harness.tracking.origins.Origins.platform`, over all studies.
    """
    every = [each.comparison.origins.platform for each in answers if each.comparison is not None]
    columns = ["name", "value", "runs"]
    table = pd.concat([pd.DataFrame(columns=columns), *(each for each in every if len(each))])[columns]
    table = table.groupby(["name", "value"], as_index=False, sort=True)["runs"].sum()
    table = table.assign(name=table["name"].map(plain), value=table["value"].map(plain))
    order = sorted(range(len(table)), key=lambda row: [natural(text) for text in table.iloc[row, :2]])
    return table.iloc[order].reset_index(drop=True)


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
    made = dict(zip(found["value"], found["runs"].astype(int), strict=True))
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
        said += ", of which those that end in -dirty had changes that were not committed"
    return f"{said}."
