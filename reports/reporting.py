"""The whole way of a report: read, write, attach to the sweep that it is about."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from reports.asking import FORMATS, Wanted
from reports.loading import load
from reports.page import build
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


def report(
    name: str,
    out: Path | None = None,
    uri: str | None = None,
    *,
    experiment: str | None = None,
    wanted: Wanted | None = None,
) -> Path:
    """Write the report of a study and, if it is whole, attach it to its latest sweep.

    Parameters
    ----------
    name : str
    out : Path, optional
        The folder; by default `folder_for(name)`.
    uri : str, optional
        The store.
    experiment : str, optional
        The MLflow experiment that holds the study, by name or id; by default that named `name`.
    wanted : Wanted, optional
        Which files; by default all.

    Returns
    -------
    Path
        The page, or the folder if none was asked for.

    Raises
    ------
    harness.errors.ConfigurationError
        If there is nothing to report; nothing is written then.
    harness.errors.StoreError
        If the store cannot be read, or the report not be attached.
    """
    from harness.tracking.read import attach

    wanted = wanted or Wanted()
    with tqdm(desc="reading", unit="figure", leave=False, disable=None) as progress:
        record = load(name, experiment=experiment, uri=uri)
        progress.set_description("drawing")
        files = build(record, wanted, progress=progress)
    folder = out if out is not None else folder_for(name)
    save(files, folder, whole=wanted.whole)
    if wanted.whole and record.parent_run_id is not None:
        # From a folder of its own: `out` may hold files that are none of ours.
        with TemporaryDirectory() as scratch:
            save(files, Path(scratch))
            attach(record.parent_run_id, Path(scratch), "report", uri=uri)
    return folder / FORMATS[wanted.pages[0]] if wanted.pages else folder
