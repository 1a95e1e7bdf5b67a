"""What the study says around its runs: what a sceptic would object, and who said what is tested."""

from __future__ import annotations

from reports.comparison import Comparison
from reports.outline import Section


def doubts(comparison: Comparison) -> Section | None:
    """Say what a sceptic would; None where the study does not."""
    text = str(comparison.spec.get("doubts") or "").strip()
    return Section("doubts", "What a sceptic would say", (text,)) if text else None


def sources(comparison: Comparison) -> Section | None:
    """List who claimed, or published, what is tested; None where the study names nobody."""
    named = tuple(str(source).strip() for source in comparison.spec.get("sources") or [])
    return Section("sources", "Sources", points=named) if named else None
