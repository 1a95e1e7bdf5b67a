"""A report as files: a page, the same as Markdown, every figure as SVG and PNG, every number as CSV."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from reports import rendering
from reports.asking import MARKDOWN, PAGE, Wanted
from reports.columns import DICTIONARY, dictionary
from reports.comparison import compare
from reports.contents import contents
from reports.dating import today
from reports.drawing import pictures_of
from reports.outline import Contents
from reports.pictures import Picture
from reports.saving import csv, save

if TYPE_CHECKING:
    from tqdm import tqdm

    from harness.tracking.read import StudyRecord


def write(record: StudyRecord, folder: Path) -> Path:
    """Write the report of a study into `folder` and return its page."""
    save(build(record), folder)
    return folder / PAGE


def build(
    record: StudyRecord,
    wanted: Wanted | None = None,
    *,
    drawn: date | None = None,
    progress: tqdm[Any] | None = None,
) -> dict[str, bytes]:
    """Make the files of a report.

    Parameters
    ----------
    record : StudyRecord
        From `harness.tracking.read.study`, or made by hand.
    wanted : Wanted, optional
        Which files; by default all.
    drawn : date, optional
        The day that the page is said to be drawn on; by default `dating.today`.
    progress : tqdm, optional
        Told of the figures to draw, and of each that is drawn.

    Returns
    -------
    dict of str to bytes
        By file name. The same record gives the same bytes on the same day: the order of its rows does not
        matter.

    Raises
    ------
    harness.errors.ConfigurationError
        If `SOURCE_DATE_EPOCH` is no time.
    """
    wanted = wanted or Wanted()
    day = drawn or today()
    comparison = compare(record)
    report = contents(comparison)
    pictures = _pictures(report, wanted, progress)
    files: dict[str, bytes] = {}
    if wanted.figures:
        for name, drawing in pictures.items():
            files |= {f"{name}.svg": drawing.svg.encode(), f"{name}.png": drawing.png}
    frames = _frames(report, wanted)
    files |= {f"{name}.csv": csv(frame) for name, frame in frames.items()}
    if frames:
        # Of all, lest a part that is drawn anew leaves the other without.
        files[f"{DICTIONARY}.csv"] = csv(dictionary(_frames(report, Wanted()), comparison))
    beside = set(files)
    if "html" in wanted.pages:
        files[PAGE] = rendering.page(report, pictures, beside, day)
    if "md" in wanted.pages:
        files[MARKDOWN] = rendering.markdown(report, beside, day)
    return files


def _frames(report: Contents, wanted: Wanted) -> dict[str, pd.DataFrame]:
    """Return what is written as CSV, by name."""
    frames: dict[str, pd.DataFrame] = {}
    if wanted.figures:
        frames |= {drawing.name: drawing.frame for drawing in report.drawings}
    if wanted.tables:
        frames |= {table.name: table.frame for table in report.tables}
        frames |= {each.name: each.frame for each in report.numbers}
    return frames


def _pictures(report: Contents, wanted: Wanted, progress: tqdm[Any] | None) -> dict[str, Picture]:
    """Draw what is needed."""
    if not (wanted.figures or "html" in wanted.pages):
        return {}
    if progress is None:
        return pictures_of(report.drawings, raster=wanted.figures)
    progress.reset(total=len(report.drawings))
    return pictures_of(report.drawings, raster=wanted.figures, done=progress.update)
