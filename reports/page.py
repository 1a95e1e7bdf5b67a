"""A report as files: a page, the same as Markdown, every figure as SVG and PNG, every number as CSV."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports import rendering
from reports.comparison import compare
from reports.contents import contents
from reports.outline import Contents
from reports.pictures import Picture, picture
from reports.saving import csv, save

if TYPE_CHECKING:
    from tqdm import tqdm

    from harness.tracking.read import StudyRecord

PAGE, MARKDOWN = "index.html", "report.md"
FORMATS = {"html": PAGE, "md": MARKDOWN}
"""What a page is written as, and the name of its file."""
PARTS = ("figures", "tables", "page")
"""What of a report can be made alone."""


def write(record: StudyRecord, folder: Path) -> Path:
    """Write the report of a study into `folder` and return its page."""
    save(build(record), folder)
    return folder / PAGE


def build(
    record: StudyRecord,
    *,
    formats: Collection[str] = tuple(FORMATS),
    only: str | None = None,
    progress: tqdm[Any] | None = None,
) -> dict[str, bytes]:
    """Make the files of a report.

    Parameters
    ----------
    record : StudyRecord
        From `harness.tracking.read.study`, or made by hand.
    formats : collection of {"html", "md"}
        Of the page.
    only : {"figures", "tables", "page"} or None
        Make the figures with their numbers, the tables, or the page alone; None: all.
    progress : tqdm, optional
        Told of the figures to draw, and of each that is drawn.

    Returns
    -------
    dict of str to bytes
        By file name. The same record gives the same bytes: the order of its rows does not matter, and
        nothing is dated.
    """
    report = contents(compare(record))
    pages = set(formats) if only in (None, "page") else set()
    pictures = _pictures(report, inline="html" in pages, files=only in (None, "figures"), progress=progress)
    files: dict[str, bytes] = {}
    if only in (None, "figures"):
        for drawing in report.drawings:
            drawn = pictures[drawing.name]
            files[f"{drawing.name}.svg"] = drawn.svg.encode()
            files[f"{drawing.name}.png"] = drawn.png
            files[f"{drawing.name}.csv"] = csv(drawing.frame)
    if only in (None, "tables"):
        files |= {f"{table.name}.csv": csv(table.frame) for table in report.tables}
    beside = set(files)
    if "html" in pages:
        files[PAGE] = rendering.page(report, pictures, beside)
    if "md" in pages:
        files[MARKDOWN] = rendering.markdown(report, beside)
    return files


def _pictures(
    report: Contents, *, inline: bool, files: bool, progress: tqdm[Any] | None
) -> dict[str, Picture]:
    """Draw what is needed, each figure once for its SVG and once for its PNG, and let go of it."""
    if not (inline or files):
        return {}
    if progress is not None:
        progress.reset(total=len(report.drawings))
    pictures = {}
    for drawing in report.drawings:
        pictures[drawing.name] = picture(drawing.draw(), drawing.name, drawing.caption, raster=files)
        if progress is not None:
            progress.update()
    return pictures
