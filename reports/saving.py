"""The files of a report on disk: what an earlier report left is replaced, and nothing else touched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from reports.plain_text import in_cell

LISTING = "files.txt"


def save(files: Mapping[str, bytes], folder: Path, *, whole: bool = True) -> None:
    """Write files into a folder, made if missing.

    Parameters
    ----------
    files : mapping of str to bytes
        By name.
    folder : Path
    whole : bool
        Whether these are a whole report: then those that only an earlier one had are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / LISTING
    before = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    if whole:
        for name in before:
            # Only plain names of the kinds we write, whatever the listing says by now.
            if re.fullmatch(r"[a-z_]+\.(png|svg|csv)", name) and name not in files:
                (folder / name).unlink(missing_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    listed = sorted(files if whole else {*files, *before})
    listing.write_text("\n".join(listed) + "\n", encoding="utf-8")


def csv(frame: pd.DataFrame) -> bytes:
    """Write a frame with every digit, so that it reads back as the same numbers; no text is a formula."""
    texts = {
        name: frame[name].map(in_cell, na_action="ignore")
        for name in frame.columns
        if not pd.api.types.is_numeric_dtype(frame[name])
    }
    return frame.assign(**texts).rename(columns=in_cell).to_csv(index=False, lineterminator="\n").encode()
