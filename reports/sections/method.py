"""How the runs were made: the study's method and budgets, and what the report claims."""

from __future__ import annotations

from reports import prose
from reports.comparison import Comparison
from reports.outline import Section


def budgets(comparison: Comparison) -> Section:
    """Say what each arm was allowed."""
    sentences = [str(sentence) for sentence in comparison.spec.get("budgets") or []]
    return Section("budgets", "Budgets", tuple(sentences) or ("The study names no budgets.",))


def method(comparison: Comparison) -> Section:
    """Say how values were tuned and what intervals mean."""
    return Section("method", "How this was made", prose.method(comparison))
