"""What a study is answered by: it decides which figure leads, and which stands at its own place."""

from __future__ import annotations

from typing import Literal

from reports.comparison import Comparison
from reports.sections.verdicts import claims_drawing

Lead = Literal["claims", "gradients", "target", "final"]


def lead(comparison: Comparison) -> Lead:
    """Return what the leading figure shows.

    Rates that are neither tuned nor compared make final scores no answer: what is measured before the first
    update is one, and so is who reached the study's target.
    """
    if claims_drawing(comparison):
        return "claims"
    if comparison.rates_untuned:
        starts = comparison.curves["metric"].str.startswith("delta_rms") & (comparison.curves["update"] == 0)
        if starts.any():
            return "gradients"
        if comparison.times is not None:
            return "target"
    return "final"


def named(comparison: Comparison) -> tuple[str, ...]:
    """Return the names of the figures that the study asks to lead, each once."""
    return tuple(dict.fromkeys(str(name) for name in comparison.spec.get("figures") or []))
