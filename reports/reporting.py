"""The whole way of a report: read, write, attach to the sweep that it is about."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from reports.loading import load
from reports.page import PAGE, build, save

OUTPUT = Path("reports") / "output"


def folder_for(name: str) -> Path:
    """Return the default folder of a study, relative to the working directory.

    A study's name comes from the store: whatever it says, the folder lies in `OUTPUT`.
    """
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).lstrip(".")
    return OUTPUT / (plain or "study")


def report(name: str, out: Path | None = None, uri: str | None = None) -> Path:
    """Write the report of a study and attach it to its latest sweep.

    Parameters
    ----------
    name : str
    out : Path, optional
        The folder; by default `folder_for(name)`.
    uri : str, optional
        The store.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    harness.errors.ConfigurationError
        If there is nothing to report; nothing is written then.
    """
    from harness.tracking.read import attach

    record = load(name, uri=uri)
    files = build(record)
    folder = out if out is not None else folder_for(name)
    save(files, folder)
    if record.parent_run_id is not None:
        # From a folder of its own: `out` may hold files that are none of ours.
        with TemporaryDirectory() as scratch:
            save(files, Path(scratch))
            attach(record.parent_run_id, Path(scratch), "report", uri=uri)
    return folder / PAGE
