"""What a store says of each study of the library: verdicts, figures beside published ones, what it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.errors import ConfigurationError, unknown
from harness.library import library
from reports import prose
from reports.cells import Table
from reports.comparison import Comparison, compare
from reports.contents import contents
from reports.loading import load
from reports.outline import Card, Contents
from reports.plain_text import plain
from reports.results.origins import commits
from reports.results.pictures import Small, small
from reports.sections.provenance import seeds

if TYPE_CHECKING:
    from harness.tracking.read import StudyRecord

COSTS = {"updates": "updates", "samples": "samples", "multiply_adds": "multiply-adds"}
DECISIVE = ("grid", "seeds", "tune", "target", "claims", "published")
"""Keys of a study by which its runs, or what they say, would be others."""


@dataclass(frozen=True)
class Found:
    """What the runs of a study say; little, so that those of all studies are in memory together.

    Attributes
    ----------
    why, doubts : str
        Empty if the study does not say.
    sources : tuple of str
    cards : tuple of Card
        A claim each.
    published : Table or None
        Published figures beside ours.
    picture : Small or None
        The figure that the report leads with.
    made : tuple of str
        How the runs were made: budgets, seeds, what they took, by which commit.
    runs : int
        Finished and failed.
    platform : DataFrame
        As `harness.tracking.origins.Origins.platform`.
    changed : tuple of str
        Keys of the study of which sweeps/ by now says otherwise than when its runs were asked for.
    """

    why: str
    doubts: str
    sources: tuple[str, ...]
    cards: tuple[Card, ...]
    published: Table | None
    picture: Small | None
    made: tuple[str, ...]
    runs: int
    platform: pd.DataFrame
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """A study of the library, by its name in sweeps/; `found` is None if the store has no finished run."""

    name: str
    question: str
    found: Found | None = None


def answers(preset: str | None = None, *, uri: str | None = None) -> Iterator[Answer]:
    """Yield an answer for each study of the library, in its order.

    Parameters
    ----------
    preset : str, optional
        The smaller form, of the studies that have it; by default the full one.
    uri : str, optional
        The store.

    Raises
    ------
    harness.errors.ConfigurationError
        If no study has that preset.
    harness.errors.StoreError
        If the store cannot be read.
    """
    from harness.tracking import read

    forms = asked(preset)
    known = set(read.studies(uri))
    for name, content in forms.items():
        swept = name if preset is None else f"{name}-{preset}"
        try:
            record = load(swept, uri=uri) if swept in known else None
        except ConfigurationError:
            # Known by name, and none of its runs is finished.
            record = None
        question = plain(str(content.get("question") or name).strip())
        yield Answer(name, question, found(content, record) if record is not None else None)


def asked(preset: str | None) -> dict[str, Mapping[str, Any]]:
    """Return the studies of the library in one form, by name."""
    if preset is None:
        return dict(library())
    forms = [(name, content, content.get("presets") or {}) for name, content in library()]
    made = {name: content | presets[preset] for name, content, presets in forms if preset in presets}
    if not made:
        raise unknown("preset", preset, {each for _, _, presets in forms for each in presets})
    return made


def found(content: Mapping[str, Any], record: StudyRecord) -> Found:
    """Return what a record says of a study, which sweeps/ describes by `content`."""
    comparison = compare(record)
    report = contents(comparison)
    spec = comparison.spec
    return Found(
        report.why,
        str(spec.get("doubts") or "").strip(),
        tuple(str(source).strip() for source in spec.get("sources") or []),
        report.cards,
        next((table for table in report.tables if table.name == "published"), None),
        _picture(report),
        tuple(made(comparison)),
        len(comparison.runs),
        comparison.origins.platform,
        tuple(changes(content, record.spec)),
    )


def changes(content: Mapping[str, Any], held: Mapping[str, Any]) -> Iterator[str]:
    """Yield the decisive keys of which a study says otherwise than the document of its sweep.

    A sweep trains each seed once and documents them in order; without `seeds` the grid says them.
    """
    for key in DECISIVE:
        asked, found = content.get(key), held.get(key)
        if key == "seeds":
            if asked is not None and sorted(set(asked)) != sorted(set(found or ())):
                yield key
        elif key in content and not _says(asked, found):
            yield key


def made(comparison: Comparison) -> Iterator[str]:
    """Say how a study's runs were made: budgets, seeds, runs and what they took, and by which commit."""
    spec, runs = comparison.spec, comparison.runs
    budgets = "; ".join(str(each).strip().rstrip(".") for each in spec.get("budgets") or [])
    yield f"Budgets: {budgets or 'the study names none'}"
    told = [f"{row['seeds']} {row['role']}" for row in seeds(runs).frame.to_dict("records")]
    yield f"Seeds: {', '.join(told)}"
    failed, wanted = int((runs["status"] != "FINISHED").sum()), int(spec.get("runs") or len(runs))
    cost = [prose.counted(len(runs) - failed, "run")]
    cost += [
        f"{_size(float(runs[name].sum()))} {unit}"
        for name, unit in COSTS.items()
        if name in runs.columns and runs[name].notna().any()
    ]
    lacking = [f"{failed:,} more failed"] if failed else []
    lacking += [f"{wanted - len(runs):,} that were asked for are not there"] if wanted > len(runs) else []
    yield "; ".join([f"Cost: {', '.join(cost)}", *lacking])
    yield commits(comparison.origins.platform, len(runs)).rstrip(".")


def _picture(report: Contents) -> Small | None:
    leading = [section for section in report.sections if section.key == "leading"]
    drawings = [drawing for section in leading for drawing in section.drawings]
    return small(drawings[0]) if drawings else None


def _says(asked: Any, held: Any) -> bool:
    """Whether a store's document says what a study does; it says defaults, and what it found, besides."""
    if isinstance(asked, Mapping):
        return isinstance(held, Mapping) and all(
            key in held and _says(value, held[key]) for key, value in asked.items()
        )
    if isinstance(asked, list | tuple):
        pairs = zip(asked, held or (), strict=False)
        return len(asked) == len(held or ()) and all(_says(one, other) for one, other in pairs)
    return bool(asked == held)


def _size(total: float) -> str:
    """Write a count of anything: 12,345, 3.1 million, 4.2 billion."""
    for power, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if total >= power:
            return f"{total / power:,.3g}\N{NO-BREAK SPACE}{word}"
    return f"{total:,.0f}"
