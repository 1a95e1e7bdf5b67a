"""Why a section has nothing to draw, and why an arm has no curve."""

from __future__ import annotations

from reports.comparison import Comparison


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
    unchosen: set[str] = set()
    if comparison.choices is not None:
        unchosen = set(comparison.choices.loc[comparison.choices["value"].isna(), "arm"])
    found = {}
    for arm in comparison.layout.arms:
        if arm.name in unchosen:
            found[arm.name] = "no value chosen"
        elif arm.name not in reported:
            found[arm.name] = "no reported run"
        else:
            found[arm.name] = "not measured" if arm.name in told else "no history"
    return found
