"""What a store says of each study of the library: verdicts, figures beside published ones, what it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.errors import ConfigurationError, unknown
from harness.library import library
from reports.comparison import Comparison, compare
from reports.contents import contents
from reports.loading import load
from reports.outline import Card, Drawing
from reports.plain_text import plain

if TYPE_CHECKING:
    from harness.tracking.read import StudyRecord

COSTS = ("updates", "samples", "multiply_adds")
DECISIVE = ("grid", "seeds", "tune", "target", "claims", "published")
"""Keys of a study by which its runs, or what they say, would be others."""


@dataclass(frozen=True)
class Answer:
    """A study, and what its runs say.

    Attributes
    ----------
    name : str
        As in sweeps/.
    question : str
    comparison : Comparison or None
        None: the store holds no finished run of it.
    cards : tuple of Card
        A claim each.
    drawing : Drawing or None
        The figure that leads.
    changed : tuple of str
        Keys of the study of which sweeps/ by now says otherwise than when its runs were asked for.
    """

    name: str
    question: str
    comparison: Comparison | None = None
    cards: tuple[Card, ...] = ()
    drawing: Drawing | None = None
    changed: tuple[str, ...] = ()

    @property
    def runs(self) -> pd.DataFrame:
        """Its runs, finished and failed."""
        return self.comparison.runs if self.comparison is not None else pd.DataFrame({"status": []})

    @property
    def costs(self) -> dict[str, float]:
        """What all its runs took together; what no run says is left out."""
        there = [name for name in COSTS if name in self.runs.columns and self.runs[name].notna().any()]
        return {name: float(self.runs[name].sum()) for name in there}


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
        yield answer(name, content, record)


def asked(preset: str | None) -> dict[str, Mapping[str, Any]]:
    """Return the studies of the library in one form, by name."""
    if preset is None:
        return dict(library())
    studies = list(library())
    found = {
        name: content | content["presets"][preset]
        for name, content in studies
        if preset in (content.get("presets") or {})
    }
    if not found:
        raise unknown("preset", preset, {each for _, content in studies for each in content["presets"] or {}})
    return found


def answer(name: str, content: Mapping[str, Any], record: StudyRecord | None) -> Answer:
    """Return what a record says of a study, which sweeps/ describes by `content`; None: it was not run."""
    if record is None:
        return Answer(name, plain(str(content.get("question") or name).strip()))
    comparison = compare(record)
    report = contents(comparison)
    leading = next((section for section in report.sections if section.key == "leading"), None)
    return Answer(
        name,
        report.question,
        comparison,
        report.cards,
        leading.drawings[0] if leading is not None and leading.drawings else None,
        tuple(
            key
            for key in DECISIVE
            if key in content and not _says(content[key] or (), record.spec.get(key) or ())
        ),
    )


def _says(asked: Any, held: Any) -> bool:
    """Whether a store's document says what a study does; it says defaults, and what it found, besides."""
    if isinstance(asked, Mapping):
        return isinstance(held, Mapping) and all(
            key in held and _says(value, held[key]) for key, value in asked.items()
        )
    if isinstance(asked, list | tuple):
        return (
            isinstance(held, list | tuple)
            and len(asked) == len(held)
            and all(map(_says, asked, held))
        )
    return bool(asked == held)
