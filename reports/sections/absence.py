"""Why a section has nothing to draw."""

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
