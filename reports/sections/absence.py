"""Why a section has nothing to draw, and why an arm has no curve."""

from __future__ import annotations

from harness.choosing import repeated
from reports import prose
from reports.cells import arm_labels
from reports.comparison import Comparison
from reports.statistics.contrasts import REPEATED

MOST_NAMED = 4


def nothing(comparison: Comparison) -> str:
    """Say why there is nothing to draw of the reported runs."""
    if comparison.chosen.empty and comparison.over:
        return "Nothing to draw: no arm has a reported run at a chosen value; the tables say why."
    if comparison.history.empty:
        return "Nothing to draw: the store holds no history of the reported runs."
    if comparison.elsewhere:
        return "Nothing to draw: the runs logged nothing of this."
    return "Nothing to draw: the reported runs measured nothing of this (diagnostics=off)."


def reasons(comparison: Comparison) -> dict[str, str]:
    """Say of every arm, by name, why it has no curve; of one that has a history, that it lacks this one."""
    reported = set(comparison.chosen["arm"])
    told = comparison.told
    unchosen = comparison.unchosen
    several = set(repeated(comparison.chosen))
    found = {}
    for arm in comparison.layout.arms:
        if arm.name in unchosen:
            found[arm.name] = "no value chosen"
        elif arm.name not in reported:
            found[arm.name] = "no reported run"
        elif arm.name in several:
            found[arm.name] = REPEATED
        else:
            found[arm.name] = "not measured" if arm.name in told else "no history"
    return found


def without_seeds(comparison: Comparison) -> str:
    """Name the arms that have several runs on one seed, and say what that means; empty if none has."""
    labels = arm_labels(comparison)
    arms = [labels[arm] for arm in repeated(comparison.chosen)]
    if not arms:
        return ""
    named = ", ".join(arms[:MOST_NAMED]) + (" and more" if len(arms) > MOST_NAMED else "")
    return (
        f"Of {prose.counted(len(arms), 'arm')} ({named}) several runs are on one seed: they differ in a key "
        "that is neither compared nor tuned, none of them is the arm's, and the arm has no value. Name the "
        "key in study.arms to compare its values."
    )
