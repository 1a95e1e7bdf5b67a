"""What a report contains, in the order in which it is read: sections of sentences, figures and tables."""

from __future__ import annotations

from reports import prose, tables, targets
from reports.comparison import Comparison
from reports.outline import Contents
from reports.sections.background import doubts, sources
from reports.sections.convergence import convergence
from reports.sections.final import final, reached
from reports.sections.gradients import gradients
from reports.sections.leading import brought_forward, leading
from reports.sections.minima import minima
from reports.sections.pairwise import pairwise
from reports.sections.provenance import provenance
from reports.sections.published import published
from reports.sections.regions import regions
from reports.sections.sensitivity import sensitivity
from reports.sections.troubles import troubles
from reports.sections.verdicts import cards

ORDER = (
    leading,
    published,
    doubts,
    minima,
    convergence,
    gradients,
    final,
    reached,
    sensitivity,
    pairwise,
    regions,
    troubles,
    sources,
    provenance,
)
"""The sections; one that returns None has nothing to say of this study."""


def contents(comparison: Comparison) -> Contents:
    """Gather everything that the report of a study says; figures are drawn when they are written."""
    rho, found = tables.rho_frame(comparison.curves), targets.reached(comparison)
    reaching = "" if found is None else prose.reaching(comparison, len(found), targets.missed(found))
    sections = [made for section in ORDER if (made := section(comparison)) is not None]
    return Contents(
        name=str(comparison.spec["name"]),
        question=str(comparison.spec.get("question") or comparison.spec["name"]),
        answer=prose.answer(comparison, rho, reaching),
        sections=brought_forward(comparison, sections),
        cards=cards(comparison),
        aside=prose.explored(comparison, rho, reaching) if comparison.spec.get("claims") else "",
        why=str(comparison.spec.get("why") or "").strip(),
    )
