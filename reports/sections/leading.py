"""The figures that show the answer: those that the study names, else the one that fits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports import prose
from reports.comparison import Comparison
from reports.figures import layers
from reports.outline import Drawing, Section
from reports.sections import final, gradients
from reports.sections.lead import lead, named
from reports.sections.verdicts import claims_drawing

HOME = {
    "claims": "pairwise",
    "gradients_at_start": "gradients",
    "ranking": "final",
    "reached": "reached",
    "time_to_target": "reached",
}
"""The sections of figures that lead only where no others are named."""


def leading(comparison: Comparison) -> Section | None:
    """Show what answers the study's question, if it names no figures; None where nothing was reported."""
    shows = lead(comparison)
    if shows == "claims":
        return Section("leading", "The study's claims", drawings=claims_drawing(comparison))
    if shows == "gradients":
        start = tuple(gradients.at_start(comparison, layers.layered(comparison.curves)))
        return Section("leading", "Gradients at the start", drawings=start)
    if shows == "target" and (times := final.who_reached(comparison)) is not None:
        return Section("leading", f"Who reached {prose.target(comparison)}", drawings=(times,))
    if comparison.chosen.empty:
        return None
    return Section("leading", final.heading(comparison), drawings=(final.ranking(comparison),))


def brought_forward(comparison: Comparison, sections: Sequence[Section]) -> tuple[Section, ...]:
    """Let the figures that the study names lead, in its order, and stand nowhere else.

    Where they stood it is said where they are. Names that this study's runs have no figure for are told.

    Parameters
    ----------
    comparison : Comparison
    sections : sequence of Section
        All of the report, the one of `leading` among them if there is one.
    """
    asked = named(comparison)
    if not asked:
        return tuple(sections)
    drawn = {drawing.name: drawing for section in sections for drawing in section.drawings}
    variants = {name: _variants(name, drawn) for name in asked}
    lacking = [name for name, found in variants.items() if not found]
    first = dict.fromkeys(name for found in variants.values() for name in found)
    told = (_lacking(lacking),) if lacking else ()
    if not first:
        return tuple(
            replace(each, paragraphs=(*told, *each.paragraphs)) if each.key == "leading" else each
            for each in sections
        )
    front = tuple(replace(drawn[name], folded=False) for name in first)
    default = next((each for each in sections if each.key == "leading"), None)
    same = default is not None and {each.name for each in default.drawings} == set(first)
    heading = default.heading if default is not None and same else "The answer in figures"
    rest = _at_home([each for each in sections if each.key != "leading"], default)
    return (
        Section("leading", heading, told, front),
        *(_without(section, set(first)) for section in rest),
    )


def _variants(name: str, drawn: dict[str, Drawing]) -> list[str]:
    """Return the figures of a name: itself, or ``name_a``, ``name_b``, ... where there are several."""
    return [name] if name in drawn else [each for each in drawn if each[:-2] == name and each[-2] == "_"]


def _lacking(names: Sequence[str]) -> str:
    said = ", ".join(name.replace("_", " ") for name in names)
    return f"The study asks for these figures first, of which its runs have nothing to draw: {said}."


def _at_home(sections: list[Section], default: Section | None) -> list[Section]:
    """Bring the figure that would have led to the section that it is of."""
    for drawing in default.drawings if default is not None else ():
        sections = [
            replace(each, drawings=(drawing, *each.drawings)) if each.key == HOME[drawing.name] else each
            for each in sections
        ]
    return sections


def _without(section: Section, names: set[str]) -> Section:
    moved = tuple(each.name for each in section.drawings if each.name in names)
    kept = tuple(each for each in section.drawings if each.name not in names)
    return replace(section, drawings=kept, moved=moved)
