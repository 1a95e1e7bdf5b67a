"""The minima that runs ended in, where they keep their parameters."""

from __future__ import annotations

import pandas as pd

from reports import prose
from reports.cells import Part, Table, arm_labels, shown, words
from reports.comparison import Comparison
from reports.minima import AT_REST_STATES, STRICT
from reports.outline import Section

HEADERS = (
    "arm",
    "end",
    "seeds",
    "training loss",
    "above the least",
    "norm of the gradient",
    "smallest curvature",
)
CAPTION = (
    "Reported runs by where they ended, the least loss of an arm first. At rest: norm of the whole gradient "
    "below 1e-8. There a strict minimum has a smallest eigenvalue of the Hessian above 1e-6, a saddle one "
    "below −1e-6, and what is flat one between. Strict minima are one if their losses and "
    "parameters agree once hidden units are matched in place and, of odd activations, in sign; others are "
    "told apart by loss alone. Of an end's runs: median loss, largest gradient, least curvature."
)


def minima(comparison: Comparison) -> Section | None:
    """Show the distinct ends of each arm; None where no arm keeps its parameters."""
    frame = comparison.ends
    if frame.empty:
        return None
    labels = arm_labels(comparison)
    rows = tuple(
        (
            words(labels[str(row["arm"])]),
            words(row["state"]),
            (shown(int(row["seeds"])), Part(" of "), shown(int(row["of_seeds"]))),
            *((shown(float(row[name])),) for name in ("loss", "above", "gradient_norm", "hessian_smallest")),
        )
        for _, row in frame.iterrows()
    )
    return Section(
        "minima", "Minima", (counted(frame),), tables=(Table("minima", CAPTION, frame, HEADERS, rows),)
    )


def counted(frame: pd.DataFrame) -> str:
    """Say how many arms have runs at rest at several losses."""
    rest = frame[frame["state"].isin(AT_REST_STATES)]
    strict = rest[rest["state"] == STRICT].groupby("arm").size()
    several, arms = int((strict > 1).sum()), frame["arm"].nunique()
    still, runs = int(rest["seeds"].sum()), int(frame["seeds"].sum())
    return (
        f"Of {prose.counted(runs, 'reported run')}, {still:,} came to rest. Of {prose.counted(arms, 'arm')}, "
        f"{several:,} {'has' if several == 1 else 'have'} runs in more than one strict minimum."
    )
