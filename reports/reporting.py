"""The whole way of a report: read, write, attach to the sweep that it is about."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from reports.loading import load
from reports.page import PAGE, build
from reports.saving import save

OUTPUT = Path("reports") / "output"
LONGEST = 80
"""Characters of a folder's name that are a study's own."""


def folder_for(name: str) -> Path:
    """Return the default folder of a study, relative to the working directory.

    A study's name comes from the store: whatever it says, the folder lies in `OUTPUT`. A name that is
    no folder's gets a few digits of its digest, by which it differs from others.
    """
    if re.fullmatch(r"\w[\w.-]*", name, re.ASCII) and len(name) <= LONGEST:
        return OUTPUT / name
    plain = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII)[:LONGEST].strip("-.")
    mark = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return OUTPUT / f"{plain or 'study'}-{mark}"


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
    harness.errors.StoreError
        If the store cannot be read, or the report not be attached.
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
